//! The figures of a study about a preset.

use {
    super::{StudyPlan, Tallies, run},
    crate::{
        EconomicsError, YEAR_DAYS,
        assumptions::Assumptions,
        path::{Course, Scene},
        preset::Preset,
        stats::{Estimate, Histogram},
        usage::OwnUse,
    },
    serde::Serialize,
};

/// Recovery, cost and yield of one preset. Shares are from 0 to 1; intervals are of 95 %.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The preset.
    pub preset: String,
    /// The terms that set it apart.
    pub title: String,
    /// The surroundings.
    pub scene: &'static str,
    /// Paths walked.
    pub paths: u64,
    /// Recovered share of the debt at default, weighted by debt.
    pub recovery: Estimate,
    /// Recovered share by loan.
    pub quantiles: Quantiles,
    /// Share of the defaults of which less than half was recovered.
    pub below_half: Estimate,
    /// Recovered share of what was really paid out.
    pub recovery_of_paid_out: Estimate,
    /// Shares of the debt by where they came from.
    pub sources: Sources,
    /// Expected loss over the life of a loan, as a share of its principal.
    pub loss_per_principal: f64,
    /// The lender's yields a year.
    pub yields: Yields,
    /// Days that a unit of a paying borrower is put off on average.
    pub days_put_off: Estimate,
    /// The same of the borrower at the 95th percentile.
    pub days_put_off_p95: f64,
    /// Share of the paying borrowers of which units were frozen on some day.
    pub paying_frozen: f64,
    /// Loss on a loan whose provider goes dark, as a share of the debt on that day.
    pub vanished_loss: Estimate,
    /// The same as a share of the principal lent.
    pub vanished_loss_of_principal: f64,
    /// Units for the principal, relative to those at list price.
    pub units_per_dollar: f64,
    /// Distribution of the recovered share over loans: the share of loans at or below each whole percent.
    pub distribution: Vec<f64>,
}

/// Percentiles of the recovered share over loans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// 5th percentile.
    pub p5: Estimate,
    /// 25th percentile.
    pub p25: Estimate,
    /// Median.
    pub p50: Estimate,
    /// 75th percentile.
    pub p75: Estimate,
    /// 95th percentile.
    pub p95: Estimate,
}

/// The parts of the debt at default by where they came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sources {
    /// Cash that never left the vault: cancelled units.
    pub holdback: f64,
    /// The borrower's reserve.
    pub reserve: f64,
    /// Sales of units.
    pub sales: f64,
    /// Units that the lender took over.
    pub takeover: f64,
}

/// The lender's yields a year, after losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Yields {
    /// On the principal from issue to the end: repaid money lies idle until then.
    pub with_idle_cash: f64,
    /// On the principal that is owed, day by day.
    pub on_outstanding: f64,
    /// Standard error of the first.
    pub error: f64,
}

impl Summary {
    /// Walks the paths of a preset, for a borrower's own use where it is given, and sums them up. `scene` is a name for the
    /// assumptions, which are taken as they are. Errors: those of a path.
    pub fn simulate(
        preset: &Preset,
        own: Option<&OwnUse>,
        scene: Scene,
        assumptions: &Assumptions,
        plan: &StudyPlan,
    ) -> Result<Summary, EconomicsError> {
        let course = Course::for_borrower(preset, own, assumptions)?;
        Ok(Summary::new(&course, scene, assumptions, plan, &run(&course, plan)?))
    }

    /// Sums a study up.
    pub fn new(
        course: &Course,
        scene: Scene,
        assumptions: &Assumptions,
        plan: &StudyPlan,
        tallies: &Tallies,
    ) -> Summary {
        let (preset, defaults) = (course.preset(), &tallies.defaults);
        let years = f64::from(preset.term_days()) / YEAR_DAYS;
        let default_share = 1.0 - (1.0 - assumptions.borrower.annual_default).powf(years);
        let shares = |at: f64| defaults.shares.quantile(at);
        let vanished = tallies.vanished.recovery.ratio();
        Summary {
            preset: preset.name.clone(),
            title: preset.title.clone(),
            scene: scene.name(),
            paths: plan.paths,
            recovery: defaults.recovery.ratio(),
            quantiles: Quantiles {
                p5: shares(0.05),
                p25: shares(0.25),
                p50: shares(0.5),
                p75: shares(0.75),
                p95: shares(0.95),
            },
            below_half: defaults.share_below_half(),
            recovery_of_paid_out: defaults.paid_out.ratio(),
            sources: Sources {
                holdback: defaults.from_holdback.ratio().value,
                reserve: defaults.from_reserve.ratio().value,
                sales: defaults.from_sales.ratio().value,
                takeover: defaults.from_takeover.ratio().value,
            },
            loss_per_principal: default_share * defaults.loss.ratio().value
                + (1.0 - default_share) * tallies.paying.loss.ratio().value,
            yields: yields(tallies, default_share),
            days_put_off: tallies.paying.waited.ratio(),
            days_put_off_p95: tallies.paying.waits.quantile(0.95).value,
            paying_frozen: tallies.paying.frozen as f64 / tallies.paying.loans.max(1) as f64,
            vanished_loss: complement(vanished),
            vanished_loss_of_principal: tallies.vanished.loss.ratio().value,
            units_per_dollar: preset.units_per_dollar(assumptions),
            distribution: distribution(&defaults.shares),
        }
    }
}

/// Yields of a portfolio in which so large a share of the loans defaults.
fn yields(tallies: &Tallies, default_share: f64) -> Yields {
    let (bad, good) = (&tallies.defaults, &tallies.paying);
    let mixed = |bad: f64, good: f64| default_share * bad + (1.0 - default_share) * good;
    let ((bad_profit, bad_error), (good_profit, good_error)) = (bad.profit(), good.profit());
    let committed = mixed(bad.committed_days(), good.committed_days()) / YEAR_DAYS;
    let owed = mixed(bad.principal_days(), good.principal_days()) / YEAR_DAYS;
    let profit = mixed(bad_profit, good_profit);
    let error = (default_share * bad_error).hypot((1.0 - default_share) * good_error);
    Yields {
        with_idle_cash: profit / committed.max(1.0),
        on_outstanding: profit / owed.max(1.0),
        error: error / committed.max(1.0),
    }
}

fn complement(estimate: Estimate) -> Estimate {
    Estimate { value: 1.0 - estimate.value, low: 1.0 - estimate.high, high: 1.0 - estimate.low }
}

/// Share of values at or below 0 %, 1 %, ... 100 %.
fn distribution(shares: &Histogram) -> Vec<f64> {
    let count = shares.count().max(1) as f64;
    let mut below = vec![0u64; 101];
    for (share, number) in shares.bins() {
        // A cast of a float saturates.
        let percent = (share * 100.0 - 1e-9).ceil().max(0.0) as usize;
        if let Some(place) = below.get_mut(percent.min(100)) {
            *place += number;
        }
    }
    let mut sum = 0;
    below
        .into_iter()
        .map(|number| {
            sum += number;
            sum as f64 / count
        })
        .collect()
}
