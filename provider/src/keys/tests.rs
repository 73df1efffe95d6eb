use {super::*, crate::config::RevokedKeys, rand::Rng};

fn keys(market: u8, revoked: &[Revoked]) -> ApiKeys {
    ApiKeys {
        secret: SecretBox::new(Box::new([7; 32])),
        market: Pubkey::new_from_array([market; 32]),
        provider: Pubkey::new_from_array([2; 32]),
        revoked: RwLock::new(RevokedByFile::new(revoked)),
        book: KeyBook::default(),
    }
}

fn verify(keys: &ApiKeys, key: &str) -> Option<Pubkey> {
    keys.verify(key, |_| None).map(|caller| caller.credit)
}

/// The old borrower, or whoever has stolen its key, uses nothing of the new one's units.
#[test]
fn a_key_ends_with_the_place_of_its_borrower() {
    let (credit, [second, third]) = (Pubkey::new_unique(), [(); 2].map(|()| Pubkey::new_unique()));
    let keys = keys(1, &[]);
    let made = [None, Some(&second), Some(&third)].map(|successor| keys.make(&credit, 0, successor));
    for (today, successor) in [None, Some(second), Some(third)].into_iter().enumerate() {
        let place = successor.map(|borrower| BorrowersPlace { borrower, is_successor: true });
        let opens = |key: &SecretString| keys.verify(key.expose_secret(), |_| place).is_some();
        assert_eq!(made.each_ref().map(opens), [0, 1, 2].map(|place| place == today));
    }
}

#[test]
fn a_key_names_its_credit_and_no_other() {
    let (ours, theirs) = (Pubkey::new_unique(), Pubkey::new_unique());
    let (keys, elsewhere) = (keys(1, &[]), keys(9, &[]));
    let key = keys.make(&ours, 3, None);
    let key = key.expose_secret();
    assert_eq!(verify(&keys, key), Some(ours));
    assert_eq!(verify(&elsewhere, key), None, "a key of another market");
    assert_eq!(verify(&keys, &key.replace(&ours.to_string(), &theirs.to_string())), None);
    assert_eq!(verify(&keys, &key.replace("-3-", "-4-")), None);
    assert_eq!(verify(&keys, &key.to_uppercase()), None);
    assert_eq!(verify(&keys, &key[..key.len() - 1]), None);
    let mut random = rand::rng();
    for place in 0..key.len() {
        let mut forged = key.as_bytes().to_vec();
        forged[place] ^= 1 << random.random_range(0..7);
        if let Ok(forged) = String::from_utf8(forged) {
            assert_eq!(verify(&keys, &forged), None, "{forged}");
        }
    }
}

#[test]
fn a_revoked_generation_is_refused_and_the_next_one_good() {
    let credit = Pubkey::new_unique();
    let entries = [2, 1].map(|below| Revoked { credit, keys: RevokedKeys::Below(below) });
    let keys = keys(1, &entries);
    assert_eq!(verify(&keys, keys.make(&credit, 1, None).expose_secret()), None);
    assert_eq!(verify(&keys, keys.make(&credit, 2, None).expose_secret()), Some(credit));
    let other = Pubkey::new_unique();
    assert_eq!(verify(&keys, keys.make(&other, 0, None).expose_secret()), Some(other));
}

/// A sub-key of a name, made by a borrower for a credit.
fn sub_key(credit: Pubkey, owner: Pubkey, name: &str) -> StoredKey {
    StoredKey {
        credit,
        owner,
        name: name.to_string(),
        version: 1,
        generation: 0,
        revision: 1,
        budget: None,
        requests_per_minute: None,
        units_per_minute: None,
        created_ms: 0,
        expires_ms: None,
        is_revoked: false,
    }
}

#[test]
fn a_sub_key_that_the_book_does_not_have_opens_nothing() {
    let (credit, owner) = (Pubkey::new_unique(), Pubkey::new_unique());
    let keys = keys(1, &[]);
    let place = BorrowersPlace { borrower: owner, is_successor: false };
    let key = keys.make_sub(&sub_key(credit, owner, "team"));
    assert!(keys.verify(key.expose_secret(), |_| Some(place)).is_none(), "a good MAC alone is not enough");
    // The MACs of first keys and sub-keys are of two domains, and a name is no other name's beginning.
    let [one, other] = ["a", "ab"].map(|name| keys.make_sub(&sub_key(credit, owner, name)));
    let mac = |key: &SecretString| key.expose_secret().rsplit_once('-').unwrap().1.to_string();
    assert_ne!(mac(&one), mac(&other));
    assert_ne!(mac(&one), mac(&keys.make(&credit, 0, None)));
}

#[test]
fn malformed_keys_are_no_keys() {
    let keys = keys(1, &[]);
    let credit = Pubkey::new_unique();
    let mac = "ab".repeat(32);
    for text in ["", "blk-", "blk-x", "sk-abc"].map(str::to_string).into_iter().chain([
        format!("blk-{credit}-0-"),
        format!("blk-{credit}-0.team-{mac}"),
        format!("blk-{credit}-0.team.x-{mac}"),
        format!("blk-{credit}-.team.1-{mac}"),
        format!("blk-{credit}-4294967296-{mac}"),
        format!("blk-{credit}--{mac}"),
    ]) {
        assert!(KeyText::parse(&text).is_none_or(|_| verify(&keys, &text).is_none()), "{text}");
    }
}

/// The file's entries hold for the names of a credit, whoever made the key, and no other credit's.
#[test]
fn a_list_of_revoked_keys_replaces_the_one_before() {
    let [ours, theirs] = [(); 2].map(|()| Pubkey::new_unique());
    let keys = keys(1, &[]);
    let [ours_key, theirs_key] = [ours, theirs].map(|credit| sub_key(credit, Pubkey::new_unique(), "team"));
    let named = Revoked { credit: ours, keys: RevokedKeys::Named("team".to_string()) };
    keys.revoke(&[named]);
    assert!(keys.is_revoked(&ours_key) && !keys.is_revoked(&theirs_key));
    assert!(!keys.is_revoked(&sub_key(ours, ours, "other")));
    keys.revoke(&[Revoked { credit: theirs, keys: RevokedKeys::Below(1) }]);
    assert!(!keys.is_revoked(&ours_key));
    assert_eq!((keys.lowest(&ours), keys.lowest(&theirs)), (0, 1));
}
