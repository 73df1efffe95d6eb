//! Which rules a credit's measures break. Pure: the same measures give the same signals.

use {
    crate::{
        alert::{Level, Parties, Rule, Signal},
        watch::{
            measure::Measure,
            settings::{RuleSettings, Rules, Settings},
            tell::{self, Told},
        },
    },
    blockable_sdk::{Pubkey, program::transitions::Status},
    std::collections::BTreeMap,
};

const DAY: f64 = 86_400.0;
/// Seconds without use from which on a credit counts as no longer used.
const IN_USE: i64 = 86_400;
/// The part of a covenant's window that must have passed before its utilisation says anything: a quarter.
const WINDOW_PARTS: u64 = 4;

/// What is known of the market beside its credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketState {
    /// The market's address.
    pub key: Pubkey,
    /// Seconds that the cluster stood still in the last hour.
    pub lost_seconds: i64,
}

/// Every rule's finding on every credit, on those that are gone, and on the market.
pub fn signals(
    measures: &BTreeMap<Pubkey, Measure>,
    gone: &[Pubkey],
    market: &MarketState,
    settings: &Settings,
) -> Vec<Signal> {
    let rules = &settings.rules;
    let places = measures.len().saturating_add(gone.len()).saturating_mul(Rules::all().count());
    let mut found = Vec::with_capacity(places.saturating_add(1));
    let elsewhere = Elsewhere::of(measures);
    for measure in measures.values() {
        let case = Case { measure, other: elsewhere.of_another(measure), settings };
        found.extend(of_credits().filter_map(|rule| Some(case.signal(rule, rules.get(rule)?))));
    }
    for credit in gone {
        let cleared = of_credits().filter_map(|rule| Some(cleared(rule, *credit, rules.get(rule)?)));
        found.extend(cleared);
    }
    found.extend(rules.get(Rule::Stall).map(|kept| stall(market, kept)));
    found
}

fn of_credits() -> impl Iterator<Item = Rule> {
    Rules::all().filter(|rule| *rule != Rule::Stall)
}

fn cleared(rule: Rule, subject: Pubkey, kept: &RuleSettings) -> Signal {
    signal(rule, subject, Level::Clear, kept, None, Told::default())
}

fn signal(
    rule: Rule,
    subject: Pubkey,
    level: Level,
    kept: &RuleSettings,
    parties: Option<Parties>,
    told: Told,
) -> Signal {
    let Told { happened, means, next } = told;
    Signal { rule, subject, level, severity: kept.severity, parties, happened, means, next }
}

fn stall(market: &MarketState, kept: &RuleSettings) -> Signal {
    let level = by_marks(kept, market.lost_seconds as f64);
    let told = if level == Level::Raise { tell::stall(market.lost_seconds) } else { Told::default() };
    signal(Rule::Stall, market.key, level, kept, None, told)
}

/// Which way a value stands against a rule's marks; a rule that is switched off is cleared.
fn by_marks(kept: &RuleSettings, value: f64) -> Level {
    match kept.marks {
        Some(marks) if kept.enabled => marks.level(value),
        _ => Level::Clear,
    }
}

/// Raised or cleared by a fact that has no marks between.
fn by_fact(is_so: bool) -> Level {
    if is_so { Level::Raise } else { Level::Clear }
}

/// One credit, and all that its rules look at.
struct Case<'a> {
    measure: &'a Measure,
    /// The credit of the same borrower that was used last at another provider.
    other: Option<&'a Measure>,
    settings: &'a Settings,
}

impl Case<'_> {
    fn signal(&self, rule: Rule, kept: &RuleSettings) -> Signal {
        let measure = self.measure;
        let level = if kept.enabled { self.level(rule, kept) } else { Level::Clear };
        let told = match level {
            Level::Raise => tell::of_credit(rule, measure, self.other),
            Level::Hold | Level::Clear => Told::default(),
        };
        let parties = Parties { lender: measure.lender, borrower: measure.borrower };
        signal(rule, measure.credit, level, kept, Some(parties), told)
    }

    fn level(&self, rule: Rule, kept: &RuleSettings) -> Level {
        let measure = self.measure;
        match rule {
            Rule::BurnRate => self.burn_rate(kept),
            Rule::Exhaustion => self.exhaustion(kept),
            Rule::Idle if self.could_be_used() => by_marks(kept, days(measure.idle_seconds)),
            Rule::ProviderSwitch if self.could_be_used() => self.provider_switch(kept),
            Rule::Coverage if self.is_secured() => {
                measure.coverage_bps.map_or(Level::Clear, |coverage| by_marks(kept, coverage as f64))
            }
            Rule::PaymentDue => self.payment_due(kept),
            Rule::PaymentMissed => self.unless_seizing(measure.missed > 0 && self.is_live()),
            Rule::Delinquent => match measure.status {
                Some(Status::Delinquent) => Level::Raise,
                Some(Status::Defaulted | Status::Seizing) => Level::Hold,
                _ => Level::Clear,
            },
            Rule::Defaulted => self.unless_seizing(measure.status == Some(Status::Defaulted)),
            Rule::Frozen => by_fact(measure.frozen > 0),
            Rule::CovenantLow => self.covenant_low(),
            Rule::CovenantHigh => self.covenant_high(),
            Rule::Overrun => by_marks(kept, measure.new_overrun as f64),
            _ => Level::Clear,
        }
    }

    /// Whether units are live and the collateral has not been seized.
    fn is_live(&self) -> bool {
        matches!(self.measure.status, Some(Status::Active | Status::Delinquent | Status::Defaulted))
    }

    fn is_secured(&self) -> bool {
        self.measure.status.is_some_and(Status::is_secured)
    }

    fn could_be_used(&self) -> bool {
        self.is_live() && self.measure.available > 0
    }

    /// From the first seizure on every payment is recovery, and what led to it stays open.
    fn unless_seizing(&self, is_so: bool) -> Level {
        if self.measure.status == Some(Status::Seizing) { Level::Hold } else { by_fact(is_so) }
    }

    fn burn_rate(&self, kept: &RuleSettings) -> Level {
        match self.measure.burn_ratio {
            _ if !self.is_live() => Level::Clear,
            Some(ratio) => by_marks(kept, ratio),
            None if self.measure.burn_is_settled => Level::Clear,
            None => Level::Hold,
        }
    }

    fn exhaustion(&self, kept: &RuleSettings) -> Level {
        let measure = self.measure;
        if !self.is_live() {
            return Level::Clear;
        }
        if measure.remaining == 0 {
            return by_marks(kept, 0.0);
        }
        // What is closed by a freeze has not been used up, and a short record projects anything.
        if measure.available == 0 || !measure.burn_is_settled {
            return Level::Hold;
        }
        let left = measure.exhausted_at.map(|at| days(at.saturating_sub(measure.at)));
        left.map_or(Level::Clear, |left| by_marks(kept, left))
    }

    fn provider_switch(&self, kept: &RuleSettings) -> Level {
        match self.other {
            Some(other) if other.idle_seconds < IN_USE && other.used_at > self.measure.used_at => {
                by_marks(kept, days(self.measure.idle_seconds))
            }
            _ => Level::Clear,
        }
    }

    fn payment_due(&self, kept: &RuleSettings) -> Level {
        let measure = self.measure;
        let may_be_paid = matches!(measure.status, Some(Status::Active | Status::Delinquent));
        match measure.next_payment {
            // The alert is on the payment before: it ends, and the next one gets its own.
            Some(payment) if may_be_paid && !measure.payment_is_new => {
                by_marks(kept, days(payment.due_at.saturating_sub(measure.at)))
            }
            _ => Level::Clear,
        }
    }

    fn covenant_low(&self) -> Level {
        let Some(used) = self.measure.utilisation.filter(|used| used.can_fall_short) else {
            return Level::Clear;
        };
        let safe = used.low_bps.saturating_add(self.settings.covenant_margin_bps);
        if used.seconds < used.window / WINDOW_PARTS || used.bps >= safe {
            return Level::Clear;
        }
        if used.bps < used.low_bps { Level::Raise } else { Level::Hold }
    }

    fn covenant_high(&self) -> Level {
        let Some(used) = self.measure.utilisation else { return Level::Clear };
        let below = used.high_bps.saturating_sub(self.settings.covenant_margin_bps);
        if used.seconds < used.window / WINDOW_PARTS || used.bps < below {
            return Level::Clear;
        }
        if used.bps >= used.high_bps { Level::Raise } else { Level::Hold }
    }
}

fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY
}

/// For every borrower the credit that was used last, and the one that was used last at another provider than that one's.
struct Elsewhere<'a>(BTreeMap<Pubkey, (&'a Measure, Option<&'a Measure>)>);

impl<'a> Elsewhere<'a> {
    fn of(measures: &'a BTreeMap<Pubkey, Measure>) -> Elsewhere<'a> {
        let mut latest: BTreeMap<Pubkey, (&Measure, Option<&Measure>)> = BTreeMap::new();
        for measure in measures.values().filter(|measure| measure.burn_rate > 0.0) {
            let Some((first, second)) = latest.get_mut(&measure.borrower) else {
                latest.insert(measure.borrower, (measure, None));
                continue;
            };
            let is_later = measure.used_at > first.used_at;
            match (is_later, measure.provider == first.provider) {
                (true, true) => *first = measure,
                (true, false) => *second = Some(std::mem::replace(first, measure)),
                (false, true) => {}
                (false, false) if second.is_none_or(|second| measure.used_at > second.used_at) => {
                    *second = Some(measure);
                }
                (false, false) => {}
            }
        }
        Elsewhere(latest)
    }

    /// The credit of the same borrower that was used last at another provider.
    fn of_another(&self, measure: &Measure) -> Option<&'a Measure> {
        let (first, second) = self.0.get(&measure.borrower)?;
        if first.provider == measure.provider { *second } else { Some(first) }
    }
}
