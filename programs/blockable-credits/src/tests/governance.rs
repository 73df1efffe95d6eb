//! Actions on markets and providers.

use {
    super::{life::refused, stage::*},
    crate::{
        actions::{NewProvider, latest_slot_hash},
        errors::BlockableError::*,
        events::MarketChange,
        state::{MarketClock, MarketSettings, Provider, ProviderSettings, Reporter},
    },
    anchor_lang::prelude::Pubkey,
    bytemuck::Zeroable,
};

/// The market time from which changes proposed at [`START`] may be applied: of the market and of the provider.
const MARKET_READY: i64 = START + 2 * DAY;
const PROVIDER_READY: i64 = START + DAY;

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
    refused(stage.market.apply_change(&ADMIN, MARKET_READY, &clock), NoChangeProposed);
    let change = stage.market.propose_change(&ADMIN, looser, &clock).unwrap();
    assert_eq!(change, MarketChange::Proposed { settings: looser, ready_at: START + 2 * DAY });
    assert_eq!(stage.market.settings(), current);
    let change = stage.market.propose_change(&ADMIN, tighter, &clock).unwrap();
    assert_eq!(change, MarketChange::Applied { settings: tighter });
    assert_eq!((stage.market.settings(), stage.market.change_ready_at), (tighter, 0));
    refused(stage.market.cancel_change(&ADMIN, MARKET_READY, &clock), NoChangeProposed);
}

#[test]
fn a_change_that_loosens_is_applied_between_its_delay_and_its_end() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let looser = MarketSettings { redistribution_fee_bps: 300, ..stage.market.settings() };
    stage.market.propose_change(&ADMIN, looser, &clock).unwrap();
    let market = stage.market;
    stage.now = START + 2 * DAY - 1;
    refused({ market }.apply_change(&ADMIN, market.change_ready_at, &stage.clock()), ChangeDelayRunning);
    stage.now = START + 16 * DAY + 1;
    refused({ market }.apply_change(&ADMIN, market.change_ready_at, &stage.clock()), ChangeLapsed);
    for now in [START + 2 * DAY, START + 16 * DAY] {
        stage.now = now;
        let mut market = market;
        refused(market.apply_change(&LENDER, MARKET_READY, &stage.clock()), NotAdmin);
        refused(market.apply_change(&ADMIN, MARKET_READY - 1, &stage.clock()), ChangeReplaced);
        refused(market.cancel_change(&ADMIN, MARKET_READY + 1, &stage.clock()), ChangeReplaced);
        let change = market.apply_change(&ADMIN, MARKET_READY, &stage.clock());
        assert_eq!(change, Ok(MarketChange::Applied { settings: looser }));
        assert_eq!(market.settings(), looser);
    }
    let mut market = market;
    assert_eq!(market.cancel_change(&ADMIN, MARKET_READY, &clock), Ok(MarketChange::Cancelled));
    refused(market.apply_change(&ADMIN, MARKET_READY, &stage.clock()), NoChangeProposed);
}

#[test]
fn the_admins_place_passes_after_the_markets_delay() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    refused(stage.market.offer_admin(&BUYER, BUYER, &clock), NotAdmin);
    let offered = stage.market.offer_admin(&ADMIN, BUYER, &clock);
    assert_eq!(offered, Ok(MarketChange::AdminOffered { to: BUYER, ready_at: START + 2 * DAY }));
    refused({ stage.market }.accept_admin(&LENDER, &clock), NotOffered);
    refused({ stage.market }.accept_admin(&BUYER, &clock), ChangeDelayRunning);
    stage.now = START + 2 * DAY - 1;
    refused({ stage.market }.accept_admin(&BUYER, &stage.clock()), ChangeDelayRunning);
    stage.now = START + 16 * DAY + 1;
    refused({ stage.market }.accept_admin(&BUYER, &stage.clock()), ChangeLapsed);
    // Offered again, it waits again; a longer delay counts from then on.
    let clock = stage.on_day(2);
    let mut market = stage.market;
    market.change_delay = 3 * DAY as u32;
    market.offer_admin(&ADMIN, BUYER, &clock).unwrap();
    refused(market.accept_admin(&BUYER, &clock), ChangeDelayRunning);
    assert_eq!(market.pending_admin_ready_at, START + 5 * DAY);
    let withdrawn = market.offer_admin(&ADMIN, Pubkey::default(), &clock);
    assert_eq!(withdrawn, Ok(MarketChange::AdminOffered { to: Pubkey::default(), ready_at: 0 }));
    assert_eq!((market.pending_admin, market.pending_admin_ready_at), (Pubkey::default(), 0));

    // What the last admin proposed does not outlive it.
    let settings = MarketSettings { redistribution_fee_bps: 300, ..stage.market.settings() };
    stage.market.propose_change(&ADMIN, settings, &clock).unwrap();
    assert_eq!(stage.market.accept_admin(&BUYER, &clock), Ok(MarketChange::AdminChanged { to: BUYER }));
    let market = &mut stage.market;
    assert_eq!(
        (market.admin, market.pending_admin, market.pending_admin_ready_at),
        (BUYER, Pubkey::default(), 0)
    );
    refused(market.apply_change(&BUYER, MARKET_READY, &clock), NoChangeProposed);
    refused(market.offer_admin(&ADMIN, ADMIN, &clock), NotAdmin);
}

#[test]
fn a_guardian_is_replaced_after_the_delay_alone() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let settings = MarketSettings { guardian: key(9), ..stage.market.settings() };
    let change = stage.market.propose_change(&ADMIN, settings, &clock);
    assert_eq!(change, Ok(MarketChange::Proposed { settings, ready_at: START + 2 * DAY }));
    refused({ stage.market }.pause(&key(9), 60, &clock), NotGuardian);
    assert!({ stage.market }.halt(&GUARDIAN, &clock).is_ok());
    let clock = stage.on_day(2);
    stage.market.apply_change(&ADMIN, MARKET_READY, &clock).unwrap();
    refused({ stage.market }.pause(&GUARDIAN, 60, &clock), NotGuardian);
    refused({ stage.market }.halt(&GUARDIAN, &clock), NotGuardian);
    assert!({ stage.market }.pause(&key(9), 60, &clock).is_ok());
    assert!({ stage.market }.pause(&ADMIN, 60, &clock).is_ok());
    refused(stage.market.pause(&LENDER, 60, &clock), NotGuardian);
}

#[test]
fn a_providers_role_passes_to_the_key_that_it_was_offered_to() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let provider = &mut stage.provider;
    refused(provider.offer_authority(&BUYER, BUYER, &stage.market, &clock), NotProvider);
    provider.offer_authority(&OPERATOR, BUYER, &stage.market, &clock).unwrap();
    let clock = MarketClock { market: START + DAY, ..clock };
    refused(provider.accept_authority(&OPERATOR, u64::MAX, &clock), NotOffered);
    provider.accept_authority(&BUYER, u64::MAX, &clock).unwrap();
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
fn capacity_covers_what_is_outstanding() {
    let mut stage = Stage::issued(Default::default());
    let (clock, provider) = (stage.clock(), &mut stage.provider);
    refused(provider.set_capacity(&LENDER, 2_000_000, &clock), NotProvider);
    refused(provider.set_capacity(&OPERATOR, 999_999, &clock), CapacityBelowOutstanding);
    assert_eq!(provider.set_capacity(&OPERATOR, 1_000_000, &clock), Ok(()));
    assert_eq!(provider.capacity_units, 1_000_000);
}

#[test]
fn a_provider_registers_with_a_hash_of_its_cluster() {
    let stage = Stage::new();
    let clock = stage.clock();
    assert_eq!((stage.provider.cluster_tag, stage.provider.epoch), (CLUSTER_TAG, 1));
    assert_eq!(stage.provider.epoch_began_at, START);
    let new = NewProvider { bump: 254, market: MARKET, authority: OPERATOR, cluster_tag: [0; 32] };
    refused(Provider::zeroed().register(new, 1, &settings(), &clock), ClusterTagMissing);
    let new = NewProvider { cluster_tag: CLUSTER_TAG, ..new };
    let unsound = ProviderSettings { quorum: 2, ..settings() };
    refused(Provider::zeroed().register(new, 1, &unsound, &clock), QuorumOutOfRange);
}

#[test]
fn the_latest_slots_hash_is_the_first_of_the_sysvar() {
    let sysvar = |count: u64, hashes: &[u8]| {
        let mut data = count.to_le_bytes().to_vec();
        for hash in hashes {
            data.extend(900u64.to_le_bytes());
            data.extend([*hash; 32]);
        }
        data
    };
    assert_eq!(latest_slot_hash(&sysvar(2, &[7, 6])), Some([7; 32]));
    // As long as on chain, but without an entry; and cut short.
    assert_eq!(latest_slot_hash(&sysvar(0, &[7, 6])), None);
    assert_eq!(latest_slot_hash(&sysvar(1, &[7])[..47]), None);
    assert_eq!(latest_slot_hash(&[]), None);
}

#[test]
fn what_loosens_a_provider_waits_and_lapses() {
    let Stage { market, mut provider, .. } = Stage::new();
    let at = |now| market.clock_at(now).unwrap();
    let current = provider.settings;
    let looser = ProviderSettings { max_units_per_second: 1_001, ..current };
    let mut propose =
        |signer: &Pubkey, settings, now| provider.propose_change(signer, &settings, &market, &at(now));
    refused(propose(&LENDER, looser, START), NotProvider);
    refused(propose(&OPERATOR, current, START), NothingChanges);
    refused(propose(&OPERATOR, ProviderSettings { quorum: 0, ..current }, START), QuorumOutOfRange);
    propose(&OPERATOR, looser, START).unwrap();
    assert_eq!((provider.settings, provider.proposed), (current, looser));
    assert_eq!(provider.change_ready_at, START + DAY);
    refused(provider.apply_change(&LENDER, PROVIDER_READY, &at(START + DAY)), NotProvider);
    refused(provider.apply_change(&OPERATOR, PROVIDER_READY, &at(START + DAY - 1)), ChangeDelayRunning);
    refused(provider.apply_change(&OPERATOR, PROVIDER_READY, &at(START + 15 * DAY + 1)), ChangeLapsed);
    for now in [START + DAY, START + 15 * DAY] {
        let mut provider = provider;
        refused(provider.apply_change(&OPERATOR, PROVIDER_READY - 1, &at(now)), ChangeReplaced);
        refused(provider.cancel_change(&OPERATOR, PROVIDER_READY + 1, &at(now)), ChangeReplaced);
        provider.apply_change(&OPERATOR, PROVIDER_READY, &at(now)).unwrap();
        assert_eq!((provider.settings, provider.change_ready_at), (looser, 0));
        assert_eq!((provider.proposed, provider.epoch), (ProviderSettings::zeroed(), 1));
        refused(provider.apply_change(&OPERATOR, PROVIDER_READY, &at(now)), NoChangeProposed);
    }
    refused(provider.cancel_change(&LENDER, PROVIDER_READY, &at(START)), NotProvider);
    provider.cancel_change(&OPERATOR, PROVIDER_READY, &at(START)).unwrap();
    refused(provider.cancel_change(&OPERATOR, PROVIDER_READY, &at(START)), NoChangeProposed);
    refused(provider.apply_change(&OPERATOR, PROVIDER_READY, &at(START + DAY)), NoChangeProposed);
    assert_eq!((provider.settings, provider.proposed), (current, ProviderSettings::zeroed()));
}

#[test]
fn a_leaked_key_is_removed_at_once_also_while_suspended() {
    let Stage { market, mut provider, .. } = Stage::new();
    let at = |now| market.clock_at(now).unwrap();
    let keys = |keys: &[u8]| {
        let reporter = |byte: &u8| Reporter { key: key(*byte), expires_at: START + DAY };
        let listed = keys.iter().map(reporter).collect::<Vec<_>>();
        let ProviderSettings { reporters, reporter_count, quorum, .. } =
            ProviderSettings::with_reporters(&listed, 2);
        ProviderSettings { reporters, reporter_count, quorum, ..settings() }
    };
    provider.settings = keys(&[1, 2, 3]);
    provider.propose_change(&OPERATOR, &keys(&[1, 2, 3, 4]), &market, &at(START + 1)).unwrap();
    assert_eq!((provider.epoch, provider.epoch_began_at), (1, START));
    provider.suspend(&ADMIN, &market, &at(START + 1)).unwrap();
    provider.propose_change(&OPERATOR, &keys(&[1, 3]), &market, &at(START + 2)).unwrap();
    assert_eq!((provider.settings, provider.change_ready_at), (keys(&[1, 3]), 0));
    assert_eq!((provider.epoch, provider.epoch_began_at), (2, START + 2));
    // Below the quorum nothing is left to remove.
    refused(provider.propose_change(&OPERATOR, &keys(&[1]), &market, &at(START + 3)), QuorumOutOfRange);
    let again = provider.propose_change(&OPERATOR, &keys(&[1, 2, 3]), &market, &at(START + 3));
    refused(again, ProposalSuspended);
}

#[test]
fn a_tightening_drops_a_change_that_waits() {
    let Stage { market, mut provider, .. } = Stage::new();
    let clock = market.clock_at(START).unwrap();
    let looser = ProviderSettings { longest_job: u32::MAX, ..settings() };
    let tighter = ProviderSettings { longest_job: 60, ..settings() };
    provider.propose_change(&OPERATOR, &looser, &market, &clock).unwrap();
    provider.propose_change(&OPERATOR, &tighter, &market, &clock).unwrap();
    assert_eq!((provider.settings, provider.change_ready_at, provider.epoch), (tighter, 0, 1));
}

/// A stolen key proposes its own reporters, its own payout account and a hand-over to itself.
#[test]
fn a_suspension_by_either_side_drops_what_waits() {
    let Stage { market, provider, .. } = Stage::new();
    let at = |now| market.clock_at(now).unwrap();
    let payout = ProviderSettings { payout: BUYER, ..settings() };
    for signer in [OPERATOR, ADMIN] {
        let mut provider = provider;
        provider.propose_change(&OPERATOR, &payout, &market, &at(START)).unwrap();
        provider.offer_authority(&OPERATOR, BUYER, &market, &at(START)).unwrap();
        assert_eq!(provider.settings.payout, key(108));
        provider.suspend(&signer, &market, &at(START + 1)).unwrap();
        refused(provider.apply_change(&OPERATOR, PROVIDER_READY, &at(START + 2 * DAY)), NoChangeProposed);
        refused(provider.accept_authority(&BUYER, u64::MAX, &at(START + 2 * DAY)), NotOffered);
        let proposed = provider.propose_change(&OPERATOR, &payout, &market, &at(START + 1));
        refused(proposed, ProposalSuspended);
        let offered = provider.offer_authority(&OPERATOR, BUYER, &market, &at(START + 1));
        refused(offered, ProposalSuspended);
        assert_eq!(provider.offer_authority(&OPERATOR, Pubkey::default(), &market, &at(START)), Ok(()));
        assert_eq!((provider.pending_authority_ready_at, provider.change_ready_at), (0, 0));
    }
}

#[test]
fn a_hand_over_waits_and_drops_a_change_of_the_key_before() {
    let Stage { market, mut provider, .. } = Stage::new();
    let at = |now| market.clock_at(now).unwrap();
    let looser = ProviderSettings { longest_job: u32::MAX, ..settings() };
    provider.offer_authority(&OPERATOR, BUYER, &market, &at(START)).unwrap();
    provider.propose_change(&OPERATOR, &looser, &market, &at(START)).unwrap();
    refused(provider.accept_authority(&BUYER, u64::MAX, &at(START + DAY - 1)), ChangeDelayRunning);
    refused({ provider }.accept_authority(&BUYER, u64::MAX, &at(START + 15 * DAY + 1)), ChangeLapsed);
    // The old authority issues once more before the hand-over lands.
    provider.outstanding_units = 1_001;
    refused({ provider }.accept_authority(&BUYER, 1_000, &at(START + DAY)), OutstandingAboveLimit);
    assert!({ provider }.accept_authority(&BUYER, 1_001, &at(START + DAY)).is_ok());
    provider.accept_authority(&BUYER, u64::MAX, &at(START + DAY)).unwrap();
    assert_eq!((provider.pending_authority, provider.pending_authority_ready_at), (Pubkey::default(), 0));
    refused(provider.apply_change(&BUYER, PROVIDER_READY, &at(START + DAY)), NoChangeProposed);
    assert_eq!((provider.settings, provider.proposed), (settings(), ProviderSettings::zeroed()));
}
