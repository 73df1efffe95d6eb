//! What the keeper has noticed about a subject, as alerting takes it.

use {
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
    std::fmt,
};

/// What is watched. One rule and subject have at most one open alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Use has sped up against its long-term rate.
    BurnRate,
    /// Units will be used up soon.
    Exhaustion,
    /// Nothing has been used for a time.
    Idle,
    /// The borrower's use has moved to another provider.
    ProviderSwitch,
    /// The collateral is worth little against the debt.
    Coverage,
    /// A payment falls due soon.
    PaymentDue,
    /// A payment was missed.
    PaymentMissed,
    /// Marked delinquent.
    Delinquent,
    /// Marked defaulted; the cure period runs.
    Defaulted,
    /// Collateral was frozen.
    Frozen,
    /// Use is below the covenant's low mark.
    CovenantLow,
    /// Use is at or above the covenant's high mark.
    CovenantHigh,
    /// Use beyond what the credit allowed.
    Overrun,
    /// A reporter has not reported for a time.
    ReporterSilent,
    /// Reporters disagree, and a credit is not metered.
    ReportersDisagree,
    /// A reporter has signed two different reports for one instant.
    Equivocation,
    /// A reporter sends what cannot be right.
    BadReports,
    /// A reporter counts less use than the chain has.
    ReportsBelowChain,
    /// Fewer reporters than the quorum can be heard.
    NoQuorum,
    /// The keeper's key has few lamports left, or its cap is reached.
    Funds,
    /// An intent was put aside because it keeps failing.
    Quarantine,
    /// Nodes disagree, lag or do not answer.
    Rpc,
    /// The cluster stood still.
    Stall,
    /// A credit's event log does not hash to what the chain says.
    LogMismatch,
}

impl Rule {
    /// Its name, as in the configuration and in JSON.
    pub fn name(self) -> String {
        // Unit variants always have a name.
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_string)).unwrap_or_default()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something may go wrong.
    Warning,
    /// Money is at stake now.
    Critical,
}

/// Which way a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Beyond the mark at which an alert is raised.
    Raise,
    /// Between the marks: an open alert stays, none is opened.
    Hold,
    /// Beyond the mark at which an alert is cleared.
    Clear,
}

/// A rule's finding on a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The rule.
    pub rule: Rule,
    /// The credit, provider, reporter or key it is about.
    pub subject: Pubkey,
    /// Which way it stands.
    pub level: Level,
    /// How much it matters.
    pub severity: Severity,
    /// The lender and borrower whom it concerns; none for what concerns the operator alone.
    pub parties: Option<Parties>,
    /// What happened.
    pub happened: String,
    /// What it means.
    pub means: String,
    /// What to do next.
    pub next: String,
}

/// Whom a credit is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The lender.
    pub lender: Pubkey,
    /// The borrower.
    pub borrower: Pubkey,
}
