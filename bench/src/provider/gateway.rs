//! Measures the latency that the gateway adds: the same call through it and directly to the upstream, in turn.

use {
    super::open_gate_with,
    crate::{
        BenchError,
        performance::{Bound, Durations, Figure},
    },
    blockable_gate::Durability,
    blockable_provider::{
        Config, Parts, Price, Server,
        config::ModelConfig,
        echo::Echo,
        init::{InitValues, init},
    },
    blockable_sdk::amounts::Units,
    blockable_testkit::fixtures::{MARKET, PROVIDER, address},
    secrecy::ExposeSecret,
    serde_json::{Value, json},
    std::time::{Duration, Instant},
};

/// Calls before the first that counts.
const WARM_UP: u32 = 100;
/// Added latency of calls with a prompt of 200 words that generate 28, the mean of the published trace.
pub async fn added_latency(calls: u32) -> Result<Vec<Figure>, BenchError> {
    let folder = tempfile::tempdir().map_err(BenchError::setup)?;
    let gate = open_gate_with(folder.path(), Durability::Process, 1..2)?;
    let echo = Echo::start(&ModelConfig::echo("echo", Price::new(Units(1_000), Units(4_000))))
        .await
        .map_err(BenchError::setup)?;
    init(folder.path(), &InitValues::default()).map_err(BenchError::setup)?;
    let text = server_file(&echo.addr.to_string());
    let config =
        Config::FILE.parse(&text, folder.path(), "the bench's provider.toml").map_err(BenchError::setup)?;
    let server = Server::start_with(config, gate, Parts::default()).await.map_err(BenchError::setup)?;
    let key = server.keys().make(&address(1), 0, None).expose_secret().to_string();
    let client = reqwest::Client::new();
    let body = json!({
        "model": "echo",
        "max_tokens": 28,
        "messages": [{ "role": "user", "content": "word ".repeat(200) }],
    });
    let direct = format!("http://{}/v1/chat/completions", echo.addr);
    let through = format!("http://{}/v1/chat/completions", server.addr());
    let (mut alone, mut added) = (Vec::new(), Vec::new());
    for call in 0..WARM_UP + calls {
        let upstream = time(&client, &direct, None, &body).await?;
        let gateway = time(&client, &through, Some(&key), &body).await?;
        if call >= WARM_UP {
            alone.push(upstream);
            added.push(gateway.saturating_sub(upstream));
        }
    }
    server.stop().await;
    echo.stop();
    let none = Bound::None;
    let mut figures = Durations::new(alone).figures("call to the upstream itself", [none; 4]);
    figures.extend(
        Durations::new(added).figures("added by the gateway", [none, none, Bound::AtMost(2.0), none]),
    );
    Ok(figures)
}

/// The file of a server whose one model is the upstream at `echo`.
fn server_file(echo: &str) -> String {
    format!(
        r#"
listen = ["127.0.0.1:0"]
secret_file = "secret"

[ops]
listen = "127.0.0.1:0"

[chain]
rpc_url = "http://127.0.0.1:1"
ws_url = "ws://127.0.0.1:1"
market = "{}"
provider = "{}"

[gate]
store = "gate.db"

[[model]]
name = "echo"
upstream = "http://{}/v1"
context_tokens = 131072
max_output_tokens = 4096
units_per_1k_prompt = 1000
units_per_1k_generated = 4000
"#,
        MARKET, PROVIDER, echo,
    )
}

/// Times one call until its body has been read.
async fn time(
    client: &reqwest::Client,
    url: &str,
    key: Option<&str>,
    body: &Value,
) -> Result<Duration, BenchError> {
    let start = Instant::now();
    let call = client.post(url).json(body);
    let call = match key {
        Some(key) => call.bearer_auth(key),
        None => call,
    };
    let answer = call.send().await.map_err(BenchError::setup)?;
    let status = answer.status();
    let text = answer.text().await.map_err(BenchError::setup)?;
    match status.is_success() {
        true => Ok(start.elapsed()),
        false => Err(BenchError::setup(text)),
    }
}
