//! Evaluates findings by the rules. Pure: the same findings and settings give the same levels.

use {
    super::{Audience, Level, RuleSettings, Rules, row_of},
    crate::{
        alerts::Severity,
        finding::{Fact, Finding, Rule, RuleState},
    },
    blockable_sdk::Pubkey,
};

const DAY: f64 = 86_400.0;

/// A finding with the level and severity that the rules give it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::alerts) struct Evaluated {
    pub(crate) finding: Finding,
    pub(crate) level: Level,
    pub(crate) severity: Severity,
}

/// The parties that an alert is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::alerts) struct Recipients {
    pub(crate) lender: Option<Pubkey>,
    pub(crate) borrower: Option<Pubkey>,
}

/// A fact's value in the unit of its rule's thresholds.
enum FactValue {
    /// It is compared with the thresholds.
    Measured(f64),
    /// It is compared with the thresholds. The number distinguishes its occurrence from others, each of which has an alert.
    Occurring(f64, i64),
    /// It raises the alert by itself.
    Given,
}

impl Evaluated {
    /// Evaluates a finding.
    pub(crate) fn new(finding: Finding, rules: &Rules) -> Evaluated {
        let settings = rules.get(finding.rule());
        let (level, severity) = match finding.state() {
            _ if !settings.enabled => (Level::Clear, settings.severity),
            RuleState::Over => (Level::Clear, settings.severity),
            RuleState::Unchanged => (Level::Hold, settings.severity),
            RuleState::Is(fact) => (level(fact, &settings), severity(fact, settings.severity)),
        };
        Evaluated { finding, level, severity }
    }

    /// The rule and subject: at most one alert is open for both.
    pub(crate) fn key(&self) -> (Rule, Pubkey) {
        (self.finding.rule(), self.finding.subject())
    }

    /// The rule.
    pub(crate) fn rule(&self) -> Rule {
        self.finding.rule()
    }

    /// The parties that the alert is for; neither for the operator alone.
    pub(crate) fn recipients(&self) -> Recipients {
        let parties = self.finding.parties();
        match row_of(self.finding.rule()).audience {
            Audience::Parties => Recipients {
                lender: parties.map(|parties| parties.lender),
                borrower: parties.map(|parties| parties.borrower),
            },
            Audience::Lender => Recipients { lender: Some(self.finding.subject()), borrower: None },
            Audience::Operator => Recipients { lender: None, borrower: None },
        }
    }

    /// A number that identifies the occurrence of a rule on its subject; an alert on another occurrence ends.
    pub(crate) fn occurrence(&self) -> Option<i64> {
        match value(self.finding.fact()?) {
            FactValue::Occurring(_, occurrence) => Some(occurrence),
            FactValue::Measured(_) | FactValue::Given => None,
        }
    }
}

fn level(fact: &Fact, settings: &RuleSettings) -> Level {
    match (value(fact), settings.thresholds) {
        (FactValue::Measured(value) | FactValue::Occurring(value, _), Some(thresholds)) => {
            thresholds.level(value)
        }
        (FactValue::Measured(_) | FactValue::Occurring(..), None) | (FactValue::Given, _) => Level::Raise,
    }
}

/// A key that cannot pay or sign is critical whatever its balance; records that a node has removed are no proof of a wrong
/// log.
fn severity(fact: &Fact, configured: Severity) -> Severity {
    if let Fact::Funds { fault: Some(_), .. } = fact {
        return Severity::Critical;
    }
    if let Fact::RecordsLost { .. } = fact {
        return configured.min(Severity::Warning);
    }
    configured
}

fn value(fact: &Fact) -> FactValue {
    // Spans are far below 2^53 seconds and amounts are compared as statistics, so floats suffice.
    let days = |seconds: i64| seconds as f64 / DAY;
    match fact {
        Fact::BurnRate { ratio, .. } => FactValue::Measured(*ratio),
        Fact::Exhaustion { seconds_left, .. } => FactValue::Measured(days(*seconds_left)),
        // Instalments can be closer together than the threshold: each payment has its own alert.
        Fact::PaymentDue { seconds_left, due_market_time, .. } => {
            FactValue::Occurring(days(*seconds_left), due_market_time.get())
        }
        // Another proposal, another offer, another halt: each has its own alert.
        Fact::ProviderChangeProposed(change) => {
            FactValue::Occurring(0.0, change.waiting.ready_market_time.get())
        }
        Fact::MarketChangeProposed(change) => {
            FactValue::Occurring(0.0, change.waiting.ready_market_time.get())
        }
        Fact::BorrowerHandOver(offer) | Fact::ProviderHandOver(offer) | Fact::MarketHandOver(offer) => {
            FactValue::Occurring(0.0, offer.waiting.ready_market_time.get())
        }
        Fact::MarketHalted { since_market_time, .. } => FactValue::Occurring(0.0, since_market_time.get()),
        Fact::Idle { seconds, .. } | Fact::ProviderSwitch { seconds, .. } => {
            FactValue::Measured(days(*seconds))
        }
        Fact::Coverage { coverage, .. } => FactValue::Measured(coverage.get() as f64),
        Fact::Overrun { recent, .. } => FactValue::Measured(recent.get() as f64),
        Fact::Funds { fault: Some(_), .. } => FactValue::Given,
        Fact::Funds { fault: None, lamports, .. } => FactValue::Measured(lamports.get() as f64),
        Fact::Rpc { cycles, .. } => FactValue::Measured(f64::from(*cycles)),
        Fact::Stall { seconds } => FactValue::Measured(*seconds as f64),
        Fact::ChainLost(loss) | Fact::StoreLost(loss) | Fact::ReportersLost(loss) => {
            FactValue::Measured(loss.seconds() as f64)
        }
        // Each time without a watch has its own alert, and so has each act that falls due.
        Fact::Unwatched(loss) => FactValue::Occurring(loss.seconds() as f64, loss.since.get()),
        Fact::ActAhead { seconds_left, at, .. } => FactValue::Occurring(days(*seconds_left), at.get()),
        Fact::PaymentMissed { .. }
        | Fact::Delinquent { .. }
        | Fact::Defaulted { .. }
        | Fact::Frozen { .. }
        | Fact::CovenantLow(_)
        | Fact::CovenantHigh(_)
        | Fact::LenderCancel { .. }
        | Fact::JointCancel { .. }
        | Fact::CrossDefault { .. }
        | Fact::ReserveShort { .. }
        | Fact::VaultFrozen { .. }
        | Fact::OfferVoid { .. }
        | Fact::ProviderSuspended { .. }
        | Fact::ReporterSilent { .. }
        | Fact::ReportersDisagree { .. }
        | Fact::Equivocation { .. }
        | Fact::BadReports { .. }
        | Fact::ReportsBelowChain { .. }
        | Fact::NoQuorum { .. }
        | Fact::Quarantine { .. }
        | Fact::LogMismatch { .. }
        | Fact::RecordsLost { .. } => FactValue::Given,
    }
}
