use {
    super::common::{Bench, config, refused},
    blockable_provider::{Config, Price, PriceList, config::ModelConfig},
    blockable_sdk::{amounts::Units, program::state::Provider},
    bytemuck::Zeroable,
    serde_json::{Value, json},
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Shows the server a provider with a hash in force and one that waits.
fn show(bench: &Bench, in_force: [u8; 32], proposed: Option<[u8; 32]>) {
    let mut provider = Provider::zeroed();
    provider.settings.price_list_hash = in_force;
    if let Some(hash) = proposed {
        provider.proposed.price_list_hash = hash;
        provider.change_ready_at = 1_800_000_500;
    }
    bench.server.gate().chain_view().observe_provider(11, &provider);
}

fn list(config: &Config) -> PriceList {
    PriceList::new(&config.models, &config.gpus)
}

fn dearer(config: &mut Config) {
    config.models[0].price = Price::new(Units(5_000), Units(7_000));
    config.gpus[0].units_per_second = Units(30);
}

/// Units of a chat that uses one token of prompt and one of answer.
async fn cost(bench: &Bench) -> Value {
    let answer = bench.chat("one", json!({"max_tokens": 1})).await;
    assert_eq!(answer.status(), 200);
    answer.headers()["x-blockable-units"].to_str().unwrap().parse::<u64>().unwrap().into()
}

async fn prices(bench: &Bench) -> Value {
    bench.http.get(bench.url("/v1/prices")).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_list_is_served_once_its_hash_is_in_force_and_the_old_one_until_then() {
    let bench = Bench::start(|_| {}).await;
    let old = list(&config(bench.folder.path()));
    assert_eq!(prices(&bench).await["state"], "unpublished");
    assert_eq!(cost(&bench).await, 3);
    show(&bench, old.hash(), None);
    let shown = prices(&bench).await;
    assert_eq!((&shown["state"], &shown["served"]["text"]), (&json!("in_force"), &json!(old.text())));
    assert_eq!(shown["next"], Value::Null);
    // The list in force is recorded within a second.
    let deadline = Instant::now() + Duration::from_secs(10);
    while bench.server.gate().text("price_list").await.unwrap().is_none() {
        assert!(Instant::now() < deadline, "it is not recorded");
        sleep(Duration::from_millis(20)).await;
    }

    let bench = Bench::start_in(bench.stop().await, dearer).await;
    let mut changed = config(bench.folder.path());
    dearer(&mut changed);
    let new = list(&changed);
    show(&bench, old.hash(), Some(new.hash()));
    assert_eq!(cost(&bench).await, 3, "the old list is in force");
    let shown = prices(&bench).await;
    assert_eq!((&shown["state"], &shown["served"]["text"]), (&json!("older"), &json!(old.text())));
    assert_eq!(
        (&shown["next"]["text"], &shown["chain"]["proposed"]),
        (&json!(new.text()), &shown["next"]["hash"])
    );
    assert_eq!(shown["chain"]["proposed_from"], 1_800_000_500);
    let models: Value = bench.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["units_per_1k_prompt"], 1_000);
    let lease = bench.post("/v1/leases", &json!({"gpu": "h100"})).send().await.unwrap();
    assert_eq!(lease.json::<Value>().await.unwrap()["units_per_second"], 10);

    show(&bench, new.hash(), None);
    assert_eq!(cost(&bench).await, 12, "the new list is in force, without a restart");
    let lease = bench.post("/v1/leases", &json!({"gpu": "h100"})).send().await.unwrap();
    assert_eq!(lease.json::<Value>().await.unwrap()["units_per_second"], 30);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sold_by_a_list_that_is_not_known() {
    let bench = Bench::start(|_| {}).await;
    show(&bench, [9; 32], None);
    let answer = bench.chat("one", json!({})).await;
    assert_eq!(answer.headers().get("retry-after"), None, "the market's delay may be days");
    refused(answer, 503, "price_not_in_force").await;
    let lease = bench.post("/v1/leases", &json!({"gpu": "h100"})).send().await.unwrap();
    refused(lease, 503, "price_not_in_force").await;
    let ready = bench.http.get(bench.ops_url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let checks: Value = ready.json().await.unwrap();
    assert!(checks["checks"]["prices"].as_str().unwrap().contains("propose"), "{checks}");
    assert_eq!(prices(&bench).await["served"], Value::Null);
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_the_list_in_force_does_not_have_waits() {
    let bench = Bench::start(|_| {}).await;
    let old = list(&config(bench.folder.path()));
    show(&bench, old.hash(), None);
    while bench.server.gate().text("price_list").await.unwrap().is_none() {
        sleep(Duration::from_millis(20)).await;
    }
    let more = |config: &mut Config| {
        let mut other = config.models[0].clone();
        other.name = "other".to_string();
        config.models.push(other);
    };
    let bench = Bench::start_in(bench.stop().await, more).await;
    show(&bench, old.hash(), None);
    assert_eq!(cost(&bench).await, 3);
    refused(bench.chat("one", json!({"model": "other"})).await, 503, "price_not_in_force").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_are_read_anew_wait_for_the_chain_while_the_old_ones_are_served() {
    let bench = Bench::start(|_| {}).await;
    let mut changed = config(bench.folder.path());
    let old = list(&changed);
    dearer(&mut changed);
    let new = list(&changed);
    // At once after the start: the list in force may not be recorded yet.
    show(&bench, old.hash(), None);
    bench.server.reload(&changed).await.unwrap();
    assert_eq!(cost(&bench).await, 3);
    let shown = prices(&bench).await;
    assert_eq!((&shown["state"], &shown["served"]["text"]), (&json!("older"), &json!(old.text())));
    assert_eq!(shown["next"]["text"], new.text(), "GPUs are in it, as in the file");
    assert_eq!(bench.server.gate().text("price_list").await.unwrap().as_deref(), Some(old.text()));
    show(&bench, new.hash(), None);
    assert_eq!(cost(&bench).await, 12, "with the block that applies the change");
    // A model that the list in force does not have waits, and nothing else does.
    let mut more = changed.clone();
    more.models.push(ModelConfig::echo("more", Price::new(Units(1), Units(1))));
    bench.server.reload(&more).await.unwrap();
    assert_eq!(cost(&bench).await, 12);
    let body = json!({"model": "more", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1});
    let answer = bench.post("/v1/chat/completions", &body).send().await.unwrap();
    refused(answer, 503, "price_not_in_force").await;
    // Back to the file before.
    bench.server.reload(&changed).await.unwrap();
    assert_eq!(prices(&bench).await["state"], "in_force");
    // Where nothing is published, the file's prices count at once.
    show(&bench, [0; 32], None);
    bench.server.reload(&config(bench.folder.path())).await.unwrap();
    assert_eq!(cost(&bench).await, 3);
    bench.stop().await;
}
