//! What a PDU costs: decoding, encoding, and a round through two sessions.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use smpp::{
    Bind, BindKind, Command, Framer, MessageIdResp, Pdu, Received, Session, SessionLimits, ShortMessage,
    Status, encode, encode_into,
};
use sms::{Encoding, Msisdn, Segment, ShortCode, Timestamp};

fn submit_sm() -> Pdu {
    let source = ShortCode::new(32_665).expect("a short code").address();
    let destination = Msisdn::new(14_155_550_101).expect("a number").address();
    Pdu::SubmitSm(ShortMessage::new(
        source,
        destination,
        &Segment::whole(&"a".repeat(160), Encoding::Gsm7),
    ))
}

fn codec(c: &mut Criterion) {
    let submit = Command::request(7, submit_sm());
    let resp = Command::response(
        7,
        Status::ESME_ROK,
        Pdu::SubmitSmResp(MessageIdResp::new("0000002a")),
    );
    for (name, command) in [
        ("submit_sm of 160 characters", &submit),
        ("submit_sm_resp", &resp),
    ] {
        let octets = encode(command);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(octets.len() as u64));
        let mut written = BytesMut::with_capacity(1 << 16);
        group.bench_function("encode", |b| {
            b.iter(|| {
                written.clear();
                encode_into(black_box(command), &mut written);
                written.len()
            });
        });
        let mut framer = Framer::default();
        group.bench_function("decode", |b| {
            b.iter(|| {
                framer.feed(black_box(&octets));
                framer.next_frame()
            });
        });
        let mut by_library = Framer::default().by_library();
        group.bench_function("decode with rusmpp alone", |b| {
            b.iter(|| {
                by_library.feed(black_box(&octets));
                by_library.next_frame()
            });
        });
        let reads = octets.repeat(32);
        group.throughput(Throughput::Bytes(reads.len() as u64));
        group.bench_function("decode 32 of one read", |b| {
            b.iter(|| {
                framer.feed(black_box(&reads));
                std::iter::from_fn(|| framer.next_frame()).count()
            });
        });
        group.finish();
    }
}

fn session(c: &mut Criterion) {
    let now = Timestamp::EPOCH;
    let (mut smsc, mut esme) = (
        Session::<u64>::smsc(now, SessionLimits::default()),
        Session::<u64>::esme(now, SessionLimits::default()),
    );
    let mut wire = Wire::default();
    let bind = esme
        .send(
            now,
            Pdu::Bind(Bind::new(BindKind::Transceiver, "fbook", "secret")),
            0,
        )
        .expect("open");
    assert!(matches!(
        smsc.receive(now, wire.carry(&bind)),
        Received::Request(_)
    ));
    let resp = smsc.accept_bind(now, &bind, "SMSC");
    assert!(matches!(
        esme.receive(now, wire.carry(&resp)),
        Received::Response { .. }
    ));
    c.bench_function("submit_sm through two sessions and back", |b| {
        b.iter_batched(
            submit_sm,
            |submit| {
                let command = esme.send(now, submit, 1).expect("in the window");
                let Received::Request(request) = smsc.receive(now, wire.carry(&command)) else {
                    unreachable!()
                };
                let resp = smsc.respond(
                    &request,
                    Status::ESME_ROK,
                    Pdu::SubmitSmResp(MessageIdResp::new("2a")),
                );
                esme.receive(now, wire.carry(&resp))
            },
            BatchSize::SmallInput,
        );
    });
}

/// Octets from one end to the other.
#[derive(Default)]
struct Wire {
    octets: BytesMut,
    framer: Framer,
}

impl Wire {
    fn carry(&mut self, command: &Command) -> smpp::Frame {
        self.octets.clear();
        encode_into(command, &mut self.octets);
        self.framer.feed(&self.octets);
        self.framer.next_frame().expect("a frame")
    }
}

criterion_group!(benches, codec, session);
criterion_main!(benches);
