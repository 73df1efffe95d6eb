//! What was agreed, what is owed, and when it falls due.

use {
    crate::{
        api::values::{Amount, Time, exact, policy_name},
        watch::{Measure, measure::Times},
    },
    blockable_sdk::program::state::{Credit, Rider, Terms},
    serde::Serialize,
    utoipa::ToSchema,
};

/// The terms of a loan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermsView {
    /// Amount lent.
    pub principal: Amount,
    /// Units granted for it.
    pub units: Amount,
    /// Simple annual interest rate at offer, in basis points.
    pub apr_bps: u16,
    /// Fee per instalment that is unpaid past the delinquency grace.
    pub late_fee: Amount,
    /// When the offer ends; none for never.
    pub offer_expires_at: Option<Time>,
    /// Seconds from a due date until the credit may be marked delinquent.
    pub delinquency_grace_seconds: u32,
    /// Seconds from a due date until the credit may be marked defaulted.
    pub default_grace_seconds: u32,
    /// Seconds from the mark of default until collateral may be seized.
    pub cure_period_seconds: u32,
    /// Seconds from issue until unused units expire; 0 for never.
    pub unit_lifetime_seconds: u32,
    /// When the lender may freeze: at_will, on_delinquency, on_default or unknown.
    #[schema(value_type = String, example = "on_delinquency")]
    pub freeze_policy: &'static str,
    /// Whether anyone may freeze the collateral in full after default.
    pub auto_freeze: bool,
}

/// The rider: optional terms beside the main ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RiderView {
    /// Cash that the borrower keeps in the vault.
    pub reserve: Amount,
    /// Share of the coupon on unused units that is added to the principal, in basis points.
    pub pay_in_kind_bps: u16,
    /// Whether the lender may give notice of default for a breach.
    pub breach_notice: bool,
    /// Seconds over which the covenant measures utilisation; 0 for no covenant.
    pub covenant_window_seconds: u32,
    /// Units that the borrower plans to use per window.
    pub planned_units: Amount,
    /// Utilisation from which on the APR falls by a step, in basis points of the plan.
    pub high_bps: u16,
    /// Utilisation below which the APR rises by a step and a top-up falls due, in basis points of the plan.
    pub low_bps: u16,
    /// The step, in basis points.
    pub apr_step_bps: u16,
    /// Lowest APR, in basis points.
    pub apr_floor_bps: u16,
    /// Highest APR, in basis points.
    pub apr_ceiling_bps: u16,
    /// Share of the principal that the top-up is, in basis points.
    pub top_up_bps: u16,
}

/// Where the covenant on utilisation stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CovenantView {
    /// The APR in force, in basis points.
    pub apr_bps: u16,
    /// The usage reading that the window began with; none before the first.
    pub began_at: Option<Time>,
    /// Seconds of the window.
    pub window_seconds: u32,
    /// Seconds of it that reports cover; none without a report in the window.
    pub covered_seconds: Option<u64>,
    /// Use as a share of the plan for the time so far, in basis points; none without a report in the window.
    pub utilisation_bps: Option<u64>,
}

/// What is owed, interest up to now included.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DebtView {
    /// Everything.
    pub total: Amount,
    /// Principal.
    pub principal: Amount,
    /// Interest that has fallen due.
    pub interest_due: Amount,
    /// Interest since the last due date.
    pub interest_not_due: Amount,
    /// Late fees.
    pub late_fees: Amount,
    /// What must be paid now to be current.
    pub arrears: Amount,
    /// Due date of the oldest unpaid instalment.
    pub arrears_since: Option<Time>,
    /// From when on the credit may be marked delinquent, while something is unpaid.
    pub delinquent_from: Option<Time>,
    /// From when on the credit may be marked defaulted, while something is unpaid.
    pub default_from: Option<Time>,
    /// End of the cure period, while a default stands.
    pub cure_ends_at: Option<Time>,
    /// Whether a notice of default for a breach stands.
    pub notice_given: bool,
    /// Principal repaid before the first seizure.
    pub principal_repaid: Amount,
    /// Recovered since the first seizure.
    pub recovered: Amount,
    /// Coupons added to the principal.
    pub capitalised: Amount,
    /// The annual rate in force, in basis points.
    pub apr_bps: u16,
}

/// Where an instalment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstalmentState {
    /// Paid; also before its date, where the whole debt is.
    Paid,
    /// Past its date, and not all of it is paid.
    Missed,
    /// Before its date.
    Upcoming,
    /// Before its date, with its principal paid; interest on what is still owed falls due at it.
    Ahead,
    /// Nothing is owed any more, and it was not paid.
    NotOwed,
}

/// A line of the schedule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstalmentView {
    /// Its number, from 1.
    pub number: u8,
    /// Its due date by the chain's clock, later where the market is paused before; none before issue.
    pub due_at: Option<Time>,
    /// Seconds of market time from issue, or from the latest restructuring, to its due date.
    pub due_after_seconds: u32,
    /// Principal due; interest comes on top.
    pub principal: Amount,
    /// Where it stands.
    pub state: InstalmentState,
}

impl TermsView {
    /// Terms as an answer has them.
    pub fn of(terms: &Terms) -> TermsView {
        TermsView {
            principal: Amount(terms.principal),
            units: Amount(terms.units),
            apr_bps: terms.apr_bps,
            late_fee: Amount(terms.late_fee),
            offer_expires_at: Time::unless_zero(terms.offer_expires_at),
            delinquency_grace_seconds: terms.delinquency_grace,
            default_grace_seconds: terms.default_grace,
            cure_period_seconds: terms.cure_period,
            unit_lifetime_seconds: terms.unit_lifetime,
            freeze_policy: policy_name(terms.freeze_policy),
            auto_freeze: terms.auto_freeze == 1,
        }
    }
}

impl RiderView {
    /// A rider as an answer has it.
    pub fn of(rider: &Rider) -> RiderView {
        RiderView {
            reserve: Amount(rider.reserve),
            pay_in_kind_bps: rider.pay_in_kind_bps,
            breach_notice: rider.breach_notice == 1,
            covenant_window_seconds: rider.covenant_window,
            planned_units: Amount(rider.planned_units),
            high_bps: rider.high_bps,
            low_bps: rider.low_bps,
            apr_step_bps: rider.apr_step_bps,
            apr_floor_bps: rider.apr_floor_bps,
            apr_ceiling_bps: rider.apr_ceiling_bps,
            top_up_bps: rider.top_up_bps,
        }
    }
}

impl CovenantView {
    pub(super) fn of(now: &Credit, measure: Option<&Measure>) -> Option<CovenantView> {
        let used = measure.and_then(|measure| measure.utilisation);
        now.rider.has_covenant().then(|| CovenantView {
            apr_bps: now.apr_bps(),
            began_at: Time::unless_zero(now.covenant.measured_at),
            window_seconds: now.rider.covenant_window,
            covered_seconds: used.map(|used| exact(used.seconds)),
            utilisation_bps: used.map(|used| exact(used.bps)),
        })
    }
}

impl DebtView {
    pub(super) fn of(now: &Credit, times: &Times, measure: Option<&Measure>) -> DebtView {
        let (debt, since) = (&now.debt, now.debt.arrears_since);
        let mark = |of: fn(&Measure) -> Option<i64>| Time::maybe(measure.and_then(of));
        DebtView {
            total: Amount(debt.total()),
            principal: Amount(debt.principal),
            interest_due: Amount(debt.interest_due),
            interest_not_due: Amount(debt.interest_not_due()),
            late_fees: Amount(debt.late_fees),
            arrears: Amount(now.arrears()),
            arrears_since: (since != 0).then(|| Time::of(times.chain_of(since))),
            delinquent_from: mark(|measure| measure.delinquent_from),
            default_from: mark(|measure| measure.default_from),
            cure_ends_at: mark(|measure| measure.cure_ends_at),
            notice_given: now.notice_given == 1,
            principal_repaid: Amount(now.principal_repaid),
            recovered: Amount(now.recovered),
            capitalised: Amount(now.capitalised),
            apr_bps: now.apr_bps(),
        }
    }
}

/// The schedule of a credit whose debt is as of now.
pub(super) fn schedule(now: &Credit, times: &Times) -> Vec<InstalmentView> {
    let schedule = now.schedule();
    let lines = (1u8..).zip(schedule.due_after).take(schedule.len()).map(|(number, due_after)| {
        let before = schedule.principal_due(number.saturating_sub(1));
        let through = schedule.principal_due(number);
        let due = schedule.due_date(usize::from(number.saturating_sub(1))).ok().flatten();
        // Before issue there is nothing that the dates count from.
        let due = due.filter(|_| now.issued_at != 0);
        InstalmentView {
            number,
            due_at: due.map(|due| Time::of(times.chain_of(due))),
            due_after_seconds: *due_after,
            principal: Amount(through.saturating_sub(before)),
            state: state(now, number, due, (before, through)),
        }
    });
    lines.collect()
}

fn state(now: &Credit, number: u8, due: Option<i64>, principal: (u64, u64)) -> InstalmentState {
    let (debt, (before, through)) = (&now.debt, principal);
    if now.issued_at == 0 {
        return InstalmentState::Upcoming;
    }
    let is_unpaid = debt.arrears_since != 0 && due.is_some_and(|due| due >= debt.arrears_since);
    let is_past = number <= debt.instalments_billed;
    let (is_covered, nothing_is_owed) = (through <= debt.schedule_paid, debt.total() == 0);
    match (is_past, is_covered) {
        (true, _) if is_unpaid => InstalmentState::Missed,
        (_, true) if nothing_is_owed => InstalmentState::Paid,
        (_, false) if nothing_is_owed => InstalmentState::NotOwed,
        (true, _) => InstalmentState::Paid,
        // One without principal is covered by nothing.
        (false, true) if through > before => InstalmentState::Ahead,
        (false, _) => InstalmentState::Upcoming,
    }
}
