//! Tests of alerts, one file for each part.

mod apply;
mod channels;
mod courier;
mod digests;
mod email;
mod ended;
mod heard;
mod message;
mod rules;
mod servers;
mod settings;
mod text;

use {
    super::{
        Alert, Alerts, Level, Rule, Rules, Severity, record::StoredRule, rules::Evaluated,
        settings::AlertSettings, sink::Sink, sinks::Http,
    },
    crate::{
        finding::{Fact, Finding, Parties},
        store::Store,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Lamports, MarketTime, MicroUsd, Units},
    },
    blockable_service::{private_file, settings::Reader},
    std::{
        fmt::Write,
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicI64, Ordering},
        },
    },
};

const NOW: i64 = 1_800_000_000;
const MARKET: Pubkey = Pubkey::new_from_array([9; 32]);
/// Secrets of webhooks.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn parties() -> Parties {
    Parties { lender: key(1), borrower: key(2) }
}

/// Level and severity of a finding.
pub(crate) fn evaluated(finding: Finding, rules: &Rules) -> (Level, Severity) {
    let Evaluated { level, severity, .. } = Evaluated::new(finding, rules);
    (level, severity)
}

/// Coverage in basis points, of a debt of $10,000.
fn coverage(bps: u64) -> Vec<Finding> {
    let (lien, lien_value) = (Units(1_000), MicroUsd(1_000_000 * bps));
    let fact = Fact::Coverage { coverage: Bps(bps), lien, lien_value, debt: MicroUsd(10_000_000_000) };
    vec![Finding::is(key(7), fact).between(parties())]
}

/// Coverage that raises an alert, and coverage that clears it.
const LOW: u64 = 7_000;
const SAFE: u64 = 9_000;

/// The lamports of a key, and whether it can be used.
fn funds(lamports: u64, fault: Option<&str>) -> Finding {
    let (lamports, fault) = (Lamports(lamports), fault.map(str::to_string));
    Finding::is(key(7), Fact::Funds { role: "metering", lamports, fault })
}

fn failing_nodes(cycles: u32) -> Finding {
    Finding::is(key(7), Fact::Rpc { cycles, reasons: vec!["one: it does not answer".to_string()] })
}

fn alert() -> Alert {
    Alert {
        id: 3,
        rule: StoredRule::Known(Rule::Coverage),
        subject: key(7),
        severity: Severity::Warning,
        lender: Some(key(1)),
        borrower: Some(key(2)),
        happened: "Coverage is 70 %.".to_string(),
        meaning: "A sale would leave $100.00 unpaid.".to_string(),
        next_step: "Ask for <more>.".to_string(),
        raised_at: ChainTime(NOW),
        cleared_at: None,
        occurrence: None,
    }
}

/// Alerts whose clock a test turns.
struct Case {
    alerts: Alerts,
    store: Store,
    clock: Arc<AtomicI64>,
}

impl Case {
    async fn open(folder: &Path, sinks: Vec<Sink>) -> Case {
        let store = Store::open(folder).unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let turned = clock.clone();
        let clock_of = Box::new(move || turned.load(Ordering::SeqCst));
        let settings = AlertSettings::default();
        let alerts =
            Alerts::with(store.clone(), MARKET, &settings, (sinks, Vec::new()), clock_of).await.unwrap();
        Case { alerts, store, clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sink, phase, state and attempts of every outbox entry.
    async fn outbox(&self) -> Vec<(String, String, String, u32)> {
        let read = self.store.read(|connection| {
            let mut rows =
                connection.prepare("SELECT sink, phase, state, attempts FROM outbox ORDER BY id")?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    async fn states(&self) -> Vec<String> {
        self.outbox()
            .await
            .into_iter()
            .map(|(sink, phase, state, _)| format!("{sink} {phase} {state}"))
            .collect()
    }
}

fn settings(text: &str) -> AlertSettings {
    let mut reader = Reader::new(text).unwrap();
    let settings = AlertSettings::read(&mut reader);
    assert_eq!(reader.finish(), Vec::<String>::new());
    settings
}

/// Opens the sinks of a text.
fn sinks(text: &str) -> Vec<Sink> {
    Sink::open_all(&settings(text), &Http::new().unwrap()).unwrap()
}

/// Writes a secret that its owner alone can read. Returns its place, as the file names it.
fn secret(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    private_file::replace(&path, text.as_bytes()).unwrap();
    format!("{{ file = \"{}\" }}", path.display())
}

/// The text of webhooks, whose secret is in a folder: name, URL and party each. Every alert comes by itself.
fn hooks_text(folder: &Path, hooks: &[(&str, &str, &str)]) -> String {
    let secret = secret(folder, "secret", &format!("{SECRET}\n"));
    let mut text = String::new();
    for (name, url, party) in hooks {
        writeln!(
            text,
            "[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nparty = \"{party}\"\ngive_up_hours = 1\n\
             secret = {secret}\ninfo = \"each\""
        )
        .unwrap();
    }
    text
}

fn webhooks(folder: &Path, hooks: &[(&str, &str, &str)]) -> Vec<Sink> {
    sinks(&hooks_text(folder, hooks))
}
