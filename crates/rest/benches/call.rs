//! What one call costs: its signature, its parameters, all checks, and the answer.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use platform::{Answer, AppId, CallId, SubmissionId};
use rest::{Config, Credentials, Request, Rest, Secret, Step, client, signature};
use sms::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_236_031_200);
const QUIZ: AppId = AppId(1);

fn credentials(nth: u64) -> Credentials {
    Credentials {
        app: AppId(nth),
        name: format!("app{nth}"),
        api_key: format!("{nth:032x}"),
        secret: Secret::new(format!("{:032x}", nth + 1_000_000)).expect("a secret"),
        callback_url: None,
        authorize_url: None,
        uninstall_url: None,
        ip_list: Vec::new(),
    }
}

/// A server of a hundred apps.
fn server() -> Rest {
    Rest::new(Config {
        credentials: (1..=100).map(credentials).collect(),
        ..Config::default()
    })
    .expect("apps that differ")
}

fn call() -> Request {
    let params = [
        ("call_id", "1217980800.1234"),
        ("uid", "609143784"),
        (
            "message",
            "Kings win 4-2. Reply STATS for the scorers, or visit http://m.facebook.com/apps/news",
        ),
        ("req_session", "1"),
        ("format", "json"),
    ];
    client::request(&credentials(QUIZ.0), "sms.send", &params)
}

fn calls(c: &mut Criterion) {
    let credentials = credentials(QUIZ.0);
    let request = call();
    let sig = signature::sign(&request.params, &credentials.secret);
    c.bench_function("sign a call of 9 parameters", |b| {
        b.iter(|| signature::sign(black_box(&request.params), &credentials.secret));
    });
    c.bench_function("verify it", |b| {
        b.iter(|| {
            assert!(signature::verify(
                black_box(&request.params),
                &credentials.secret,
                &sig
            ))
        });
    });
    let mut rest = server();
    let answer = Ok(Answer::Sent {
        submission: SubmissionId(1),
        session: None,
    });
    c.bench_function("receive and answer sms.send", |b| {
        b.iter_batched(
            || request.clone(),
            |request| match rest.receive(NOW, CallId(1), request) {
                Step::Ask { call, .. } => rest.answer(call, &answer),
                Step::Respond(response) => panic!("the platform must be asked: {response}"),
            },
            BatchSize::SmallInput,
        );
    });
    let mut forged = request.clone();
    for (name, value) in &mut forged.params {
        if name == "sig" {
            *value = "0".repeat(32);
        }
    }
    c.bench_function("refuse a wrong signature", |b| {
        b.iter_batched(
            || forged.clone(),
            |request| rest.receive(NOW, CallId(1), request),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("note what a record may hold", |b| {
        b.iter(|| rest.note(black_box(&request), 16_384))
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
