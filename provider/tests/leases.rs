//! GPU leases.

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
    common::{Bench, GRANTED, address, frozen, ours, refused},
    serde_json::{Value, json},
    std::time::Duration,
    tokio::time::sleep,
};

async fn open(bench: &Bench, seconds: u64, count: u32) -> Value {
    let body = json!({"gpu": "h100", "count": count, "heartbeat_seconds": seconds});
    let answer = bench.post("/v1/leases", &body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

fn path(lease: &Value, rest: &str) -> String {
    format!("/v1/leases/{}{rest}", lease["id"].as_str().unwrap())
}

async fn heartbeat(bench: &Bench, lease: &Value) -> reqwest::Response {
    bench.post(&path(lease, "/heartbeat"), &json!({})).send().await.unwrap()
}

/// The lease once it has ended: the units are settled an instant before the lease says so.
async fn ended(bench: &Bench, lease: &Value) -> Value {
    for _ in 0..500 {
        let lease: Value = bench.get(&path(lease, "")).send().await.unwrap().json().await.unwrap();
        if lease["status"] == "ended" {
            return lease;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the lease does not end")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_holds_a_period_and_pays_the_seconds_that_pass() {
    let bench = Bench::start(|_| {}).await;
    let lease = open(&bench, 60, 2).await;
    assert_eq!((&lease["units_held"], &lease["status"]), (&json!(1_200), &json!("open")));
    assert_eq!(bench.counted(), (0, 1_200));
    let renewed: Value = heartbeat(&bench, &lease).await.json().await.unwrap();
    assert_eq!(renewed["units_settled"], 20, "a second has begun");
    assert_eq!(bench.counted(), (20, 1_200));
    let again: Value = heartbeat(&bench, &lease).await.json().await.unwrap();
    assert_eq!(again["units_settled"], 20, "and is paid for");
    let closed =
        bench.http.delete(bench.url(&path(&lease, ""))).bearer_auth(bench.key(&ours())).send().await.unwrap();
    let closed: Value = closed.json().await.unwrap();
    assert_eq!(closed["status"], "ended");
    let used = bench.used().await;
    assert!((20..=60).contains(&used), "{used}");
    let twice = bench.post(&path(&lease, "/close"), &json!({})).send().await.unwrap();
    assert_eq!(twice.status(), 200);
    let twice: Value = twice.json().await.unwrap();
    assert_eq!(twice["runs_until_ms"], closed["runs_until_ms"], "its end does not move");
    assert_eq!(bench.counted(), (used, 0));
    refused(heartbeat(&bench, &lease).await, 410, "lease_ended").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_on_a_frozen_credit_runs_out() {
    let bench = Bench::start(|_| {}).await;
    let lease = open(&bench, 1, 1).await;
    bench.server.gate().observe_credit(ours(), 11, Some(&frozen(0, GRANTED)));
    let body = refused(heartbeat(&bench, &lease).await, 402, "credit_frozen").await;
    assert_eq!(body["lease"]["status"], "open");
    assert!(body["lease"]["runs_until_ms"].as_i64().unwrap() > lease["opened_ms"].as_i64().unwrap());
    let another = bench.post("/v1/leases", &json!({"gpu": "h100"})).send().await.unwrap();
    refused(another, 402, "credit_frozen").await;
    assert_eq!(bench.used().await, 10, "the whole period counts as used at its end");
    let ended = ended(&bench, &lease).await;
    assert_eq!(ended["units_settled"], 10);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_survive_a_restart() {
    let bench = Bench::start(|_| {}).await;
    let (kept, short) = (open(&bench, 600, 3).await, open(&bench, 1, 1).await);
    let folder = bench.stop().await;
    sleep(Duration::from_millis(1_050)).await;
    let bench = Bench::start_in(folder, |_| {}).await;
    let list: Value = bench.get("/v1/leases").send().await.unwrap().json().await.unwrap();
    let leases = list["data"].as_array().unwrap();
    let found = leases.iter().find(|lease| lease["id"] == kept["id"]).unwrap();
    for member in ["gpu", "count", "opened_ms", "units_per_second", "units_held"] {
        assert_eq!(found[member], kept[member], "{member}");
    }
    assert!(leases.iter().all(|lease| lease["id"] != short["id"] || lease["status"] == "ended"));
    let renewed: Value = heartbeat(&bench, &kept).await.json().await.unwrap();
    let settled = renewed["units_settled"].as_u64().unwrap();
    assert!(
        settled >= 60 && settled.is_multiple_of(30),
        "the time while the server was away is paid: {settled}"
    );
    bench.post(&path(&kept, "/close"), &json!({})).send().await.unwrap();
    let used = bench.used().await;
    assert!(used >= settled + 10 && (used - 10).is_multiple_of(30), "{used}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_opens_one_lease_however_often_it_comes() {
    let bench = Bench::start(|_| {}).await;
    let rent = async |bench: &Bench, key: &str, body: Value| {
        bench.post("/v1/leases", &body).header("Idempotency-Key", key).send().await.unwrap()
    };
    let body = json!({"gpu": "h100", "count": 3});
    let (one, again) = tokio::join!(rent(&bench, "a", body.clone()), rent(&bench, "a", body.clone()));
    let (one, again): (Value, Value) = (one.json().await.unwrap(), again.json().await.unwrap());
    assert_eq!((&one["id"], &one["opened_ms"]), (&again["id"], &again["opened_ms"]));
    refused(rent(&bench, "a", json!({"gpu": "h100", "count": 2})).await, 422, "idempotency_key_reused").await;
    refused(rent(&bench, "a b", body.clone()).await, 400, "invalid_idempotency_key").await;
    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    let again: Value = rent(&bench, "a", body.clone()).await.json().await.unwrap();
    assert_eq!((&one["id"], &one["opened_ms"]), (&again["id"], &again["opened_ms"]));
    let other: Value = rent(&bench, "b", body).await.json().await.unwrap();
    assert_ne!(one["id"], other["id"]);
    assert_eq!(bench.server.gate().holds().len(), 2);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_key_sees_a_lease_and_no_gpu_is_rented_twice() {
    let bench = Bench::start(|config| config.leases.leases_per_credit = 3).await;
    bench.server.gate().observe_credit(address(12), 10, Some(&common::credit(1)));
    let lease = open(&bench, 60, 6).await;
    let theirs = bench.key(&address(12));
    for (method, rest) in [("GET", ""), ("DELETE", ""), ("POST", "/close"), ("POST", "/heartbeat")] {
        let request = bench.http.request(method.parse().unwrap(), bench.url(&path(&lease, rest)));
        refused(request.bearer_auth(&theirs).send().await.unwrap(), 404, "lease_not_found").await;
    }
    let rent =
        |key: &str, body: Value| bench.http.post(bench.url("/v1/leases")).bearer_auth(key).json(&body).send();
    let more = rent(&theirs, json!({"gpu": "h100", "count": 3})).await.unwrap();
    assert!(more.headers().get("retry-after").is_none(), "nobody knows when a GPU will be free");
    refused(more, 409, "gpu_unavailable").await;
    assert_eq!(rent(&theirs, json!({"gpu": "h100", "count": 2})).await.unwrap().status(), 201);
    for (body, status, code) in [
        (json!({"gpu": "b200"}), 404, "gpu_not_found"),
        (json!({"gpu": "h100", "count": 0}), 400, "invalid_parameter"),
        (json!({"gpu": "h100", "heartbeat_seconds": 0}), 400, "invalid_parameter"),
        (json!({"gpu": "h100", "hours": 1}), 400, "invalid_json"),
    ] {
        refused(rent(&theirs, body).await.unwrap(), status, code).await;
    }
    bench.post(&path(&lease, "/close"), &json!({})).send().await.unwrap();
    let ours = bench.key(&ours());
    for _ in 0..3 {
        assert_eq!(rent(&ours, json!({"gpu": "h100"})).await.unwrap().status(), 201);
    }
    refused(rent(&ours, json!({"gpu": "h100"})).await.unwrap(), 429, "too_many_leases").await;
    bench.stop().await;
}

/// Ended leases are shown for a minute, and take room: a sub-key that opens and closes them fills its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_and_closes_leases_shuts_out_no_other() {
    let bench = Bench::start(|config| config.leases.leases_per_credit = 1).await;
    let first = bench.key(&ours());
    let made = bench.http.put(bench.url("/v1/keys/app")).bearer_auth(&first).json(&json!({})).send().await;
    let made: Value = made.unwrap().json().await.unwrap();
    let app = made["key"].as_str().unwrap();
    let rent = async |key: &str| {
        let body = json!({"gpu": "h100", "heartbeat_seconds": 60});
        bench.http.post(bench.url("/v1/leases")).bearer_auth(key).json(&body).send().await.unwrap()
    };
    for _ in 0..16 {
        let lease: Value = rent(app).await.json().await.unwrap();
        let closed = bench.http.delete(bench.url(&path(&lease, ""))).bearer_auth(app).send().await.unwrap();
        assert_eq!(closed.status(), 200);
    }
    let body = refused(rent(app).await, 429, "too_many_leases").await;
    assert!(body["error"]["message"].as_str().unwrap().contains("just ended"), "{body}");
    assert_eq!(rent(&first).await.status(), 201);
    bench.stop().await;
}
