//! The settings of providers: what is refused, what tightens, what raises the epoch.

use {
    super::{life::refused, stage::key, *},
    crate::{
        errors::BlockableError::*,
        hash::sha256,
        state::{MAX_REPORTERS, ProviderSettings, Reporter},
    },
};

fn reporters(keys: &[u8]) -> Vec<Reporter> {
    keys.iter().map(|byte| Reporter { key: key(*byte), expires_at: 1_000 }).collect()
}

/// Two of three.
fn settings() -> ProviderSettings {
    ProviderSettings {
        payout: key(50),
        price_list_hash: [51; 32],
        max_units_per_second: 100,
        longest_job: 60,
        ..ProviderSettings::with_reporters(&reporters(&[1, 2, 3]), 2)
    }
}

fn changed(change: impl FnOnce(&mut ProviderSettings)) -> ProviderSettings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

fn with(keys: &[u8], quorum: u8) -> ProviderSettings {
    let listed = ProviderSettings::with_reporters(&reporters(keys), quorum);
    changed(|settings| {
        settings.reporters = listed.reporters;
        (settings.reporter_count, settings.quorum) = (listed.reporter_count, listed.quorum);
    })
}

#[test]
fn settings_keep_their_rules() {
    assert_eq!(settings().validate(), Ok(()));
    let check = |change: fn(&mut ProviderSettings)| changed(change).validate();
    refused(with(&[], 1).validate(), ReporterCount);
    refused(with(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1).validate(), ReporterCount);
    assert_eq!(with(&[1, 2, 3, 4, 5, 6, 7, 8], 8).validate(), Ok(()));
    refused(check(|settings| settings.reporter_count = 2), ReporterCount);
    refused(with(&[1, 2], 0).validate(), QuorumOutOfRange);
    refused(with(&[1, 2], 3).validate(), QuorumOutOfRange);
    refused(with(&[1, 0], 2).validate(), ReporterKeyInvalid);
    refused(with(&[1, 2, 1], 2).validate(), ReporterDuplicate);
    refused(check(|settings| settings.chunk_size = 0), ChunkSizeOutOfRange);
    refused(check(|settings| settings.chunk_size = 33), ChunkSizeOutOfRange);
    assert_eq!(check(|settings| settings.chunk_size = 32), Ok(()));
    refused(check(|settings| settings.max_units_per_second = 0), RateBoundZero);
    refused(check(|settings| settings.longest_job = 0), LongestJobZero);
    refused(check(|settings| settings.reserved = 1), UnknownFlag);
}

#[test]
fn a_change_tightens_where_no_set_of_keys_gains_by_it() {
    let tightens = |settings: ProviderSettings| settings.is_tightening(&self::settings());
    let tighter: [ProviderSettings; 7] = [
        settings(),
        with(&[3, 1], 2),
        with(&[1, 2, 3], 3),
        with(&[2, 3], 2),
        changed(|settings| settings.reporters[1].expires_at -= 1),
        changed(|settings| settings.max_units_per_second -= 1),
        changed(|settings| settings.longest_job -= 1),
    ];
    for (index, settings) in tighter.into_iter().enumerate() {
        assert!(tightens(settings), "change {index}");
        assert_eq!(settings.validate(), Ok(()), "change {index}");
    }
    let looser: [ProviderSettings; 10] = [
        with(&[1, 2, 3, 4], 2),
        with(&[1, 2, 4], 2),
        with(&[1, 2, 4], 3),
        with(&[1, 2, 3], 1),
        with(&[1, 2], 1),
        changed(|settings| settings.reporters[1].expires_at += 1),
        changed(|settings| settings.max_units_per_second += 1),
        changed(|settings| settings.longest_job += 1),
        changed(|settings| settings.payout = key(60)),
        changed(|settings| settings.chunk_size -= 1),
    ];
    for (index, settings) in looser.into_iter().enumerate() {
        assert!(!tightens(settings), "change {index}");
    }
    // A change of the price list harms somebody, whichever way it goes.
    assert!(!tightens(changed(|settings| settings.price_list_hash = [0; 32])));
}

#[test]
fn reports_are_others_with_other_reporters_quorum_or_chunks() {
    let same = |settings: ProviderSettings| settings.has_same_reports(&self::settings());
    assert!(same(changed(|settings| settings.max_units_per_second += 1)));
    assert!(same(changed(|settings| settings.longest_job += 1)));
    assert!(same(changed(|settings| settings.payout = key(60))));
    assert!(same(changed(|settings| settings.price_list_hash = [0; 32])));
    assert!(!same(with(&[1, 3, 2], 2)) && !same(with(&[1, 2], 2)) && !same(with(&[1, 2, 3], 3)));
    assert!(!same(changed(|settings| settings.reporters[0].expires_at += 1)));
    assert!(!same(changed(|settings| settings.chunk_size += 1)));
}

#[test]
fn the_hash_of_reporters_covers_keys_and_quorum_as_documented() {
    let mut bytes = b"blockable/reporters/v1".to_vec();
    bytes.push(2);
    bytes.extend([key(1), key(2), key(3)].iter().flat_map(|key| key.to_bytes()));
    assert_eq!(settings().reporters_hash(), sha256(&[&bytes]));
    // The longest list is covered to its end.
    let keys: Vec<u8> = (1..=MAX_REPORTERS as u8).collect();
    let mut others = keys.clone();
    others[MAX_REPORTERS - 1] = 99;
    assert_ne!(with(&keys, 2).reporters_hash(), with(&others, 2).reporters_hash());
    let renewed = changed(|settings| settings.reporters[0].expires_at += 1);
    assert_eq!(renewed.reporters_hash(), settings().reporters_hash());
    let mut hashes = [with(&[1, 2, 3], 3), with(&[1, 2], 2), with(&[2, 1, 3], 2), settings()]
        .map(|settings| settings.reporters_hash())
        .to_vec();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);
    assert_eq!(super::stage::settings().reporters_hash(), super::stage::REPORTERS_HASH);
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// Any keys that reach the quorum under the tighter settings reach it under those before.
    #[test]
    fn whoever_reaches_a_tightened_quorum_reached_it_before(
        before in (1u8..=255, 1u8..=8), after in (1u8..=255, 1u8..=8), signers: u8, times: [i64; 3],
    ) {
        let build = |(mask, quorum): (u8, u8), expires_at: i64| {
            let listed: Vec<Reporter> = (0..8u8)
                .filter(|bit| mask >> bit & 1 == 1)
                .map(|bit| Reporter { key: key(bit + 1), expires_at })
                .collect();
            ProviderSettings::with_reporters(&listed, quorum)
        };
        let reaches = |settings: &ProviderSettings, now: i64| {
            let signs = |reporter: &&Reporter| {
                now < reporter.expires_at && signers >> (reporter.key.to_bytes()[0] - 1) & 1 == 1
            };
            settings.reporters().iter().filter(signs).count() >= usize::from(settings.quorum)
        };
        let (before, after) = (build(before, times[0]), build(after, times[1]));
        if after.is_tightening(&before) && reaches(&after, times[2]) {
            prop_assert!(reaches(&before, times[2]));
        }
    }
}
