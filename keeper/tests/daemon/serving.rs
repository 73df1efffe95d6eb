//! The API of a keeper that runs, also while one of its loops is stalled.

use {
    crate::setup::Setup,
    blockable_service::hex,
    reqwest::StatusCode,
    serde_json::Value,
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Stalls the fourth transaction before it is recorded, for longer than a cycle may take.
const STALL: &str = "land-before-write=3*off->1*sleep(85000)->off";
/// Longest wait where no reports are needed.
const SOON: Duration = Duration::from_secs(30);

/// A client of a keeper's API, and of its health and metrics.
struct Api {
    url: String,
    ops: String,
}

impl Api {
    /// Finds the addresses that the keeper has logged.
    async fn from_log(setup: &Setup) -> Api {
        let began = Instant::now();
        loop {
            let log = setup.log("keeper");
            let url = |what: &str| {
                let address = log
                    .lines()
                    .filter(|line| line.contains(what))
                    .find_map(|line| line.split_whitespace().find_map(|word| word.strip_prefix("addr=")));
                address.map(|address| format!("http://{address}"))
            };
            if let (Some(url), Some(ops)) = (url("the API listens"), url("health and metrics listen")) {
                return Api { url, ops };
            }
            assert!(began.elapsed() < SOON, "no address\n{log}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let base = if path.starts_with("/v1") { &self.url } else { &self.ops };
        let response = reqwest::get(format!("{base}{path}")).await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The kinds and the hashes of a credit's events.
    async fn events(&self, credit: &str) -> Vec<(String, String)> {
        let page = self.json(&format!("/v1/credits/{credit}/events?limit=200")).await;
        let events = page["events"].as_array().unwrap();
        assert!(events.iter().enumerate().all(|(number, event)| event["seq"] == number), "a gap: {page}");
        let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_string();
        events.iter().map(|event| (text(event, "kind"), text(event, "hash"))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_serves_its_market_and_reports_when_a_loop_stalls_and_when_it_goes_on() {
    let mut setup = Setup::new(2).await;
    let url = setup.cluster.rpc_url();
    setup.write_config("keeper", &[url.clone(), url], "");
    let keeper = setup.spawn("keeper", STALL);
    let api = Api::from_log(&setup).await;
    setup.set_used(0, 5_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 5_000).await;
    let is_alive = async || api.get("/livez").await.0 == StatusCode::OK;
    assert!(is_alive().await);

    setup.until("a loop is stalled", async |_: &Setup| !is_alive().await).await;
    let (status, body) = api.get("/livez").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let liveness: Value = serde_json::from_str(&body).unwrap();
    let stalled = liveness["stalled"].as_object().unwrap();
    assert!(stalled.len() == 1 && stalled["cycle"].as_u64().unwrap() >= 60, "{body}");
    assert_eq!(api.get("/readyz").await.0, StatusCode::OK, "its parts can still do their work");

    let credit = setup.credits[0].to_string();
    let portfolio = api.json("/v1/portfolio").await;
    assert_eq!((&portfolio["credits"], &portfolio["by_status"]["active"]), (&2.into(), &2.into()));
    let detail = api.json(&format!("/v1/credits/{credit}")).await;
    assert_eq!((&detail["status"], &detail["units"]["consumed"]), (&"active".into(), &"5000".into()));
    let (_, metrics) = api.get("/metrics").await;
    for metric in [
        "blockable_keeper_loop_iterations_total{loop=\"cycle\"}",
        "blockable_keeper_cycle_seconds",
        "blockable_keeper_rpc_slot",
    ] {
        assert!(metrics.contains(metric), "{metric} is not in\n{metrics}");
    }

    setup.until("it goes on", async |_: &Setup| is_alive().await).await;
    setup.set_used(0, 9_000).await;
    setup.until("use is metered again", async |setup: &Setup| setup.consumed(0).await == 9_000).await;
    let began = Instant::now();
    loop {
        // Without reports nothing happens on the chain, and the proven log catches up with it.
        let chain = setup.cluster.chain.credit(&setup.credits[0]).await;
        let events = api.events(&credit).await;
        if events.last().is_some_and(|(_, hash)| *hash == hex::encode(chain.event_hash)) {
            assert_eq!(events.len() as u64, chain.event_seq);
            assert!(events.iter().any(|(kind, _)| kind == "metered"), "{events:?}");
            break;
        }
        assert!(began.elapsed() < SOON, "{events:?}\n{}", setup.logs());
        sleep(Duration::from_millis(500)).await;
    }
    keeper.stop().await;
    setup.cluster.stop();
}
