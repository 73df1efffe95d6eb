//! The alert rules.
//!
//! | file | content |
//! |---|---|
//! | this one | the table: severity, thresholds, audience and end of every rule |
//! | `settings` | `[rules]` in the configuration: what an operator changes in the table |
//! | `evaluate` | a finding under these rules: its level and severity |
//! | `ended` | open alerts that end because nothing is found on them any more |
//! | [`super::text`] | the texts |
//!
//! A new rule gets a name in [`crate::finding::Rule`], a fact in [`crate::finding::Fact`], a row here and a text. The compiler
//! asks for the name's row and for the fact's text. Tests must show that a part of the keeper hands the fact over.

mod ended;
mod evaluate;
mod settings;

pub(crate) use {
    ended::Subjects,
    settings::{RuleSettings, Rules},
};
pub(super) use {
    ended::ended,
    evaluate::{Evaluated, Recipients},
};

use {
    crate::{alerts::Severity, finding::Rule},
    serde::Serialize,
};

/// Seconds of a day and of a week.
const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// The settings of a rule unless the configuration changes them, and its fixed properties.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RuleRow {
    /// The importance of its alerts.
    pub(crate) severity: Severity,
    /// Its thresholds; `None` where the program's state, or another section of the configuration, decides.
    pub(crate) thresholds: Option<Thresholds>,
    /// The recipients of its alerts.
    pub(crate) audience: Audience,
    /// The end of its alerts, apart from a finding that the rule does not apply.
    pub(crate) end: AlertEnd,
}

/// The recipients of a rule's alerts. The operator gets all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The lender and the borrower of the credit.
    Parties,
    /// The lender that the subject is.
    Lender,
    /// The operator alone.
    Operator,
}

/// The end of an alert on which a cycle has found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AlertEnd {
    /// It stays until a finding ends it.
    ByFinding,
    /// It ends at once: while it lasts, it is found in every cycle.
    AtOnce,
    /// It ends at once, but not while the market is paused.
    AtOnceUnlessPaused,
    /// It ends with the credit's account.
    WithCredit,
    /// It ends when the credit is not metered any more.
    WithMetering,
    /// It ends when the keeper does not use the key any more.
    WithKey,
    /// It ends when no provider lists the reporter any more.
    WithReporter,
    /// It ends after this many seconds.
    After(i64),
    /// As [`AlertEnd::WithReporter`], or after this many seconds, so that a later fault raises a new alert.
    WithReporterOrAfter(i64),
}

/// The side of its thresholds on which a value is of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// At the threshold and above.
    Above,
    /// At the threshold and below.
    Below,
}

/// The unit of a rule's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThresholdUnit {
    /// A multiple.
    Times,
    /// Days.
    Days,
    /// Seconds.
    Seconds,
    /// Basis points.
    Bps,
    /// Credit units.
    Units,
    /// Lamports.
    Lamports,
    /// Cycles of the keeper in a row.
    Cycles,
}

/// The values at which an alert begins and ends. The gap between them keeps a value that wanders from raising alert after
/// alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Thresholds {
    /// The side that is of concern.
    pub(crate) side: Side,
    /// The unit of both thresholds.
    pub(crate) unit: ThresholdUnit,
    /// The value at which an alert is raised.
    pub(crate) raise: f64,
    /// The value at which it is cleared.
    pub(crate) clear: f64,
}

/// The level of a rule on a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Beyond the threshold at which an alert is cleared.
    Clear,
    /// Between the thresholds: an open alert stays, and none is raised.
    Hold,
    /// Beyond the threshold at which an alert is raised.
    Raise,
}

impl Thresholds {
    /// The level of a value.
    pub(crate) fn level(&self, value: f64) -> Level {
        let (raised, cleared) = match self.side {
            Side::Above => (value >= self.raise, value <= self.clear),
            Side::Below => (value <= self.raise, value >= self.clear),
        };
        match (raised, cleared) {
            (true, _) => Level::Raise,
            (false, true) => Level::Clear,
            (false, false) => Level::Hold,
        }
    }
}

const fn above(unit: ThresholdUnit, raise: f64, clear: f64) -> Option<Thresholds> {
    Some(Thresholds { side: Side::Above, unit, raise, clear })
}

const fn below(unit: ThresholdUnit, raise: f64, clear: f64) -> Option<Thresholds> {
    Some(Thresholds { side: Side::Below, unit, raise, clear })
}

const fn row(
    severity: Severity,
    thresholds: Option<Thresholds>,
    audience: Audience,
    end: AlertEnd,
) -> RuleRow {
    RuleRow { severity, thresholds, audience, end }
}

/// Tests whether a cycle that finds nothing can end the alerts of a rule.
pub(super) fn ends_without_finding(rule: Rule) -> bool {
    row_of(rule).end != AlertEnd::ByFinding
}

/// Seconds for which an alert must have had nothing to be on before it ends; by the clock of the keeper's machine.
pub(super) fn hold_of(rule: Rule) -> i64 {
    if matches!(rule, Rule::ReportersDisagree | Rule::NoQuorum) { 30 } else { 0 }
}

/// The table of rules.
#[rustfmt::skip]
pub(super) const fn row_of(rule: Rule) -> RuleRow {
    use {Audience::*, AlertEnd::*, Severity::*, ThresholdUnit as Unit};
    match rule {
        Rule::BurnRate          => row(Warning,  above(Unit::Times, 2.0, 1.5),          Parties,  WithCredit),
        Rule::Exhaustion        => row(Warning,  below(Unit::Days, 14.0, 21.0),         Parties,  WithCredit),
        Rule::Idle              => row(Info,     above(Unit::Days, 7.0, 1.0),           Parties,  WithCredit),
        Rule::ProviderSwitch    => row(Warning,  above(Unit::Days, 3.0, 1.0),           Parties,  WithCredit),
        Rule::Coverage          => row(Warning,  below(Unit::Bps, 8_000.0, 8_500.0),    Parties,  WithCredit),
        Rule::PaymentDue        => row(Info,     below(Unit::Days, 7.0, 8.0),           Parties,  WithCredit),
        Rule::PaymentMissed     => row(Critical, None,                                  Parties,  WithCredit),
        Rule::ActAhead          => row(Critical, below(Unit::Days, 3.0, 4.0),           Parties,  WithCredit),
        Rule::Delinquent        => row(Critical, None,                                  Parties,  WithCredit),
        Rule::Defaulted         => row(Critical, None,                                  Parties,  WithCredit),
        Rule::Frozen            => row(Warning,  None,                                  Parties,  WithCredit),
        Rule::CovenantLow       => row(Warning,  None,                                  Parties,  WithCredit),
        Rule::CovenantHigh      => row(Info,     None,                                  Parties,  WithCredit),
        Rule::Overrun           => row(Warning,  above(Unit::Units, 1.0, 0.0),          Parties,  WithCredit),
        Rule::LenderCancel      => row(Warning,  None,                                  Parties,  AtOnce),
        Rule::JointCancel       => row(Warning,  None,                                  Parties,  AtOnce),
        Rule::CrossDefault      => row(Warning,  None,                                  Parties,  AtOnce),
        Rule::ReserveShort      => row(Warning,  None,                                  Parties,  AtOnce),
        Rule::VaultFrozen       => row(Critical, None,                                  Parties,  AtOnce),
        Rule::OfferVoid         => row(Warning,  None,                                  Parties,  AtOnce),
        Rule::BorrowerHandOver  => row(Info,     None,                                  Parties,  AtOnce),
        Rule::ProviderChangeProposed => row(Warning, None,                              Operator, AtOnce),
        Rule::ProviderHandOver  => row(Warning,  None,                                  Operator, AtOnce),
        Rule::ProviderSuspended => row(Warning,  None,                                  Operator, AtOnce),
        Rule::MarketHalted      => row(Critical, None,                                  Operator, AtOnce),
        Rule::MarketChangeProposed => row(Warning, None,                                Operator, AtOnce),
        Rule::MarketHandOver    => row(Warning,  None,                                  Operator, AtOnce),
        Rule::ReporterSilent    => row(Warning,  None,                                  Operator, AtOnce),
        Rule::ReportersDisagree => row(Warning,  None,                                  Parties,  WithMetering),
        Rule::Equivocation      => row(Critical, None,                                  Operator, WithReporterOrAfter(WEEK)),
        Rule::BadReports        => row(Warning,  None,                                  Operator, WithReporterOrAfter(WEEK)),
        Rule::ReportsBelowChain => row(Warning,  None,                                  Operator, WithReporter),
        Rule::NoQuorum          => row(Warning,  None,                                  Operator, AtOnceUnlessPaused),
        Rule::Funds             => row(Warning,  below(Unit::Lamports, 5e7, 5e7),       Operator, WithKey),
        Rule::Quarantine        => row(Warning,  None,                                  Operator, AtOnce),
        Rule::Rpc               => row(Warning,  above(Unit::Cycles, 3.0, 0.0),         Operator, ByFinding),
        Rule::Stall             => row(Warning,  above(Unit::Seconds, 60.0, 0.0),       Operator, ByFinding),
        Rule::ChainLost         => row(Critical, above(Unit::Seconds, 60.0, 0.0),       Operator, ByFinding),
        Rule::StoreLost         => row(Critical, above(Unit::Seconds, 0.0, 0.0),        Operator, ByFinding),
        Rule::ReportersLost     => row(Critical, above(Unit::Seconds, 120.0, 0.0),      Operator, ByFinding),
        Rule::Unwatched         => row(Critical, above(Unit::Seconds, 300.0, 0.0),      Lender,   After(DAY)),
        Rule::LogMismatch       => row(Critical, None,                                  Parties,  ByFinding),
    }
}
