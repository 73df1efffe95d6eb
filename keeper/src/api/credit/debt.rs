//! The debt of a credit, the payments that it falls due in, and the borrower's reserve.

use {
    super::terms::bps,
    crate::{
        values::{Time, UsdAmount},
        watch::{
            Payment,
            times::{MarkTimes, Times},
        },
    },
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd},
        program::state::Credit,
    },
    serde::Serialize,
    utoipa::ToSchema,
};

/// The debt, interest up to now included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DebtView {
    /// Everything owed.
    pub(super) total: UsdAmount,
    /// Principal.
    principal: UsdAmount,
    /// Interest that has fallen due.
    interest_due: UsdAmount,
    /// Interest since the last due date.
    interest_not_due: UsdAmount,
    /// Late fees.
    late_fees: UsdAmount,
    /// Payment that would make the loan current now.
    pub(super) arrears: UsdAmount,
    /// Due date of the oldest unpaid instalment.
    pub(super) arrears_since: Option<Time>,
    /// The time from which on the credit may be marked delinquent, while something is unpaid.
    delinquent_from: Option<Time>,
    /// The time from which on the credit may be marked defaulted, while something is unpaid.
    default_from: Option<Time>,
    /// End of the cure period, while a default stands.
    cure_ends_at: Option<Time>,
    /// True while a notice of default for a breach stands.
    notice_given: bool,
    /// Principal repaid before the first seizure.
    principal_repaid: UsdAmount,
    /// Recovered since the first seizure.
    recovered: UsdAmount,
    /// Coupons added to the principal.
    capitalised: UsdAmount,
    /// The annual rate in force, in basis points.
    #[schema(value_type = u64)]
    apr_bps: Bps,
}

/// A payment that falls due, as it will be if nothing is paid or used before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    /// The due date; later where the market is paused in between.
    pub(super) due_at: Time,
    /// The sum that must be paid by then to be current, today's arrears included.
    pub(super) amount: UsdAmount,
    /// Principal in it.
    pub(super) principal: UsdAmount,
    /// Interest in it.
    interest: UsdAmount,
    /// Late fees in it.
    late_fees: UsdAmount,
}

/// The borrower's cash reserve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReserveView {
    /// Cash that was agreed.
    agreed: UsdAmount,
    /// Cash in the vault.
    pub(super) held: UsdAmount,
}

impl DebtView {
    /// Describes the debt of a credit that has been accrued to now.
    pub(super) fn new(accrued: &Credit, times: &Times) -> DebtView {
        let (debt, marks) = (&accrued.debt, MarkTimes::new(accrued, times));
        let (usd, time) =
            (|amount| UsdAmount(MicroUsd(amount)), |time: Option<ChainTime>| time.map(Time::from));
        DebtView {
            total: usd(debt.total()),
            principal: usd(debt.principal),
            interest_due: usd(debt.interest_due),
            interest_not_due: usd(debt.interest_not_due()),
            late_fees: usd(debt.late_fees),
            arrears: usd(accrued.arrears()),
            arrears_since: time(marks.arrears_since),
            delinquent_from: time(marks.delinquent_from),
            default_from: time(marks.default_from),
            cure_ends_at: time(marks.cure_ends_at),
            notice_given: accrued.notice_given == 1,
            principal_repaid: usd(accrued.principal_repaid),
            recovered: usd(accrued.recovered),
            capitalised: usd(accrued.capitalised),
            apr_bps: bps(accrued.apr_bps()),
        }
    }
}

impl PaymentView {
    /// The due date and the sum.
    pub(crate) fn due(&self) -> (Time, UsdAmount) {
        (self.due_at.clone(), self.amount)
    }

    pub(crate) fn new(payment: &Payment) -> PaymentView {
        PaymentView {
            due_at: Time::from(payment.due_at),
            amount: UsdAmount(payment.amount),
            principal: UsdAmount(payment.principal),
            interest: UsdAmount(payment.interest),
            late_fees: UsdAmount(payment.late_fees),
        }
    }
}

impl ReserveView {
    pub(super) fn new(credit: &Credit) -> ReserveView {
        let (agreed, held) = (MicroUsd(credit.rider.reserve), MicroUsd(credit.reserve_held));
        ReserveView { agreed: UsdAmount(agreed), held: UsdAmount(held) }
    }
}
