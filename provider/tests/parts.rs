//! Freezes and reports over HTTP, with the desk and the reporter behind it and a node that the test plays.

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
#[path = "common/node.rs"]
mod node;

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{FollowConfig, Follower, FreezeDesk, FreezeDeskConfig, Gate, ReporterConfig, Reporters},
    blockable_provider::{Parts, config::FreezeSettings},
    blockable_sdk::{
        Hash, Keypair, Signer, instructions,
        keys::{KeySource, SigningKey},
        program::{
            instructions::FreezeAmount,
            state::{FreezeReason, Provider, ProviderSettings, Reporter},
        },
        transactions, write_keypair_file,
    },
    blockable_testkit::ops_files::OpsFiles,
    bytemuck::Zeroable,
    common::{Bench, GRANTED, address, credit, gate, ours, refused},
    node::{blockhash, node},
    serde_json::{Value, json},
    std::{path::Path, time::Duration},
    tokio::time::sleep,
};

fn signed(lender: &Keypair, market: u8, hash: Hash) -> String {
    let freeze = instructions::credit_freeze(
        &address(market),
        &lender.pubkey(),
        &ours(),
        FreezeAmount::All,
        FreezeReason::Risk,
    );
    let transaction = transactions::sign_v0(&[freeze], lender, &[], hash).unwrap();
    STANDARD.encode(transactions::encode(&transaction))
}

async fn send(bench: &Bench, transaction: &str) -> reqwest::Response {
    bench.http.post(bench.url("/v1/freezes")).json(&json!({"transaction": transaction})).send().await.unwrap()
}

/// A desk over a gate that knows a loan of the lender.
async fn desk_of(gate: &Gate, lender: &Keypair, url: String) -> FreezeDesk {
    let mut lent = credit(0);
    (lent.lender, lent.freeze_authority, lent.event_seq) = (lender.pubkey(), lender.pubkey(), 1);
    gate.observe_credit(ours(), 11, Some(&lent));
    FreezeDesk::start(gate.clone(), FreezeDeskConfig::new(url)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_freeze_is_obeyed_at_once_and_nothing_else_is() {
    let (url, sent) = node().await;
    let (folder, lender) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = gate(folder.path());
    let desk = desk_of(&gate, &lender, url).await;
    let bench = Bench::start_with(folder, gate, Parts { desk: Some(desk), ..Parts::default() }, |_| {}).await;

    let stranger = Keypair::new();
    for (transaction, status, code) in [
        ("not base64".to_string(), 400, "invalid_parameter"),
        ("AAAA".to_string(), 400, "malformed"),
        (signed(&stranger, 1, blockhash()), 403, "not_freezer"),
        (signed(&lender, 7, blockhash()), 404, "foreign_market"),
        (signed(&lender, 1, Hash::new_from_array([8; 32])), 400, "blockhash_unknown"),
    ] {
        refused(send(&bench, &transaction).await, status, code).await;
    }
    let unknown =
        bench.get(&format!("/v1/freezes/{}", Keypair::new().sign_message(b"x"))).send().await.unwrap();
    refused(unknown, 404, "freeze_not_found").await;
    assert_eq!(bench.chat("hi", json!({})).await.status(), 200, "nothing has changed");

    let transaction = signed(&lender, 1, blockhash());
    let answer = send(&bench, &transaction).await;
    assert_eq!(answer.status(), 200);
    let obeyed: Value = answer.json().await.unwrap();
    assert_eq!(obeyed["credit"], ours().to_string());
    assert_eq!((&obeyed["frozen"], &obeyed["state"]), (&json!(GRANTED), &json!("open")));
    refused(bench.chat("hi", json!({})).await, 402, "credit_frozen").await;
    let again: Value = send(&bench, &transaction).await.json().await.unwrap();
    assert_eq!(again, obeyed, "the same again changes nothing");
    let path = format!("/v1/freezes/{}", obeyed["signature"].as_str().unwrap());
    let state: Value = bench.http.get(bench.url(&path)).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["state"], "open");
    let notices: Value = bench.get("/v1/notices").send().await.unwrap().json().await.unwrap();
    let obeyed =
        notices["data"].as_array().unwrap().iter().filter(|notice| notice["kind"] == "freeze_obeyed");
    assert_eq!(obeyed.count(), 1, "beside the notice of the loan's new lender: {notices}");
    while sent.lock().unwrap().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sent.lock().unwrap()[0], transaction, "it is sent to the chain as well");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_shuts_the_desk_for_lenders() {
    let (url, _) = node().await;
    let (folder, lender) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = gate(folder.path());
    let desk = desk_of(&gate, &lender, url).await;
    let parts = Parts { desk: Some(desk), ..Parts::default() };
    let bench = Bench::start_with(folder, gate, parts, |config| {
        config.freezes = FreezeSettings { at_once: 4, per_second: 1, burst: 40 };
    })
    .await;
    let post = async |body: Value, from: &str| {
        let request = bench.http.post(bench.url("/v1/freezes")).header("x-forwarded-for", from);
        request.json(&body).send().await.unwrap()
    };
    // Rubbish, freezes that strangers have signed, and one of the lender that can land no more, which others have seen.
    let stranger = signed(&Keypair::new(), 1, blockhash());
    let seen = signed(&lender, 1, Hash::new_from_array([8; 32]));
    for (body, network) in [
        (json!({}), "203.0.113.7"),
        (json!({"transaction": stranger}), "203.0.113.8"),
        (json!({"transaction": seen}), "203.0.113.9"),
    ] {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(post(body.clone(), network).await.status().as_u16());
        }
        assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    }
    let transaction = json!({"transaction": signed(&lender, 1, blockhash())});
    let answer = post(transaction.clone(), "198.51.100.1").await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    assert_eq!(post(transaction, "198.51.100.1").await.status(), 200, "the same answer again");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_one_address_shut_out_no_keeper() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let reporters = reporters(folder.path(), &gate).await;
    let parts = Parts { reporters: Some(reporters), ..Parts::default() };
    let bench = Bench::start_with(folder, gate, parts, |config| {
        (config.limits.report_streams, config.limits.report_streams_per_address) = (8, 4);
    })
    .await;
    let open = async |from: &str| {
        let request = bench.http.get(bench.url("/v1/reports/stream")).header("x-forwarded-for", from);
        request.send().await.unwrap()
    };
    let mut opened = Vec::new();
    for _ in 0..4 {
        opened.push(open("203.0.113.7").await);
    }
    assert!(opened.iter().all(|answer| answer.status() == 200));
    refused(open("203.0.113.7").await, 429, "too_many_streams").await;
    assert_eq!(open("198.51.100.1").await.status(), 200);
    drop(opened);
    bench.stop().await;
}

/// The increase of a series that appears with its first events is 0: no alert would see them.
#[tokio::test(flavor = "multi_thread")]
async fn each_selector_of_the_alerts_has_a_sample_on_a_new_server() {
    let (url, _) = node().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let parts = Parts {
        follower: Some(Follower::start(
            gate.clone(),
            FollowConfig::new("http://127.0.0.1:1", "ws://127.0.0.1:1"),
        )),
        desk: Some(FreezeDesk::start(gate.clone(), FreezeDeskConfig::new(url)).await.unwrap()),
        reporters: Some(reporters(folder.path(), &gate).await),
    };
    let bench = Bench::start_with(folder, gate, parts, |_| {}).await;
    let figures = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    let files = OpsFiles::read(Path::new(env!("CARGO_MANIFEST_DIR")), "blockable_provider_").unwrap();
    files.check_samples(&figures).unwrap();
    bench.stop().await;
}

async fn reporters(folder: &Path, gate: &Gate) -> Reporters {
    let key = Keypair::new();
    let path = folder.join("reporter.json");
    write_keypair_file(&key, &path).unwrap();
    let mut provider = Provider::zeroed();
    let reporter = Reporter { key: key.pubkey(), expires_at: i64::MAX };
    provider.settings =
        ProviderSettings { chunk_size: 10, ..ProviderSettings::with_reporters(&[reporter], 1) };
    provider.epoch = 1;
    gate.chain_view().observe_provider(20, &provider);
    gate.note_all_observed();
    let key: SigningKey = KeySource::File { path }.open().await.unwrap();
    let config = ReporterConfig { interval: Duration::from_secs(3_600), ..ReporterConfig::default() };
    Reporters::start(gate.clone(), vec![key], config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_served_streamed_and_closed_with_a_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let reporters = reporters(folder.path(), &gate).await;
    let bench =
        Bench::start_with(folder, gate, Parts { reporters: Some(reporters), ..Parts::default() }, |_| {})
            .await;
    let first: Value = loop {
        let page: Value =
            bench.http.get(bench.url("/v1/reports/latest")).send().await.unwrap().json().await.unwrap();
        if page["reports"].as_array().is_some_and(|reports| !reports.is_empty()) {
            break page;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let after: Value =
        bench.http.get(bench.url("/v1/reports?after=0&most=5")).send().await.unwrap().json().await.unwrap();
    assert_eq!(after["reports"][0], first["reports"][0]);
    for (path, param) in [("/v1/reports?after=x", "after"), ("/v1/reports/latest?fresh=7", "fresh")] {
        let error =
            refused(bench.http.get(bench.url(path)).send().await.unwrap(), 400, "invalid_parameter").await;
        assert_eq!(error["error"]["param"], param);
    }
    let stream = bench.http.get(bench.url("/v1/reports/stream")).header("last-event-id", "0").send();
    let stream = tokio::spawn(stream.await.unwrap().text());
    assert_eq!(bench.chat("one two", json!({"max_tokens": 3})).await.status(), 200);
    let figures = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(figures.contains("blockable_provider_report_age_seconds{reporter="), "{figures}");
    let ready: Value = bench.http.get(bench.ops_url("/readyz")).send().await.unwrap().json().await.unwrap();
    assert_eq!(ready["checks"]["reporter"], "ok", "{ready}");
    bench.stop().await;
    let text = stream.await.unwrap().unwrap();
    let events: Vec<&str> = text.split("\n\n").filter(|event| event.starts_with("id: ")).collect();
    assert!(events.len() >= 2, "{text}");
    let head = format!("id: {}\nevent: report\ndata: {{", first["reports"][0]["seq"]);
    assert!(events[0].starts_with(&head), "{text}");
    let last = events.last().unwrap().lines().last().unwrap().strip_prefix("data: ").unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(
        last["readings"][0]["cumulative"].to_string().trim_matches('"'),
        "8",
        "all that was settled: {last}"
    );
}
