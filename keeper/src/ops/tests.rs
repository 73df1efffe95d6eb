//! Probes and metrics, over a socket of this machine.

use {
    super::*,
    crate::api::tests::{Api, START, credits},
    reqwest::StatusCode,
    serde_json::Value,
    tokio::net::TcpStream,
};

/// A listener of health and metrics beside an API.
struct Ops {
    url: String,
    http: reqwest::Client,
    _stop: watch::Sender<bool>,
}

impl Ops {
    async fn beside(api: &Api, metrics: Option<PrometheusHandle>) -> Ops {
        let (stop, stopped) = watch::channel(false);
        let settings = OpsSettings { listen: "127.0.0.1:0".parse().unwrap() };
        let (health, snapshot) = (api.state.health.clone(), api.state.snapshot.clone());
        let (addr, _) = start(&settings, OpsState { health, snapshot, metrics }, stopped).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        Ops { url: format!("http://{addr}"), http, _stop: stop }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn json(&self, path: &str) -> (StatusCode, Value) {
        let (status, text) = self.get(path).await;
        (status, serde_json::from_str(&text).unwrap())
    }
}

#[tokio::test]
async fn a_keeper_is_alive_while_its_loops_make_progress() {
    let api = Api::empty(|_, _| {}).await;
    let ops = Ops::beside(&api, None).await;
    let alive = (StatusCode::OK, serde_json::json!({ "alive": true, "stalled": {}, "reasons": {} }));
    assert_eq!(ops.json("/livez").await, alive);
    let beat = api.state.health.watch("cycle", Duration::ZERO);
    api.state.health.set("store", Err("the store is full; free disk space".to_string()));
    let (status, body) = ops.json("/livez").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body["stalled"]["cycle"].is_u64(), "{body}");
    assert_eq!(body["reasons"]["store"], "the store is full; free disk space");
    drop(beat);
    assert_eq!(ops.json("/livez").await, alive);
}

#[tokio::test]
async fn a_keeper_is_ready_when_every_part_is_and_the_market_was_read() {
    let api = Api::empty(|_, _| {}).await;
    let ops = Ops::beside(&api, None).await;
    let (status, body) = ops.json("/readyz").await;
    assert_eq!((status, &body["ready"]), (StatusCode::SERVICE_UNAVAILABLE, &false.into()));
    assert!(body["parts"]["snapshot"].as_str().unwrap().contains("not been read"), "{body}");
    api.show(START, &credits()).await;
    assert_eq!(ops.json("/readyz").await.1["parts"]["snapshot"], "ok");
    api.state.health.set("chain", Err("no node answers; check rpc".to_string()));
    let (status, body) = ops.json("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["parts"]["chain"], "no node answers; check rpc");
    api.state.health.set("chain", Ok(()));
    assert_eq!(ops.json("/readyz").await.1["ready"], true);
}

#[tokio::test]
async fn metrics_are_rendered_where_they_are_recorded() {
    let api = Api::empty(|_, _| {}).await;
    let (status, body) = Ops::beside(&api, None).await.json("/metrics").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &"no_metrics".into()));

    let recorder = recorder::recorder();
    let local: &dyn metrics::Recorder = &recorder;
    metrics::with_local_recorder(local, || {
        metrics::histogram!("blockable_keeper_landing_seconds").record(1.5);
        metrics::counter!("blockable_keeper_reports_total", "result" => "accepted").increment(2);
    });
    let ops = Ops::beside(&api, Some(recorder.handle())).await;
    let response = ops.http.get(format!("{}/metrics", ops.url)).send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = response.text().await.unwrap();
    assert!(text.contains("blockable_keeper_landing_seconds_bucket{le=\"2\"} 1"), "{text}");
    assert!(text.contains("blockable_keeper_reports_total{result=\"accepted\"} 2"), "{text}");
    assert!(text.contains("# HELP blockable_keeper_reports_total"), "{text}");
}

#[tokio::test]
async fn clients_of_the_api_cannot_shut_probes_out() {
    let api = Api::new().await;
    let ops = Ops::beside(&api, None).await;
    let mut idle = Vec::new();
    for _ in 0..128 {
        idle.push(TcpStream::connect(api.url.trim_start_matches("http://")).await.unwrap());
    }
    for path in ["/livez", "/readyz"] {
        assert_eq!(ops.get(path).await.0, StatusCode::OK, "{path}");
    }
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(api.refused(path, StatusCode::NOT_FOUND).await.0, "no_such_path", "the API has no {path}");
    }
    let (status, body) = ops.json("/v1/credits").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &"no_such_path".into()));
    drop(idle);
}

#[test]
fn the_address_is_read_and_a_wrong_one_is_named() {
    let read = |text: &str| {
        let mut reader = Reader::new(text).unwrap();
        let settings = OpsSettings::read(&mut reader);
        (settings.listen.to_string(), reader.finish())
    };
    assert_eq!(read(""), ("127.0.0.1:8421".to_string(), Vec::new()));
    assert_eq!(read("[ops]\nlisten = \"[::1]:7\"").0, "[::1]:7");
    let mistakes = read("[ops]\nlisten = \"here\"").1;
    assert!(mistakes.len() == 1 && mistakes[0].starts_with("ops.listen: is not an address"), "{mistakes:?}");
}
