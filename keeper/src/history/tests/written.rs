//! Tests of the table of events.

use {super::*, crate::store::in_memory, blockable_sdk::events::decode_record};

fn join_all(credit: Pubkey, found: &[Found]) -> Joined {
    join(&credit, Position::default(), Life::Open, found.to_vec())
}

#[test]
fn records_are_read_as_they_were_written() {
    let (connection, credit, log) = (in_memory(), key(7), log(key(7), 3));
    rows::append(&connection, &credit, &join_all(credit, &log), true).unwrap();
    let sql = "SELECT record, kind, at, hash FROM events WHERE seq = 2";
    let (bytes, kind, at, hash): (Vec<u8>, String, i64, [u8; 32]) = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    assert_eq!(decode_record(&bytes), Some(log[2].record.clone()));
    assert_eq!((kind.as_str(), at), ("marked_delinquent", log[2].record.at));
    assert_eq!(hash, stamp_of(&log).hash);
    assert_eq!(proof(&connection, &credit), Some(CreditStamp { seq: 3, hash }));
    assert_eq!(proof(&connection, &key(8)), None);
}

#[test]
fn an_end_of_the_search_is_found_before_the_last_slot_with_what_is_known_of_that_slot() {
    let (connection, credit, mut log) = (in_memory(), key(7), log(key(7), 4));
    assert_eq!(rows::search_end(&connection, &credit).unwrap(), rows::SearchEnd::default());
    log[3].slot = log[2].slot;
    rows::append(&connection, &credit, &join_all(credit, &log), false).unwrap();
    let end = rows::search_end(&connection, &credit).unwrap();
    assert_eq!((end.until, end.slot), (Some(signature(1)), log[2].slot));
    assert_eq!(end.known, [signature(3), signature(2)]);
    let head = rows::head(&connection, &credit).unwrap();
    assert_eq!((head.end.seq, head.proven, head.slot, head.life), (4, 0, log[2].slot, Life::Open));
}

#[test]
fn what_is_not_proven_is_cut_and_what_is_proven_stays() {
    let (connection, credit, log) = (in_memory(), key(7), log(key(7), 5));
    let first = join_all(credit, &log[..3]);
    rows::append(&connection, &credit, &first, true).unwrap();
    let second = join(&credit, first.end, first.life, log[3..].to_vec());
    rows::append(&connection, &credit, &second, false).unwrap();
    rows::remove_unproven(&connection, &credit).unwrap();
    let head = rows::head(&connection, &credit).unwrap();
    assert_eq!((head.end, head.proven), (first.end, 3));
}

#[test]
fn the_log_of_another_credit_at_the_address_takes_the_place_of_the_first() {
    let (connection, credit, mut old) = (in_memory(), key(7), log(key(7), 3));
    old[2].record.change = What::Closed { given_up: 0 };
    let first = join_all(credit, &old);
    rows::append(&connection, &credit, &first, true).unwrap();
    assert_eq!(rows::head(&connection, &credit).unwrap().life, Life::Closed);
    let second = join(&credit, first.end, first.life, log(credit, 2));
    rows::append(&connection, &credit, &second, false).unwrap();
    let head = rows::head(&connection, &credit).unwrap();
    assert_eq!((head.end, head.proven), (second.end, 0));
    assert_eq!(proof(&connection, &credit), None);
}

#[test]
fn every_credit_with_a_log_is_listed_once() {
    let connection = in_memory();
    assert_eq!(rows::credits(&connection).unwrap(), []);
    for number in [9, 7, 8] {
        let credit = key(number);
        rows::append(&connection, &credit, &join_all(credit, &log(credit, 4)), false).unwrap();
    }
    assert_eq!(rows::credits(&connection).unwrap(), [key(7), key(8), key(9)]);
}

#[test]
fn the_latest_mismatch_of_each_credit_is_kept_until_it_is_forgotten() {
    let connection = in_memory();
    let mismatch = |credit, node: &str, records| rows::Mismatch { credit, node: node.to_string(), records };
    let latest = [mismatch(key(7), "node two", 5), mismatch(key(8), "", u64::MAX)];
    rows::keep_mismatch(&connection, &mismatch(key(7), "one", 4)).unwrap();
    for mismatch in &latest {
        rows::keep_mismatch(&connection, mismatch).unwrap();
    }
    let mut kept = rows::mismatches(&connection).unwrap();
    kept.sort_by_key(|mismatch| mismatch.records);
    assert_eq!(kept, latest);
    rows::forget_mismatch(&connection, &key(7)).unwrap();
    assert_eq!(rows::mismatches(&connection).unwrap(), latest[1..]);
}
