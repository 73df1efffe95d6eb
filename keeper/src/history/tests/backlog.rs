//! Tests of the order in which credits are worked on.

use super::*;

fn account(index: u32, seq: u64) -> Arc<Credit> {
    let mut credit = Credit::zeroed();
    (credit.event_seq, credit.meter.index, credit.provider) = (seq, index, key(2));
    Arc::new(credit)
}

/// Credits 10, 11, 12... with a record each that is not written.
fn at(clock: i64, count: u8) -> Snapshot {
    let credits = (0..count).map(|number| (key(10 + number), account(u32::from(count - number), 1)));
    snapshot(clock, credits.collect())
}

fn seen(clock: i64, count: u8) -> (Backlog, Snapshot) {
    let (mut backlog, snapshot) = (Backlog::default(), at(clock, count));
    backlog.update(&snapshot, &BTreeMap::new());
    (backlog, snapshot)
}

#[test]
fn those_that_wait_longest_come_first_and_those_of_a_chunk_together() {
    let (mut backlog, first) = seen(100, 3);
    assert_eq!(backlog.choose(&first, 2), [key(12), key(11)], "by their index");
    backlog.note(&key(12), &WorkOutcome::Further, false, ChainTime(105));
    let later = at(110, 4);
    backlog.update(&later, &BTreeMap::new());
    backlog.note(&key(11), &WorkOutcome::Later, false, ChainTime(111));
    assert_eq!(backlog.choose(&later, 9), [key(10), key(12), key(13), key(11)]);
}

#[test]
fn a_credit_that_is_complete_is_behind_no_more_until_it_shows_another_state() {
    let (mut backlog, snapshot) = seen(100, 1);
    assert_eq!((backlog.behind(), backlog.is_first_round_done()), (1, false));
    backlog.note(&key(10), &WorkOutcome::Done, false, ChainTime(100));
    let end = Position { seq: 1, hash: [0; 32] };
    let mut heads = BTreeMap::from([(key(10), Head { end, proven: 1, ..Head::default() })]);
    backlog.update(&snapshot, &heads);
    assert_eq!((backlog.behind(), backlog.is_first_round_done()), (0, true));
    heads.insert(key(10), Head { end: Position { hash: [9; 32], ..end }, proven: 1, ..Head::default() });
    backlog.update(&snapshot, &heads);
    assert_eq!(backlog.behind(), 1, "as many records and another hash");
}

#[test]
fn what_keeps_missing_is_tried_ever_more_rarely_and_reported() {
    let (mut backlog, snapshot) = seen(100, 1);
    let missing = WorkOutcome::Missing("record 3 is missing".to_string());
    let mut pauses = Vec::new();
    let mut clock = snapshot.clock;
    for _ in 0..12 {
        backlog.note(&key(10), &missing, false, clock);
        let next = (clock.get()..).find(|now| !backlog.choose(&at(*now, 1), 1).is_empty()).unwrap();
        pauses.push(next - clock.get());
        clock = ChainTime(next);
        if pauses.len() == 3 {
            assert_eq!(backlog.lost().count(), 0, "it may still come");
        }
    }
    assert_eq!(pauses[..4], [10, 20, 40, 80]);
    assert_eq!(pauses[11], 3_600);
    assert_eq!(backlog.lost().collect::<Vec<_>>(), [(&key(10), "record 3 is missing")]);
    backlog.note(&key(10), &WorkOutcome::Later, false, clock);
    assert_eq!(backlog.lost().count(), 1, "nothing new is known");
    backlog.note(&key(10), &WorkOutcome::Further, false, clock);
    assert_eq!(backlog.lost().count(), 0);
}

#[test]
fn a_credit_that_is_gone_is_followed_to_its_last_record() {
    let mut backlog = Backlog::default();
    let head = |life| Head { end: Position { seq: 3, hash: [1; 32] }, proven: 3, slot: 9, life };
    let heads = BTreeMap::from([
        (key(10), head(Life::Open)),
        (key(11), head(Life::Cancelled)),
        (key(12), head(Life::Closed)),
    ]);
    let empty = snapshot(100, BTreeMap::new());
    backlog.update(&empty, &heads);
    assert_eq!(backlog.choose(&empty, 9), [key(10), key(11)]);
    backlog.note(&key(11), &WorkOutcome::Done, true, ChainTime(100));
    backlog.update(&empty, &heads);
    assert_eq!(backlog.choose(&empty, 9), [key(10)], "nothing came after it was cancelled");
}
