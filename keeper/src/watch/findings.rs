//! Finds the facts in a credit's measures that the rules on loans evaluate. Pure: the same measures give the same findings.

use {
    crate::{
        finding::{
            AdverseAct, CovenantUse, Fact, Finding, NextMark, Parties, PaymentAmounts, Rule, RuleState,
        },
        watch::{
            elsewhere::Elsewhere,
            measure::{Measure, Utilisation},
        },
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Units},
        program::transitions::Status,
    },
    std::collections::BTreeMap,
};

/// Seconds without use from which on a credit counts as no longer used.
const IN_USE: i64 = 86_400;
/// The part of a covenant's window that must have passed before its utilisation counts: a quarter.
const WINDOW_PARTS: u64 = 4;

/// The state of the market apart from its credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarketState {
    /// The market's address.
    pub key: Pubkey,
    /// Seconds without blocks within the last hour.
    pub lost_seconds: i64,
}

/// Finds the state of every rule on every credit, and of stalls on the market. `covenant_margin` is the distance from a
/// covenant's threshold at which its alert ends.
pub(crate) fn findings(
    measures: &BTreeMap<Pubkey, Measure>,
    market: &MarketState,
    covenant_margin: Bps,
) -> Vec<Finding> {
    let mut found = Vec::with_capacity(measures.len().saturating_mul(RuleInputs::RULES).saturating_add(1));
    let elsewhere = Elsewhere::new(measures);
    for measure in measures.values() {
        let case = RuleInputs { measure, other: elsewhere.at_another_provider(measure), covenant_margin };
        found.extend(case.findings());
    }
    found.push(Finding::is(market.key, Fact::Stall { seconds: market.lost_seconds }));
    found
}

/// One credit, with the inputs of its rules.
struct RuleInputs<'a> {
    measure: &'a Measure,
    /// The credit of the same borrower that was used last at another provider.
    other: Option<&'a Measure>,
    covenant_margin: Bps,
}

impl RuleInputs<'_> {
    /// Rules on a credit.
    const RULES: usize = 14;

    fn findings(&self) -> [Finding; RuleInputs::RULES] {
        [
            (Rule::BurnRate, self.burn_rate()),
            (Rule::Exhaustion, self.exhaustion()),
            (Rule::Idle, self.idle()),
            (Rule::ProviderSwitch, self.provider_switch()),
            (Rule::Coverage, self.coverage()),
            (Rule::PaymentDue, self.payment_due()),
            (Rule::PaymentMissed, self.payment_missed()),
            (Rule::ActAhead, self.act_ahead()),
            (Rule::Delinquent, self.delinquent()),
            (Rule::Defaulted, self.defaulted()),
            (Rule::Frozen, self.frozen()),
            (Rule::CovenantLow, self.covenant_low()),
            (Rule::CovenantHigh, self.covenant_high()),
            (Rule::Overrun, self.overrun()),
        ]
        .map(|(rule, state)| self.finding(rule, state))
    }

    fn finding(&self, rule: Rule, state: RuleState) -> Finding {
        let Measure { credit, lender, borrower, .. } = *self.measure;
        Finding::new(rule, credit, state).between(Parties { lender, borrower })
    }

    /// Tests whether units are live and the collateral has not been seized.
    fn is_live(&self) -> bool {
        matches!(self.measure.status, Some(Status::Active | Status::Delinquent | Status::Defaulted))
    }

    fn could_be_used(&self) -> bool {
        self.is_live() && !self.measure.available.is_zero()
    }

    fn is_seizing(&self) -> bool {
        self.measure.status == Some(Status::Seizing)
    }

    fn burn_rate(&self) -> RuleState {
        let measure = self.measure;
        match measure.burn_ratio {
            _ if !self.is_live() => RuleState::Over,
            Some(ratio) => RuleState::Is(Fact::BurnRate {
                ratio,
                rate: measure.burn_rate,
                long_rate: measure.long_burn_rate,
                usable: measure.usable,
                exhausted_at: measure.exhausted_at,
            }),
            None if measure.burn_is_settled => RuleState::Over,
            None => RuleState::Unchanged,
        }
    }

    fn exhaustion(&self) -> RuleState {
        let measure = self.measure;
        let in_seconds = |seconds_left, exhausted_at| {
            RuleState::Is(Fact::Exhaustion {
                seconds_left,
                exhausted_at,
                usable: measure.usable,
                granted: measure.granted,
                rate: measure.burn_rate,
                debt: measure.debt,
            })
        };
        if !self.is_live() {
            return RuleState::Over;
        }
        if measure.remaining.is_zero() {
            return in_seconds(0, None);
        }
        // Units closed by a freeze are not used up, and a short record projects anything.
        if measure.usable.is_zero() || !measure.burn_is_settled {
            return RuleState::Unchanged;
        }
        let left = |at: ChainTime| in_seconds(at.seconds_since(measure.at), Some(at));
        measure.exhausted_at.map_or(RuleState::Over, left)
    }

    fn idle(&self) -> RuleState {
        let Measure { idle_seconds, used_at, reported_at, .. } = *self.measure;
        match self.could_be_used() {
            true => RuleState::Is(Fact::Idle { seconds: idle_seconds, used_at, reported_at }),
            false => RuleState::Over,
        }
    }

    fn provider_switch(&self) -> RuleState {
        let measure = self.measure;
        match self.other.filter(|_| self.could_be_used()) {
            Some(other) if other.idle_seconds < IN_USE && other.used_at > measure.used_at => {
                RuleState::Is(Fact::ProviderSwitch {
                    seconds: measure.idle_seconds,
                    credit: other.credit,
                    provider: other.provider,
                })
            }
            Some(_) | None => RuleState::Over,
        }
    }

    fn coverage(&self) -> RuleState {
        let Measure { lien, lien_value, debt, .. } = *self.measure;
        let is_secured = self.measure.status.is_some_and(Status::is_secured);
        match self.measure.coverage_bps.filter(|_| is_secured) {
            Some(coverage) => RuleState::Is(Fact::Coverage { coverage, lien, lien_value, debt }),
            None => RuleState::Over,
        }
    }

    fn payment_due(&self) -> RuleState {
        let measure = self.measure;
        let may_be_paid = matches!(measure.status, Some(Status::Active | Status::Delinquent));
        let Some(payment) = measure.next_payment.filter(|_| may_be_paid) else { return RuleState::Over };
        RuleState::Is(Fact::PaymentDue {
            seconds_left: payment.due_at.seconds_since(measure.at),
            due_at: payment.due_at,
            due_market_time: payment.due_market_time,
            amounts: PaymentAmounts {
                amount: payment.amount,
                principal: payment.principal,
                interest: payment.interest,
                late_fees: payment.late_fees,
                reserve: measure.reserve,
            },
        })
    }

    /// From the first seizure on every payment is recovery, and the alerts on what led to it stay open.
    fn payment_missed(&self) -> RuleState {
        let measure = self.measure;
        if self.is_seizing() {
            return RuleState::Unchanged;
        }
        if measure.missed == 0 || !self.is_live() {
            return RuleState::Over;
        }
        let next_mark = match measure.status {
            Some(Status::Active) => measure.delinquent_from.map(NextMark::Delinquent),
            Some(Status::Delinquent) => measure.default_from.map(NextMark::Defaulted),
            _ => None,
        };
        RuleState::Is(Fact::PaymentMissed {
            missed: measure.missed,
            arrears: measure.arrears,
            since: measure.arrears_since,
            next_mark,
        })
    }

    /// The next act that can be made against the borrower because of arrears. Once it can be made, the alerts on its effect take over.
    fn act_ahead(&self) -> RuleState {
        let measure = self.measure;
        let next = match measure.status {
            _ if measure.missed == 0 => None,
            Some(Status::Active) => measure.delinquent_from.map(|at| (AdverseAct::MarkDelinquent, at)),
            Some(Status::Delinquent) => measure.default_from.map(|at| (AdverseAct::MarkDefaulted, at)),
            Some(Status::Defaulted) => measure.cure_ends_at.map(|at| (AdverseAct::Seize, at)),
            _ => None,
        };
        match next.map(|(act, at)| (act, at, at.seconds_since(measure.at))) {
            Some((act, at, seconds_left)) if seconds_left > 0 => {
                RuleState::Is(Fact::ActAhead { act, at, seconds_left, arrears: measure.arrears })
            }
            Some(_) | None => RuleState::Over,
        }
    }

    fn delinquent(&self) -> RuleState {
        let arrears = self.measure.arrears;
        let default_from = self.measure.default_from;
        match self.measure.status {
            Some(Status::Delinquent) => RuleState::Is(Fact::Delinquent { arrears, default_from }),
            Some(Status::Defaulted | Status::Seizing) => RuleState::Unchanged,
            _ => RuleState::Over,
        }
    }

    fn defaulted(&self) -> RuleState {
        let (debt, arrears) = (self.measure.debt, self.measure.arrears);
        let Measure { cure_ends_at, lien, covered, .. } = *self.measure;
        match self.measure.status {
            Some(Status::Defaulted) => {
                RuleState::Is(Fact::Defaulted { debt, arrears, cure_ends_at, lien, covered })
            }
            Some(Status::Seizing) => RuleState::Unchanged,
            _ => RuleState::Over,
        }
    }

    fn frozen(&self) -> RuleState {
        let Measure { frozen, lien, available, arrears, .. } = *self.measure;
        match frozen {
            Units::ZERO => RuleState::Over,
            frozen => RuleState::Is(Fact::Frozen { frozen, lien, available, arrears }),
        }
    }

    fn covenant_low(&self) -> RuleState {
        let Some(used) = self.measure.utilisation.filter(|used| used.can_fall_short) else {
            return RuleState::Over;
        };
        let safe = used.low_bps.saturating_add(self.covenant_margin);
        if used.seconds < used.window / WINDOW_PARTS || used.bps >= safe {
            return RuleState::Over;
        }
        if used.bps >= used.low_bps {
            return RuleState::Unchanged;
        }
        RuleState::Is(Fact::CovenantLow(covenant_use(&used, used.low_bps)))
    }

    fn covenant_high(&self) -> RuleState {
        let Some(used) = self.measure.utilisation else { return RuleState::Over };
        let below = used.high_bps.saturating_sub(self.covenant_margin);
        if used.seconds < used.window / WINDOW_PARTS || used.bps < below {
            return RuleState::Over;
        }
        if used.bps < used.high_bps {
            return RuleState::Unchanged;
        }
        RuleState::Is(Fact::CovenantHigh(covenant_use(&used, used.high_bps)))
    }

    fn overrun(&self) -> RuleState {
        RuleState::Is(Fact::Overrun { recent: self.measure.new_overrun, total: self.measure.overrun })
    }
}

fn covenant_use(utilisation: &Utilisation, threshold: Bps) -> CovenantUse {
    let Utilisation { bps, seconds, window, .. } = *utilisation;
    CovenantUse { used: bps, threshold, seconds, window }
}
