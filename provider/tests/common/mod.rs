//! A server on a gate whose view of the chain the test feeds.

#![allow(dead_code, reason = "each test file uses a part")]

use {
    blockable_gate::{Gate, GateConfig, KeptBytes},
    blockable_provider::{
        Config, Parts, Price, Server,
        config::{Idempotency, ModelConfig},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        program::state::{Credit, Market, Provider},
    },
    blockable_testkit::fixtures::{MARKET, PROVIDER, active_credit},
    bytemuck::Zeroable,
    reqwest::{Client, RequestBuilder, Response},
    secrecy::ExposeSecret,
    serde_json::{Value, json},
    std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::Path,
        time::{Duration, Instant},
    },
    tempfile::TempDir,
};

/// Units of a test credit.
pub const GRANTED: u64 = 1_000_000;

/// A server, the folder it keeps its files in, and a client.
pub struct Bench {
    pub server: Server,
    pub folder: TempDir,
    pub http: Client,
}

pub fn address(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// The credit that most tests use.
pub fn ours() -> Pubkey {
    address(10)
}

/// An active credit of [`GRANTED`] units under lien.
pub fn credit(index: u32) -> Credit {
    active_credit(index, Units(GRANTED))
}

/// The same credit with units frozen.
pub fn frozen(index: u32, units: u64) -> Credit {
    let mut next = credit(index);
    next.collateral.frozen_for_payment = units;
    next.event_seq = 1;
    next
}

/// The settings that tests share: an echo model `echo` and eight GPUs `h100`.
pub fn config(folder: &Path) -> Config {
    let secret = folder.join("secret");
    if !secret.exists() {
        fs::write(&secret, "5a".repeat(32)).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let text = format!(
        r#"
        listen = ["127.0.0.1:0"]
        secret_file = "secret"
        shutdown_timeout_seconds = 5
        [ops]
        listen = "127.0.0.1:0"
        [chain]
        rpc_url = "http://127.0.0.1:1"
        ws_url = "ws://127.0.0.1:1"
        market = "{}"
        provider = "{}"
        [gate]
        store = "gate.db"
        [[gpu]]
        name = "h100"
        units_per_second = 10
        count = 8
        "#,
        MARKET, PROVIDER
    );
    let mut config = Config::FILE.parse(&text, folder, "test").unwrap();
    config.models.push(ModelConfig::echo("echo", Price::new(Units(1_000), Units(2_000))));
    config
}

/// A gate with a fresh view of the chain and one credit, [`ours`].
pub fn gate(folder: &Path) -> Gate {
    gate_for(&config(folder))
}

/// As [`gate`], with the bounds of a server's store and of its kept answers.
fn gate_for(config: &Config) -> Gate {
    let Idempotency { credit_bytes: per_credit, total_bytes: total, .. } = config.idempotency;
    let config = GateConfig {
        max_staleness: Duration::from_secs(3_600),
        kept_bytes: KeptBytes { per_credit, total },
        max_store_bytes: config.gate.max_store_bytes,
        ..GateConfig::new(MARKET, PROVIDER, &config.gate.store)
    };
    let gate = Gate::open(config).unwrap();
    see_chain(&gate);
    gate.observe_credit(ours(), 10, Some(&credit(0)));
    gate
}

pub fn see_chain(gate: &Gate) {
    let mut view = gate.chain_view();
    view.observe_slot(10);
    view.observe_clock(ChainTime(1_800_000_000));
    view.observe_market(10, &Market::zeroed());
    view.observe_provider(10, &Provider::zeroed());
}

impl Bench {
    /// Starts a server with a change of its settings.
    pub async fn start(change: impl FnOnce(&mut Config)) -> Bench {
        Bench::start_in(tempfile::tempdir().unwrap(), change).await
    }

    /// Starts a server on what an earlier one left in a folder.
    pub async fn start_in(folder: TempDir, change: impl FnOnce(&mut Config)) -> Bench {
        let mut config = config(folder.path());
        change(&mut config);
        let gate = gate_for(&config);
        Bench::serve(folder, config, gate, Parts::default()).await
    }

    /// Starts a server on a gate with parts.
    pub async fn start_with(
        folder: TempDir,
        gate: Gate,
        parts: Parts,
        change: impl FnOnce(&mut Config),
    ) -> Bench {
        let mut config = config(folder.path());
        change(&mut config);
        Bench::serve(folder, config, gate, parts).await
    }

    async fn serve(folder: TempDir, config: Config, gate: Gate, parts: Parts) -> Bench {
        let server = Server::start_with(config, gate, parts).await.unwrap();
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Bench { server, folder, http }
    }

    /// Stops the server; its folder is left.
    pub async fn stop(self) -> TempDir {
        self.server.stop().await;
        self.folder
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.addr())
    }

    /// The URL of a path for the operator.
    pub fn ops_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.ops_addr())
    }

    pub fn key(&self, credit: &Pubkey) -> String {
        self.server.keys().make(credit, 0, None).expose_secret().to_string()
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path)).bearer_auth(self.key(&ours()))
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http.post(self.url(path)).bearer_auth(self.key(&ours())).json(body)
    }

    /// A chat with the model `echo`.
    pub async fn chat(&self, content: &str, more: Value) -> Response {
        self.post("/v1/chat/completions", &chat_body(content, more)).send().await.unwrap()
    }

    /// Units used and units held of [`ours`].
    pub fn counted(&self) -> (u64, u64) {
        let readings = self.server.gate().readings();
        let reading = readings.iter().find(|reading| reading.credit == ours()).unwrap();
        (reading.cumulative.get(), reading.in_flight.get())
    }

    /// Waits until units are held.
    pub async fn until_held(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.counted().1 == 0 {
            assert!(Instant::now() < deadline, "nothing is held");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The value of a series of `/metrics`; 0 where there is none.
    pub async fn figure(&self, series: &str) -> f64 {
        let figures = self.http.get(self.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
        let value = |line: &str| line.strip_prefix(series)?.trim().parse::<f64>().ok();
        figures.lines().find_map(value).unwrap_or_default()
    }

    /// Waits until `/metrics` has a line.
    pub async fn until_figure(&self, line: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let figures = self.http.get(self.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
            if figures.lines().any(|found| found == line) {
                return;
            }
            assert!(Instant::now() < deadline, "no {line}\n{figures}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until no unit is held; returns the units used.
    pub async fn used(&self) -> u64 {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.counted().1 > 0 {
            assert!(Instant::now() < deadline, "a hold stays open: {:?}", self.server.gate().holds());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.counted().0
    }
}

pub fn chat_body(content: &str, more: Value) -> Value {
    let mut body = json!({"model": "echo", "messages": [{"role": "user", "content": content}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Requires an OpenAI-shaped error.
pub async fn refused(response: Response, status: u16, code: &str) -> Value {
    let found = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!((found, body["error"]["code"].as_str()), (status, Some(code)), "{body}");
    assert!(body["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{body}");
    assert!(body["error"]["type"].is_string(), "{body}");
    body
}

/// The data of a stream's events.
pub fn events(text: &str) -> Vec<String> {
    text.split("\n\n").filter_map(|event| Some(event.strip_prefix("data: ")?.to_string())).collect()
}
