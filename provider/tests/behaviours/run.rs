//! Runs the cases of a group, all at once.

use {
    super::{
        case::{Case, Cost},
        common::{Bench, address},
        upstream::Upstream,
    },
    blockable_gate::UsageFilter,
    blockable_provider::{
        Price,
        config::{ModelConfig, UpstreamConfig},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    futures_util::future::join_all,
    serde_json::{Value, json},
    std::{net::SocketAddr, time::Duration},
    tokio::time::{Instant, sleep},
};

/// Time in which a case must be over.
const PATIENCE: Duration = Duration::from_secs(15);

/// The models of all cases: `plain` costs 1 unit for a prompt token and 2 for a generated one; `classes` has a price for some
/// classes; `running` states its usage in each event; `patient` waits for longer.
pub fn models(addr: SocketAddr) -> Vec<ModelConfig> {
    let model = |name, price| ModelConfig {
        upstreams: vec![UpstreamConfig::at(format!("http://{addr}/v1"))],
        timeout_seconds: 3,
        silence_seconds: 1,
        ..ModelConfig::echo(name, price)
    };
    let plain = Price::new(Units(1_000), Units(2_000));
    let classes = Price {
        cached: Some(Units(1_000)),
        prompt_audio: Some(Units(20_000)),
        reasoning: Some(Units(50_000)),
        generated_image: Some(Units(300_000)),
        ..Price::new(Units(10_000), Units(100_000))
    };
    vec![
        model("plain", plain),
        model("classes", classes),
        ModelConfig { continuous_usage: true, ..model("running", plain) },
        ModelConfig { silence_seconds: 3, ..model("patient", plain) },
    ]
}

/// The credit of a case.
fn credit(number: u64) -> Pubkey {
    address(100 + u8::try_from(number).unwrap())
}

/// Runs cases; every one that does not hold is named with its reason.
pub async fn run(cases: Vec<Case>) {
    let scripts = cases.iter().enumerate().map(|(number, case)| (number as u64, case.acts.clone())).collect();
    let (addr, upstream) = Upstream::start(scripts).await;
    let bench = Bench::start(|config| {
        config.models = models(addr);
        config.limits.answer_bytes = 1 << 20;
    })
    .await;
    for number in 0..cases.len() as u64 {
        let granted = super::common::credit(number as u32 + 1);
        bench.server.gate().observe_credit(credit(number), 10, Some(&granted));
    }
    let checks = cases.iter().enumerate().map(async |(number, case)| {
        let checked = check(&bench, &upstream, number as u64, case).await;
        checked.map_err(|reason| format!("{}: {reason}", case.name))
    });
    let wrong: Vec<String> = join_all(checks).await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} of {} cases are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    bench.stop().await;
}

async fn check(bench: &Bench, upstream: &Upstream, number: u64, case: &Case) -> Result<(), String> {
    let (status, answer) = ask(bench, upstream, number, case).await?;
    charged(bench, number, case).await.map_err(|reason| format!("{reason}; the answer was {answer}"))?;
    if case.leaves.is_none() {
        seen(case, status, &answer)?;
    }
    let got = upstream.got(number);
    if let Some(sends) = &case.sends {
        let sent = got.bodies.last().ok_or("the upstream got nothing")?;
        for (name, value) in sends.as_object().unwrap() {
            if &sent[name] != value {
                return Err(format!("the upstream got {sent}"));
            }
        }
    }
    // Before any upstream's time is up.
    let deadline = Instant::now() + Duration::from_secs(2);
    while case.aborts && upstream.got(number).aborted == 0 {
        if Instant::now() > deadline {
            return Err("the upstream was not aborted".to_string());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Sends the request. Returns status and body, as far as the client stays.
async fn ask(bench: &Bench, upstream: &Upstream, number: u64, case: &Case) -> Result<(u16, String), String> {
    let mut body = json!({"model": case.model, "metadata": {"case": number.to_string()}});
    match case.path {
        "/v1/completions" => body["prompt"] = json!("sixteen b"),
        "/v1/embeddings" | "/v1/responses" => body["input"] = json!("sixteen b"),
        _ => body["messages"] = json!([{"role": "user", "content": "hi"}]),
    }
    body.as_object_mut().unwrap().extend(case.more.as_object().unwrap().clone());
    let request = bench.http.post(bench.url(case.path)).bearer_auth(bench.key(&credit(number))).json(&body);
    if case.leaves == Some("") {
        let answer = async { request.send().await?.text().await };
        return tokio::select! {
            answer = answer => Err(format!("it was answered: {answer:?}")),
            () = asked(upstream, number) => Ok((0, String::new())),
        };
    }
    let mut answer = request.send().await.map_err(|error| error.to_string())?;
    let (status, mut text) = (answer.status().as_u16(), String::new());
    loop {
        match answer.chunk().await {
            Ok(Some(piece)) => text.push_str(&String::from_utf8_lossy(&piece)),
            Ok(None) => return Ok((status, text)),
            Err(error) => return Err(format!("the answer broke off: {error}: {text}")),
        }
        if case.leaves.is_some_and(|seen| text.contains(seen)) {
            return Ok((status, text));
        }
    }
}

/// Waits until the upstream has got the request of a case.
async fn asked(upstream: &Upstream, number: u64) {
    while upstream.got(number).bodies.is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
}

/// Requires that the case is settled once, by the expected units, and that nothing is held.
async fn charged(bench: &Bench, number: u64, case: &Case) -> Result<(), String> {
    let gate = bench.server.gate();
    let deadline = Instant::now() + PATIENCE;
    while gate.holds().iter().any(|hold| hold.credit == credit(number)) {
        if Instant::now() > deadline {
            return Err("its hold stays open".to_string());
        }
        sleep(Duration::from_millis(2)).await;
    }
    let filter = UsageFilter { credit: Some(credit(number)), ..UsageFilter::default() };
    let records = gate.usage_page(filter, 0, 10).await.unwrap().records;
    let [record] = &records[..] else { return Err(format!("it was settled {} times", records.len())) };
    let readings = gate.readings();
    let used = readings.iter().find(|reading| reading.credit == credit(number)).unwrap().cumulative;
    let expected = match case.cost {
        Cost::Units(units) => units,
        Cost::Hold => record.held.get(),
    };
    if (record.units.get(), used.get()) != (expected, expected) || record.units > record.held {
        return Err(format!("expected {expected} units, found {used:?}: {record:?}"));
    }
    Ok(())
}

/// Requires the answer that the case describes.
fn seen(case: &Case, status: u16, answer: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{what} in {status} {answer}"));
    if status != case.status {
        return wrong(format!("not {}", case.status));
    }
    let mut rest = answer;
    for part in &case.has {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return wrong(format!("{part:?} is missing or out of place")),
        }
    }
    if let Some(part) = case.lacks.iter().find(|part| answer.contains(**part)) {
        return wrong(format!("{part:?} is"));
    }
    if let Some(code) = case.code {
        let last = answer.trim().rsplit("data: ").next().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_default();
        if error["error"]["code"] != code || answer.contains("[DONE]") {
            return wrong(format!("no error {code} at the end"));
        }
        let is_shaped = match case.path {
            "/v1/messages" => error["type"] == "error" && error["request_id"].is_string(),
            "/v1/responses" if status == 200 => {
                error["type"] == "error" && error["code"] == code && error["sequence_number"].is_u64()
            }
            _ => true,
        };
        if !is_shaped {
            return wrong("another shape of errors".to_string());
        }
    }
    Ok(())
}
