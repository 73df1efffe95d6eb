//! Embeddings, responses and messages through the gateway, with the echo model behind it.

use {
    super::common::{Bench, GRANTED, address, credit, frozen, ours, refused},
    blockable_gate::UsageFilter,
    blockable_provider::config::{Endpoint, ModelConfig},
    serde_json::{Value, json},
};

/// The data of a stream's events with their names.
fn named(text: &str) -> Vec<(String, Value)> {
    let event = |event: &str| {
        let (name, data) = event.strip_prefix("event: ")?.split_once("\ndata: ")?;
        Some((name.to_string(), serde_json::from_str(data).unwrap()))
    };
    text.split("\n\n").filter_map(event).collect()
}

/// Requires an error in Anthropic's shape.
async fn refused_message(answer: reqwest::Response, status: u16, kind: &str, code: &str) -> Value {
    let found = answer.status().as_u16();
    let id = answer.headers()["request-id"].to_str().unwrap().to_string();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (found, &body["error"]["type"], &body["error"]["code"]),
        (status, &json!(kind), &json!(code)),
        "{body}"
    );
    assert_eq!((&body["type"], &body["request_id"]), (&json!("error"), &json!(id)), "{body}");
    assert!(body["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{body}");
    body
}

fn message(more: Value) -> Value {
    let mut body =
        json!({"model": "echo", "max_tokens": 5, "messages": [{"role": "user", "content": "one two"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_are_charged_by_their_prompts() {
    let bench = Bench::start(|_| {}).await;
    let body = json!({"model": "echo", "input": ["one two", "two one", "three"], "dimensions": 4});
    let answer = bench.post("/v1/embeddings", &body).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-blockable-units"]),
        (200, &"5".parse().unwrap())
    );
    let body: Value = answer.json().await.unwrap();
    let vector = |index: usize| body["data"][index]["embedding"].as_array().unwrap();
    assert!(vector(0).len() == 4 && vector(0) == vector(1) && vector(0) != vector(2), "{body}");
    assert_eq!((&body["usage"]["prompt_tokens"], &body["blockable"]["units"]), (&json!(5), &json!(5)));
    let packed = json!({"model": "echo", "input": [[7, 8], [9]], "encoding_format": "base64"});
    let packed: Value = bench.post("/v1/embeddings", &packed).send().await.unwrap().json().await.unwrap();
    assert!(packed["data"][1]["embedding"].is_string() && packed["usage"]["prompt_tokens"] == 3, "{packed}");
    assert_eq!(bench.counted(), (8, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_served_whole_and_streamed() {
    let bench = Bench::start(|_| {}).await;
    let body = json!({"model": "echo", "instructions": "one", "input": [{"role": "user", "content":
        [{"type": "input_text", "text": "two three"}]}], "max_output_tokens": 5});
    let whole: Value = bench.post("/v1/responses", &body).send().await.unwrap().json().await.unwrap();
    assert_eq!(whole["output"][0]["content"][0]["text"], "one two three one two", "{whole}");
    assert_eq!((&whole["store"], &whole["blockable"]["units"]), (&json!(false), &json!(3 + 10)));
    let mut streamed = body.clone();
    streamed["stream"] = json!(true);
    let text = bench.post("/v1/responses", &streamed).send().await.unwrap().text().await.unwrap();
    let events = named(&text);
    let pieces = events.iter().filter(|(name, _)| name == "response.output_text.delta");
    let joined: String = pieces.map(|(_, data)| data["delta"].as_str().unwrap()).collect();
    assert_eq!(joined, "one two three one two ");
    assert_eq!(events[0].0, "response.created");
    let numbers: Vec<u64> =
        events.iter().map(|(_, data)| data["sequence_number"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    let (name, last) = events.last().unwrap();
    assert_eq!((name.as_str(), &last["blockable"]["units"]), ("response.completed", &json!(13)));
    assert_eq!(last["response"]["usage"]["output_tokens"], 5);
    let mut fitted = body;
    fitted["max_output_tokens"] = Value::Null;
    bench.server.gate().observe_credit(ours(), 11, Some(&frozen(0, GRANTED - 2_000)));
    let answer = bench.post("/v1/responses", &fitted).send().await.unwrap();
    let limit: u64 = answer.headers()["x-blockable-max-tokens"].to_str().unwrap().parse().unwrap();
    let fitted: Value = answer.json().await.unwrap();
    assert_eq!(fitted["usage"]["output_tokens"], limit, "the upstream got the limit under its own name");
    assert_eq!(bench.used().await, 13 + 13 + 3 + 2 * limit);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_responses_would_store_or_read_is_refused_with_a_reason() {
    let bench = Bench::start(|_| {}).await;
    for (more, reason) in [
        (json!({"previous_response_id": "resp_1"}), "nothing is stored here"),
        (json!({"conversation": "conv_1"}), "nothing is stored here"),
        (json!({"prompt": {"id": "pmpt_1"}}), "nothing is stored here"),
        (json!({"store": true}), "nothing is stored here"),
        (json!({"background": true}), "nothing is stored here"),
        (json!({"tools": [{"type": "web_search"}]}), "use functions"),
    ] {
        let mut body = json!({"model": "echo", "input": "hi"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body =
            refused(bench.post("/v1/responses", &body).send().await.unwrap(), 400, "unsupported_parameter")
                .await;
        assert!(body["error"]["message"].as_str().unwrap().contains(reason), "{body}");
    }
    for (method, path) in [
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("DELETE", "/v1/responses/resp_1"),
    ] {
        let request = bench.http.request(method.parse().unwrap(), bench.url(path));
        refused(request.send().await.unwrap(), 404, "responses_not_stored").await;
    }
    refused(
        bench.post("/v1/responses/input_tokens", &json!({})).send().await.unwrap(),
        404,
        "tokens_not_counted",
    )
    .await;
    for (name, reason) in [("prediction", "predicted"), ("audio", "sound"), ("web_search_options", "search")]
    {
        let body = refused(bench.chat("hi", json!({name: {}})).await, 400, "unsupported_parameter").await;
        assert!(body["error"]["message"].as_str().unwrap().contains(reason), "{body}");
    }
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_served_whole_and_streamed_with_the_key_of_either_header() {
    let bench = Bench::start(|_| {}).await;
    let body = message(json!({"system": [{"type": "text", "text": "zero"}]}));
    let request = bench.http.post(bench.url("/v1/messages")).json(&body);
    let request = request.header("x-api-key", bench.key(&ours())).header("anthropic-version", "2023-06-01");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["request-id"], answer.headers()["x-request-id"]);
    let whole: Value = answer.json().await.unwrap();
    assert_eq!(whole["content"][0]["text"], "zero one two zero one", "{whole}");
    assert_eq!((&whole["usage"]["input_tokens"], &whole["blockable"]["units"]), (&json!(3), &json!(3 + 10)));
    let streamed = message(json!({"stream": true}));
    let text = bench.post("/v1/messages", &streamed).send().await.unwrap().text().await.unwrap();
    let events = named(&text);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["message_start", "content_block_start", "ping"], "{text}");
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert!(events.iter().all(|(name, data)| data["type"] == name.as_str()));
    assert_eq!(events.last().unwrap().1["blockable"]["units"], 2 + 10);
    let record = bench.server.gate().usage_page(UsageFilter::default(), 0, 10).await.unwrap().records;
    assert_eq!(record.iter().map(|record| record.units.get()).collect::<Vec<_>>(), [13, 12]);
    let usage: Value = bench.get("/v1/usage").send().await.unwrap().json().await.unwrap();
    assert_eq!(usage["data"][0]["endpoint"], "messages", "{usage}");
    let metrics = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "blockable_provider_requests_total{route=\"/v1/messages\",status=\"200\"} 2",
        "blockable_provider_tokens_total{model=\"echo\",endpoint=\"messages\",class=\"generated\"} 10",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_messages_has_anthropics_shape() {
    let bench = Bench::start(|config| {
        config.limits.body_bytes = 2_000;
        config.models.push(ModelConfig {
            endpoints: vec![Endpoint::Embeddings],
            ..ModelConfig { name: "vectors".to_string(), ..config.models[0].clone() }
        });
    })
    .await;
    let ask = async |body: Value| bench.post("/v1/messages", &body).send().await.unwrap();
    let bare = bench.http.post(bench.url("/v1/messages")).json(&message(json!({})));
    refused_message(
        bare.try_clone().unwrap().send().await.unwrap(),
        401,
        "authentication_error",
        "invalid_api_key",
    )
    .await;
    let odd = bare.header("x-api-key", "sk-ant-api03-x");
    refused_message(odd.send().await.unwrap(), 401, "authentication_error", "invalid_api_key").await;
    let mut without_limit = message(json!({}));
    without_limit.as_object_mut().unwrap().remove("max_tokens");
    let invalid = "invalid_request_error";
    refused_message(ask(without_limit).await, 400, invalid, "missing_parameter").await;
    refused_message(ask(message(json!({"mcp_servers": []}))).await, 400, invalid, "unsupported_parameter")
        .await;
    refused_message(ask(message(json!({"model": "no"}))).await, 404, "not_found_error", "model_not_found")
        .await;
    let elsewhere = ask(message(json!({"model": "vectors"}))).await;
    let elsewhere = refused_message(elsewhere, 404, "not_found_error", "endpoint_not_served").await;
    assert!(elsewhere["error"]["message"].as_str().unwrap().contains("/v1/embeddings"), "{elsewhere}");
    let long = message(json!({"system": "x".repeat(2_000)}));
    refused_message(ask(long).await, 413, "request_too_large", "body_too_large").await;
    let old = bench.post("/v1/messages", &message(json!({}))).header("anthropic-version", "2023-01-01");
    refused_message(old.send().await.unwrap(), 400, invalid, "unsupported_version").await;
    let counted = bench.post("/v1/messages/count_tokens", &message(json!({}))).send().await.unwrap();
    refused_message(counted, 404, "not_found_error", "tokens_not_counted").await;
    refused_message(bench.get("/v1/messages").send().await.unwrap(), 405, invalid, "method_not_allowed")
        .await;
    let models: Value = bench.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][1]["endpoints"], json!(["/v1/embeddings"]), "{models}");
    assert_eq!(models["data"][0]["endpoints"].as_array().unwrap().len(), 5);

    let gate = bench.server.gate().clone();
    gate.observe_credit(ours(), 11, Some(&frozen(0, GRANTED)));
    let body = refused_message(ask(message(json!({}))).await, 402, "billing_error", "credit_frozen").await;
    assert!(body["units"]["frozen"].is_u64(), "{body}");
    let mut spent = credit(0);
    (spent.collateral.consumed, spent.meter.cumulative, spent.event_seq) = (GRANTED, GRANTED, 2);
    gate.observe_credit(ours(), 12, Some(&spent));
    refused_message(ask(message(json!({}))).await, 402, "billing_error", "credit_exhausted").await;
    gate.stop_admitting();
    let stopping = ask(message(json!({}))).await;
    assert!(stopping.headers().contains_key("retry-after"));
    refused_message(stopping, 529, "overloaded_error", "shutting_down").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_message_is_charged_once_and_a_limit_is_told_in_its_shape() {
    let bench = Bench::start(|config| {
        config.limits.requests_per_credit = 1;
        config.models[0].latency_ms = Some(1_000);
    })
    .await;
    let other = address(11);
    bench.server.gate().observe_credit(other, 10, Some(&credit(1)));
    let ask = async |name: &str| {
        let request =
            bench.post("/v1/messages", &message(json!({"stream": true}))).header("idempotency-key", name);
        request.send().await.unwrap()
    };
    let (first, busy) = tokio::join!(ask("one"), async {
        bench.until_figure("blockable_provider_requests_running 1").await;
        ask("two").await
    });
    refused_message(busy, 429, "rate_limit_error", "too_many_requests").await;
    let first = first.text().await.unwrap();
    let again = ask("one").await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), first);
    assert_eq!(bench.used().await, 2 + 10);
    let another = bench.post("/v1/messages", &message(json!({}))).header("idempotency-key", "one");
    refused_message(another.send().await.unwrap(), 422, "invalid_request_error", "idempotency_key_reused")
        .await;
    bench.stop().await;
}
