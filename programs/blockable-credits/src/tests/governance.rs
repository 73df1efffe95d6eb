//! Actions on markets and providers.

use {
    super::{life::refused, stage::*},
    crate::{
        actions::{CapacityArgs, ReportersArgs},
        errors::BlockableError::*,
        events::MarketChange,
        state::{MarketSettings, Provider, Reporter},
    },
    anchor_lang::prelude::Pubkey,
};

#[test]
fn a_change_that_tightens_is_applied_at_once_and_drops_an_older_proposal() {
    let mut stage = Stage::new();
    let (clock, current) = (stage.clock(), stage.market.settings());
    let tighter = MarketSettings { redistribution_fee_bps: 100, ..current };
    let looser = MarketSettings { redistribution_fee_bps: 300, ..current };
    refused(stage.market.propose_change(&LENDER, tighter, &clock), NotAdmin);
    refused(stage.market.propose_change(&ADMIN, current, &clock), NothingChanges);
    let too_high = MarketSettings { redistribution_fee_bps: 1_001, ..current };
    refused(stage.market.propose_change(&ADMIN, too_high, &clock), FeeTooHigh);
    refused(stage.market.apply_change(&ADMIN, &clock), NoChangeProposed);
    let change = stage.market.propose_change(&ADMIN, looser, &clock).unwrap();
    assert_eq!(change, MarketChange::Proposed { settings: looser, ready_at: START + 2 * DAY });
    assert_eq!(stage.market.settings(), current);
    let change = stage.market.propose_change(&ADMIN, tighter, &clock).unwrap();
    assert_eq!(change, MarketChange::Applied { settings: tighter });
    assert_eq!((stage.market.settings(), stage.market.change_ready_at), (tighter, 0));
    refused(stage.market.cancel_change(&ADMIN, &clock), NoChangeProposed);
}

#[test]
fn a_change_that_loosens_is_applied_between_its_delay_and_its_end() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let looser = MarketSettings { redistribution_fee_bps: 300, ..stage.market.settings() };
    stage.market.propose_change(&ADMIN, looser, &clock).unwrap();
    let market = stage.market;
    stage.now = START + 2 * DAY - 1;
    refused({ market }.apply_change(&ADMIN, &stage.clock()), ChangeDelayRunning);
    stage.now = START + 16 * DAY + 1;
    refused({ market }.apply_change(&ADMIN, &stage.clock()), ChangeLapsed);
    for now in [START + 2 * DAY, START + 16 * DAY] {
        stage.now = now;
        let mut market = market;
        refused(market.apply_change(&LENDER, &stage.clock()), NotAdmin);
        let change = market.apply_change(&ADMIN, &stage.clock());
        assert_eq!(change, Ok(MarketChange::Applied { settings: looser }));
        assert_eq!(market.settings(), looser);
    }
    let mut market = market;
    assert_eq!(market.cancel_change(&ADMIN, &clock), Ok(MarketChange::Cancelled));
    refused(market.apply_change(&ADMIN, &stage.clock()), NoChangeProposed);
}

#[test]
fn roles_pass_to_the_keys_that_they_were_offered_to() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    refused(stage.market.offer_admin(&BUYER, BUYER, &clock), NotAdmin);
    stage.market.offer_admin(&ADMIN, BUYER, &clock).unwrap();
    refused(stage.market.accept_admin(&LENDER, &clock), NotOffered);
    stage.market.accept_admin(&BUYER, &clock).unwrap();
    assert_eq!((stage.market.admin, stage.market.pending_admin), (BUYER, Pubkey::default()));
    refused(stage.market.set_guardian(&ADMIN, key(9), &clock), NotAdmin);
    stage.market.set_guardian(&BUYER, key(9), &clock).unwrap();
    refused(stage.market.pause(&LENDER, 60, &clock), NotGuardian);
    assert!(stage.market.pause(&key(9), 60, &clock).is_ok());

    let provider = &mut stage.provider;
    refused(provider.offer_authority(&BUYER, BUYER, &clock), NotProvider);
    provider.offer_authority(&OPERATOR, BUYER, &clock).unwrap();
    refused(provider.accept_authority(&OPERATOR, &clock), NotOffered);
    provider.accept_authority(&BUYER, &clock).unwrap();
    assert_eq!((provider.authority, provider.pending_authority), (BUYER, Pubkey::default()));
}

#[test]
fn each_side_lifts_its_own_suspension_alone() {
    let Stage { market, mut provider, .. } = Stage::new();
    let clock = market.clock_at(START).unwrap();
    let mut flags = |suspends: bool, signer: &Pubkey| {
        let done = match suspends {
            true => provider.suspend(signer, &market, &clock),
            false => provider.resume(signer, &market, &clock),
        };
        done.map(|()| provider.suspended)
    };
    refused(flags(true, &LENDER), NotProvider);
    assert_eq!(flags(true, &OPERATOR), Ok(Provider::SUSPENDED_BY_ITSELF));
    assert_eq!(flags(true, &ADMIN), Ok(Provider::SUSPENDED_BY_ITSELF | Provider::SUSPENDED_BY_ADMIN));
    assert_eq!(flags(false, &OPERATOR), Ok(Provider::SUSPENDED_BY_ADMIN));
    assert_eq!(flags(false, &OPERATOR), Ok(Provider::SUSPENDED_BY_ADMIN));
    assert_eq!(flags(false, &ADMIN), Ok(0));
}

#[test]
fn capacity_and_reporters_keep_their_rules() {
    let mut stage = Stage::issued(Default::default());
    let (clock, provider) = (stage.clock(), &mut stage.provider);
    let capacity =
        |capacity_units, max_units_per_second| CapacityArgs { capacity_units, max_units_per_second };
    refused(provider.set_capacity(&LENDER, &capacity(2_000_000, 1), &clock), NotProvider);
    refused(provider.set_capacity(&OPERATOR, &capacity(999_999, 1), &clock), CapacityBelowOutstanding);
    refused(provider.set_capacity(&OPERATOR, &capacity(1_000_000, 0), &clock), RateBoundZero);
    assert_eq!(provider.set_capacity(&OPERATOR, &capacity(1_000_000, 1), &clock), Ok(()));

    let args = |keys: &[u8], quorum, chunk_size| {
        let reporters = keys.iter().map(|byte| Reporter { key: key(*byte), expires_at: 1 }).collect();
        ReportersArgs { reporters, quorum, chunk_size }
    };
    let mut set = |args: ReportersArgs| provider.set_reporters(&OPERATOR, &args, &clock);
    refused(set(args(&[], 1, 8)), ReporterCount);
    refused(set(args(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 8)), ReporterCount);
    refused(set(args(&[1, 2], 0, 8)), QuorumOutOfRange);
    refused(set(args(&[1, 2], 3, 8)), QuorumOutOfRange);
    refused(set(args(&[1, 2], 2, 0)), ChunkSizeOutOfRange);
    refused(set(args(&[1, 2], 2, 33)), ChunkSizeOutOfRange);
    refused(set(args(&[1, 0], 2, 32)), ReporterKeyInvalid);
    refused(set(args(&[1, 2, 1], 2, 32)), ReporterDuplicate);
    assert_eq!(set(args(&[1, 2], 2, 32)), Ok(()));
    assert_eq!((provider.epoch, provider.reporters().len(), provider.quorum), (2, 2, 2));
}
