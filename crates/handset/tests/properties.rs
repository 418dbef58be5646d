//! What holds for a phone whatever happens to it.

use std::time::Duration;

use handset::{Config, Handset, Input, Outcome, Output, Setting};
use proptest::prelude::*;
use sms::{Address, Msisdn, Reference, Segment, ShortCode, Timestamp};

const CONFIG: Config = Config {
    inbox_max: 3,
    outbox_max: 2,
    incomplete_max: 2,
    hold: Duration::from_secs(30),
};

fn code(number: u32) -> Address {
    ShortCode::new(number).expect("a short code").address()
}

fn segment() -> impl Strategy<Value = Segment> {
    let part = (
        prop_oneof![Just(20_usize), Just(161), Just(400)],
        0..3_u8,
        any::<prop::sample::Index>(),
    )
        .prop_map(|(length, reference, part)| {
            let parts = Segment::split(&"x".repeat(length), Reference::Octet(reference)).expect("fits");
            part.get(&parts).clone()
        });
    let noise = (
        any::<u8>(),
        any::<bool>(),
        prop::collection::vec(any::<u8>(), 0..20),
    )
        .prop_map(|(data_coding, udhi, user_data)| Segment {
            data_coding,
            udhi,
            user_data: user_data.into(),
        });
    prop_oneof![4 => part, 1 => noise]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        (100..103_u32, 0..400_usize).prop_map(|(to, length)| Input::Compose {
            to: code(to),
            text: "y".repeat(length)
        }),
        (100..103_u32, segment()).prop_map(|(from, segment)| Input::Page {
            from: code(from).into(),
            segment
        }),
        any::<bool>().prop_map(|on| Input::Set(Setting::Power(on))),
        any::<bool>().prop_map(|on| Input::Set(Setting::Coverage(on))),
        any::<bool>().prop_map(|full| Input::Set(Setting::MemoryFull(full))),
        Just(Input::Read),
        Just(Input::Tick),
    ]
}

proptest! {
    #[test]
    fn answers_limits_and_the_order_of_texts_hold(script in prop::collection::vec((0..20_u64, input()), 1..80)) {
        let mut phone = Handset::new(Msisdn::new(14_155_550_101).expect("a number"), CONFIG);
        let mut now = Timestamp::EPOCH;
        let (mut composed, mut sent, mut shown) = (0_usize, 0_usize, 0_u64);
        for (pause, input) in script {
            now += Duration::from_secs(pause);
            let outputs = phone.handle(now, input.clone());
            let count = |wanted: fn(&Output) -> bool| outputs.iter().filter(|output| wanted(output)).count();
            let answers = count(|output| matches!(output, Output::Answer(_)));
            prop_assert_eq!(answers, usize::from(matches!(input, Input::Page { .. })));
            let on_air = phone.power() && phone.coverage();
            if count(|output| *output == Output::Answer(Outcome::Delivered)) > 0 {
                prop_assert!(on_air && !phone.memory_full());
            }
            composed += usize::from(matches!(input, Input::Compose { .. }));
            sent += count(|output| matches!(output, Output::Refused { .. }));
            sent += count(|output| match output {
                Output::Transmit { segment, .. } => segment.concatenation().is_none_or(|part| part.number == part.total),
                _ => false,
            });
            prop_assert_eq!(composed, sent + phone.outbox_len(), "every text is sent, refused or waits");
            prop_assert!(phone.outbox_len() <= usize::from(CONFIG.outbox_max));
            prop_assert!(!on_air || phone.outbox_len() == 0);
            shown += u64::try_from(count(|output| matches!(output, Output::Received(_)))).expect("few");
            prop_assert_eq!(phone.inbox().received(), shown);
            prop_assert!(phone.inbox().texts().len() <= usize::from(CONFIG.inbox_max));
            prop_assert!(phone.next_wakeup().is_none_or(|due| due > now), "nothing due is left undone");
        }
    }
}
