use super::*;

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn stored(name: &str, version: u32, revision: u32) -> StoredKey {
    StoredKey {
        credit: key(1),
        owner: key(2),
        name: name.to_string(),
        version,
        generation: 0,
        revision,
        budget: Some(KeyBudget { units: Units(u64::MAX), period: BudgetPeriod::Month }),
        requests_per_minute: Some(7),
        units_per_minute: None,
        created_ms: -1,
        expires_ms: Some(9),
        is_revoked: false,
    }
}

fn change(key: &StoredKey) -> KeyChange {
    KeyChange::SubKey(Box::new(key.clone()))
}

#[test]
fn what_voids_only_rises_and_bounds_are_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-changes");
    let mut file = KeyChanges::read(&path).unwrap();
    assert_eq!(file.all(), []);
    let lowered = StoredKey { budget: None, ..stored("team", 2, 2) };
    let gone = StoredKey { is_revoked: true, ..stored("gone", 1, 2) };
    for change in [
        KeyChange::Below(key(1), 3),
        KeyChange::Below(key(1), 2),
        change(&stored("team", 1, 1)),
        change(&lowered),
        // An earlier state, as of a file that was put together by hand.
        change(&StoredKey { generation: 4, ..stored("team", 1, 1) }),
        change(&gone),
        change(&stored("gone", 1, 1)),
    ] {
        file.add(&change).unwrap();
    }
    let team = StoredKey { generation: 4, ..lowered };
    let all = [KeyChange::Below(key(1), 3), change(&gone), change(&team)];
    assert_eq!((file.all(), KeyChanges::read(&path).unwrap().all()), (all.to_vec(), all.to_vec()));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().next().unwrap(), format!(r#"{{"credit":"{}","generation":3}}"#, key(1)));
}

#[test]
fn a_line_that_a_crash_has_cut_is_dropped_and_any_other_fault_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-changes");
    let whole = text(&[KeyChange::Below(key(1), 3), change(&stored("team", 2, 1))]);
    for cut in 1..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let mut read = KeyChanges::read(&path).unwrap();
        read.add(&change(&stored("next", 1, 1))).unwrap();
        let read = KeyChanges::read(&path).unwrap();
        assert!(read.all().contains(&change(&stored("next", 1, 1))), "cut at {cut}");
        assert_eq!(read.all().len() > 1, cut >= whole.find('\n').unwrap(), "cut at {cut}");
    }
    for wrong in ["\n", "{}\n", "x\n{\"credit\":\"a\"", "{\"credit\":\"1\",\"generation\":1,\"more\":2}\n"] {
        fs::write(&path, wrong).unwrap();
        let error = KeyChanges::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 1 is no change"), "{wrong}: {error}");
    }
}

#[test]
fn a_file_with_many_old_lines_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = KeyChanges::read(&folder.path().join("key-changes")).unwrap();
    file.add(&change(&stored("team", 1, 1))).unwrap();
    file.lines = SPARE_LINES + 1;
    file.add(&change(&stored("team", 2, 2))).unwrap();
    assert_eq!((file.lines, fs::read_to_string(&file.path).unwrap().lines().count()), (1, 1));
    assert_eq!(KeyChanges::read(&file.path).unwrap().all(), [change(&stored("team", 2, 2))]);
}

/// The disk may be full in the midst of a line, and have room again for the next one.
#[test]
fn a_write_that_failed_takes_no_other_change_with_it_and_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-changes");
    let mut file = KeyChanges::read(&path).unwrap();
    let first = KeyChange::Below(key(1), 3);
    file.add(&first).unwrap();
    let refused = StoredKey { budget: None, ..stored("team", 1, 1) };
    let line = text(&[change(&refused)]);
    for part in [0, 1, line.len() / 2, line.len()] {
        let mut file = KeyChanges::read(&path).unwrap();
        let before = file.all();
        // A folder takes no line; the part of it is put there as a disk that fills up leaves it.
        file.path = folder.path().to_path_buf();
        assert!(matches!(file.add(&change(&refused)), Err(StoreError::File { .. })), "{part}");
        file.path = path.clone();
        let mut left = private_file::options().append(true).open(&path).unwrap();
        left.write_all(&line.as_bytes()[..part]).unwrap();
        assert_eq!(file.all(), before, "it was not answered");
        // The same change once more, with other bounds: it has the same revision.
        let taken = StoredKey { requests_per_minute: Some(9), ..stored("team", 1, 1) };
        file.add(&change(&taken)).unwrap();
        let void = KeyChange::Below(key(3), 1);
        file.add(&void).unwrap();
        let all = [first.clone(), void, change(&taken)];
        assert_eq!((file.all(), KeyChanges::read(&path).unwrap().all()), (all.to_vec(), all.to_vec()));
        fs::remove_file(&path).unwrap();
        KeyChanges::read(&path).unwrap().add(&first).unwrap();
    }
}

#[test]
fn a_file_that_was_lost_is_written_from_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key-changes");
    let kept = StoredKeys { keys: vec![stored("team", 2, 2)], generations: vec![(key(1), 3)] };
    let mut file = KeyChanges::read(&path).unwrap();
    file.complete(&StoredKeys::default()).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "",
        "a file without changes is there: a missing one was lost"
    );
    file.complete(&kept).unwrap();
    let all = [KeyChange::Below(key(1), 3), change(&stored("team", 2, 2))];
    assert_eq!(KeyChanges::read(&path).unwrap().all(), all);
}

#[test]
fn files_are_united_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, both] = ["old", "new", "both"].map(|name| folder.path().join(name));
    let revoked = StoredKey { is_revoked: true, ..stored("team", 1, 2) };
    fs::write(&old, text(&[change(&stored("team", 1, 1)), change(&stored("mail", 1, 1))])).unwrap();
    let cut = text(&[change(&revoked)]) + "{\"credit\":";
    fs::write(&new, &cut).unwrap();
    assert_eq!(count_changes(&[&old, &new]).unwrap(), 2);
    write_changes(&[&old, &new], &both).unwrap();
    assert_eq!(fs::read_to_string(&new).unwrap(), cut, "a server may be adding to it");
    let all = [change(&stored("mail", 1, 1)), change(&revoked)];
    assert_eq!(KeyChanges::read(&both).unwrap().all(), all);
    write_changes(&[&new, &old], &old).unwrap();
    assert_eq!(KeyChanges::read(&old).unwrap().all(), all);
}
