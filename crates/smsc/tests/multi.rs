//! `submit_multi`: one text for several destinations.

mod support;

use smpp::{CancelSm, DestAddress, Pdu, ShortMessage, Status, SubmitMulti, SubmitMultiResp};
use sms::Address;
use smsc::Change;
use support::*;

#[test]
fn one_destination_of_a_submit_multi_is_cancelled_by_its_id_and_its_number() {
    let mut bench = Bench::bound(config());
    bench.change(Change::LinkDown);
    let two = [ALICE, BOB].map(|number| DestAddress::Sme(handset(number)));
    let (_, resp) = multi_resp(&bench.request(LINK, multi(two.to_vec())));
    let cancelling = |destination| CancelSm {
        message_id: resp.message_id.clone(),
        source: code("32665"),
        destination,
        ..CancelSm::default()
    };
    for (destination, expected, left) in [
        (handset(BOB), Status::ESME_ROK, 1),
        (handset(BOB), Status::ESME_RINVDSTADR, 1),
        (Address::default(), Status::ESME_ROK, 0),
        (handset(ALICE), Status::ESME_RCANCELFAIL, 0),
    ] {
        assert_eq!(
            status(&bench.request(LINK, Pdu::CancelSm(cancelling(destination.clone())))),
            expected,
            "{destination}"
        );
        assert_eq!(bench.smsc.queue_len("att"), left, "{destination}");
    }
}

fn multi(destinations: Vec<DestAddress>) -> Pdu {
    Pdu::SubmitMulti(SubmitMulti {
        message: ShortMessage {
            destination: Address::default(),
            ..to_alice("to all")
        },
        destinations,
    })
}

fn multi_resp(outputs: &[smsc::Output]) -> (Status, SubmitMultiResp) {
    let resp = answer(outputs);
    match resp.pdu {
        Pdu::SubmitMultiResp(body) => (resp.status, body),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_submit_multi_reaches_each_and_names_who_it_did_not() {
    let mut bench = Bench::bound(config());
    let outputs = bench.request(
        LINK,
        multi(vec![
            DestAddress::Sme(handset(ALICE)),
            DestAddress::Sme(code("12")),
            DestAddress::DistributionList("STAFF".into()),
            DestAddress::Sme(handset(BOB)),
        ]),
    );
    let (status, resp) = multi_resp(&outputs);
    assert_eq!((status, resp.message_id.as_str()), (Status::ESME_ROK, "00000001"));
    let failed: Vec<(&str, Status)> = resp
        .unsuccess
        .iter()
        .map(|sme| (sme.destination.digits.as_str(), sme.status))
        .collect();
    assert_eq!(
        failed,
        [
            ("12", Status::ESME_RINVDSTADR),
            ("STAFF", Status::ESME_RINVDLNAME)
        ]
    );
    let out = pages(&outputs);
    assert_eq!(
        out.iter().map(|page| page.to).collect::<Vec<_>>(),
        [msisdn(ALICE), msisdn(BOB)]
    );
    for page in &out {
        let outputs = bench.deliver(page);
        assert_eq!(stats(&outputs), ["DELIVRD"]);
        assert!(words(&outputs)[0].starts_with("id:00000001 "));
    }
}

#[test]
fn a_submit_multi_has_1_to_254_destinations_and_one_more_in_v50() {
    let handsets =
        |count: u64| (0..count).map(|n| DestAddress::Sme(handset(&(14_155_550_000 + n).to_string())));
    for (version, count, expected) in [
        (0x34, 0, Status::ESME_RINVNUMDESTS),
        (0x34, 1, Status::ESME_ROK),
        (0x34, 254, Status::ESME_ROK),
        (0x34, 255, Status::ESME_RINVNUMDESTS),
        (0x50, 0, Status::ESME_RINVNUMDESTS),
        (0x50, 255, Status::ESME_ROK),
    ] {
        let mut bench = Bench::bound_as(config(), version);
        let outputs = bench.request(LINK, multi(handsets(count).collect()));
        assert_eq!(multi_resp(&outputs).0, expected, "{version:#x} {count}");
        let accepted = if expected.is_ok() {
            usize::try_from(count).expect("small")
        } else {
            0
        };
        assert_eq!(pages(&outputs).len(), accepted);
    }
}

#[test]
fn a_distribution_list_of_the_account_stands_for_its_addresses() {
    let list = |name: &str| DestAddress::DistributionList(name.into());
    let sme = |number| DestAddress::Sme(handset(number));
    let mut config = config();
    let lists = [
        ("STAFF", vec![handset(BOB), code("12"), handset("14155550103")]),
        ("NOBODY", vec![]),
    ];
    config.accounts[0].distribution_lists = lists.map(|(name, of)| (name.into(), of)).into();
    for (destinations, expected, paged, refused) in [
        (
            vec![sme(ALICE), list("STAFF")],
            Status::ESME_ROK,
            vec![ALICE, BOB, "14155550103"],
            vec![("12", Status::ESME_RINVDSTADR)],
        ),
        (
            vec![list("STAFF"), list("staff"), list("NOBODY")],
            Status::ESME_ROK,
            vec![BOB, "14155550103"],
            vec![
                ("12", Status::ESME_RINVDSTADR),
                ("staff", Status::ESME_RINVDLNAME),
            ],
        ),
        (vec![list("NOBODY")], Status::ESME_RINVNUMDESTS, vec![], vec![]),
        (vec![list("staff")], Status::ESME_RINVDLNAME, vec![], vec![]),
    ] {
        let mut bench = Bench::bound(config.clone());
        let outputs = bench.request(LINK, multi(destinations.clone()));
        let (status, resp) = multi_resp(&outputs);
        assert_eq!(status, expected, "{destinations:?}");
        let to: Vec<String> = pages(&outputs)
            .iter()
            .map(|page| page.to.number().to_string())
            .collect();
        assert_eq!(to, paged, "{destinations:?}");
        let failed: Vec<_> = resp
            .unsuccess
            .iter()
            .map(|sme| (&*sme.destination.digits, sme.status))
            .collect();
        assert_eq!(failed, refused, "{destinations:?}");
    }
}

#[test]
fn each_destination_of_a_submit_multi_counts_for_the_day() {
    let mut config = config();
    config.accounts[0].submits_per_day_max = Some(2);
    let mut bench = Bench::bound(config);
    let three = [ALICE, BOB, "14155550103"].map(|number| DestAddress::Sme(handset(number)));
    let outputs = bench.request(LINK, multi(three.to_vec()));
    let (status, resp) = multi_resp(&outputs);
    assert_eq!((status, pages(&outputs).len()), (Status::ESME_ROK, 2));
    let [over] = &resp.unsuccess[..] else {
        panic!("{resp:?}")
    };
    assert_eq!(
        (over.destination.digits.as_str(), over.status),
        ("14155550103", Status::ESME_RTHROTTLED)
    );
    assert_eq!(
        multi_resp(&bench.request(LINK, multi(three.to_vec()))).0,
        Status::ESME_RTHROTTLED
    );
}

#[test]
fn a_submit_multi_that_reaches_nobody_is_refused() {
    let mut bench = Bench::bound(config());
    let outputs = bench.request(LINK, multi(vec![DestAddress::DistributionList("STAFF".into())]));
    assert_eq!(multi_resp(&outputs).0, Status::ESME_RINVDLNAME);
    assert_eq!(bench.smsc.queue_len("att"), 0);
}
