//! The server under test, and its books at the end.

use {
    super::{
        answers::Seen,
        common::{Bench, address, gate},
        node::node,
        orders,
        upstream::Upstream,
    },
    blockable_gate::{FreezeDesk, FreezeDeskConfig, UsageFilter, UsageRecord},
    blockable_provider::{
        Config, Parts, Price, Server,
        config::{ModelConfig, UpstreamConfig},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::secrets::SecretSource,
    blockable_testkit::{fixtures::active_credit, openapi::Description},
    serde_json::{Value, json},
    std::{collections::BTreeMap, fmt, fs, path::Path, time::Duration},
    tempfile::TempDir,
    tokio::time::{Instant, sleep},
};

/// Bytes that a body may have.
pub const BODY_BYTES: usize = 64 << 10;
/// The operator's token.
pub const ADMIN_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Credits by number, with their units: three that last, and one that does not.
pub const KEYS: [(u8, u64); 4] = [(40, 1 << 50), (41, 1 << 50), (42, 1 << 50), (43, 2_000)];
/// Names and bounds of sub-keys.
const SUB_KEYS: [(&str, &str); 2] = [
    ("team", r#"{"budget": {"units": 300000}, "requests_per_minute": 100000}"#),
    ("app", r#"{"units_per_minute": 5000}"#),
];

/// The server, and the upstream of two of its models.
pub struct Books {
    bench: Bench,
    pub upstream: Upstream,
    keys: Vec<(String, String)>,
}

/// The sums at the end.
pub struct Sums {
    pub credits: usize,
    units: u64,
    records: usize,
    compared: usize,
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sums { credits, units, records, compared } = self;
        write!(
            f,
            "{units} units of {credits} credits in {records} records, {compared} of them compared with what the client was shown"
        )
    }
}

fn settings(config: &mut Config, upstream: &Upstream, folder: &Path) {
    let limits = &mut config.limits;
    limits.body_bytes = BODY_BYTES;
    (limits.body_seconds, limits.header_seconds, limits.first_byte_seconds) = (1, 1, 1);
    (limits.client_patience_seconds, limits.keep_alive_seconds) = (1, 1);
    config.freezes.burst = 1_000_000;
    let token = folder.join("admin-token");
    fs::write(&token, ADMIN_TOKEN).unwrap();
    config.admin_token = Some(SecretSource::File(token));
    let url = format!("http://{}/v1", upstream.addr);
    for (name, count) in [("wild", 1), ("fleet", 2)] {
        config.models.push(ModelConfig {
            upstreams: (0..count).map(|_| UpstreamConfig::at(&url)).collect(),
            timeout_seconds: 2,
            silence_seconds: 1,
            ..ModelConfig::echo(name, Price::new(Units(1_000), Units(2_000)))
        });
    }
}

fn observe(server: &Server) {
    for (index, (number, units)) in (1..).zip(KEYS) {
        server.gate().observe_credit(address(number), 10, Some(&active_credit(index, Units(units))));
    }
}

impl Books {
    pub async fn start() -> Books {
        let upstream = Upstream::start().await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let gate = gate(folder.path());
        orders::observe(&gate);
        let (node, _) = node().await;
        // However busy the machine is, the node's answer is waited for.
        let desk = FreezeDeskConfig { ask_within: Duration::from_secs(20), ..FreezeDeskConfig::new(node) };
        let desk = FreezeDesk::start(gate.clone(), desk).await.unwrap();
        let parts = Parts { desk: Some(desk), ..Parts::default() };
        let bench = Bench::start_with(folder, gate, parts, |config| settings(config, &upstream, &path)).await;
        observe(&bench.server);
        let mut keys = Vec::new();
        for (number, _) in KEYS {
            let credit = address(number);
            let first = bench.key(&credit);
            keys.push((credit.to_string(), first.clone()));
            for (name, bounds) in SUB_KEYS {
                let put =
                    bench.http.put(bench.url(&format!("/v1/keys/{name}"))).bearer_auth(&first).body(bounds);
                let made: Value = put.send().await.unwrap().json().await.unwrap();
                keys.push((credit.to_string(), made["key"].as_str().unwrap().to_string()));
            }
            // First keys are used more often: the generator's requests change the bounds of the others.
            keys.extend([(); 3].map(|()| (credit.to_string(), first.clone())));
        }
        Books { bench, upstream, keys }
    }

    pub fn server(&self) -> &Server {
        &self.bench.server
    }

    /// Credits with their keys.
    pub fn keys(&self) -> Vec<(String, String)> {
        self.keys.clone()
    }

    /// The description that the server gives.
    pub async fn description(&self) -> Description {
        let answer = self.bench.http.get(self.bench.url("/openapi.json")).send().await.unwrap();
        Description(answer.json().await.unwrap())
    }

    /// Ends all leases, waits until nothing is held, and compares: the ledger, the usage log, its totals, the metrics, and the
    /// units that clients were shown; and once more after a restart.
    pub async fn close(self, seen: &Seen) -> Sums {
        self.end_leases().await;
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.bench.server.gate().holds().is_empty() {
            assert!(Instant::now() < deadline, "held: {:?}", self.bench.server.gate().holds());
            sleep(Duration::from_millis(5)).await;
        }
        let metrics = self.metrics().await;
        let records = self.records().await;
        let units = self.compare(&records).await;
        let jobs = records.iter().filter(|record| record.endpoint() != "lease");
        let settled: u64 = jobs.map(|record| record.units.get()).sum();
        for line in [
            format!("blockable_provider_settled_units_total {settled}"),
            "blockable_provider_holds_open 0".to_string(),
            "blockable_provider_lost_settlements_total".to_string(),
        ] {
            let found = metrics.lines().any(|found| found == line);
            assert_eq!(found, !line.ends_with("_total"), "{line}\n{metrics}");
        }
        let by_hold: BTreeMap<u64, u64> =
            records.iter().map(|record| (record.hold, record.units.get())).collect();
        assert_eq!(by_hold.len(), records.len(), "a hold has two records");
        for (hold, units) in &seen.units {
            assert_eq!(by_hold.get(hold), Some(units), "the client of hold {hold} was shown another charge");
        }
        assert!(records.iter().all(|record| record.units <= record.held), "more than was held is charged");
        assert_eq!(self.bench.chat("still there", json!({})).await.status(), 200);
        let sums = Sums { credits: KEYS.len(), units, records: records.len(), compared: seen.units.len() };
        let folder = self.bench.stop().await;
        restarted(folder, &records).await;
        sums
    }

    async fn end_leases(&self) {
        for (number, _) in KEYS {
            let key = self.bench.key(&address(number));
            let list =
                self.bench.http.get(self.bench.url("/v1/leases")).bearer_auth(&key).send().await.unwrap();
            let list: Value = list.json().await.unwrap();
            for lease in list["data"].as_array().unwrap() {
                let url = self.bench.url(&format!("/v1/leases/{}", lease["id"].as_str().unwrap()));
                let ended = self.bench.http.delete(url).bearer_auth(&key).send().await.unwrap();
                assert_eq!(ended.status(), 200);
            }
        }
    }

    async fn metrics(&self) -> String {
        self.bench.http.get(self.bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// Every record of the usage log.
    async fn records(&self) -> Vec<UsageRecord> {
        let (mut records, mut cursor) = (Vec::new(), 0);
        loop {
            let page =
                self.bench.server.gate().usage_page(UsageFilter::default(), cursor, 1_000).await.unwrap();
            records.extend(page.records);
            cursor = page.cursor;
            if !page.more {
                return records;
            }
        }
    }

    /// Compares the ledger with the log and its totals; returns the units used.
    async fn compare(&self, records: &[UsageRecord]) -> u64 {
        let log = sum(records);
        let totals = self.bench.server.gate().usage_totals(UsageFilter::default(), 100_000).await.unwrap();
        let mut of_totals: BTreeMap<Pubkey, u64> = BTreeMap::new();
        for total in totals {
            *of_totals.entry(total.credit).or_default() += total.units.get();
        }
        for reading in self.bench.server.gate().readings() {
            let used = reading.cumulative.get();
            assert_eq!(log.get(&reading.credit).copied().unwrap_or(0), used, "log of {}", reading.credit);
            assert_eq!(
                of_totals.get(&reading.credit).copied().unwrap_or(0),
                used,
                "totals of {}",
                reading.credit
            );
            assert_eq!(reading.in_flight, Units::ZERO);
        }
        log.values().sum()
    }
}

/// Units by credit.
fn sum(records: &[UsageRecord]) -> BTreeMap<Pubkey, u64> {
    let mut sums = BTreeMap::new();
    for record in records {
        *sums.entry(record.credit).or_default() += record.units.get();
    }
    sums
}

/// The ledger of a server that starts on the same store.
async fn restarted(folder: TempDir, records: &[UsageRecord]) {
    let bench = Bench::start_in(folder, |_| {}).await;
    observe(&bench.server);
    let log = sum(records);
    for reading in
        bench.server.gate().readings().iter().filter(|reading| reading.credit != super::common::ours())
    {
        assert_eq!(
            reading.cumulative.get(),
            log.get(&reading.credit).copied().unwrap_or(0),
            "after a restart"
        );
    }
    bench.stop().await;
}
