//! Restructurings that land late.

use {
    super::{changes::delinquent, life::refused, stage::*},
    crate::{
        actions::{LoanRead, RestructureLimits},
        errors::BlockableError::*,
        state::{Credit, Instalment, MarketClock, Rider, TermBounds},
        transitions::Status,
    },
};

const DUE: [u32; 3] = [40, 80, 120];

/// Restructures to three instalments.
fn restructure(
    credit: &mut Credit,
    principal: [u64; 3],
    limits: &RestructureLimits,
    clock: &MarketClock,
) -> anchor_lang::Result<crate::events::Change> {
    let instalment = |(days, principal)| Instalment { due_after: days * DAY as u32, principal };
    let schedule = DUE.into_iter().zip(principal).map(instalment).collect();
    credit.restructure(TERMS, schedule, limits, &TermBounds::PRODUCTION, false, clock)
}

/// A stranger pays in between: the repayment comes off the last instalments, to the micro-USDC, and the others are as signed.
#[test]
fn what_is_repaid_meanwhile_comes_off_the_last_instalments() {
    let mut stage = delinquent();
    let (clock, limits) = (stage.clock(), stage.restructure_limits());
    let limits = RestructureLimits { least_lien: 0, ..limits };
    let signed = [30 * USDC, 30 * USDC, 40 * USDC];
    // The first dollar goes to the late fee.
    for (paid, expected) in [
        (0, signed),
        (USDC + 1, [30 * USDC, 30 * USDC, 40 * USDC - 1]),
        (41 * USDC, [30 * USDC, 30 * USDC, 0]),
        (100 * USDC, [USDC, 0, 0]),
    ] {
        let mut credit = stage.credit;
        if paid > 0 {
            let amount = credit.begin_payment(paid, &clock).unwrap();
            credit.receive_payment(BUYER, amount).unwrap();
        }
        restructure(&mut credit, signed, &limits, &clock).unwrap();
        assert_eq!(credit.principal_due[..3], expected, "{paid}");
        assert_eq!(credit.debt.principal, expected.iter().sum::<u64>());
        assert_eq!(credit.due_after[..3], DUE.map(|days| days * DAY as u32));
    }
    stage.act(|credit| restructure(credit, signed, &limits, &clock));
    // The debt can be paid off on the new dates.
    let clock = stage.on_day(31 + 120);
    let amount = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BUYER, amount));
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
}

#[test]
fn more_principal_than_was_signed_for_is_refused() {
    let stage = delinquent();
    let (clock, limits) = (stage.clock(), stage.restructure_limits());
    let short = restructure(&mut { stage.credit }, [30 * USDC, 30 * USDC, 40 * USDC - 1], &limits, &clock);
    refused(short, PrincipalAboveSchedule);
    let beyond = restructure(&mut { stage.credit }, [u64::MAX, 1, 1], &limits, &clock);
    refused(beyond, PrincipalMismatch);
}

#[test]
fn a_restructuring_is_of_the_loan_that_both_have_read() {
    let stage = delinquent();
    let (clock, limits) = (stage.clock(), stage.restructure_limits());
    let with = |limits: RestructureLimits| {
        restructure(&mut { stage.credit }, [30 * USDC, 30 * USDC, 40 * USDC], &limits, &clock)
    };
    assert!(with(limits).is_ok());
    let read = LoanRead { worst_status: Status::Active, ..limits.read };
    refused(with(RestructureLimits { read, ..limits }), StatusWorse);
    let read = LoanRead { offer_slot: SLOT + 1, ..limits.read };
    refused(with(RestructureLimits { read, ..limits }), OfferReplaced);
    refused(with(RestructureLimits { most_debt: limits.most_debt - 1, ..limits }), DebtAboveLimit);
    refused(with(RestructureLimits { least_lien: limits.least_lien + 1, ..limits }), LienBelowLimit);
}

/// A copy of the same restructuring cannot move the due dates once more.
#[test]
fn a_restructuring_lands_once() {
    let mut stage = Stage::issued(Rider::default());
    let (clock, limits) = (stage.clock(), stage.restructure_limits());
    let signed = [30 * USDC, 30 * USDC, 40 * USDC];
    stage.act(|credit| restructure(credit, signed, &limits, &clock));
    let later = stage.on_day(10);
    refused(restructure(&mut { stage.credit }, signed, &limits, &later), AgreementReplaced);
}

/// A market's bounds on the principal are for new loans.
#[test]
fn a_loan_of_any_size_is_restructured() {
    let stage = delinquent();
    let (clock, limits) = (stage.clock(), stage.restructure_limits());
    let instalment = Instalment { due_after: 40 * DAY as u32, principal: 100 * USDC };
    for bounds in [
        TermBounds { min_principal: 101 * USDC, ..TermBounds::PRODUCTION },
        TermBounds { max_principal: 99 * USDC, ..TermBounds::PRODUCTION },
    ] {
        let result = { stage.credit }.restructure(TERMS, vec![instalment], &limits, &bounds, false, &clock);
        assert!(result.is_ok(), "{result:?}");
    }
}
