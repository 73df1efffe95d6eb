//! Parts of facts.

use blockable_sdk::amounts::{Bps, ChainTime, MicroUsd};

/// The amounts of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentAmounts {
    /// The whole payment.
    pub amount: MicroUsd,
    /// Principal in it.
    pub principal: MicroUsd,
    /// Interest in it.
    pub interest: MicroUsd,
    /// Late fees in it.
    pub late_fees: MicroUsd,
    /// The reserve that is drawn first.
    pub reserve: MicroUsd,
}

/// The mark that an unpaid credit gets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextMark {
    /// Delinquent, from this time on.
    Delinquent(ChainTime),
    /// Defaulted, from this time on.
    Defaulted(ChainTime),
}

/// Use in a covenant's window so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CovenantUse {
    /// Use as a share of the plan for the time so far.
    pub used: Bps,
    /// The covenant's threshold.
    pub threshold: Bps,
    /// Seconds of the window that reports cover.
    pub seconds: u64,
    /// Seconds of the whole window.
    pub window: u64,
}

/// One lane of work in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingLane {
    /// The lane's name.
    pub lane: String,
    /// Failures in a row.
    pub failures: u32,
    /// The latest reason.
    pub reason: String,
}
