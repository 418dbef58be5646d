//! How long a scenario file takes: read, checked, its world built, its tests played.
//!
//! `cargo bench -p scenario`; the figures stand in the crate's README.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use scenario::{RunOptions, Runner, Sources, load, parse};

const PATH: &str = "tests/scenarios/quota.sms";

/// The shipped scenario about quotas, with its world.
fn sources() -> Sources {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = Sources::new();
    for path in [PATH, "simulator-config/demo.sms"] {
        sources.insert(path, std::fs::read_to_string(top.join(path)).expect("a scenario"));
    }
    sources
}

/// A file of a thousand tests.
fn long() -> String {
    let mut text =
        String::from("carrier att\napp quiz \"Quiz\"\nuser alice +14155550101 on att, apps quiz\n\n");
    for n in 0..1_000 {
        text.push_str(&format!(
            "test \"{n}\":\n  alice > \"quiz play\"\n  quiz  < alice \"play\", as $s\n  quiz  > alice \"Hi\", in $s\n  alice < \"Hi\"\n\n"
        ));
    }
    text
}

fn read(criterion: &mut Criterion) {
    let text = long();
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse, 1 000 tests", |bencher| {
        bencher.iter(|| black_box(parse("a.sms", &text)).diagnostics.len())
    });
    let mut sources = Sources::new();
    sources.insert("a.sms", text.as_str());
    group.bench_function("load and check, 1 000 tests", |bencher| {
        bencher.iter(|| load(&sources, "a.sms").is_ok())
    });
    group.finish();
}

fn run(criterion: &mut Criterion) {
    let sources = sources();
    let script = load(&sources, PATH).expect("a script");
    let mut group = criterion.benchmark_group("run");
    group.bench_function("a test of two days, its world with it", |bencher| {
        let runner = Runner::new(&sources, &script).expect("a world");
        let test = runner.tests().next().expect("a test");
        bencher.iter_batched(
            || (),
            |()| assert!(runner.run(test, RunOptions::default()).passed()),
            BatchSize::SmallInput,
        );
    });
    let texts = 1_000_u64;
    let mut many = Sources::new();
    many.insert(
        "many.sms",
        format!(
            "world app_daily_pool_per_user 1000000\ncarrier att, latency 1ms\napp news \"News\"\nuser alice +14155550101 on att, apps news\n\n\
             test \"many\":\n  repeat {texts}:\n    news  > alice \"Hi\"\n    alice < \"Hi\"\n"
        ),
    );
    let script = load(&many, "many.sms").expect("a script");
    group.throughput(Throughput::Elements(texts));
    group.sample_size(20);
    group.bench_function("1 000 texts, each sent and seen", |bencher| {
        let runner = Runner::new(&many, &script).expect("a world");
        let test = runner.tests().next().expect("a test");
        bencher.iter(|| assert!(runner.run(test, RunOptions::default()).passed()));
    });
    group.finish();
}

criterion_group!(benches, read, run);
criterion_main!(benches);
