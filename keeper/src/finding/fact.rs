//! Facts, with their amounts and times.

use {
    crate::finding::{
        AdverseAct, CovenantUse, FailingLane, HandOver, Loss, NextMark, OfferFault, PaymentAmounts, Rule,
        SettingsChange,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Lamports, MarketTime, MicroUsd, Units},
        program::state::{MarketSettings, ProviderSettings},
    },
};

/// A fact that an alert can be raised on. Spans are in seconds, rates in units per second.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The recent rate of use against the long-term one.
    BurnRate {
        /// The recent rate as a multiple of the long-term one.
        ratio: f64,
        /// The recent rate.
        rate: f64,
        /// The long-term rate.
        long_rate: f64,
        /// Units that are left and not frozen: open, or opened by payments.
        usable: Units,
        /// The time at which they are used up at the recent rate; `None` for never.
        exhausted_at: Option<ChainTime>,
    },
    /// The time until the units are used up.
    Exhaustion {
        /// Seconds until then, at the recent rate.
        seconds_left: i64,
        /// The time at which that is; `None` where nothing is left.
        exhausted_at: Option<ChainTime>,
        /// Units that are left and not frozen: open, or opened by payments.
        usable: Units,
        /// Units granted.
        granted: Units,
        /// The recent rate.
        rate: f64,
        /// Everything owed.
        debt: MicroUsd,
    },
    /// A credit that is not used.
    Idle {
        /// Seconds without use.
        seconds: i64,
        /// The time at which use was last metered.
        used_at: ChainTime,
        /// The time of the latest report applied; `None` before the first.
        reported_at: Option<ChainTime>,
    },
    /// A credit that is not used while its borrower uses another provider.
    ProviderSwitch {
        /// Seconds without use of this credit.
        seconds: i64,
        /// The credit that is used.
        credit: Pubkey,
        /// That credit's provider.
        provider: Pubkey,
    },
    /// The value of the collateral against the debt.
    Coverage {
        /// Value over debt.
        coverage: Bps,
        /// Units that secure the debt.
        lien: Units,
        /// Their value.
        lien_value: MicroUsd,
        /// Everything owed.
        debt: MicroUsd,
    },
    /// A payment that falls due.
    PaymentDue {
        /// Seconds until then.
        seconds_left: i64,
        /// The due date by the chain's clock.
        due_at: ChainTime,
        /// The due date by the market's clock, which identifies the payment.
        due_market_time: MarketTime,
        /// Its amounts.
        amounts: PaymentAmounts,
    },
    /// Payments that were missed.
    PaymentMissed {
        /// Number of unpaid instalments.
        missed: u64,
        /// The amount to pay to be current.
        arrears: MicroUsd,
        /// Due date of the oldest of them.
        since: Option<ChainTime>,
        /// The mark that comes next.
        next_mark: Option<NextMark>,
    },
    /// An act against the borrower that can be made soon, unless the arrears are paid.
    ActAhead {
        /// The act.
        act: AdverseAct,
        /// The time from which on it can be made.
        at: ChainTime,
        /// Seconds until then.
        seconds_left: i64,
        /// The amount that keeps it from being made.
        arrears: MicroUsd,
    },
    /// A credit that is marked delinquent.
    Delinquent {
        /// The amount to pay to be current.
        arrears: MicroUsd,
        /// The time from which on it may be marked defaulted.
        default_from: Option<ChainTime>,
    },
    /// A credit that is marked defaulted.
    Defaulted {
        /// Everything owed.
        debt: MicroUsd,
        /// The amount to pay to cure the default.
        arrears: MicroUsd,
        /// The end of the cure period.
        cure_ends_at: Option<ChainTime>,
        /// Units that secure the debt.
        lien: Units,
        /// Units that the lender can cancel for cash that was held back.
        covered: Units,
    },
    /// Units that are frozen.
    Frozen {
        /// Units frozen.
        frozen: Units,
        /// Units that secure the debt.
        lien: Units,
        /// Units that new jobs may draw on.
        available: Units,
        /// The amount to pay to be current.
        arrears: MicroUsd,
    },
    /// Use below the covenant's low threshold.
    CovenantLow(CovenantUse),
    /// Use at or above the covenant's high threshold.
    CovenantHigh(CovenantUse),
    /// Use beyond the units that the credit allowed.
    Overrun {
        /// Units since the overrun was last quiet for a day.
        recent: Units,
        /// Units in all.
        total: Units,
    },
    /// Covered units that the lender may cancel.
    LenderCancel {
        /// The units.
        units: Units,
        /// Money that was held back for them.
        pays: MicroUsd,
        /// The time from which anybody may cancel them, and from which interest on the holdback ends.
        anybody_from: ChainTime,
    },
    /// Covered units that lender and borrower may cancel together.
    JointCancel {
        /// The provider.
        provider: Pubkey,
        /// The time since which the market's admin has it suspended.
        since: ChainTime,
        /// The units.
        units: Units,
        /// Money that was held back for them.
        pays: MicroUsd,
    },
    /// Another credit of the same parties that is in default.
    CrossDefault {
        /// The other credit.
        other: Pubkey,
        /// Units of this one that the lender may freeze for it.
        freezable: Units,
    },
    /// A reserve that has been short past its grace.
    ReserveShort {
        /// Cash in it.
        held: MicroUsd,
        /// Cash that was agreed.
        agreed: MicroUsd,
        /// The time of the draw since which it has been short.
        since: ChainTime,
        /// Units that the lender may freeze.
        freezable: Units,
    },
    /// A vault that the payment token's issuer has frozen.
    VaultFrozen {
        /// Everything owed.
        debt: MicroUsd,
        /// The amount that would have to be paid to be current.
        arrears: MicroUsd,
    },
    /// An offer that can no longer be accepted or issued.
    OfferVoid {
        /// The provider.
        provider: Pubkey,
        /// The part of its settings that has changed.
        fault: OfferFault,
        /// The principal in escrow.
        principal: MicroUsd,
    },
    /// The borrower's place that is offered to another key.
    BorrowerHandOver(HandOver),
    /// A change of a provider's settings that waits.
    ProviderChangeProposed(Box<SettingsChange<ProviderSettings>>),
    /// A provider's authority role that is offered to another key.
    ProviderHandOver(HandOver),
    /// A provider that takes no new credits.
    ProviderSuspended {
        /// True where it has suspended itself.
        by_itself: bool,
        /// True where the market's admin has suspended it.
        by_admin: bool,
    },
    /// A market that takes no new business.
    MarketHalted {
        /// The time of the halt.
        since: ChainTime,
        /// The time of the halt by the market's clock; instructions name the halt by it.
        since_market_time: MarketTime,
        /// The end that the admin has set; `None` for none.
        ends_at: Option<ChainTime>,
    },
    /// A change of the market's settings that waits.
    MarketChangeProposed(Box<SettingsChange<MarketSettings>>),
    /// The market's admin role that is offered to another key.
    MarketHandOver(HandOver),
    /// A reporter that does not report.
    ReporterSilent {
        /// The provider.
        provider: Pubkey,
        /// The chunk it has been silent on for longest.
        chunk: u32,
        /// Seconds without a report on it.
        seconds: i64,
    },
    /// Reporters without a quorum that agrees.
    ReportersDisagree {
        /// Reporters that agree with each other.
        agreeing: usize,
        /// Reporters that report on the credit.
        reporting: usize,
        /// Reporters that must agree.
        quorum: u8,
        /// Units that the largest group reports.
        units: Units,
    },
    /// Two different reports for one instant.
    Equivocation {
        /// The provider.
        provider: Pubkey,
        /// The chunk.
        chunk: u32,
        /// The instant.
        reported_at: ChainTime,
    },
    /// A count of use that went back.
    BadReports {
        /// The provider.
        provider: Pubkey,
        /// The chunk.
        chunk: u32,
        /// The credit's place in the chunk.
        bit: u32,
        /// Units at the earlier instant.
        from: Units,
        /// Units at the later one.
        to: Units,
    },
    /// A count of use below the chain's.
    ReportsBelowChain {
        /// The chunk.
        chunk: u32,
        /// The credit.
        credit: Pubkey,
        /// The instant of the report.
        reported_at: ChainTime,
        /// Units on the chain.
        on_chain: Units,
    },
    /// Too few reporters on a provider's credits.
    NoQuorum {
        /// Reporters that are needed.
        quorum: u8,
        /// The chunk.
        chunk: u32,
        /// The first credit concerned.
        credit: Pubkey,
        /// The time up to which it is metered.
        metered_to: ChainTime,
    },
    /// The lamports of one of the keeper's keys.
    Funds {
        /// The role that the key pays for.
        role: &'static str,
        /// Lamports that it holds.
        lamports: Lamports,
        /// The reason why it cannot pay or sign; `None` where it can.
        fault: Option<String>,
    },
    /// Work that keeps failing.
    Quarantine {
        /// The lanes that are put aside.
        lanes: Vec<FailingLane>,
    },
    /// Nodes that cannot be used.
    Rpc {
        /// Cycles in a row in which that was so.
        cycles: u32,
        /// Node and reason each.
        reasons: Vec<String>,
    },
    /// Time in which the cluster produced no blocks.
    Stall {
        /// Seconds of it within the last hour.
        seconds: i64,
    },
    /// No node shows a state of the chain that can be believed.
    ChainLost(Loss),
    /// The store cannot be written.
    StoreLost(Loss),
    /// No endpoint of reports can be read.
    ReportersLost(Loss),
    /// A time, which is over, in which this keeper watched nothing, or metered no use.
    Unwatched(Loss),
    /// A log that does not hash to the account's event hash.
    LogMismatch {
        /// The node that serves it.
        node: String,
        /// Records in it.
        records: u64,
    },
    /// Records that the node no longer serves, of all credits together: one node that has removed history concerns many.
    RecordsLost {
        /// The node.
        node: String,
        /// Credits concerned.
        credits: usize,
        /// Some of them, with the reason.
        examples: Vec<(Pubkey, String)>,
    },
}

impl Fact {
    /// The rule that the fact belongs to.
    pub fn rule(&self) -> Rule {
        match self {
            Fact::BurnRate { .. } => Rule::BurnRate,
            Fact::Exhaustion { .. } => Rule::Exhaustion,
            Fact::Idle { .. } => Rule::Idle,
            Fact::ProviderSwitch { .. } => Rule::ProviderSwitch,
            Fact::Coverage { .. } => Rule::Coverage,
            Fact::PaymentDue { .. } => Rule::PaymentDue,
            Fact::PaymentMissed { .. } => Rule::PaymentMissed,
            Fact::ActAhead { .. } => Rule::ActAhead,
            Fact::Delinquent { .. } => Rule::Delinquent,
            Fact::Defaulted { .. } => Rule::Defaulted,
            Fact::Frozen { .. } => Rule::Frozen,
            Fact::CovenantLow(_) => Rule::CovenantLow,
            Fact::CovenantHigh(_) => Rule::CovenantHigh,
            Fact::Overrun { .. } => Rule::Overrun,
            Fact::LenderCancel { .. } => Rule::LenderCancel,
            Fact::JointCancel { .. } => Rule::JointCancel,
            Fact::CrossDefault { .. } => Rule::CrossDefault,
            Fact::ReserveShort { .. } => Rule::ReserveShort,
            Fact::VaultFrozen { .. } => Rule::VaultFrozen,
            Fact::OfferVoid { .. } => Rule::OfferVoid,
            Fact::BorrowerHandOver(_) => Rule::BorrowerHandOver,
            Fact::ProviderChangeProposed(_) => Rule::ProviderChangeProposed,
            Fact::ProviderHandOver(_) => Rule::ProviderHandOver,
            Fact::ProviderSuspended { .. } => Rule::ProviderSuspended,
            Fact::MarketHalted { .. } => Rule::MarketHalted,
            Fact::MarketChangeProposed(_) => Rule::MarketChangeProposed,
            Fact::MarketHandOver(_) => Rule::MarketHandOver,
            Fact::ReporterSilent { .. } => Rule::ReporterSilent,
            Fact::ReportersDisagree { .. } => Rule::ReportersDisagree,
            Fact::Equivocation { .. } => Rule::Equivocation,
            Fact::BadReports { .. } => Rule::BadReports,
            Fact::ReportsBelowChain { .. } => Rule::ReportsBelowChain,
            Fact::NoQuorum { .. } => Rule::NoQuorum,
            Fact::Funds { .. } => Rule::Funds,
            Fact::Quarantine { .. } => Rule::Quarantine,
            Fact::Rpc { .. } => Rule::Rpc,
            Fact::Stall { .. } => Rule::Stall,
            Fact::ChainLost(_) => Rule::ChainLost,
            Fact::StoreLost(_) => Rule::StoreLost,
            Fact::ReportersLost(_) => Rule::ReportersLost,
            Fact::Unwatched(_) => Rule::Unwatched,
            Fact::LogMismatch { .. } | Fact::RecordsLost { .. } => Rule::LogMismatch,
        }
    }
}
