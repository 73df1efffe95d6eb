//! Whatever a prompt is, the hold covers what the model uses.

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

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_covers_the_echo_models_use() {
    let above = |bench: &Bench| {
        let http = bench.http.clone();
        let url = format!("http://{}/metrics", bench.server.ops_addr());
        async move {
            let text = http.get(url).send().await.unwrap().text().await.unwrap();
            let line = text
                .lines()
                .find(|line| line.starts_with("blockable_above_hold_units_total "))
                .map(str::to_string);
            line.unwrap_or_default()
        }
    };
    let bench = Bench::start(|config| {
        let model = &mut config.models[0];
        // No overheads: the echo model has no template.
        (model.overhead_tokens, model.overhead_tokens_per_message) = (0, 0);
        (model.context_tokens, model.max_output_tokens) = (60, 40);
    })
    .await;
    let seed = [7; 32];
    println!("seed {seed:?}");
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let contents = prop_oneof!["\\PC{0,120}", "([a-z] ){0,70}", "[\\u{2003}\\n\\t é🦀\"\\\\]{0,60}",];
    let requests = (
        proptest::collection::vec(contents, 1..4),
        proptest::option::of(0_u64..80),
        1_u64..4,
        any::<bool>(),
        any::<bool>(),
    );
    let mut served = 0;
    for _ in 0..400 {
        let (texts, limit, answers, chat, streamed) = requests.new_tree(&mut runner).unwrap().current();
        let mut body = json!({"model": "echo", "n": answers, "max_tokens": limit, "stream": streamed});
        let path = match chat {
            true => {
                let message =
                    |text: &String| json!({"role": "user", "content": [{"type": "text", "text": text}]});
                body["messages"] = texts.iter().map(message).collect();
                "/v1/chat/completions"
            }
            false => {
                body["prompt"] = texts.iter().map(|text| Value::from(text.as_str())).collect();
                "/v1/completions"
            }
        };
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
    assert_eq!(above(&bench).await, "", "no use above a hold");
    bench.stop().await;
}
