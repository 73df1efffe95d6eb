use super::*;

fn joined(credit: Pubkey, found: Vec<Found>) -> Joined {
    join(&credit, Position::default(), Life::Open, found)
}

#[test]
fn a_log_that_is_whole_is_proven_in_one_piece_and_in_several() {
    let (credit, log) = (key(7), log(key(7), 6));
    let whole = joined(credit, log.clone());
    assert_eq!((whole.links.len(), whole.fault), (6, None));
    assert_eq!(prove(whole.end, stamp_of(&log)), Ok(()));
    let first = joined(credit, log[..4].to_vec());
    assert_eq!(prove(first.end, stamp_of(&log)), Err(ProofError::Short { have: 4, account: 6 }));
    let second = join(&credit, first.end, first.life, log[4..].to_vec());
    assert_eq!((second.end, second.links.len(), second.fresh), (whole.end, 2, false));
    assert_eq!(prove(second.end, stamp_of(&log[..5])), Err(ProofError::Ahead { have: 6, account: 5 }));
}

#[test]
fn records_after_a_gap_do_not_join_on() {
    let (credit, mut log) = (key(7), log(key(7), 6));
    log.remove(3);
    let joined = joined(credit, log);
    assert_eq!(joined.fault, Some(ProofError::Gap { expected: 3, found: 4 }));
    assert_eq!((joined.links.len(), joined.end.seq), (3, 3));
}

#[test]
fn an_altered_record_does_not_hash_and_a_foreign_one_is_named() {
    let (credit, log) = (key(7), log(key(7), 4));
    let account = stamp_of(&log);
    let mut altered = log.clone();
    altered[2].record.at += 1;
    assert_eq!(prove(joined(credit, altered).end, account), Err(ProofError::Mismatch(4)));
    let mut foreign = log.clone();
    foreign[1].record.credit = key(8);
    let joined = joined(credit, foreign);
    assert_eq!((joined.fault, joined.links.len()), (Some(ProofError::Foreign(1)), 0));
}

#[test]
fn within_a_slot_the_numbers_decide_and_what_is_known_already_does_not_matter() {
    let (credit, mut log) = (key(7), log(key(7), 5));
    log.iter_mut().skip(1).for_each(|found| found.slot = 200);
    let account = stamp_of(&log);
    log.swap(1, 3);
    log.swap(2, 4);
    let first = joined(credit, log.clone());
    assert_eq!(prove(first.end, account), Ok(()));
    let again = join(&credit, first.end, first.life, log[1..].to_vec());
    assert_eq!((again.end, again.links.len(), again.fault), (first.end, 0, None));
}

#[test]
fn another_credit_at_the_address_begins_a_log_of_its_own_once_the_first_is_over() {
    let credit = key(7);
    let mut old = log(credit, 3);
    old[2].record.change = Change::Cancelled { refunded: 5 };
    let mut new = log(credit, 2);
    // Even in one slot.
    (new[0].slot, new[1].slot) = (old[2].slot, old[2].slot);
    let both = [old.clone(), new.clone()].concat();
    let joined_both = joined(credit, both);
    assert_eq!((joined_both.fresh, joined_both.links.len()), (true, 2));
    assert_eq!(prove(joined_both.end, stamp_of(&new)), Ok(()));
    // A log that is open is not given up for one.
    let open = joined(credit, old[..2].to_vec());
    let forged = join(&credit, open.end, open.life, new.clone());
    assert_eq!((forged.fresh, forged.links.len(), forged.end), (false, 0, open.end));
    // A node that has forgotten the first one has all of the second.
    let rest = [old[2..].to_vec(), new.clone()].concat();
    assert_eq!(prove(joined(credit, rest).end, stamp_of(&new)), Ok(()));
}

#[test]
fn names_of_changes_say_whether_a_credit_is_still_there() {
    assert_eq!(kind(&late(1)), "marked_delinquent");
    assert_eq!(Life::after("paid"), Life::Open);
    assert_eq!(Life::after(kind(&Change::Cancelled { refunded: 1 })), Life::Cancelled);
    assert_eq!(Life::after(kind(&Change::Closed { given_up: 1 })), Life::Closed);
}
