//! The salt by which an upstream's prefix cache keeps credits apart.

use {
    super::{
        common::{Bench, address, chat_body, credit, ours},
        fleet::Scripted,
    },
    blockable_sdk::Pubkey,
    serde_json::{Value, json},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_credit_has_a_salt_of_its_own_in_the_upstreams_cache() {
    let good = Scripted::good();
    let bench = Bench::start(|config| {
        config.models[0].upstreams = vec![good.upstream("a")];
        config.models[0].cache_salt = true;
    })
    .await;
    let other = address(11);
    bench.server.gate().observe_credit(other, 10, Some(&credit(1)));
    let salt = async |payer: &Pubkey, more: Value| {
        let request = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(payer));
        let answer = request.json(&chat_body("hi", more)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let sent = good.got.lock().unwrap().pop().unwrap().body;
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        sent["cache_salt"].as_str().unwrap().to_string()
    };
    let first = salt(&ours(), json!({})).await;
    assert_eq!(salt(&ours(), json!({"max_tokens": 5})).await, first, "a credit finds its own prompts");
    assert_ne!(salt(&ours(), json!({"cache_salt": "team"})).await, first, "and divides them as it likes");
    let stolen = salt(&other, json!({"cache_salt": first})).await;
    assert!(stolen != first && salt(&other, json!({})).await != first, "it finds no other one's");
    bench.stop().await;
}
