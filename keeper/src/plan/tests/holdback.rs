//! Cancels of units under the holdback, and freezes for cross-default.

use {
    super::{program::carry_out, *},
    crate::plan::{Role, explain},
    blockable_sdk::program::schedule::LENDER_CANCELS_FOR,
};

/// The end of the cure period of [`held_back`].
const CURED_BY: i64 = DUE + DEFAULT_GRACE + DAY;
/// The time from which anybody may cancel.
const OPEN: i64 = CURED_BY + LENDER_CANCELS_FOR as i64;

/// A loan in default of 1,000,000,000 units for 1,200 USDC, half of them locked and held back for.
fn held_back() -> Credit {
    let mut credit = defaulted();
    credit.terms.auto_freeze = AutoFreeze::Never as u8;
    credit.collateral.locked_at_issue = UNITS / 2;
    credit.holdback_left = 600 * USDC;
    credit.offer_slot = 77;
    credit
}

fn why_not(world: &World, kind: Kind) -> String {
    let plan = explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap();
    let action = plan.actions.into_iter().find(|action| action.kind == kind).unwrap();
    action.why.unwrap_or_else(|| format!("at {:?}", action.at))
}

#[test]
fn covered_units_are_cancelled_thirty_days_after_the_cure_period() {
    assert_eq!(World::at(OPEN - 1).with(held_back()).due(), None);
    let world = World::at(OPEN).with(held_back());
    let intent = world.intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::CancelLocked, OPEN));
    assert_eq!(intent.kind().role(), Role::Enforcement, "it ends the right to cure");
    let text = intent.reason.to_string();
    assert!(text.starts_with("in default, and since 2027-"), "{text}");
    assert!(text.ends_with("500,000,000 units can be cancelled, and $600.00 are held back"), "{text}");

    let payer = key(88);
    let cancel = intent.instruction(&market_key(), &payer);
    let signers: Vec<_> = cancel.accounts.iter().filter(|account| account.is_signer).collect();
    assert_eq!(signers.iter().map(|account| account.pubkey).collect::<Vec<_>>(), [payer]);
    let after = carry_out(&world.snapshot, world.credit(0), Kind::CancelLocked).unwrap();
    assert_eq!((after.holdback_left, after.collateral.cancelled), (0, UNITS / 2));
    assert_eq!(world.with(after).due(), None, "once");
}

#[test]
fn a_cancel_says_why_it_is_not_due() {
    let at = |clock| World::at(clock).with(held_back());
    assert!(why_not(&at(CURED_BY - 1), Kind::CancelLocked).starts_with("at Some("), "the cure period runs");
    assert!(why_not(&at(OPEN - 1), Kind::CancelLocked).starts_with("at Some("));
    let mut frozen = at(OPEN);
    frozen.snapshot.frozen_vaults = Arc::new([address(0)].into());
    assert!(why_not(&frozen, Kind::CancelLocked).contains("has frozen the vault"));
    let mut world = at(OPEN);
    world.change(0, |credit| credit.holdback_left = 0);
    assert_eq!(why_not(&world, Kind::CancelLocked), "the holdback covers no unit");
    world.change(0, |credit| {
        (credit.holdback_left, credit.status, credit.defaulted_at) = (USDC, Status::Active.byte(), 0);
    });
    assert!(why_not(&world, Kind::CancelLocked).starts_with("only lender and borrower together may"));
}

#[test]
fn in_a_recovery_the_reserve_is_drawn_after_the_cancel() {
    let mut world = World::at(OPEN).with(held_back());
    world.change(0, |credit| {
        credit.status = Status::Seizing.byte();
        (credit.rider.reserve, credit.reserve_held) = (50 * USDC, 50 * USDC);
    });
    assert_eq!(world.due(), Some(Kind::CancelLocked));
    assert!(why_not(&world, Kind::DrawReserve).contains("are to be cancelled before the reserve is drawn"));
    let after = carry_out(&world.snapshot, world.credit(0), Kind::CancelLocked).unwrap();
    assert_eq!(world.clone().with(after).due(), Some(Kind::DrawReserve));
    world.settings.enabled.remove(&Kind::CancelLocked);
    assert_eq!(world.due(), None);
}

/// With nothing to cancel or to seize, nobody but the reserve pays the lender: once the cure period has passed.
#[test]
fn in_default_the_reserve_is_drawn_where_nothing_can_be_seized() {
    let mut world = World::at(CURED_BY - 1).with(defaulted());
    world.change(0, |credit| {
        credit.terms.auto_freeze = AutoFreeze::Never as u8;
        (credit.rider.reserve, credit.reserve_held) = (50 * USDC, 50 * USDC);
    });
    assert!(why_not(&world, Kind::DrawReserve).starts_with("units are left that the lender can seize"));
    world.change(0, |credit| credit.collateral.consumed = UNITS);
    assert!(why_not(&world, Kind::DrawReserve).starts_with("at Some("), "the cure period runs");
    let world = world.moved_to(CURED_BY);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    let after = carry_out(&world.snapshot, world.credit(0), Kind::DrawReserve).unwrap();
    assert_eq!((after.reserve_held, after.status().unwrap()), (0, Status::Defaulted));
    assert_eq!(world.with(after).due(), None, "once");
}

/// A loan that is frozen for the default of another credit, and that one.
fn cross_frozen(other: Option<Credit>) -> World {
    let mut world = World::at(DUE - DAY).with(credit(0));
    world.change(0, |credit| {
        (credit.collateral.frozen_for_cross, credit.cross_credit) = (UNITS, key(55));
        credit.frozen_at_market = DUE - 2 * DAY;
    });
    world.snapshot.cross_credits = Arc::new([(key(55), other)].into());
    world
}

#[test]
fn a_freeze_for_cross_default_is_thawed_once_that_default_is_over() {
    let in_default = Credit { status: Status::Defaulted.byte(), ..credit(1) };
    let mut world = cross_frozen(Some(in_default));
    assert_eq!(world.due(), None);
    assert!(why_not(&world, Kind::ThawCross).contains("is still in default or being seized"));
    world.snapshot.cross_credits = Arc::default();
    assert!(why_not(&world, Kind::ThawCross).contains("has not been read yet"));

    let sold = Credit { lender: key(66), ..in_default };
    for other in [None, Some(credit(1)), Some(sold)] {
        let world = cross_frozen(other);
        let intent = world.intent().unwrap();
        assert_eq!((intent.kind(), intent.due_at.get()), (Kind::ThawCross, DUE - 2 * DAY));
        assert_eq!(intent.kind().role(), Role::Metering, "it is not held against the borrower");
        let text = intent.reason.to_string();
        assert!(text.starts_with("1,000,000,000 units are frozen for the default of credit "), "{text}");
        let thaw = intent.instruction(&market_key(), &key(88));
        assert!(thaw.accounts.iter().any(|account| account.pubkey == key(55)));
        let after = carry_out(&world.snapshot, world.credit(0), Kind::ThawCross).unwrap();
        assert_eq!(after.collateral.frozen(), 0);
        assert_eq!(world.with(after).due(), None);
    }
}

#[test]
fn a_thaw_goes_on_while_the_market_is_paused() {
    let mut world = cross_frozen(None);
    let market = &mut world.snapshot.market;
    (market.paused_at, market.pause_expires_at) = (DUE - DAY - 5, DUE);
    assert_eq!(world.due(), Some(Kind::ThawCross));
}

#[test]
fn a_credit_of_this_market_is_read_from_it() {
    let mut world =
        cross_frozen(Some(Credit { status: Status::Defaulted.byte(), ..credit(1) })).with(credit(1));
    world.change(0, |credit| credit.cross_credit = address(1));
    assert_eq!(world.due(), Some(Kind::ThawCross), "it is active");
}
