//! The hold of a job covers the model's use for every prompt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod common;

use {
    common::Bench,
    proptest::{
        prelude::*,
        strategy::ValueTree,
        test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
    },
    serde_json::{Value, json},
};

/// A request for a completion, and the path it is posted to.
#[derive(Clone, Debug)]
struct Completion {
    path: &'static str,
    body: Value,
}

fn completions() -> impl Strategy<Value = Completion> {
    let contents = prop_oneof!["\\PC{0,120}", "([a-z] ){0,70}", "[\\u{2003}\\n\\t é🦀\"\\\\]{0,60}",];
    let texts = proptest::collection::vec(contents, 1..4);
    let limit = proptest::option::of(1_u64..80);
    (texts, limit, 1_u64..4, any::<bool>(), any::<bool>()).prop_map(
        |(texts, limit, answers, chat, streamed)| {
            let mut body = json!({"model": "echo", "n": answers, "max_tokens": limit, "stream": streamed});
            if !chat {
                body["prompt"] = texts.iter().map(|text| Value::from(text.as_str())).collect();
                return Completion { path: "/v1/completions", body };
            }
            let message =
                |text: &String| json!({"role": "user", "content": [{"type": "text", "text": text}]});
            body["messages"] = texts.iter().map(message).collect();
            Completion { path: "/v1/chat/completions", body }
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_covers_the_echo_models_use() {
    let bench = Bench::start(|config| {
        let model = &mut config.models[0];
        // No overheads: the echo model has no template.
        (model.overhead_tokens, model.overhead_tokens_per_message) = (Some(0), Some(0));
        (model.context_tokens, model.max_output_tokens) = (60, 40);
    })
    .await;
    let seed = [7; 32];
    println!("seed {seed:?}");
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let requests = completions();
    let mut served = 0;
    for _ in 0..400 {
        let Completion { path, body } = requests.new_tree(&mut runner).unwrap().current();
        let answer = bench.post(path, &body).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        match status {
            200 => served += 1,
            400 => assert!(text.contains("context_length_exceeded"), "{body}: {text}"),
            _ => panic!("{status} {body}: {text}"),
        }
        bench.used().await;
    }
    assert!(served > 200, "{served} served");
    let above = bench.figure("blockable_provider_above_hold_units_total").await;
    assert_eq!(above, 0.0, "no use above a hold");
    bench.stop().await;
}
