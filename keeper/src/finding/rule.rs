//! The names of the alert rules.

use {
    serde::{Deserialize, Serialize},
    std::fmt,
};

/// A condition that somebody is alerted to. One rule and subject have at most one open alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Use has sped up against its long-term rate.
    BurnRate,
    /// Units will be used up soon.
    Exhaustion,
    /// Nothing has been used for some time.
    Idle,
    /// The borrower's use has moved to another provider.
    ProviderSwitch,
    /// The collateral is worth little against the debt.
    Coverage,
    /// A payment falls due soon.
    PaymentDue,
    /// A payment was missed.
    PaymentMissed,
    /// An act against the borrower can be made soon, unless the arrears are paid.
    ActAhead,
    /// The credit is marked delinquent.
    Delinquent,
    /// The credit is marked defaulted, and its cure period runs.
    Defaulted,
    /// Collateral is frozen.
    Frozen,
    /// Use is below the covenant's low threshold.
    CovenantLow,
    /// Use is at or above the covenant's high threshold.
    CovenantHigh,
    /// Units were used beyond those that the credit allowed.
    Overrun,
    /// The lender may cancel units under the holdback.
    LenderCancel,
    /// Lender and borrower may cancel units under the holdback together, because the provider has been suspended for long enough.
    JointCancel,
    /// The lender may freeze for the default of another credit of the same parties.
    CrossDefault,
    /// The reserve has been short for so long that the lender may freeze.
    ReserveShort,
    /// The payment token's issuer has frozen a credit's vault: nobody can pay.
    VaultFrozen,
    /// An offer can no longer be accepted or issued, because its provider has changed.
    OfferVoid,
    /// The borrower's place is offered to another key.
    BorrowerHandOver,
    /// A provider has proposed other settings, which wait.
    ProviderChangeProposed,
    /// A provider's authority role is offered to another key.
    ProviderHandOver,
    /// A provider is suspended.
    ProviderSuspended,
    /// The market takes no new business.
    MarketHalted,
    /// The market's admin has proposed other settings, which wait.
    MarketChangeProposed,
    /// The market's admin role is offered to another key.
    MarketHandOver,
    /// A reporter has not reported for some time.
    ReporterSilent,
    /// Reporters disagree, and a credit is not metered.
    ReportersDisagree,
    /// A reporter has signed two different reports for one instant.
    Equivocation,
    /// A reporter's count of use went back.
    BadReports,
    /// A reporter counts less use than the chain has.
    ReportsBelowChain,
    /// Fewer reporters than the quorum report.
    NoQuorum,
    /// One of the keeper's keys has few lamports left, cannot pay or does not sign.
    Funds,
    /// Work keeps failing and is in quarantine.
    Quarantine,
    /// Nodes disagree, lag or do not answer.
    Rpc,
    /// The cluster produced no blocks for some time.
    Stall,
    /// No node shows a state of the chain that can be believed.
    ChainLost,
    /// The store cannot be written.
    StoreLost,
    /// No endpoint of reports can be read.
    ReportersLost,
    /// The keeper has watched nothing, or metered no use, for some time.
    Unwatched,
    /// A credit's event log does not hash to the hash in its account, or cannot be fetched.
    LogMismatch,
}

impl Rule {
    /// All rules, in the order of their declaration.
    pub const ALL: [Rule; 42] = [
        Rule::BurnRate,
        Rule::Exhaustion,
        Rule::Idle,
        Rule::ProviderSwitch,
        Rule::Coverage,
        Rule::PaymentDue,
        Rule::PaymentMissed,
        Rule::ActAhead,
        Rule::Delinquent,
        Rule::Defaulted,
        Rule::Frozen,
        Rule::CovenantLow,
        Rule::CovenantHigh,
        Rule::Overrun,
        Rule::LenderCancel,
        Rule::JointCancel,
        Rule::CrossDefault,
        Rule::ReserveShort,
        Rule::VaultFrozen,
        Rule::OfferVoid,
        Rule::BorrowerHandOver,
        Rule::ProviderChangeProposed,
        Rule::ProviderHandOver,
        Rule::ProviderSuspended,
        Rule::MarketHalted,
        Rule::MarketChangeProposed,
        Rule::MarketHandOver,
        Rule::ReporterSilent,
        Rule::ReportersDisagree,
        Rule::Equivocation,
        Rule::BadReports,
        Rule::ReportsBelowChain,
        Rule::NoQuorum,
        Rule::Funds,
        Rule::Quarantine,
        Rule::Rpc,
        Rule::Stall,
        Rule::ChainLost,
        Rule::StoreLost,
        Rule::ReportersLost,
        Rule::Unwatched,
        Rule::LogMismatch,
    ];

    /// The rule's name in the configuration, the store, JSON and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::BurnRate => "burn_rate",
            Rule::Exhaustion => "exhaustion",
            Rule::Idle => "idle",
            Rule::ProviderSwitch => "provider_switch",
            Rule::Coverage => "coverage",
            Rule::PaymentDue => "payment_due",
            Rule::PaymentMissed => "payment_missed",
            Rule::ActAhead => "act_ahead",
            Rule::Delinquent => "delinquent",
            Rule::Defaulted => "defaulted",
            Rule::Frozen => "frozen",
            Rule::CovenantLow => "covenant_low",
            Rule::CovenantHigh => "covenant_high",
            Rule::Overrun => "overrun",
            Rule::LenderCancel => "lender_cancel",
            Rule::JointCancel => "joint_cancel",
            Rule::CrossDefault => "cross_default",
            Rule::ReserveShort => "reserve_short",
            Rule::VaultFrozen => "vault_frozen",
            Rule::OfferVoid => "offer_void",
            Rule::BorrowerHandOver => "borrower_hand_over",
            Rule::ProviderChangeProposed => "provider_change_proposed",
            Rule::ProviderHandOver => "provider_hand_over",
            Rule::ProviderSuspended => "provider_suspended",
            Rule::MarketHalted => "market_halted",
            Rule::MarketChangeProposed => "market_change_proposed",
            Rule::MarketHandOver => "market_hand_over",
            Rule::ReporterSilent => "reporter_silent",
            Rule::ReportersDisagree => "reporters_disagree",
            Rule::Equivocation => "equivocation",
            Rule::BadReports => "bad_reports",
            Rule::ReportsBelowChain => "reports_below_chain",
            Rule::NoQuorum => "no_quorum",
            Rule::Funds => "funds",
            Rule::Quarantine => "quarantine",
            Rule::Rpc => "rpc",
            Rule::Stall => "stall",
            Rule::ChainLost => "chain_lost",
            Rule::StoreLost => "store_lost",
            Rule::ReportersLost => "reporters_lost",
            Rule::Unwatched => "unwatched",
            Rule::LogMismatch => "log_mismatch",
        }
    }
}

// A rule that is declared and not listed fails here.
const _: () = assert!(Rule::LogMismatch as usize + 1 == Rule::ALL.len());

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_listed_in_its_place_under_one_name() {
        for (place, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, place);
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
        }
    }
}
