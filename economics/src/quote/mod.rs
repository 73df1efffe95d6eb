//! A quote for one borrower: the presets that reach a target recovery for its own use, and what each costs both sides.

mod cost;
mod search;
#[cfg(test)]
mod tests;
mod warnings;

use {
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        path::{Course, Scene},
        preset::Preset,
        random::{Random, mix},
        stats::Estimate,
        study::{StudyPlan, Summary, World, run},
        usage::OwnUse,
    },
    rand::SeedableRng,
    serde::Serialize,
};

pub use {cost::Cost, search::MOST_SEARCHED, warnings::warnings};

/// The recovery that a lender asks for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Target {
    /// Mean recovery of the debt at default, from 0 to 1.
    pub recovery: f64,
    /// Share of the worlds in which it must be reached.
    pub confidence: f64,
    /// Worlds to draw.
    pub worlds: u32,
    /// Units of the borrower's largest request; `None` to take what the assumed hours of its largest day use.
    pub largest_request: Option<u64>,
}

/// One preset for one borrower. Shares are from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Quote {
    /// The preset.
    pub preset: String,
    /// The terms that set it apart.
    pub title: String,
    /// True where the target is reached in the share of worlds that was asked for.
    pub reaches: bool,
    /// Share of the worlds in which the mean recovery reaches the target.
    pub worlds_reached: f64,
    /// Mean recovery as assumed.
    pub recovery: Estimate,
    /// 5th percentile of it over loans.
    pub p5: Estimate,
    /// Share of the defaults that recover the target or more.
    pub defaults_above_target: f64,
    /// Principal for the borrower's use over the term, in micro-USDC.
    pub principal: u64,
    /// Units of it.
    pub units: u64,
    /// Units per dollar, relative to list price.
    pub units_per_dollar: f64,
    /// Rate a year that the borrower pays on the principal, all in: interest, and the reserve that it lays down.
    pub apr_all_in: f64,
    /// The same on what is really paid out to the provider, day by day; 10 stands for 10 or more.
    pub apr_on_paid_out: f64,
    /// Cost of a unit with all interest, relative to list price without a loan.
    pub unit_cost: f64,
    /// Days that one of its units is put off on average.
    pub days_put_off: f64,
    /// Paid within a day of issue, as a share of the principal.
    pub down_payment: f64,
    /// Reserve laid down before issue, as a share of the principal.
    pub reserve: f64,
    /// The lender's yield a year after losses, with idle cash.
    pub yield_with_idle_cash: f64,
    /// The lender's yield a year on what is owed.
    pub yield_on_outstanding: f64,
    /// Faults to look at before signing.
    pub warnings: Vec<String>,
}

/// Quotes presets for a borrower's own use, and between them, where `searches`, the smallest holdbacks that reach the
/// target. Those that reach it come first, the cheapest of them at the top. `walked` is called after each of them, at most
/// [`MOST_SEARCHED`] times more than there are presets. Errors: those of a study.
pub fn quotes(
    own: &OwnUse,
    presets: &[Preset],
    searches: bool,
    assumptions: &Assumptions,
    target: Target,
    plan: &StudyPlan,
    walked: &dyn Fn(),
) -> Result<Vec<Quote>, EconomicsError> {
    let quote = |preset: &Preset| {
        let quote = quote(own, preset, assumptions, target, plan);
        walked();
        quote
    };
    let mut quotes = if searches { search::least_holdbacks(presets, quote)? } else { Vec::new() };
    for preset in presets {
        quotes.push(quote(preset)?);
    }
    quotes.sort_by(|a, b| b.reaches.cmp(&a.reaches).then(a.unit_cost.total_cmp(&b.unit_cost)));
    Ok(quotes)
}

/// Quotes one preset.
fn quote(
    own: &OwnUse,
    preset: &Preset,
    assumptions: &Assumptions,
    target: Target,
    plan: &StudyPlan,
) -> Result<Quote, EconomicsError> {
    let course = Course::for_borrower(preset, Some(own), assumptions)?;
    let summary = Summary::new(&course, Scene::Assumed, assumptions, plan, &run(&course, plan)?);
    let agreement = course.agreement();
    let terms = &agreement.terms;
    let cost = Cost::new(agreement)?;
    let worlds_reached = worlds_reached(own, preset, assumptions, target, plan)?;
    let share = |amount: u64| amount as f64 / terms.principal.max(1) as f64;
    let down = agreement.schedule.first().filter(|_| preset.in_advance).map_or(0, |first| first.principal);
    let unit_cost = share(cost.paid) / summary.units_per_dollar.max(0.01);
    let mut warnings = warnings(agreement, own, target.largest_request, assumptions);
    if unit_cost > 1.0 {
        warnings.push(format!(
            "a unit costs {:.0} % of its list price with all interest: the borrower pays less without a loan, as it uses",
            unit_cost * 100.0
        ));
    }
    // A cast of a float rounds down: the whole percent at or below the target.
    let below = ((target.recovery * 100.0).ceil() as usize).saturating_sub(1);
    Ok(Quote {
        preset: preset.name.clone(),
        title: preset.title.clone(),
        reaches: worlds_reached >= target.confidence,
        worlds_reached,
        recovery: summary.recovery,
        p5: summary.quantiles.p5,
        defaults_above_target: 1.0 - summary.distribution.get(below).copied().unwrap_or(1.0),
        principal: terms.principal,
        units: terms.units,
        units_per_dollar: summary.units_per_dollar,
        apr_all_in: cost.apr_all_in,
        apr_on_paid_out: cost.apr_on_paid_out,
        unit_cost,
        days_put_off: summary.days_put_off.value,
        down_payment: share(down),
        reserve: share(agreement.rider.reserve),
        yield_with_idle_cash: summary.yields.with_idle_cash,
        yield_on_outstanding: summary.yields.on_outstanding,
        warnings,
    })
}

/// Share of the worlds in which the mean recovery reaches the target. Worlds share the paths of the plan among them.
fn worlds_reached(
    own: &OwnUse,
    preset: &Preset,
    assumptions: &Assumptions,
    target: Target,
    plan: &StudyPlan,
) -> Result<f64, EconomicsError> {
    let mut random = Random::seed_from_u64(mix(plan.seed));
    let count = target.worlds.max(1);
    let plan = StudyPlan { paths: (plan.paths / u64::from(count)).max(200), ..*plan };
    let mut reached = 0u32;
    for _ in 0..count {
        // The provider of another world asks another principal for the same units.
        let assumptions = World::draw(assumptions, &mut random).applied_to(assumptions);
        let summary = Summary::simulate(preset, Some(own), Scene::Assumed, &assumptions, &plan)?;
        reached += u32::from(summary.recovery.value >= target.recovery);
    }
    Ok(f64::from(reached) / f64::from(count))
}
