//! The simulator's expectation of an agreement, and the collateral that it leaves open to be used up.

use {
    super::schedule::PlannedSchedule,
    blockable_economics::{
        assumptions::Assumptions,
        expectation::Expectation,
        exposure::Exposure,
        preset::{Agreement, Preset},
        study::StudyPlan,
    },
    blockable_sdk::{
        amounts::{Bps, Units},
        program::state::FreezePolicy,
    },
    blockable_service::text,
    console::Style,
    serde_json::{Value, json},
};

/// The recovery that an agreement leads one to expect, and what it exposes.
pub(crate) struct Forecast {
    expectation: Result<Expectation, String>,
    exposure: Option<Exposure>,
    is_at_will: bool,
    rate_units: Units,
    from: PlannedSchedule,
}

impl Forecast {
    /// Simulates an agreement that began as `preset`.
    pub(crate) fn new(agreement: &Agreement, preset: &Preset, planned: &PlannedSchedule) -> Forecast {
        let plan = StudyPlan::of_review();
        let expectation = Assumptions::built_in()
            .and_then(|assumptions| Expectation::new(agreement, preset, &assumptions, &plan))
            .map_err(|error| error.to_string());
        Forecast {
            expectation,
            exposure: Exposure::new(agreement),
            is_at_will: agreement.terms.freeze_policy == FreezePolicy::AtWill as u8,
            rate_units: Units(agreement.terms.max_units_per_second),
            from: planned.clone(),
        }
    }

    /// The warning of collateral that could be used up before a freeze is possible, for the top of a review; none where the lender
    /// may freeze at will.
    pub(crate) fn warning(&self) -> Option<String> {
        let exposure = self.exposure.filter(|exposure| exposure.is_all() && !self.is_at_will)?;
        Some(format!(
            "ALL COLLATERAL COULD BE USED UP BEFORE YOU MAY FREEZE: at {} a second nothing is left {} after the beginning ({}), when the \
             lender may first freeze for instalment {}; lock units by --ahead, lower --units-per-second, or freeze earlier by --freeze",
            text::units(self.rate_units),
            span(exposure.freeze_after),
            self.from.from.after(seconds(exposure.freeze_after)),
            exposure.missed
        ))
    }

    /// Lines for a review.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if let Some(warning) = self.warning() {
            let loud = Style::new().for_stderr().red().bold();
            lines.push(("WARNING", loud.apply_to(warning).to_string()));
        }
        if let Some(exposure) = self.exposure {
            lines.push(("at risk", at_risk(&exposure, self.is_at_will)));
        }
        match &self.expectation {
            Ok(expectation) => lines.extend(expected(expectation)),
            Err(reason) => {
                lines.push((
                    "expected",
                    format!(
                        "nothing: the simulator has bounds of its own, the loosest of a market for real money, and these terms are \
                         outside ({reason}); this market may take them"
                    ),
                ));
            }
        }
        lines
    }

    /// The same as data.
    pub(crate) fn json(&self) -> Value {
        let exposure = self.exposure.map(|exposure| {
            json!({
                "missed_instalment": exposure.missed,
                "freeze_after_seconds": exposure.freeze_after,
                "is_at_will": self.is_at_will,
                "lien": exposure.lien,
                "used": exposure.used,
                "is_all": exposure.is_all(),
            })
        });
        json!({
            "expectation": self.expectation.as_ref().ok(),
            "exposure": exposure,
            "warnings": self.warning().into_iter().collect::<Vec<_>>(),
        })
    }
}

fn at_risk(exposure: &Exposure, is_at_will: bool) -> String {
    let share = exposure.used.saturating_mul(10_000).checked_div(exposure.lien).unwrap_or(0);
    let used = format!(
        "{} of {} under lien ({})",
        text::units(Units(exposure.used)),
        text::units(Units(exposure.lien)),
        text::percent(Bps(share))
    );
    let (after, missed) = (span(exposure.freeze_after), exposure.missed);
    match is_at_will {
        true => format!(
            "you may freeze at will; if you do not, {used} can be used by {after} after the beginning, where instalment {missed} is \
             missed"
        ),
        false => format!(
            "{used} can be used before you may freeze, {after} after the beginning, where instalment {missed} is missed"
        ),
    }
}

fn expected(expectation: &Expectation) -> Vec<(&'static str, String)> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    vec![
        (
            "expected",
            format!(
                "a default recovers {} of the debt on average, {} or more in 19 of 20, {} in a crash; a provider that goes dark costs {}",
                percent(expectation.recovery.value),
                percent(expectation.p5.value),
                percent(expectation.in_a_crash.value),
                percent(expectation.provider_dark_loss.value)
            ),
        ),
        (
            "",
            format!(
                "you earn {} a year after losses with repaid cash idle, {} on what is owed; a unit of the borrower waits {:.1} days",
                percent(expectation.yield_with_idle_cash),
                percent(expectation.yield_on_outstanding),
                expectation.days_put_off
            ),
        ),
        (
            "",
            format!(
                "simulated with {} loans, which assume that this loan's price is the market's: a unit costs {} of it there; assumptions in \
                 docs/recovery.md",
                text::thousands(expectation.paths),
                percent(expectation.market_price)
            ),
        ),
    ]
}

fn seconds(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

fn span(seconds: u64) -> String {
    text::span(i64::try_from(seconds).unwrap_or(i64::MAX))
}
