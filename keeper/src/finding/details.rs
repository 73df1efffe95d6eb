//! Parts of facts.

use blockable_sdk::{
    Pubkey,
    amounts::{Bps, ChainTime, MarketTime, MicroUsd},
};

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

/// The time in which something that was proposed or offered can come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its beginning.
    pub ready_at: ChainTime,
    /// Its end; what is not applied or taken by then has lapsed.
    pub lapses_at: ChainTime,
    /// Its beginning by the market's clock; instructions name a proposal by it.
    pub ready_market_time: MarketTime,
}

/// A change of settings that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsChange<T> {
    /// The settings in force.
    pub from: T,
    /// The proposed ones.
    pub to: T,
    /// The time in which they can be applied.
    pub waiting: Waiting,
}

/// A role that is offered to another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// The key that has it.
    pub from: Pubkey,
    /// The key that it is offered to.
    pub to: Pubkey,
    /// The time in which that key can take it.
    pub waiting: Waiting,
}

/// The part of a provider's settings that an offer does not fit any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferFault {
    /// The reporters, those that a proposed change would bring, or their quorum.
    Reporters,
    /// The rate bound of the offer's terms is above the provider's.
    Rate,
    /// The longest job of the offer's terms is above the provider's.
    LongestJob,
}

/// A time in which the keeper was without something that it needs, by the clock of its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its beginning.
    pub since: ChainTime,
    /// Its end, or the present while it lasts.
    pub until: ChainTime,
    /// The reason, and the next step.
    pub reason: String,
}

impl Loss {
    /// Seconds that it lasts, or has lasted.
    pub fn seconds(&self) -> i64 {
        self.until.seconds_since(self.since).max(0)
    }
}

/// An act against a borrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdverseAct {
    /// The mark of delinquency.
    MarkDelinquent,
    /// The mark of default.
    MarkDefaulted,
    /// The seizure of the collateral, and the cancel of units under the holdback.
    Seize,
}
