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
    tempfile::TempDir,
};

/// Calls before the first that counts.
const WARM_UP: u32 = 100;
/// Most milliseconds that the gateway adds to all but one in a hundred calls.
const MOST_ADDED: Bound = Bound::AtMost(2.0);

/// A kind of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Answered as a whole.
    Whole,
    /// The same with an `Idempotency-Key` of its own, so that the answer is kept.
    Named,
    /// Streamed, with an `Idempotency-Key` of its own.
    Streamed,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Whole, Kind::Named, Kind::Streamed];

    fn body(self) -> Value {
        json!({
            "model": "echo",
            "max_tokens": 28,
            "stream": self == Kind::Streamed,
            "messages": [{ "role": "user", "content": "word ".repeat(200) }],
        })
    }
}

/// The times of one call.
struct Times {
    /// Until the first bytes of the answer.
    first: Duration,
    /// Until its end.
    end: Duration,
}

/// The calls of one kind: the same call to the upstream itself and through the gateway, in turn.
#[derive(Default)]
struct Calls {
    alone: Vec<Duration>,
    added_first: Vec<Duration>,
    added: Vec<Duration>,
}

/// A server in front of an echo model that listens on the loopback interface, as upstreams do.
struct Stage {
    server: Server,
    echo: Echo,
    key: String,
    client: reqwest::Client,
    _folder: TempDir,
}

/// Added latency of calls with a prompt of 200 words that generate 28, the mean of the published trace. Each call has its record
/// in the usage log.
pub async fn added_latency(calls: u32) -> Result<Vec<Figure>, BenchError> {
    let stage = Stage::start().await?;
    let mut figures = Vec::new();
    for kind in Kind::ALL {
        let measured = stage.measure(kind, calls).await?;
        figures.extend(measured.figures(kind));
    }
    stage.server.stop().await;
    stage.echo.stop();
    Ok(figures)
}

impl Calls {
    fn figures(self, kind: Kind) -> Vec<Figure> {
        let none = Bound::None;
        let bounds = [none, none, MOST_ADDED, none];
        let (alone, added) = (Durations::new(self.alone), Durations::new(self.added));
        match kind {
            Kind::Whole => {
                let mut figures = alone.figures("call to the upstream itself", [none; 4]);
                figures.extend(added.figures("added by the gateway", bounds));
                figures
            }
            Kind::Named => added.figures("added by the gateway, with an idempotency key", bounds),
            Kind::Streamed => {
                let first = Durations::new(self.added_first);
                let mut figures =
                    first.figures("added to the first bytes of a stream, with an idempotency key", bounds);
                figures
                    .extend(added.figures("added to the end of a stream, with an idempotency key", bounds));
                figures
            }
        }
    }
}

impl Stage {
    async fn start() -> Result<Stage, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let gate = open_gate_with(folder.path(), Durability::Process, 1..2)?;
        let model = ModelConfig::echo("echo", Price::new(Units(1_000), Units(4_000)));
        let echo = Echo::start(&model).await.map_err(BenchError::setup)?;
        init(folder.path(), &InitValues::default()).map_err(BenchError::setup)?;
        let text = server_file(&echo.addr.to_string());
        let config = Config::FILE
            .parse(&text, folder.path(), "the bench's provider.toml")
            .map_err(BenchError::setup)?;
        let server = Server::start_with(config, gate, Parts::default()).await.map_err(BenchError::setup)?;
        let key = server.keys().make(&address(1), 0, None).expose_secret().to_string();
        Ok(Stage { server, echo, key, client: reqwest::Client::new(), _folder: folder })
    }

    async fn measure(&self, kind: Kind, count: u32) -> Result<Calls, BenchError> {
        let body = kind.body();
        let direct = format!("http://{}/v1/chat/completions", self.echo.addr);
        let through = format!("http://{}/v1/chat/completions", self.server.addr());
        let mut calls = Calls::default();
        for number in 0..WARM_UP + count {
            let upstream = time(self.client.post(&direct).json(&body)).await?;
            let call = self.client.post(&through).json(&body).bearer_auth(&self.key);
            let gateway = time(match kind {
                Kind::Whole => call,
                Kind::Named | Kind::Streamed => call.header("idempotency-key", format!("{kind:?}-{number}")),
            })
            .await?;
            if number >= WARM_UP {
                calls.alone.push(upstream.end);
                calls.added_first.push(gateway.first.saturating_sub(upstream.first));
                calls.added.push(gateway.end.saturating_sub(upstream.end));
            }
        }
        Ok(calls)
    }
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

/// Times one call until its body has been read. Errors: it was refused.
async fn time(call: reqwest::RequestBuilder) -> Result<Times, BenchError> {
    let start = Instant::now();
    let mut answer = call.send().await.map_err(BenchError::setup)?;
    let status = answer.status();
    let (mut first, mut body) = (None, Vec::new());
    while let Some(piece) = answer.chunk().await.map_err(BenchError::setup)? {
        first.get_or_insert_with(|| start.elapsed());
        body.extend_from_slice(&piece);
    }
    let end = start.elapsed();
    match status.is_success() {
        true => Ok(Times { first: first.unwrap_or(end), end }),
        false => Err(BenchError::setup(String::from_utf8_lossy(&body))),
    }
}
