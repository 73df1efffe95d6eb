//! Tests of alerting, by one file for each part.

mod desk;
mod email;
mod outbox;
mod servers;
mod settings;
mod text;

use {
    super::{Alert, Alerts, Level, Parties, Rule, Severity, Signal, settings::Settings, sink::Sink},
    crate::store::Store,
    blockable_sdk::Pubkey,
    blockable_service::settings::Reader,
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

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn parties() -> Option<Parties> {
    Some(Parties { lender: key(1), borrower: key(2) })
}

fn signal(rule: Rule, level: Level, parties: Option<Parties>) -> Signal {
    Signal {
        rule,
        subject: key(7),
        level,
        severity: Severity::Warning,
        parties,
        happened: "Coverage is 70 %.".to_string(),
        means: "A sale would leave $100.00 unpaid.".to_string(),
        next: "Ask for <more>.".to_string(),
    }
}

fn coverage(level: Level) -> Vec<Signal> {
    vec![signal(Rule::Coverage, level, parties())]
}

fn alert() -> Alert {
    Alert {
        id: 3,
        rule: Rule::Coverage,
        subject: key(7),
        severity: Severity::Warning,
        lender: Some(key(1)),
        borrower: Some(key(2)),
        happened: "Coverage is 70 %.".to_string(),
        means: "A sale would leave $100.00 unpaid.".to_string(),
        next: "Ask for <more>.".to_string(),
        raised_at: NOW,
        cleared_at: None,
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
        let alerts = Alerts::with(store.clone(), sinks, clock_of).await.unwrap();
        Case { alerts, store, clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sink, news, state and attempts of all that is in the outbox.
    async fn outbox(&self) -> Vec<(String, String, String, u32)> {
        let read = self.store.read(|connection| {
            let mut rows =
                connection.prepare("SELECT sink, news, state, attempts FROM outbox ORDER BY id")?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    async fn states(&self) -> Vec<String> {
        self.outbox()
            .await
            .into_iter()
            .map(|(sink, news, state, _)| format!("{sink} {news} {state}"))
            .collect()
    }
}

fn settings(text: &str) -> Settings {
    let mut reader = Reader::new(text).unwrap();
    let settings = Settings::read(&mut reader);
    assert_eq!(reader.finish(), Vec::<String>::new());
    settings
}

/// Webhooks in a folder that holds their secret: name, URL and party each.
fn webhooks(folder: &Path, hooks: &[(&str, &str, &str)]) -> Vec<Sink> {
    let secret = folder.join("secret");
    std::fs::write(&secret, "hush\n").unwrap();
    let mut text = String::new();
    for (name, url, party) in hooks {
        let secret = secret.display();
        writeln!(
            text,
            "[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nparty = \"{party}\"\ngive_up_hours = 1\nsecret = {{ file = \"{secret}\" }}"
        )
        .unwrap();
    }
    Sink::all(&settings(&text)).unwrap()
}
