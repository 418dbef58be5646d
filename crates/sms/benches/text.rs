//! What a text costs: choosing its encoding, cutting it, putting it together, packing it.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sms::{Encoding, Reassembler, Reference, Segment, Timestamp, gsm7};

fn text(c: &mut Criterion) {
    let single = "a".repeat(160);
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(10);
    c.bench_function("encoding of 160 characters", |b| {
        b.iter(|| Encoding::of(black_box(&single)))
    });
    c.bench_function("split 160 characters", |b| {
        b.iter(|| Segment::split(black_box(&single), Reference::Octet(1)))
    });
    c.bench_function("split 450 characters", |b| {
        b.iter(|| Segment::split(black_box(&long), Reference::Octet(1)))
    });
    let segment = Segment::whole(&single, Encoding::Gsm7);
    c.bench_function("text of 160 septets", |b| b.iter(|| black_box(&segment).text()));
    let mixed = gsm7::encode_lossy(&"ΓΔΘ: 10 £ @ home, {1} ñ ".repeat(6));
    c.bench_function("text of septets unlike ASCII", |b| {
        b.iter(|| gsm7::decode(black_box(&mixed)))
    });
    c.bench_function("pack 160 septets", |b| {
        b.iter(|| gsm7::pack(black_box(&segment.user_data), 0))
    });
    let parts = Segment::split(&long, Reference::Octet(1)).expect("not too long");
    let mut reassembler = Reassembler::new(Duration::from_secs(3_600), 1_000);
    c.bench_function("reassemble 450 characters", |b| {
        b.iter(|| {
            let texts = parts
                .iter()
                .filter_map(|part| reassembler.push(Timestamp::EPOCH, 7_u64, part));
            assert_eq!(texts.count(), 1);
        });
    });
}

criterion_group!(benches, text);
criterion_main!(benches);
