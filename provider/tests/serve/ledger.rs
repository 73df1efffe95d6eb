//! Compares the store of a stopped server with the answers that clients got and the reports that were signed.

use {
    super::setup::Setup,
    blockable_sdk::Pubkey,
    blockable_testkit::{
        ServerFile,
        replay::{Replayed, Reply, request_id},
        trace::Request,
    },
    rusqlite::Connection,
    std::{collections::HashMap, fs},
};

/// One settled job.
struct Entry {
    hold: u64,
    credit: Pubkey,
    units: u64,
}

/// The cost of a request: tokens times price, rounded up.
pub fn units(request: &Request) -> u64 {
    (request.context * ServerFile::PROMPT_PRICE + request.generated * ServerFile::GENERATED_PRICE)
        .div_ceil(1_000)
}

/// A replay and the name it went by.
pub type Run = (String, Vec<Replayed>);

/// Holds the store against the replies of all runs: nothing that was answered is missing, nothing counts twice, no hold is
/// left, and the meters are the sums. Returns each credit's units.
pub fn check(setup: &Setup, runs: &[Run]) -> HashMap<Pubkey, u64> {
    let store = Connection::open(setup.store()).unwrap();
    let mut entries = read(&store);
    let mut sums: HashMap<Pubkey, u64> = HashMap::new();
    for (run, replies) in runs {
        for reply in replies {
            let name = request_id(run, reply.number);
            let settled = entries.remove(&name).unwrap_or_default();
            check_reply(setup, &name, reply, &settled);
            for entry in settled {
                *sums.entry(entry.credit).or_default() += entry.units;
            }
        }
    }
    assert!(entries.is_empty(), "settled and never sent: {:?}", entries.keys());
    let left: i64 = store.query_row("SELECT count(*) FROM holds", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "holds are left");
    assert_eq!(meters(&store), sums);
    assert_eq!(totals(&store), sums, "the usage log's totals");
    check_reports(&store);
    sums
}

/// Holds the store that a kill has left against itself: what the log has, its totals, and the meters are equal to the unit. It
/// reads a copy, so that the next server recovers the store on its own.
pub fn check_after_kill(setup: &Setup) {
    let folder = tempfile::tempdir().unwrap();
    for end in ["", "-wal"] {
        let from = format!("{}{end}", setup.store().display());
        if fs::exists(&from).unwrap() {
            fs::copy(from, folder.path().join(format!("gate.db{end}"))).unwrap();
        }
    }
    let store = Connection::open(folder.path().join("gate.db")).unwrap();
    let mut sums: HashMap<Pubkey, u64> = HashMap::new();
    for entry in read(&store).into_values().flatten() {
        *sums.entry(entry.credit).or_default() += entry.units;
    }
    assert_eq!(meters(&store), sums, "the meters after a kill");
    assert_eq!(totals(&store), sums, "the usage log's totals after a kill");
}

fn check_reply(setup: &Setup, name: &str, reply: &Replayed, settled: &[Entry]) {
    assert!(settled.len() <= 1, "request {name} is counted {} times", settled.len());
    for entry in settled {
        assert_eq!(entry.credit, setup.credits[reply.borrower], "request {name}");
        assert_eq!(entry.units, units(&reply.request), "request {name}");
    }
    match &reply.reply {
        Reply::Answered { hold, prompt_tokens, completion_tokens, units } => {
            let entry = settled.first().expect("what was answered is settled");
            assert_eq!((entry.hold, entry.units), (*hold, units.get()), "request {name}");
            let tokens = (reply.request.context, reply.request.generated);
            assert_eq!((*prompt_tokens, *completion_tokens), tokens, "request {name}");
        }
        Reply::Refused { .. } => assert!(settled.is_empty(), "request {name} was refused"),
        Reply::Unanswered => {}
    }
}

/// The settled jobs by the client's name for the request.
fn read(store: &Connection) -> HashMap<String, Vec<Entry>> {
    let mut statement =
        store.prepare("SELECT hold, credit, units, reference FROM usage WHERE settled").unwrap();
    let rows = statement.query_map([], |row| {
        let credit: [u8; 32] = row.get(1)?;
        let (hold, units): (i64, i64) = (row.get(0)?, row.get(2)?);
        let entry = Entry { hold: hold as u64, credit: credit.into(), units: units as u64 };
        Ok((row.get::<_, String>(3)?, entry))
    });
    let mut entries: HashMap<String, Vec<Entry>> = HashMap::new();
    for row in rows.unwrap() {
        let (reference, entry) = row.unwrap();
        let name = reference.rsplit('/').next().unwrap_or_default().to_string();
        entries.entry(name).or_default().push(entry);
    }
    entries
}

fn meters(store: &Connection) -> HashMap<Pubkey, u64> {
    let mut statement = store.prepare("SELECT credit, cumulative FROM meters").unwrap();
    let rows = statement.query_map([], |row| {
        let credit: [u8; 32] = row.get(0)?;
        Ok((Pubkey::from(credit), row.get::<_, i64>(1)? as u64))
    });
    rows.unwrap().map(Result::unwrap).filter(|(_, cumulative)| *cumulative > 0).collect()
}

/// Units of each credit by the usage log's totals.
fn totals(store: &Connection) -> HashMap<Pubkey, u64> {
    let sql = "SELECT credit, sum(units) FROM usage_totals GROUP BY credit HAVING sum(units) > 0";
    let mut statement = store.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let credit: [u8; 32] = row.get(0)?;
        Ok((Pubkey::from(credit), row.get::<_, i64>(1)? as u64))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Every reporter's reports never go back, in time or in what was used.
fn check_reports(store: &Connection) {
    let sql = "SELECT body FROM reports WHERE body IS NOT NULL ORDER BY reporter, epoch, chunk, reported_at";
    let mut statement = store.prepare(sql).unwrap();
    let bodies = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut last: HashMap<(String, String), u64> = HashMap::new();
    let mut count = 0;
    for body in bodies {
        let report: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
        let reporter = report["reporter"].as_str().expect("a reporter").to_string();
        for reading in report["readings"].as_array().expect("readings") {
            let credit = reading["credit"].as_str().expect("a credit").to_string();
            let cumulative: u64 = reading["cumulative"].as_str().expect("a number").parse().unwrap();
            let before = last.insert((reporter.clone(), credit), cumulative).unwrap_or(0);
            assert!(before <= cumulative, "{reporter} went back from {before} to {cumulative}");
        }
        count += 1;
    }
    assert!(count > 0, "nothing was reported");
}
