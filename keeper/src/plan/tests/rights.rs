//! Rights that a party has now: each is found while the program would let it be exercised, and not before or after.

use {
    super::*,
    crate::plan::explain,
    blockable_sdk::{
        amounts::MicroUsd,
        program::{schedule::LENDER_CANCELS_FOR, state::FreezePolicy},
    },
};

/// The end of the cure period.
const CURED_BY: i64 = DUE + DEFAULT_GRACE + DAY;

/// Half of the units are locked and held back for.
fn held_back(mut credit: Credit) -> Credit {
    credit.collateral.locked_at_issue = UNITS / 2;
    credit.holdback_left = 600 * USDC;
    credit
}

/// The parties of every credit here.
fn between(fact: Fact) -> Finding {
    Finding::is(address(0), fact).between(Parties { lender: key(3), borrower: key(4) })
}

#[test]
fn the_lender_may_cancel_once_the_cure_period_has_passed() {
    let at = |clock| World::at(clock).with(held_back(defaulted()));
    assert_eq!(at(CURED_BY - 1).found(Rule::LenderCancel), []);
    let world = at(CURED_BY);
    let anybody_from = ChainTime(CURED_BY + i64::from(LENDER_CANCELS_FOR));
    let fact = Fact::LenderCancel { units: Units(UNITS / 2), pays: MicroUsd(600 * USDC), anybody_from };
    assert_eq!(world.found(Rule::LenderCancel), [between(fact)]);
    let plan = explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap();
    assert_eq!(plan.rights.iter().map(|right| right.rule).collect::<Vec<_>>(), [Rule::LenderCancel]);
    assert!(plan.to_string().contains("\nrights\n  lender_cancel: The cure period has passed"), "{plan}");

    let mut frozen = world.clone();
    frozen.snapshot.frozen_vaults = Arc::new([address(0)].into());
    assert_eq!(frozen.found(Rule::LenderCancel), [], "the program would refuse it");
    let mut cancelled = world;
    cancelled.change(0, |credit| credit.holdback_left = 0);
    assert_eq!(cancelled.found(Rule::LenderCancel), []);
}

#[test]
fn lender_and_borrower_may_cancel_while_the_admin_has_suspended_the_provider_for_long_enough() {
    let mut world = World::at(DUE - DAY).with(held_back(credit(0)));
    world.snapshot.market.min_suspension = 2 * DAY as u32;
    let suspend = |world: &mut World, by: u8, since: i64| {
        let provider = world.provider();
        (provider.suspended, provider.admin_suspended_at) = (by, since);
    };
    assert_eq!(world.found(Rule::JointCancel), []);
    suspend(&mut world, Provider::SUSPENDED_BY_ADMIN, DUE - 3 * DAY + 1);
    assert_eq!(world.found(Rule::JointCancel), [], "not for long enough");
    suspend(&mut world, Provider::SUSPENDED_BY_ITSELF, DUE - 3 * DAY);
    assert_eq!(world.found(Rule::JointCancel), [], "a provider cannot free itself");
    suspend(&mut world, Provider::SUSPENDED_BY_ADMIN, DUE - 3 * DAY);
    let (units, pays) = (Units(UNITS / 2), MicroUsd(600 * USDC));
    let since = ChainTime(DUE - 3 * DAY);
    let fact = Fact::JointCancel { provider: provider_key(), since, units, pays };
    assert_eq!(world.found(Rule::JointCancel), [between(fact)]);
    world.change(0, |credit| credit.holdback_left = 0);
    assert_eq!(world.found(Rule::JointCancel), []);
}

#[test]
fn a_freeze_for_the_default_of_another_credit_of_the_same_parties_is_possible() {
    let agreed = |mut credit: Credit| {
        credit.rider.cross_default = 1;
        credit
    };
    let other = Credit { status: Status::Defaulted.byte(), defaulted_at: DUE - DAY, ..credit(1) };
    let world = |one: Credit, other: Credit| World::at(DUE - DAY).with(one).with(other);
    let fact = Fact::CrossDefault { other: address(1), freezable: Units(UNITS) };
    assert_eq!(world(agreed(credit(0)), other).found(Rule::CrossDefault), [between(fact)]);
    assert_eq!(world(credit(0), other).found(Rule::CrossDefault), [], "not agreed");
    assert_eq!(world(agreed(credit(0)), credit(1)).found(Rule::CrossDefault), [], "not in default");
    let of_others = Credit { borrower: key(44), ..other };
    assert_eq!(world(agreed(credit(0)), of_others).found(Rule::CrossDefault), []);
    let mut frozen = agreed(credit(0));
    frozen.collateral.frozen_for_other = UNITS;
    assert_eq!(world(frozen, other).found(Rule::CrossDefault), [], "nothing is left to freeze");
    let own = agreed(Credit { status: Status::Defaulted.byte(), defaulted_at: DUE - DAY, ..credit(0) });
    assert_eq!(
        World::at(DUE - DAY).with(own).found(Rule::CrossDefault),
        [],
        "its own default is no other one"
    );
}

#[test]
fn a_reserve_that_is_short_for_too_long_lets_the_lender_freeze() {
    let mut credit = credit(0);
    credit.terms.freeze_policy = FreezePolicy::OnDefault as u8;
    (credit.rider.reserve, credit.reserve_held, credit.reserve_drawn_at) =
        (50 * USDC, 20 * USDC, ISSUED + DAY);
    let overdue = ISSUED + DAY + DELINQUENCY_GRACE;
    let at = |clock, credit| World::at(clock).with(credit);
    assert_eq!(at(overdue - 1, credit).found(Rule::ReserveShort), []);
    let fact = Fact::ReserveShort {
        held: MicroUsd(20 * USDC),
        agreed: MicroUsd(50 * USDC),
        since: ChainTime(ISSUED + DAY),
        freezable: Units(UNITS),
    };
    assert_eq!(at(overdue, credit).found(Rule::ReserveShort), [between(fact)]);
    credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
    assert_eq!(at(overdue, credit).found(Rule::ReserveShort), [], "the policy allows it anyway");
}
