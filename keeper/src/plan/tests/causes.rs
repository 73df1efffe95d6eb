//! Tests of causes: each is found once for all that it concerns, and rules out the actions that the program refuses.

use {
    super::*,
    crate::{
        finding::{HandOver, OfferFault, Waiting},
        plan::explain,
    },
    blockable_sdk::{
        amounts::{MarketTime, MicroUsd},
        program::state::CHANGE_LIFETIME,
    },
};

const NOW: i64 = ISSUED + 10 * DAY;
const READY: i64 = NOW + DAY;

/// A world with one active credit, whose market has been paused for an hour in all.
fn world() -> World {
    let mut world = World::at(NOW).with(credit(0));
    world.snapshot.market.paused_seconds = 3_600;
    world
}

/// The time in which what is ready at [`READY`] by the market's clock can come into force.
fn waiting() -> Waiting {
    let ready_at = ChainTime(READY + 3_600);
    let lapses_at = ready_at.plus_seconds(i64::from(CHANGE_LIFETIME));
    Waiting { ready_at, lapses_at, ready_market_time: MarketTime(READY) }
}

/// The rules of the causes that `explain` names for credit 0.
fn explained(world: &World) -> Vec<Rule> {
    let plan = explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap();
    plan.causes.iter().map(|cause| cause.rule).collect()
}

#[test]
fn nobody_is_marked_while_the_vault_is_frozen() {
    for (kind, days) in [(Kind::MarkDelinquent, 6), (Kind::MarkDefaulted, 16)] {
        let mut world = World::at(DUE + days * DAY).with(credit(0));
        if kind == Kind::MarkDefaulted {
            world.change(0, |credit| credit.status = Status::Delinquent.byte());
        }
        assert_eq!(world.due(), Some(kind));
        world.snapshot.frozen_vaults = Arc::new([address(0)].into());
        assert_eq!(world.due(), None, "the program would refuse {kind}");
        let debt = MicroUsd(1_200 * USDC);
        let fact = Fact::VaultFrozen { debt, arrears: MicroUsd(400 * USDC) };
        let parties = Parties { lender: key(3), borrower: key(4) };
        assert_eq!(world.found(Rule::VaultFrozen), [Finding::is(address(0), fact).between(parties)]);
        assert_eq!(explained(&world), [Rule::VaultFrozen]);
        let plan = explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap();
        let action = plan.actions.iter().find(|action| action.kind == kind).unwrap();
        assert!(action.why.as_ref().unwrap().contains("has frozen the vault"), "{action}");
        assert!(plan.to_string().contains("\ncauses\n  vault_frozen: The payment token's issuer"), "{plan}");
    }
}

#[test]
fn what_takes_nothing_goes_on_while_the_vault_is_frozen() {
    let mut frozen = World::at(DUE + 17 * DAY).with(defaulted());
    frozen.snapshot.frozen_vaults = Arc::new([address(0)].into());
    assert_eq!(frozen.due(), Some(Kind::AutoFreeze));
    let mut reserve = World::at(DUE + 1).with(credit(0));
    reserve.change(0, |credit| credit.reserve_held = 400 * USDC);
    reserve.snapshot.frozen_vaults = Arc::new([address(0)].into());
    assert_eq!(reserve.due(), Some(Kind::DrawReserve));
}

#[test]
fn a_proposal_of_a_provider_is_found_until_it_lapses() {
    let mut world = world();
    let proposed = ProviderSettings { max_units_per_second: 2 * RATE, ..world.provider().settings };
    let provider = world.provider();
    (provider.proposed, provider.change_ready_at) = (proposed, READY);
    let facts = world.facts(Rule::ProviderChangeProposed);
    let Some((subject, Fact::ProviderChangeProposed(change))) = facts.first() else { panic!("a proposal") };
    assert_eq!((facts.len(), *subject, change.to, change.waiting), (1, provider_key(), proposed, waiting()));
    assert_eq!(explained(&world), [Rule::ProviderChangeProposed]);
    let lapses = READY + 3_600 + i64::from(CHANGE_LIFETIME);
    assert_eq!(world.clone().moved_to(lapses).found(Rule::ProviderChangeProposed).len(), 1);
    assert_eq!(world.moved_to(lapses + 1).found(Rule::ProviderChangeProposed), []);
}

#[test]
fn a_provider_without_credits_concerns_nobody() {
    let mut world = world();
    (world.provider().suspended, world.provider().change_ready_at) = (Provider::SUSPENDED_BY_ADMIN, READY);
    world.change(0, |credit| credit.provider = key(77));
    assert_eq!(world.found(Rule::ProviderChangeProposed), []);
    assert_eq!(world.found(Rule::ProviderSuspended), []);
}

#[test]
fn suspensions_and_roles_that_are_offered_are_found_with_their_times() {
    let mut world = world();
    world.provider().suspended = Provider::SUSPENDED_BY_ADMIN;
    let provider = world.provider();
    provider.authority = key(20);
    (provider.pending_authority, provider.pending_authority_ready_at) = (key(21), READY);
    let market = &mut world.snapshot.market;
    (market.admin, market.pending_admin, market.pending_admin_ready_at) = (key(30), key(31), READY);
    world.change(0, |credit| (credit.pending_borrower, credit.pending_borrower_ready_at) = (key(41), READY));
    let offer = |from, to| HandOver { from: key(from), to: key(to), waiting: waiting() };
    let suspended = Fact::ProviderSuspended { by_itself: false, by_admin: true };
    assert_eq!(world.facts(Rule::ProviderSuspended), [(provider_key(), suspended)]);
    let authority = Fact::ProviderHandOver(offer(20, 21));
    assert_eq!(world.facts(Rule::ProviderHandOver), [(provider_key(), authority)]);
    let admin = Fact::MarketHandOver(offer(30, 31));
    assert_eq!(world.facts(Rule::MarketHandOver), [(market_key(), admin)]);
    let borrower = Fact::BorrowerHandOver(offer(4, 41));
    assert_eq!(world.facts(Rule::BorrowerHandOver), [(address(0), borrower)]);
    assert_eq!(
        explained(&world),
        [Rule::BorrowerHandOver, Rule::ProviderSuspended, Rule::ProviderHandOver, Rule::MarketHandOver]
    );
}

#[test]
fn a_halt_is_found_until_its_end_and_stops_nothing_of_the_keepers() {
    let mut world = World::at(DUE + 6 * DAY).with(credit(0));
    let market = &mut world.snapshot.market;
    market.halted_at = NOW;
    let halted =
        |ends_at| Fact::MarketHalted { since: ChainTime(NOW), since_market_time: MarketTime(NOW), ends_at };
    assert_eq!(world.facts(Rule::MarketHalted), [(market_key(), halted(None))]);
    assert_eq!((explained(&world), world.due()), (vec![Rule::MarketHalted], Some(Kind::MarkDelinquent)));
    world.snapshot.market.halt_lifts_at = DUE + 7 * DAY;
    let lifted = halted(Some(ChainTime(DUE + 7 * DAY)));
    assert_eq!(world.facts(Rule::MarketHalted), [(market_key(), lifted)]);
    assert_eq!(world.moved_to(DUE + 7 * DAY).found(Rule::MarketHalted), []);
}

#[test]
fn a_change_of_the_market_is_found_while_it_waits() {
    let mut world = world();
    let market = &mut world.snapshot.market;
    let settings =
        blockable_sdk::program::state::MarketSettings { redistribution_fee_bps: 300, ..market.settings() };
    market.set_proposal(&settings, READY);
    let facts = world.facts(Rule::MarketChangeProposed);
    let Some((_, Fact::MarketChangeProposed(change))) = facts.first() else { panic!("a proposal") };
    assert_eq!((facts.len(), change.to, change.waiting), (1, settings, waiting()));
    world.snapshot.market.drop_proposal();
    assert_eq!(world.found(Rule::MarketChangeProposed), []);
}

#[test]
fn an_offer_is_void_once_its_provider_has_or_proposes_others() {
    let offered = || {
        let mut world = world();
        let hash = world.provider().reporters_hash();
        world.change(0, |credit| {
            (credit.status, credit.claims.escrow) = (Status::Accepted.byte(), 1_200 * USDC);
            (credit.terms.reporters_hash, credit.terms.longest_job) = (hash, DAY as u32);
        });
        let settings = &mut world.provider().settings;
        (settings.longest_job, settings.max_units_per_second) = (DAY as u32, RATE);
        world
    };
    assert_eq!(offered().found(Rule::OfferVoid), []);
    let fault_after = |change: &dyn Fn(&mut Provider)| {
        let mut world = offered();
        change(world.provider());
        world.facts(Rule::OfferVoid).into_iter().map(|(_, fact)| fact).collect::<Vec<_>>()
    };
    let void =
        |fault| vec![Fact::OfferVoid { provider: provider_key(), fault, principal: MicroUsd(1_200 * USDC) }];
    let reporters = void(OfferFault::Reporters);
    assert_eq!(fault_after(&|provider| provider.settings.quorum = 1), reporters);
    assert_eq!(
        fault_after(&|provider| {
            provider.proposed = ProviderSettings { quorum: 1, ..provider.settings };
            provider.change_ready_at = READY;
        }),
        reporters
    );
    assert_eq!(fault_after(&|provider| provider.settings.max_units_per_second -= 1), void(OfferFault::Rate));
    assert_eq!(fault_after(&|provider| provider.settings.longest_job -= 1), void(OfferFault::LongestJob));
    let renewed = |provider: &mut Provider| provider.settings.reporters[0].expires_at -= 1;
    assert_eq!(fault_after(&renewed), [], "another expiry date is no other reporter");
    let mut issued = offered();
    issued.change(0, |credit| credit.status = Status::Active.byte());
    issued.provider().settings.quorum = 1;
    assert_eq!(issued.found(Rule::OfferVoid), [], "the loan has been issued");
}
