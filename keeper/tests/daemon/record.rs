//! The final state of the chain and of a keeper's store.

use {
    crate::setup::Setup,
    blockable_sdk::{
        Pubkey, Signature,
        amounts::LAMPORTS_PER_SOL,
        events::{Change, CreditRecord, verify_log},
        program::state::Credit,
        rpc::GetConfirmedSignaturesForAddress2Config,
    },
    blockable_testkit::Parties,
    rusqlite::{Connection, OpenFlags},
    std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
};

/// Signatures that a node gives at once.
const PAGE: usize = 1_000;
/// Statuses that a node gives at once.
const STATUSES: usize = 256;
/// Lamports that [`Setup`] gives each key of keepers.
const FUNDS: u64 = 10 * LAMPORTS_PER_SOL;

/// The signatures of all transactions that name an address, and whether they failed, the latest first.
async fn signatures(setup: &Setup, address: &Pubkey) -> Vec<(Signature, bool)> {
    let rpc = setup.cluster.chain.client.rpc();
    let mut all: Vec<(Signature, bool)> = Vec::new();
    loop {
        let config = GetConfirmedSignaturesForAddress2Config {
            before: all.last().map(|(signature, _)| *signature),
            limit: Some(PAGE),
            ..GetConfirmedSignaturesForAddress2Config::default()
        };
        let page = rpc.get_signatures_for_address_with_config(address, config).await.unwrap();
        let is_last = page.len() < PAGE;
        all.extend(page.into_iter().map(|entry| (entry.signature.parse().unwrap(), entry.err.is_some())));
        if is_last {
            return all;
        }
    }
}

/// Reads the events of every credit from the chain, and proves that none is left out.
pub async fn histories(setup: &Setup) -> Vec<Vec<CreditRecord>> {
    let chain = &setup.cluster.chain;
    let mut known: HashMap<Signature, Vec<CreditRecord>> = HashMap::new();
    let mut histories = Vec::new();
    for credit in &setup.credits {
        let mut records = Vec::new();
        for (signature, failed) in signatures(setup, credit).await {
            if failed {
                continue;
            }
            let of_transaction = match known.entry(signature) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let events = chain.client.landed(&signature).await.unwrap().events;
                    entry.insert(events.iter().flat_map(|event| event.records().to_vec()).collect())
                }
            };
            records.extend(of_transaction.iter().filter(|record| record.credit == *credit).cloned());
        }
        records.sort_by_key(|record| record.seq);
        verify_log(credit, &records, &chain.credit(credit).await.event_hash).unwrap();
        histories.push(records);
    }
    histories
}

/// Requires that a credit was metered to the unit: what was counted only rose, and it sums up to what was used.
pub fn check_metering(records: &[CreditRecord], credit: &Credit, used: u64) {
    let (mut last, mut last_at, mut sum) = (0, 0, 0);
    for record in records {
        let Change::Metered { cumulative, reported_at, metered, .. } = &record.change else { continue };
        assert!(*cumulative >= last && *reported_at > last_at, "{record:?} after {last} of {last_at}");
        assert_eq!((metered.overrun, *cumulative - last), (0, metered.consumed), "{record:?}");
        (last, last_at, sum) = (*cumulative, *reported_at, sum + metered.consumed);
    }
    assert_eq!((sum, credit.collateral.consumed, last), (used, used, used));
}

/// Requires that a credit was marked no earlier than the grace after its first due date allows. Returns the marks.
pub fn check_marks(records: &[CreditRecord], credit: &Credit) -> Vec<&'static str> {
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    let mut marks = Vec::new();
    for record in records {
        let (mark, grace) = match record.change {
            Change::MarkedDelinquent { .. } => ("delinquent", credit.terms.delinquency_grace),
            Change::MarkedDefaulted { .. } => ("defaulted", credit.terms.default_grace),
            _ => continue,
        };
        assert!(record.at >= due + i64::from(grace), "{mark} at {} and due at {due}", record.at);
        marks.push(mark);
    }
    marks
}

/// Opens the store of a keeper to read it, also while it runs.
pub fn open(setup: &Setup, name: &str) -> Connection {
    // Not read only: the log that a killed keeper has left may have to be taken in first.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(setup.store(name), flags).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    connection
}

/// Reads a number from the store.
pub fn ask(store: &Connection, sql: &str) -> i64 {
    store.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Requires of a keeper that has ended: its store is sound, knows the end of every transaction as the chain does, and has
/// booked every lamport that left its keys. No other keeper may have used those. Returns transactions by state.
pub async fn check_store(setup: &Setup, name: &str) -> BTreeMap<String, usize> {
    let store = open(setup, name);
    let integrity: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    assert!(!store.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
    let unbooked = "SELECT count(*) FROM spending WHERE lamports <>
                    (SELECT coalesce(sum(lamports), 0) FROM transactions WHERE transactions.role = spending.role
                     AND transactions.day = spending.day AND state IN ('landed', 'failed'))";
    assert_eq!(ask(&store, unbooked), 0, "spending differs from what was sent");

    let mut by_state: BTreeMap<String, Vec<Signature>> = BTreeMap::new();
    let mut statement = store.prepare("SELECT state, signature FROM transactions").unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, Signature::from(row.get::<_, [u8; 64]>(1)?))))
        .unwrap();
    for row in rows {
        let (state, signature) = row.unwrap();
        by_state.entry(state).or_default().push(signature);
    }
    assert!(!by_state.contains_key("open"), "{} transactions are left open", by_state["open"].len());
    let rpc = setup.cluster.chain.client.rpc();
    for (state, signatures) in &by_state {
        for page in signatures.chunks(STATUSES) {
            let found = rpc.get_signature_statuses_with_history(page).await.unwrap().value;
            for (signature, status) in page.iter().zip(found) {
                let on_chain = match &status {
                    None => "dead",
                    Some(status) if status.err.is_none() => "landed",
                    Some(_) => "failed",
                };
                assert_eq!(on_chain, state, "{signature}");
            }
        }
    }
    check_payers(setup, &store, by_state.values().flatten().copied().collect()).await;
    by_state.into_iter().map(|(state, signatures)| (state, signatures.len())).collect()
}

async fn check_payers(setup: &Setup, store: &Connection, known: BTreeSet<Signature>) {
    for role in ["metering", "enforcement"] {
        let payer = Parties::address(&format!("keeper {role}"));
        let sent = signatures(setup, &payer).await;
        let unknown = sent.iter().filter(|(signature, _)| !known.contains(signature)).count();
        assert!(
            unknown <= 1,
            "{unknown} transactions of the {role} key are on no record, and one is its funding"
        );
        let left = setup.cluster.chain.client.rpc().get_balance(&payer).await.unwrap();
        let booked =
            ask(store, &format!("SELECT coalesce(sum(lamports), 0) FROM spending WHERE role = '{role}'"));
        assert_eq!(FUNDS - left, booked.unsigned_abs(), "what the {role} key has paid");
    }
}
