//! The reserve is drawn where it cures, and a short one lets the lender freeze past the grace.

use {
    super::{life::refused, locks::*, stage::*, *},
    crate::{
        actions::FreezeAmount,
        errors::BlockableError::*,
        events::Change,
        state::{AutoFreeze, FreezePolicy, Instalment, Rider},
        transitions::Status,
    },
};

const RIDER: Rider = Rider { reserve: 9 * USDC, breach_notice: 1, ..NO_RIDER };

/// A loan whose first instalment the reserve has paid, on day 30.
fn drawn(policy: FreezePolicy) -> Stage {
    let auto_freeze = AutoFreeze::FromDefault as u8;
    let mut stage = locked(Terms { freeze_policy: policy as u8, auto_freeze, ..LOCKED }, RIDER);
    assert_eq!(stage.credit.reserve_drawn_at, 0);
    let clock = stage.on_day(30);
    refused({ stage.credit }.mark_delinquent(&clock), ReserveCovers);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.reserve_drawn_at), (0, clock.market));
    stage
}

fn frozen(stage: &Stage) -> u64 {
    stage.credit.collateral.frozen()
}

#[test]
fn a_short_reserve_lets_the_lender_freeze_under_each_policy_once_the_grace_has_passed() {
    for policy in [FreezePolicy::OnDelinquency, FreezePolicy::OnDefault] {
        let mut stage = drawn(policy);
        stage.now = START + 31 * DAY - 1;
        let early = stage.clock();
        let freeze = |stage: &Stage, reason, clock| {
            { stage.credit }.freeze(&LENDER, FreezeAmount::All, reason, None, clock)
        };
        refused(freeze(&stage, FreezeReason::Risk, &early), FreezePolicyForbids);
        let clock = stage.on_day(31);
        assert_eq!(stage.credit.status(), Ok(Status::Active));
        assert!(freeze(&stage, FreezeReason::Breach, &clock).is_ok());
        // Nothing is in arrears: any payment would count as a cure, and undo a freeze about payment at once.
        refused(freeze(&stage, FreezeReason::MissedPayment, &clock), FreezePolicyForbids);
        refused({ stage.credit }.auto_freeze(CREDIT, &clock), WrongStatus);
    }
}

#[test]
fn a_micro_usdc_thaws_nothing_while_the_reserve_is_short_and_filling_it_does() {
    for by_repaying in [true, false] {
        let mut stage = drawn(FreezePolicy::OnDelinquency);
        stage.on_day(31);
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
        assert_eq!(frozen(&stage), 90_000);
        stage.pay(1);
        assert_eq!((frozen(&stage), stage.credit.reserve_held), (90_000, 1));
        stage.pay(8 * USDC);
        assert_eq!((frozen(&stage), stage.credit.reserve_drawn_at), (90_000, START + 30 * DAY));
        if by_repaying {
            stage.pay(USDC - 1);
        } else {
            let clock = stage.clock();
            let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
            stage.act(|credit| credit.receive_funding(BORROWER, amount));
            let funded =
                Change::ReserveFunded { payer: BORROWER, amount: USDC - 1, held: 9 * USDC, thawed: 90_000 };
            assert_eq!(stage.changes.last(), Some(&funded));
        }
        assert_eq!(
            (frozen(&stage), stage.credit.reserve_held, stage.credit.reserve_drawn_at),
            (0, 9 * USDC, 0)
        );
    }
}

#[test]
fn a_full_reserve_thaws_nothing_that_the_policy_allows() {
    let mut stage = drawn(FreezePolicy::AtWill);
    stage.on_day(31);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
    stage.pay(9 * USDC);
    assert_eq!((stage.credit.reserve_held, frozen(&stage)), (9 * USDC, 90_000));
    // So it is in a default.
    let mut stage = drawn(FreezePolicy::OnDelinquency);
    let clock = stage.on_day(31);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Breach);
    let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_funding(BORROWER, amount));
    assert_eq!((stage.credit.reserve_held, frozen(&stage)), (9 * USDC, 90_000));
}

#[test]
fn a_reserve_that_pays_a_part_is_kept_for_the_recovery() {
    let mut stage = locked(LOCKED, Rider { reserve: 4 * USDC, ..RIDER });
    let clock = stage.on_day(30);
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), ReserveTooSmall);
    mark_delinquent(&mut stage, 31);
    let clock = stage.clock();
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), ReserveTooSmall);
    mark_defaulted(&mut stage, 35);
    let clock = stage.clock();
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), SeizeFirst);
    let clock = stage.on_day(46);
    seize(&mut stage, 500_000);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.debt.total()), (0, 86 * USDC));
    assert_eq!(stage.credit.collateral.released, 0);
}

#[test]
fn a_reserve_drawn_twice_has_been_short_since_the_first_time() {
    let mut stage = drawn(FreezePolicy::OnDelinquency);
    stage.pay(8 * USDC);
    stage.on_day(60);
    stage.pay(4 * USDC);
    let clock = stage.clock();
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.reserve_drawn_at), (3 * USDC, START + 30 * DAY));
    stage.pay(u64::MAX);
    assert_eq!((stage.credit.status(), stage.credit.reserve_drawn_at), (Ok(Status::Repaid), 0));
}

/// A loan in default since day 35 whose units have all been used, with 4 USDC in reserve; its cure period ends on day 45.
fn used_up(rider: Rider) -> Stage {
    let terms = Terms { unlocked_ahead: 900_000, unit_lifetime: 400 * DAY as u32, ..LOCKED };
    let mut stage = locked(terms, rider);
    stage.on_day(29);
    use_units(&mut stage, 900_000, 0);
    mark_delinquent(&mut stage, 31);
    mark_defaulted(&mut stage, 35);
    stage
}

const SMALL_RESERVE: Rider = Rider { reserve: 4 * USDC, ..RIDER };

#[test]
fn where_nothing_is_left_to_seize_the_reserve_recovers_after_the_cure_period() {
    let mut stage = used_up(SMALL_RESERVE);
    stage.now = START + 45 * DAY - 1;
    let early = stage.clock();
    refused({ stage.credit }.draw_reserve(CREDIT, &early), CurePeriodRunning);
    let clock = stage.on_day(45);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.debt.total()), (0, 86 * USDC));
    assert_eq!((stage.credit.claims.lender, stage.credit.status()), (4 * USDC, Ok(Status::Defaulted)));
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), ReserveEmpty);
}

/// Whoever draws takes nothing from the borrower: what it owed before still cures, and refills the reserve.
#[test]
fn a_draw_in_default_spoils_no_cure_and_no_restructuring() {
    let mut stage = used_up(SMALL_RESERVE);
    let clock = stage.on_day(45);
    let (limits, bounds) = (stage.restructure_limits(), stage.market.bounds);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    let mut restructured = stage.credit;
    let again = vec![Instalment { due_after: 30 * DAY as u32, principal: 90 * USDC }];
    let terms = stage.credit.terms;
    assert!(restructured.restructure(terms, again, &limits, &bounds, false, &clock).is_ok());
    assert_eq!((restructured.status(), restructured.debt.total()), (Ok(Status::Active), 86 * USDC));
    stage.pay(9 * USDC);
    assert_eq!(stage.credit.require_cured(), Ok(()));
    assert_eq!((stage.credit.reserve_held, stage.credit.debt.total()), (4 * USDC, 81 * USDC));
}

/// Units that jobs hold are none that the lender can seize now, and yet they are its security.
#[test]
fn a_unit_of_lien_keeps_the_reserve_for_after_the_seizure() {
    let terms = Terms { unlocked_ahead: 900_000, ..LOCKED };
    let mut stage = locked(terms, SMALL_RESERVE);
    stage.on_day(29);
    use_units(&mut stage, 899_999, 1);
    mark_delinquent(&mut stage, 31);
    mark_defaulted(&mut stage, 35);
    let clock = stage.on_day(45);
    assert_eq!(stage.credit.seizable(&clock), Ok(0));
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), SeizeFirst);
}

/// Expired units cannot be seized, whether or not somebody has expired them yet.
#[test]
fn expired_units_are_nothing_to_seize() {
    let mut stage = locked(Terms { unit_lifetime: 400 * DAY as u32, ..LOCKED }, SMALL_RESERVE);
    mark_delinquent(&mut stage, 31);
    mark_defaulted(&mut stage, 35);
    stage.now = START + 400 * DAY - 1;
    let before = stage.clock();
    refused({ stage.credit }.draw_reserve(CREDIT, &before), SeizeFirst);
    let clock = stage.on_day(400);
    assert!(stage.credit.collateral.lien() > 0);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.debt.total()), (0, 86 * USDC));
}

/// Under a notice a draw pays ahead, and the lender can still withdraw the notice.
#[test]
fn under_a_notice_a_draw_pays_the_debt_and_cures_nothing() {
    let mut stage = locked(Terms { unlocked_ahead: 900_000, ..LOCKED }, SMALL_RESERVE);
    let clock = stage.on_day(10);
    use_units(&mut stage, 900_000, 0);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    let given_at = clock.market;
    let clock = stage.on_day(20);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.status(), stage.credit.debt.total()), (Ok(Status::Defaulted), 86 * USDC));
    stage.act(|credit| credit.withdraw_notice(&LENDER, given_at, &clock));
    assert_eq!((stage.credit.status(), stage.credit.reserve_drawn_at), (Ok(Status::Active), clock.market));
}

/// A reserve filled up after the mark may pay all arrears, and then cures as any payment does; or the whole debt, and ends it.
#[test]
fn a_draw_in_default_that_pays_all_arrears_cures_and_one_of_the_debt_ends_it() {
    for (reserve, status, debt) in [(30 * USDC, Status::Active, 60 * USDC), (90 * USDC, Status::Repaid, 0)] {
        let mut stage = used_up(SMALL_RESERVE);
        let clock = stage.on_day(45);
        stage.credit.rider.reserve = reserve;
        let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
        stage.act(|credit| credit.receive_funding(BORROWER, amount));
        stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
        assert_eq!((stage.credit.status(), stage.credit.debt.total()), (Ok(status), debt));
        assert_eq!(stage.credit.claims.lender, reserve);
    }
}

/// A full reserve thaws what rests on its being short, and nothing that is frozen for another credit.
#[test]
fn a_full_reserve_thaws_nothing_that_rests_on_another_credit() {
    let mut stage = drawn(FreezePolicy::OnDelinquency);
    let clock = stage.on_day(31);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
    stage.credit.collateral.frozen_for_cross = 50_000;
    let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_funding(BORROWER, amount));
    let Some(Change::ReserveFunded { thawed: 40_000, .. }) = stage.changes.last() else {
        panic!("{:?}", stage.changes.last())
    };
    assert_eq!(frozen(&stage), 50_000);
}
