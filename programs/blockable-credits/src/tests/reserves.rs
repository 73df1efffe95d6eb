//! The reserve is drawn where it cures, and a short one lets the lender freeze past the grace.

use {
    super::{life::refused, locks::*, stage::*, *},
    crate::{
        actions::FreezeAmount,
        errors::BlockableError::*,
        events::Change,
        state::{AutoFreeze, FreezePolicy, Rider},
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
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), WrongStatus);
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
