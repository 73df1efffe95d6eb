//! The usage log over HTTP: of a credit for its key, of all credits for the operator.

use {
    crate::common::{Bench, address, credit, ours, refused},
    blockable_sdk::amounts::Units,
    blockable_service::secrets::SecretSource,
    reqwest::RequestBuilder,
    serde_json::{Value, json},
};

const TOKEN: &str = "an operator's token of enough characters";

async fn json_of(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// A server with an operator's token, and a second credit.
async fn start() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("admin.token");
    std::fs::write(&token, TOKEN).unwrap();
    let bench = Bench::start_in(folder, |config| {
        config.admin_token = Some(SecretSource::File(token));
    })
    .await;
    bench.server.gate().observe_credit(address(12), 10, Some(&credit(1)));
    bench
}

fn admin(bench: &Bench, path: &str) -> RequestBuilder {
    bench.http.get(format!("http://{}{path}", bench.server.ops_addr())).bearer_auth(TOKEN)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_the_cost_of_each_request_and_lease() {
    let bench = start().await;
    let answer = bench.chat("one two", json!({"max_tokens": 3})).await;
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_string();
    assert_eq!(answer.status(), 200);
    let lease = bench.post("/v1/leases", &json!({"gpu": "h100", "count": 2, "heartbeat_seconds": 60})).send();
    let lease: Value = lease.await.unwrap().json().await.unwrap();
    let name = lease["id"].as_str().unwrap();
    let closed = bench.post(&format!("/v1/leases/{name}/close"), &json!({})).send().await.unwrap();
    assert_eq!(closed.status(), 200);
    bench.used().await;

    let log = json_of(bench.get("/v1/usage")).await;
    let (chat, lease) = (&log["data"][0], &log["data"][1]);
    let wanted = json!({
        "request": id, "credit": ours().to_string(), "api_key": "0", "endpoint": "chat", "model": "echo",
        "prompt_tokens": 2, "cached_tokens": 0, "generated_tokens": 3, "reasoning_tokens": 0, "units": 8,
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&chat[name], value, "{name}: {chat}");
    }
    assert!(chat["units_held"].as_u64().unwrap() >= 8 && chat["took_ms"].as_u64().is_some(), "{chat}");
    assert_eq!(
        (&lease["request"], &lease["model"], &lease["endpoint"]),
        (&json!(name), &json!("h100"), &json!("lease"))
    );
    assert_eq!((&lease["units_held"], &lease["ended"]), (&json!(1_200), &json!("closed")));
    assert_eq!(log["more"], false);
    let sum = chat["units"].as_u64().unwrap() + lease["units"].as_u64().unwrap();
    assert_eq!(bench.counted().0, sum, "the log and the meter are one");

    let first = json_of(bench.get("/v1/usage?limit=1")).await;
    assert_eq!((&first["data"][0], &first["more"]), (chat, &json!(true)));
    let next = format!("/v1/usage?cursor={}", first["next"].as_str().unwrap());
    assert_eq!(json_of(bench.get(&next)).await["data"], json!([lease]));
    assert_eq!(json_of(bench.get("/v1/usage?model=h100")).await["data"], json!([lease]));
    assert_eq!(json_of(bench.get("/v1/usage?before=2020-01-01")).await["data"], json!([]));
    let totals = json_of(bench.get("/v1/usage/totals")).await;
    let day = &chat["time"].as_str().unwrap()[..10];
    let (echo, gpu) = (&totals["data"][0], &totals["data"][1]);
    assert_eq!((&echo["model"], &echo["jobs"], &echo["units"]), (&json!("echo"), &json!(1), &json!(8)));
    assert_eq!((&echo["day"], &gpu["model"]), (&json!(day), &json!("h100")));

    let csv = bench.get("/v1/usage?format=csv&limit=1").send().await.unwrap();
    assert_eq!(csv.headers()["x-blockable-next"].to_str().unwrap(), first["next"].as_str().unwrap());
    assert_eq!(
        (&csv.headers()["x-blockable-more"], &csv.headers()["content-type"]),
        (&"true".parse().unwrap(), &"text/csv; charset=utf-8".parse().unwrap())
    );
    let text = csv.text().await.unwrap();
    assert!(
        text.starts_with("time,hold,request,credit,")
            && text.contains(&format!(",{id},{},0,chat,echo,2,0,3,0,8,", ours())),
        "{text}"
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reads_its_own_credit_and_the_operator_reads_all() {
    let bench = start().await;
    assert_eq!(bench.chat("one two", json!({"max_tokens": 3})).await.status(), 200);
    let other = bench.key(&address(12));
    let body = crate::common::chat_body("one", json!({"max_tokens": 1}));
    let answer = bench
        .http
        .post(bench.url("/v1/chat/completions"))
        .bearer_auth(&other)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let theirs = json_of(bench.http.get(bench.url("/v1/usage")).bearer_auth(&other)).await;
    assert_eq!((theirs["data"].as_array().unwrap().len(), &theirs["data"][0]["units"]), (1, &json!(3)));
    let foreign = bench.get(&format!("/v1/usage?credit={}", address(12))).send().await.unwrap();
    assert_eq!(refused(foreign, 400, "invalid_parameter").await["error"]["param"], "credit");
    refused(bench.http.get(bench.url("/v1/usage")).send().await.unwrap(), 401, "invalid_api_key").await;
    refused(bench.get("/v1/usage?nonsense=1").send().await.unwrap(), 400, "invalid_parameter").await;

    let all = json_of(admin(&bench, "/admin/usage")).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    let one = json_of(admin(&bench, &format!("/admin/usage?credit={}", address(12)))).await;
    assert_eq!(one["data"], theirs["data"]);
    let totals = json_of(admin(&bench, "/admin/usage/totals?limit=1")).await;
    assert_eq!((totals["data"].as_array().unwrap().len(), &totals["more"]), (1, &json!(true)));
    let public = bench.http.get(bench.url("/admin/usage")).bearer_auth(TOKEN).send().await.unwrap();
    refused(public, 404, "no_such_path").await;
    let ops = |token: &str| {
        bench.http.get(format!("http://{}/admin/usage", bench.server.ops_addr())).bearer_auth(token).send()
    };
    for wrong in [bench.key(&ours()), String::new(), TOKEN[1..].to_string()] {
        refused(ops(&wrong).await.unwrap(), 401, "invalid_api_key").await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nobody_reads_all() {
    let bench = Bench::start(|_| {}).await;
    let answer = bench.http.get(bench.ops_url("/admin/usage")).send().await.unwrap();
    refused(answer, 404, "no_admin").await;
    let public = bench.get("/admin/usage").send().await.unwrap();
    refused(public, 404, "no_such_path").await;
    assert_eq!(bench.server.gate().readings()[0].cumulative, Units(0));
    bench.stop().await;
}
