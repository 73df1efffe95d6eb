//! Tests of what is due on one credit, to the second.

use super::{program::carry_out, *};

/// Asserts that `kind` is due from `second` on, not before, and not again once it is done. Returns the credit after it.
fn due_from(credit: Credit, kind: Kind, second: i64) -> Credit {
    let world = World::at(second - 1).with(credit);
    assert_eq!(world.due(), None, "a second before");
    let world = world.moved_to(second);
    let intent = world.intent().expect("due at that second");
    assert_eq!((intent.kind(), intent.due_at.get()), (kind, second));
    assert!(matches!(intent.action, IntentAction::Credit { credit, .. } if credit == address(0)));
    let after = carry_out(&world.snapshot, &credit, kind).expect("the program accepts it");
    let world = world.with(after);
    assert_ne!(world.due(), Some(kind), "once it is done");
    after
}

#[test]
fn a_credit_is_marked_delinquent_when_its_grace_ends() {
    let after = due_from(credit(0), Kind::MarkDelinquent, DUE + DELINQUENCY_GRACE);
    assert_eq!(after.status, Status::Delinquent.byte());
}

#[test]
fn a_delinquent_credit_is_marked_defaulted_when_its_grace_ends() {
    let mut credit = credit(0);
    credit.status = Status::Delinquent.byte();
    let after = due_from(credit, Kind::MarkDefaulted, DUE + DEFAULT_GRACE);
    assert_eq!(after.status, Status::Defaulted.byte());
}

#[test]
fn the_keepers_own_grace_comes_on_top() {
    let mut world = World::at(DUE + DELINQUENCY_GRACE + 599).with(credit(0));
    world.settings.extra_grace_seconds = 600;
    assert_eq!(world.due(), None);
    let intent = world.moved_to(DUE + DELINQUENCY_GRACE + 600).intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::MarkDelinquent, DUE + DELINQUENCY_GRACE + 600));
}

#[test]
fn an_account_of_this_version_is_marked() {
    let mut credit = credit(0);
    credit.version = Credit::VERSION;
    due_from(credit, Kind::MarkDelinquent, DUE + DELINQUENCY_GRACE);
}

#[test]
fn an_account_of_a_later_version_is_left_alone() {
    let mut credit = credit(0);
    credit.version = Credit::VERSION + 1;
    assert_eq!(World::at(DUE + 100 * DAY).with(credit).kinds(), []);
}

#[test]
fn a_credit_of_another_market_is_left_alone() {
    let mut credit = credit(0);
    credit.market = key(77);
    assert_eq!(World::at(DUE + 100 * DAY).with(credit).kinds(), []);
}

#[test]
fn a_keeper_with_a_list_acts_for_those_on_it_alone() {
    let late = || World::at(DUE + DELINQUENCY_GRACE).with(credit(0));
    let with = |lenders: &[Pubkey], providers: &[Pubkey]| {
        let mut world = late();
        world.settings.lenders = lenders.iter().copied().collect();
        world.settings.providers = providers.iter().copied().collect();
        world.due()
    };
    let (lender, other) = (credit(0).lender, key(77));
    assert_eq!(with(&[], &[]), Some(Kind::MarkDelinquent));
    assert_eq!(with(&[lender, other], &[]), Some(Kind::MarkDelinquent));
    assert_eq!(with(&[lender], &[provider_key()]), Some(Kind::MarkDelinquent));
    assert_eq!(with(&[other], &[]), None);
    assert_eq!(with(&[], &[other]), None);
    assert_eq!(with(&[lender], &[other]), None, "both must be listed");
}

#[test]
fn junk_loans_take_no_place_from_those_of_a_listed_lender() {
    let mut world = World::at(DUE + DEFAULT_GRACE);
    for index in 0..200 {
        let mut junk = Credit { lender: key(5_000), borrower: key(5_001), ..credit(index + 1) };
        junk.status = Status::Delinquent.byte();
        world = world.with(junk);
    }
    world = world.with(credit(0));
    assert_eq!(world.kinds().len(), 201, "without a list all are marked");
    world.settings.lenders = [credit(0).lender].into();
    let marked: Vec<_> = world.plan().intents.into_iter().map(|intent| intent.action).collect();
    assert!(
        matches!(marked.as_slice(), [IntentAction::Credit { credit, .. }] if *credit == address(0)),
        "{marked:?}"
    );
}

#[test]
fn bought_units_go_by_their_provider() {
    let mut bought = Credit { lender: provider_key(), units_expire_at: ISSUED + DAY, ..credit(0) };
    (bought.status, bought.blockable) = (Status::Repaid.byte(), 0);
    bought.debt.principal = 0;
    let mut world = World::at(ISSUED + DAY).with(bought);
    world.settings.lenders = [key(77)].into();
    assert_eq!(world.due(), Some(Kind::ExpireUnits));
    world.settings.providers = [key(77)].into();
    assert_eq!(world.due(), None);
}

#[test]
fn the_reserve_is_drawn_from_the_due_date_on() {
    let mut credit = credit(0);
    credit.reserve_held = 400 * USDC;
    let after = due_from(credit, Kind::DrawReserve, DUE);
    assert_eq!((after.reserve_held, after.debt.arrears_since), (0, 0));
}

#[test]
fn a_reserve_that_covers_is_drawn_and_nothing_is_marked() {
    let mut credit = credit(0);
    credit.reserve_held = 400 * USDC;
    let world = World::at(DUE + DELINQUENCY_GRACE).with(credit);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    let after = carry_out(&world.snapshot, &credit, Kind::DrawReserve).unwrap();
    assert_eq!(world.with(after).due(), None);
}

#[test]
fn a_reserve_that_does_not_cover_holds_no_mark_up() {
    let mut credit = credit(0);
    credit.reserve_held = 400 * USDC - 1;
    let world = World::at(DUE + DELINQUENCY_GRACE).with(credit);
    assert_eq!(world.due(), Some(Kind::MarkDelinquent));
}

#[test]
fn a_reserve_that_pays_one_of_two_instalments_is_kept() {
    let mut credit = credit(0);
    credit.reserve_held = 800 * USDC - 1;
    let second_due = ISSUED + 60 * DAY;
    let mut world = World::at(second_due).with(credit);
    assert_eq!(world.due(), Some(Kind::MarkDelinquent), "that of the first instalment");
    world.change(0, |credit| credit.reserve_held += 1);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
}

/// No principal falls due any more: all that is owed is due, before the dates that are left.
#[test]
fn the_reserve_pays_what_a_matured_loan_still_owes() {
    let mut credit = credit(0);
    credit.principal_due = zeroed();
    credit.principal_due[0] = 1_200 * USDC;
    (credit.debt.instalments_billed, credit.debt.schedule_paid) = (1, 1_200 * USDC);
    (credit.debt.principal, credit.debt.interest_accrued) = (0, 5);
    (credit.principal_repaid, credit.reserve_held) = (1_200 * USDC, 5);
    let world = World::at(DUE + DAY).with(credit);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    let after = carry_out(&world.snapshot, &credit, Kind::DrawReserve).unwrap();
    assert_eq!(after.status, Status::Repaid.byte());
}

#[test]
fn a_default_is_frozen_at_once_where_the_terms_say_so() {
    let after = due_from_default(defaulted());
    assert_eq!(after.collateral.frozen(), UNITS);
    let mut credit = defaulted();
    credit.terms.auto_freeze = AutoFreeze::Never as u8;
    assert_eq!(World::at(DUE + DEFAULT_GRACE).with(credit).due(), None);
}

#[test]
fn a_delinquency_is_frozen_where_the_terms_say_so() {
    let mut credit = credit(0);
    credit.accrue(DUE + DELINQUENCY_GRACE).unwrap();
    credit.status = Status::Delinquent.byte();
    let due = |auto_freeze: AutoFreeze, credit: Credit| {
        let mut world = World::at(DUE + DELINQUENCY_GRACE).with(credit);
        world.change(0, |credit| credit.terms.auto_freeze = auto_freeze as u8);
        world.due()
    };
    assert_eq!(due(AutoFreeze::FromDelinquency, credit), Some(Kind::AutoFreeze));
    assert_eq!(due(AutoFreeze::FromDefault, credit), None);
    // What is locked is as closed already.
    credit.collateral.locked_at_issue = UNITS;
    assert_eq!(due(AutoFreeze::FromDelinquency, credit), None);
}

/// Once defaulted, the reserve is drawn in the recovery alone, after the cancel of what the holdback covers.
#[test]
fn the_reserve_of_a_default_is_drawn_after_the_cancel() {
    let mut credit = defaulted();
    credit.reserve_held = 400 * USDC;
    credit.terms.auto_freeze = AutoFreeze::Never as u8;
    assert_eq!(World::at(DUE + DEFAULT_GRACE).with(credit).due(), None);
    credit.status = Status::Seizing.byte();
    assert_eq!(World::at(DUE + DEFAULT_GRACE).with(credit).due(), Some(Kind::DrawReserve));
    credit.collateral.locked_at_issue = UNITS / 2;
    credit.holdback_left = 100 * USDC;
    assert_eq!(World::at(DUE + DEFAULT_GRACE).with(credit).due(), None);
}

fn due_from_default(credit: Credit) -> Credit {
    let world = World::at(credit.defaulted_at).with(credit);
    let intent = world.intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::AutoFreeze, credit.defaulted_at));
    let after = carry_out(&world.snapshot, &credit, Kind::AutoFreeze).unwrap();
    assert_eq!(world.with(after).due(), None);
    after
}

#[test]
fn a_reserve_that_cures_is_drawn_before_anything_is_frozen() {
    let mut credit = credit(0);
    credit.accrue(DUE + DELINQUENCY_GRACE).unwrap();
    credit.status = Status::Delinquent.byte();
    credit.terms.auto_freeze = AutoFreeze::FromDelinquency as u8;
    credit.reserve_held = 400 * USDC;
    let mut world = World::at(DUE + DELINQUENCY_GRACE).with(credit);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    world.settings.enabled.remove(&Kind::DrawReserve);
    assert_eq!(world.due(), Some(Kind::AutoFreeze), "where this keeper draws no reserve");
    world.settings.enabled.insert(Kind::DrawReserve);
    world.change(0, |credit| credit.reserve_held -= 1);
    assert_eq!(world.due(), Some(Kind::AutoFreeze), "a little in the reserve holds no freeze up");
}

/// Somebody puts a micro-USDC into the reserve again and again, at the price of a fee for itself and one for the keeper.
#[test]
fn a_little_in_the_reserve_is_not_worth_a_fee() {
    let mut credit = credit(0);
    let due = |credit| World::at(DUE).with(credit).due();
    let part = 400 * USDC - 1;
    for (held, drawn) in [(1, None), (4 * USDC, None), (part, None), (part + 1, Some(Kind::DrawReserve))] {
        credit.reserve_held = held;
        assert_eq!(due(credit), drawn, "{held} of 400 USDC");
    }
    credit.debt.principal = 1;
    (credit.principal_repaid, credit.reserve_held) = (1_200 * USDC - 1, 1);
    assert_eq!(due(credit), Some(Kind::DrawReserve), "all that is owed");
}

/// The lender can make no first seizure there, so that the reserve would never be drawn.
#[test]
fn the_reserve_of_a_default_is_drawn_after_the_cure_period_where_nothing_can_be_seized() {
    let cured_by = DUE + DEFAULT_GRACE + DAY;
    let mut credit = defaulted();
    (credit.collateral.consumed, credit.reserve_held) = (UNITS, 400 * USDC);
    assert_eq!(World::at(cured_by - 1).with(credit).due(), None);
    let world = World::at(cured_by).with(credit);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    let after = carry_out(&world.snapshot, &credit, Kind::DrawReserve).unwrap();
    assert_eq!((after.reserve_held, world.with(after).due()), (0, None));
    // With a unit of lien the lender seizes first; once the units have expired it cannot.
    credit.collateral.consumed = UNITS - 1;
    credit.collateral.frozen_for_payment = 1;
    assert_eq!(World::at(cured_by).with(credit).due(), None);
    credit.units_expire_at = cured_by + DAY;
    assert_eq!(World::at(cured_by + DAY - 1).with(credit).due(), None);
    assert!(World::at(cured_by + DAY).with(credit).kinds().contains(&Kind::DrawReserve));
    assert!(
        carry_out(&World::at(cured_by + DAY).with(credit).snapshot, &credit, Kind::DrawReserve).is_some()
    );
}

/// Somebody pays a little of the arrears again and again, which thaws a few units each time.
#[test]
fn a_few_thawed_units_are_frozen_again_once_an_hour() {
    let frozen_at = DUE + DEFAULT_GRACE + 100;
    let mut credit = defaulted();
    (credit.collateral.frozen_for_payment, credit.frozen_at_market) = (UNITS - UNITS / 100 + 1, frozen_at);
    assert_eq!(World::at(frozen_at + 10).with(credit).due(), None);
    let intent = World::at(frozen_at + 3_600).with(credit).intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::AutoFreeze, frozen_at + 3_600));
    credit.collateral.frozen_for_payment -= 1;
    assert_eq!(World::at(frozen_at + 10).with(credit).due(), Some(Kind::AutoFreeze), "a hundredth");
    credit.collateral.frozen_for_payment = 0;
    credit.collateral.consumed = UNITS - 1;
    assert_eq!(World::at(frozen_at + 10).with(credit).due(), Some(Kind::AutoFreeze), "nothing is frozen");
}

#[test]
fn a_notice_of_breach_is_not_cured_by_a_draw() {
    let mut credit = defaulted();
    (credit.reserve_held, credit.notice_given) = (400 * USDC, 1);
    assert_eq!(World::at(DUE + DEFAULT_GRACE).with(credit).due(), Some(Kind::AutoFreeze));
}

#[test]
fn units_expire_when_their_lifetime_ends() {
    let mut credit = credit(0);
    (credit.units_expire_at, credit.meter.in_flight) = (ISSUED + 10 * DAY, 1_000);
    let after = due_from(credit, Kind::ExpireUnits, ISSUED + 10 * DAY);
    assert_eq!(after.collateral.remaining(), 1_000, "running jobs keep what they hold");
    credit.version = Credit::VERSION + 1;
    assert_eq!(World::at(ISSUED + 10 * DAY).with(credit).due(), None, "a later account is left alone");
}

fn with_covenant(reported_at: i64) -> Credit {
    let mut credit = credit(0);
    credit.rider.covenant_window = 7 * DAY as u32;
    (credit.rider.planned_units, credit.rider.low_bps, credit.rider.high_bps) = (1_000, 5_000, 9_000);
    credit.covenant.measured_at = ISSUED;
    credit.meter.reported_at = reported_at;
    credit
}

#[test]
fn a_covenant_is_applied_once_reports_reach_the_end_of_its_window() {
    let ends = ISSUED + 7 * DAY;
    let world = World::at(ends + 100).with(with_covenant(ends - 1));
    assert_eq!(world.due(), None, "a report that is a second short");
    let world = world.with(with_covenant(ends));
    let intent = world.intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::ApplyCovenant, ends));
    let after = carry_out(&world.snapshot, world.credit(0), Kind::ApplyCovenant).unwrap();
    assert_eq!(world.with(after).due(), None);
}

#[test]
fn a_covenant_rests_while_something_is_in_arrears() {
    let world = World::at(DUE).with(with_covenant(DUE));
    assert_eq!(world.due(), None);
}

#[test]
fn a_kind_that_is_switched_off_is_never_planned() {
    let mut credit = credit(0);
    credit.reserve_held = 400 * USDC;
    let mut world = World::at(DUE + DELINQUENCY_GRACE).with(credit);
    assert_eq!(world.due(), Some(Kind::DrawReserve));
    world.settings.enabled.remove(&Kind::DrawReserve);
    assert_eq!(world.due(), None, "the reserve holds the mark up for whoever draws it");
    world.settings.enabled.clear();
    assert_eq!(world.kinds(), []);
}
