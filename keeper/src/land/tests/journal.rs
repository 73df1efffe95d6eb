use {
    super::{LAST_VALID, WRITTEN_AT, flight, intent},
    crate::{
        land::journal::{self, TransactionEnd},
        plan::Role,
        store::in_memory,
    },
    blockable_sdk::amounts::ChainTime,
    rusqlite::Connection,
};

const DAY: i64 = 86_400;

fn spent_at(store: &Connection, time: ChainTime) -> u64 {
    journal::spent(store, Role::Metering, time).unwrap().get()
}

fn spent(store: &Connection) -> u64 {
    spent_at(store, WRITTEN_AT)
}

/// Counts how often the intent on the first credit was sent.
fn attempts(store: &Connection) -> u32 {
    store.query_row("SELECT attempts FROM intents WHERE id = ?1", [intent(1).id.0], |row| row.get(0)).unwrap()
}

fn state(store: &Connection, table: &str) -> String {
    store.query_row(&format!("SELECT state FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_written_ahead_is_what_a_restart_goes_on_with() {
    let store = in_memory();
    let flights = [flight(1), flight(2)];
    for (flight, number) in flights.iter().zip([1, 2]) {
        assert!(!journal::is_known(&store, &flight.signature).unwrap());
        journal::write_ahead(&store, flight, &[intent(number)]).unwrap();
        assert!(journal::is_known(&store, &flight.signature).unwrap());
    }
    let mut open = journal::open_flights(&store).unwrap();
    open.sort_by_key(|flight| flight.lamports);
    for (found, written) in open.iter().zip(&flights) {
        assert_eq!(found.signature, written.signature);
        assert_eq!(found.transaction, written.transaction);
        assert_eq!((&found.writes, &found.carried), (&written.writes, &written.carried));
        assert_eq!((found.role, found.lamports), (written.role, written.lamports));
        assert_eq!((found.last_valid_height, found.written_at), (LAST_VALID, WRITTEN_AT));
        assert_eq!((found.from_slot, found.compute_units), (900, 40_000));
        assert!(found.sent.is_none(), "this process has not sent it");
    }
    assert_eq!(open.len(), 2);
    assert_eq!(spent(&store), 5_001 + 5_002);
}

#[test]
fn what_a_dead_transaction_did_not_cost_is_given_back() {
    let store = in_memory();
    let flight = flight(1);
    journal::write_ahead(&store, &flight, &[intent(1)]).unwrap();
    // A day later: what it was to cost counted for the day on which it was written down.
    journal::record_end(&store, &flight, &TransactionEnd::Dead, WRITTEN_AT.plus_seconds(DAY)).unwrap();
    assert_eq!(spent(&store), 0);
    assert_eq!(spent_at(&store, WRITTEN_AT.plus_seconds(DAY)), 0);
    assert!(journal::open_flights(&store).unwrap().is_empty());
    assert_eq!((state(&store, "transactions"), state(&store, "intents")), ("dead".into(), "dead".into()));
    assert_eq!(attempts(&store), 1);
}

#[test]
fn a_failed_transaction_has_cost_its_fee() {
    let store = in_memory();
    let flight = flight(1);
    journal::write_ahead(&store, &flight, &[intent(1)]).unwrap();
    let end = TransactionEnd::Failed { slot: 950, reason: "no".to_string() };
    journal::record_end(&store, &flight, &end, WRITTEN_AT).unwrap();
    assert_eq!(spent(&store), 5_001);
    assert_eq!((state(&store, "transactions"), state(&store, "intents")), ("failed".into(), "failed".into()));
}

#[test]
fn the_first_end_counts_and_it_counts_once() {
    let store = in_memory();
    let (first, other) = (flight(1), flight(2));
    journal::write_ahead(&store, &first, &[intent(1)]).unwrap();
    journal::write_ahead(&store, &other, &[intent(2)]).unwrap();
    journal::record_end(&store, &first, &TransactionEnd::Dead, WRITTEN_AT).unwrap();
    journal::record_end(&store, &first, &TransactionEnd::Dead, WRITTEN_AT).unwrap();
    journal::record_end(&store, &first, &TransactionEnd::Landed { slot: 950 }, WRITTEN_AT).unwrap();
    assert_eq!(spent(&store), 5_002, "the other's");
    let open = journal::open_flights(&store).unwrap();
    assert_eq!(open.iter().map(|flight| flight.signature).collect::<Vec<_>>(), [other.signature]);
}

#[test]
fn work_that_is_signed_anew_has_its_attempts_counted() {
    let store = in_memory();
    let (first, second) = (flight(1), flight(2));
    journal::write_ahead(&store, &first, &[intent(1)]).unwrap();
    journal::record_end(&store, &first, &TransactionEnd::Dead, WRITTEN_AT).unwrap();
    journal::write_ahead(&store, &second, &[intent(1)]).unwrap();
    assert_eq!(attempts(&store), 2);
    assert_eq!(state(&store, "intents"), "open");
    let open = journal::open_flights(&store).unwrap();
    assert_eq!((open.len(), open[0].carried[0].id), (1, intent(1).id));
}

#[test]
fn the_bytes_of_a_transaction_go_as_it_ends() {
    let store = in_memory();
    let (open, ended) = (flight(1), flight(2));
    for (flight, number) in [(&open, 1), (&ended, 2)] {
        journal::write_ahead(&store, flight, &[intent(number)]).unwrap();
    }
    journal::record_end(&store, &ended, &TransactionEnd::Landed { slot: 950 }, WRITTEN_AT).unwrap();
    let bytes = |of: &str| -> i64 {
        let sql = format!("SELECT length(bytes) FROM transactions WHERE state = '{of}'");
        store.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert!(bytes("open") > 100);
    assert_eq!(bytes("landed"), 0);
    assert_eq!(journal::open_flights(&store).unwrap()[0].transaction, open.transaction);
}

#[test]
fn old_transactions_and_intents_go_a_few_at_a_time_and_open_ones_stay() {
    let store = in_memory();
    for number in 1..=6 {
        let flight = flight(number);
        journal::write_ahead(&store, &flight, &[intent(number)]).unwrap();
        if number > 1 {
            let end = TransactionEnd::Landed { slot: 950 };
            journal::record_end(&store, &flight, &end, WRITTEN_AT).unwrap();
        }
    }
    let left = |table: &str| -> i64 {
        store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(journal::prune_transactions(&store, WRITTEN_AT, 9).unwrap(), 0, "not before their time");
    let later = WRITTEN_AT.plus_seconds(1);
    assert_eq!(journal::prune_intents(&store, later, 9).unwrap(), 0, "transactions on record carry them");
    let steps = [2, 2, 1, 0];
    assert_eq!(steps.map(|_| journal::prune_transactions(&store, later, 2).unwrap()), steps);
    assert_eq!(steps.map(|_| journal::prune_intents(&store, later, 2).unwrap()), steps);
    assert_eq!(["transactions", "carried", "intents"].map(left), [1, 1, 1]);
}

/// A scan of the whole table takes a minute on a large store.
#[test]
fn what_is_pruned_is_found_by_an_index() {
    let store = in_memory();
    let plan = |sql: &str| -> String {
        let mut statement = store.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        lines.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    };
    let searched = [
        "SELECT signature FROM transactions WHERE state IN ('landed', 'failed', 'dead') AND written_at < 9 LIMIT 5",
        "SELECT id FROM intents WHERE state IN ('done', 'failed', 'dead') AND changed_at < 9
         AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.intent = intents.id) LIMIT 5",
        "SELECT id FROM alerts WHERE cleared_at < 9 LIMIT 5",
        "SELECT stream, chunk FROM digests WHERE (stream, chunk) > (1, 2) ORDER BY stream, chunk LIMIT 1",
    ];
    for sql in searched {
        let plan = plan(sql);
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{sql}: {plan}");
    }
}
