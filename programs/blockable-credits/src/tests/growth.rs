//! Debts that grow for long: bounded at the offer where coupons become principal, and payable for ever.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::OfferArgs,
        errors::BlockableError::PrincipalOutgrows,
        schedule,
        state::{Instalment, MAX_PRINCIPAL, Rider, ScheduleRuns, TermBounds, TermsRefused},
        transitions::Status,
    },
};

/// Every coupon in kind.
const IN_KIND: Rider = Rider { pay_in_kind_bps: 10_000, ..NO_RIDER };

/// So many instalments, each so many days after the one before, with the principal in the last.
fn bullet(count: u32, days: u32, principal: u64) -> Vec<Instalment> {
    (1..=count)
        .map(|nth| Instalment {
            due_after: nth * days * DAY as u32,
            principal: if nth == count { principal } else { 0 },
        })
        .collect()
}

fn terms(principal: u64, apr_bps: u16) -> Terms {
    let units = 10_000_000_000_000;
    Terms { principal, apr_bps, units, unlocked_ahead: units, ..TERMS }
}

#[test]
fn an_offer_whose_coupons_could_outgrow_64_bits_is_refused() {
    let stage = Stage::new();
    let offer = |principal, rider| {
        let schedule = ScheduleRuns::from_schedule(&bullet(36, 100, principal));
        let args =
            OfferArgs { nonce: 7, freeze_authority: LENDER, terms: terms(principal, 5_000), rider, schedule };
        args.validate(&stage.market, &stage.provider, &stage.clock()).map(|_| ())
    };
    refused(offer(MAX_PRINCIPAL, IN_KIND), PrincipalOutgrows);
    assert_eq!(offer(MAX_PRINCIPAL, NO_RIDER), Ok(()));
    // By 13.7 % every 100 days, 35 times: by a factor of 89.4.
    refused(offer(MAX_PRINCIPAL / 89, IN_KIND), PrincipalOutgrows);
    assert_eq!(offer(MAX_PRINCIPAL / 90, IN_KIND), Ok(()));
    assert_eq!(offer(MAX_PRINCIPAL / 89, Rider { pay_in_kind_bps: 1, ..NO_RIDER }), Ok(()));
}

/// A covenant can take the rate to its ceiling.
#[test]
fn the_growth_is_that_at_the_highest_rate() {
    let covenant = Rider {
        planned_units: 1,
        covenant_window: 10 * DAY as u32,
        high_bps: 2,
        low_bps: 1,
        apr_ceiling_bps: 5_000,
        ..IN_KIND
    };
    let principal = MAX_PRINCIPAL / 89;
    let check = |rider: Rider| {
        rider.validate(&terms(principal, 100), &bullet(36, 100, principal), &TermBounds::PRODUCTION)
    };
    assert_eq!(check(IN_KIND), Ok(()));
    assert_eq!(check(covenant), Err(TermsRefused::PrincipalOutgrows));
    assert_eq!(check(Rider { apr_ceiling_bps: 4_900, ..covenant }), Ok(()));
}

#[test]
fn one_instalment_pays_nothing_in_kind_and_cannot_grow() {
    let grown = |count| IN_KIND.most_principal(&terms(1_000, 10_000), &bullet(count, 365, 1_000));
    assert_eq!((grown(0), grown(1)), (Some(0), Some(1_000)));
    // Doubled once, with the last coupon due in cash; rounded up.
    assert_eq!((grown(2), grown(3)), (Some(2_001), Some(4_003)));
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// Nobody pays more than is due, all units stay unused: no schedule grows beyond the bound.
    #[test]
    fn no_loan_in_kind_grows_beyond_the_bound(loan in any_loan(), share_bps in 0u16..=10_000, choices in choices(20)) {
        let instalments = loan.due_after.iter().zip(&loan.principal);
        let schedule: Vec<_> =
            instalments.map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal }).collect();
        let rider = Rider { pay_in_kind_bps: share_bps, ..NO_RIDER };
        let most = rider.most_principal(&loan.terms, &schedule);
        prop_assume!(most.is_some_and(|most| most <= MAX_PRINCIPAL));
        let (mut debt, mut capitalised) = (loan.debt(), 0);
        for moment in loan.moments(&choices) {
            let pay_in_kind = PayInKind { share_bps, unused: 1, granted: 1 };
            let schedule = Schedule { capitalised, pay_in_kind, ..loan.schedule() };
            capitalised = schedule::accrue(&mut debt, &loan.terms, schedule, moment).unwrap();
            prop_assert!(loan.terms.principal + capitalised <= most.unwrap_or(u64::MAX));
            let due = Schedule { capitalised, ..loan.schedule() };
            let arrears = due.arrears(&debt);
            crate::waterfall::pay(&mut debt, &loan.terms, due, arrears).unwrap();
        }
    }
}

/// The largest loan at 100 % a year, late fees as large as the principal, and nobody who pays for 500 years.
#[test]
fn a_debt_that_was_left_alone_for_centuries_can_be_paid() {
    let mut stage = Stage::issued(Rider::default());
    let terms = &mut stage.credit.terms;
    (terms.principal, terms.apr_bps, terms.late_fee) = (MAX_PRINCIPAL, 10_000, MAX_PRINCIPAL);
    (stage.credit.debt.principal, stage.credit.principal_due[1]) = (MAX_PRINCIPAL, MAX_PRINCIPAL - 50 * USDC);
    let clock = stage.on_day(500 * 365);
    for mark in [crate::state::Credit::mark_delinquent, crate::state::Credit::mark_defaulted] {
        mark(&mut stage.credit, &clock).unwrap();
    }
    assert_eq!((stage.credit.debt.total(), stage.credit.arrears()), (u64::MAX, u64::MAX));
    assert_eq!({ stage.credit }.begin_payment(1, &clock), Ok(1));
    stage.act(|credit| credit.receive_payment(BORROWER, 1));
    let owed = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    assert_eq!(owed, u64::MAX);
    stage.credit.claims.lender = 0;
    stage.act(|credit| credit.receive_payment(BORROWER, owed));
    assert_eq!(stage.credit.status(), Ok(Status::Defaulted));
    // The rest is still owed: the payment covered fees of twice 10^18 first, then interest.
    assert_eq!((stage.credit.debt.late_fees, stage.credit.debt.interest_due), (0, 2 * MAX_PRINCIPAL - 1));
}

#[test]
fn interest_and_fees_stop_where_64_bits_do() {
    let loan = Loan::new(0, 1, u16::MAX, u64::MAX, &[(1, 1), (2, u64::MAX - 1)]);
    let debt = loan.unpaid_at(100 * 365 * DAY);
    assert_eq!((debt.principal, debt.interest_due, debt.late_fees), (u64::MAX, u64::MAX, u64::MAX));
    assert_eq!((debt.interest_accrued, debt.total()), (0, u64::MAX));
}

/// Two credits whose overrun is as large as can be are closed one after the other.
#[test]
fn overrun_stops_where_64_bits_do() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    let owed = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, owed));
    (stage.credit.vault_closed, stage.credit.meter.overrun) = (1, u64::MAX);
    for _ in 0..2 {
        stage.provider.outstanding_units = 1_000_000;
        { stage.credit }.close(&BORROWER, u64::MAX, &mut stage.provider, &clock).unwrap();
        assert_eq!(stage.provider.closed_overrun, u64::MAX);
    }
}
