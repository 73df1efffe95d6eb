use {
    super::*,
    crate::{
        actions::FreezeAmount,
        errors::BlockableError::{self, *},
        signature,
        state::{Credit, Lot, Market, Party, Provider, Reporter, VaultClaims},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

fn refused<T>(error: BlockableError) -> anchor_lang::Result<T> {
    Err(error.into())
}

#[test]
fn each_role_is_held_by_its_key_alone() {
    let credit = Credit { lender: key(1), freeze_authority: key(2), borrower: key(3), ..Credit::zeroed() };
    assert_eq!(credit.require_lender(&key(1)), Ok(()));
    assert_eq!(credit.require_lender(&key(2)), refused(NotLender));
    assert_eq!([1, 2].map(|role| credit.require_freezer(&key(role))), [Ok(()), Ok(())]);
    assert_eq!(credit.require_freezer(&key(3)), refused(NotFreezer));
    let market = Market { admin: key(1), guardian: key(2), pending_admin: key(3), ..Market::zeroed() };
    assert_eq!(market.require_admin(&key(1)), Ok(()));
    assert_eq!([2, 3].map(|role| market.require_admin(&key(role))), [refused(NotAdmin), refused(NotAdmin)]);
    let provider = Provider { authority: key(1), pending_authority: key(2), ..Provider::zeroed() };
    assert_eq!(provider.require_authority(&key(1)), Ok(()));
    assert_eq!(provider.require_authority(&key(2)), refused(NotProvider));
}

#[test]
fn only_the_reporters_in_use_are_named() {
    let mut provider = Provider::zeroed();
    provider.settings.reporter_count = 2;
    for (index, reporter) in provider.settings.reporters.iter_mut().enumerate() {
        *reporter = Reporter { key: key(index as u8 + 1), expires_at: 7 };
    }
    assert_eq!(provider.reporters(), &provider.settings.reporters[..2]);
    provider.settings.reporter_count = 9;
    assert_eq!(provider.reporters(), &[]);
}

/// The secret key is that of RFC 8032's first test vector.
#[test]
fn a_signature_is_its_keys_over_its_digest() {
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let key = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let key = Pubkey::new_from_array(key.try_into().unwrap());
    let signature = bytes(
        "a33b2e1aa1b439b83e03e63b616ec3441f495828e6f59f0497df2fcdb317ea33\
         4958a206d3a4dcef3d6e26474e68dc8fafee36d9aa93571bf2ebb8c731af1c0d",
    );
    let signature: [u8; 64] = signature.try_into().unwrap();
    assert!(signature::verify(&key, &signature, &[7; 32]));
    assert!(!signature::verify(&key, &signature, &[8; 32]));
    assert!(!signature::verify(&Pubkey::new_from_array([7; 32]), &signature, &[7; 32]));
    for at in [0, 31, 32, 63] {
        let mut other = signature;
        other[at] ^= 1;
        assert!(!signature::verify(&key, &other, &[7; 32]));
    }
}

#[test]
fn a_lot_falls_from_its_start_to_its_floor() {
    let lot = Lot { start_price: 900, floor_price: 300, opened_at: 1_000, window: 100, ..Lot::zeroed() };
    assert_eq!([999, 1_000, 1_050, 1_100].map(|now| lot.price_at(now)), [Ok(900), Ok(900), Ok(600), Ok(300)]);
    assert_eq!([1_099, 1_100].map(|now| lot.window_has_passed(now)), [Ok(false), Ok(true)]);
}

#[test]
fn a_claim_is_taken_whole_and_once() {
    let claims = VaultClaims { lender: 1, borrower: 2, treasury: 3, escrow: 4, provider: 5 };
    let mut credit = Credit { claims, ..Credit::zeroed() };
    let parties = [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider];
    assert_eq!(parties.map(|party| credit.take_claim(party)), [1, 2, 3, 5]);
    assert_eq!(parties.map(|party| credit.take_claim(party)), [0, 0, 0, 0]);
    assert_eq!(credit.claims.escrow, 4);
}

#[test]
fn a_status_or_policy_that_is_not_known_is_refused() {
    let of_status = |status| Credit { status, ..Credit::zeroed() }.status();
    assert_eq!([2, 8].map(of_status), [Ok(Status::Active), refused(UnknownStatus)]);
    let of_policy = |policy| {
        let mut credit = Credit::zeroed();
        credit.terms.freeze_policy = policy;
        credit.freeze_policy().map(|policy| policy as u8)
    };
    assert_eq!([2, 3].map(of_policy), [Ok(2), refused(UnknownFlag)]);
}

/// The units that a freeze aims at, as a gate reads a signed freeze before it is on chain.
#[test]
fn a_freeze_aims_at_units_of_the_lien() {
    let mut credit = Credit::zeroed();
    (credit.collateral.granted, credit.collateral.released) = (1_000, 99);
    let target = |credit: &Credit, amount| credit.freeze_target(amount);
    assert_eq!(target(&credit, FreezeAmount::All), Ok(901));
    assert_eq!(
        [0, 1, 901, 902].map(|units| target(&credit, FreezeAmount::Units(units))),
        [refused(AmountZero), Ok(1), Ok(901), Ok(901)]
    );
    assert_eq!(
        [0, 1, 5_000, 10_000, 10_001].map(|bps| target(&credit, FreezeAmount::Bps(bps))),
        [refused(ShareOutOfRange), Ok(1), Ok(451), Ok(901), refused(ShareOutOfRange)]
    );
    assert_eq!(target(&credit, FreezeAmount::Shortfall), refused(NotInArrears));
    // A schedule with a date to come, so that not all of the debt is due.
    credit.instalment_count = 2;
    credit.principal_due[..2].copy_from_slice(&[30, 60]);
    credit.debt = Debt { principal: 90, instalments_billed: 1, arrears_since: 1, ..Debt::zeroed() };
    assert_eq!(target(&credit, FreezeAmount::Shortfall), Ok(301));
}
