//! Upstreams that change while requests run: they come and go, and the file's list is read anew.

use {
    super::{
        common::{chat_body, config, ours, refused},
        fleet::{Scripted, before, metric, ready},
    },
    blockable_provider::{
        Price,
        config::{ModelConfig, Revoked, RevokedKeys, UpstreamConfig},
    },
    blockable_sdk::amounts::Units,
    blockable_service::secrets::SecretSource,
    blockable_testkit::http::{Reply, Request},
    serde_json::{Value, json},
    std::{
        sync::{Mutex, mpsc::channel},
        time::Duration,
    },
    tokio::time::sleep,
};

#[tokio::test(flavor = "multi_thread")]
async fn while_upstreams_come_and_go_no_request_is_served_or_charged_twice() {
    let fleet: [Scripted; 3] = std::array::from_fn(|_| Scripted::good());
    let bench = before(&[&fleet[0], &fleet[1], &fleet[2]]).await;
    let asked = async |number: usize| {
        let id = format!("run-{number}");
        let request = bench.post("/v1/chat/completions", &chat_body("hi", json!({"max_tokens": 5})));
        let answer = request.header("x-request-id", &id).send().await.unwrap();
        let status = answer.status().as_u16();
        if status != 200 {
            refused(answer, 502, "upstream_unreachable").await;
        }
        status == 200
    };
    let mut served = 0;
    for round in 0..20_usize {
        // One is always there; the others go while requests run, and come back.
        let gone = [round % 3, (round + 1) % 3];
        let requests = futures_util::future::join_all((0..20).map(|place| asked(round * 20 + place)));
        let flap = async {
            sleep(Duration::from_millis(2)).await;
            gone.iter().for_each(|place| fleet[*place].server.refuse());
        };
        served += futures_util::future::join(requests, flap).await.0.into_iter().filter(|good| *good).count();
        gone.iter().for_each(|place| fleet[*place].server.accept());
    }
    let id = |request: &Request| {
        let line = request.head.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        line.unwrap().to_string()
    };
    let mut ids: Vec<String> =
        fleet.iter().flat_map(|one| one.got.lock().unwrap().iter().map(id).collect::<Vec<_>>()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "no request came to two upstreams");
    assert!(served > 200, "{served} of 400");
    assert_eq!(bench.used().await, 10 * served as u64);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_of_a_new_list_replace_those_before_and_end_no_request() {
    let (release, released) = channel();
    let released = Mutex::new(released);
    let slow = Scripted::start(move || {
        released.lock().unwrap().recv().unwrap();
        Reply::Body(super::fleet::GOOD.to_string())
    });
    let fast = Scripted::good();
    let bench = before(&[&slow]).await;
    let mut next = config(bench.folder.path());
    next.models[0].upstreams = vec![fast.upstream("rack-2")];
    next.models.push(ModelConfig {
        upstreams: vec![fast.upstream("1")],
        ..ModelConfig::echo("other", Price::new(Units(5_000), Units(5_000)))
    });
    let running = bench.chat("hi", json!({"max_tokens": 5}));
    let reloaded = async {
        while slow.count() == 0 {
            sleep(Duration::from_millis(2)).await;
        }
        bench.server.reload(&next).await.unwrap();
        let answer = bench.chat("hi", json!({"max_tokens": 5})).await.status();
        release.send(()).unwrap();
        answer
    };
    let (running, after) = futures_util::future::join(running, reloaded).await;
    assert_eq!((running.status().as_u16(), after.as_u16()), (200, 200));
    assert_eq!((slow.count(), fast.count()), (1, 1), "the request that ran went on where it was");
    assert_eq!(bench.used().await, 20, "both are charged");
    let mut body = chat_body("hi", json!({"max_tokens": 5}));
    body["model"] = json!("other");
    let answer = bench.post("/v1/chat/completions", &body).send().await.unwrap();
    assert_eq!(answer.headers()["x-blockable-units"], "35", "by the new model's price");
    assert_eq!(ready(&bench).await.1["models"], json!({"echo": "ok", "other": "ok"}));
    let list: Value = bench.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let gone = metric(&bench, r#"blockable_provider_upstream_healthy{model="echo",upstream="u0"}"#).await;
    assert_eq!(gone, "NaN", "an upstream that is gone is neither up nor down");

    // A model that is no longer on offer.
    next.models.pop();
    bench.server.reload(&next).await.unwrap();
    refused(bench.post("/v1/chat/completions", &body).send().await.unwrap(), 404, "model_not_found").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_changes_nothing() {
    let good = Scripted::good();
    let bench = before(&[&good]).await;
    let mut next = config(bench.folder.path());
    next.models[0].name = "third".to_string();
    next.revoked.push(Revoked { credit: ours(), keys: RevokedKeys::Below(1) });
    let mut unreadable = next.clone();
    unreadable.models[0].upstreams[0].key = Some(SecretSource::File(bench.folder.path().join("no-such-key")));
    let mut long = next.clone();
    long.models[0].timeout_seconds = 86_400;
    for (config, reason) in [(unreadable, "no-such-key"), (long, "timeout_seconds of model third")] {
        let error = bench.server.reload(&config).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(bench.chat("hi", json!({"max_tokens": 5})).await.status(), 200, "model, key and price");
    }
    bench.server.reload(&next).await.unwrap();
    let answer = bench.chat("hi", json!({"max_tokens": 5})).await;
    refused(answer, 401, "invalid_api_key").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_down_stays_down_over_a_list_that_has_it_too() {
    let (gone, good) = (Scripted::good(), Scripted::good());
    gone.server.refuse();
    let bench = before(&[&gone, &good]).await;
    while ready(&bench).await.1["models"]["echo"] == "ok" {
        bench.chat("hi", json!({"max_tokens": 5})).await;
    }
    let mut next = config(bench.folder.path());
    next.models[0].upstreams = vec![gone.upstream("renamed"), good.upstream("u1")];
    bench.server.reload(&next).await.unwrap();
    assert_eq!(ready(&bench).await.1["models"]["echo"], "some upstreams are down: renamed");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_replaced_is_read_at_the_next_list() {
    let good = Scripted::good();
    let bench = before(&[&good]).await;
    let file = bench.folder.path().join("upstream.key");
    let mut next = config(bench.folder.path());
    next.models[0].upstreams =
        vec![UpstreamConfig { key: Some(SecretSource::File(file.clone())), ..good.upstream("1") }];
    for key in ["first-key", "second-key"] {
        std::fs::write(&file, key).unwrap();
        bench.server.reload(&next).await.unwrap();
        assert_eq!(bench.chat("hi", json!({"max_tokens": 5})).await.status(), 200);
        let head = good.got.lock().unwrap().pop().unwrap().head;
        assert!(head.contains(&format!("Bearer {key}")), "{head}");
    }
    bench.stop().await;
}
