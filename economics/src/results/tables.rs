//! The tables of the command line.

use {
    super::{
        Table, Tornado,
        text::{percent, two},
    },
    crate::{
        quote::Quote,
        study::{Summary, WorldsResult},
    },
    blockable_service::text::thousands,
};

/// Recovery, cost and yield of presets, one a row. Everything but days is in percent.
pub fn summaries_table(summaries: &[Summary]) -> Table {
    let mut table = Table::new([
        "preset", "mean", "+/-", "p5", "p25", "p50", "p95", "<half", "paid out", "vault", "reserve", "sales",
        "taken", "loss", "yield", "of owed", "days off", "p95", "dark",
    ]);
    for summary in summaries {
        let sources = summary.sources;
        table.add([
            summary.preset.clone(),
            percent(summary.recovery.value),
            percent(summary.recovery.high - summary.recovery.value),
            percent(summary.quantiles.p5.value),
            percent(summary.quantiles.p25.value),
            percent(summary.quantiles.p50.value),
            percent(summary.quantiles.p95.value),
            percent(summary.below_half.value),
            percent(summary.recovery_of_paid_out.value),
            percent(sources.holdback),
            percent(sources.reserve),
            percent(sources.sales),
            percent(sources.takeover),
            two(summary.loss_per_principal * 100.0),
            percent(summary.yields.with_idle_cash),
            percent(summary.yields.on_outstanding),
            two(summary.days_put_off.value),
            two(summary.days_put_off_p95),
            percent(summary.vanished_loss.value),
        ]);
    }
    table
}

/// The sensitivities of a preset, the widest first. Recovery in percent.
pub fn tornado_table(tornado: &Tornado) -> Table {
    let mut table =
        Table::new(["moved", "low", "high", "mean at low", "at high", "points", "p5 at low", "at high"]);
    for bar in &tornado.bars {
        table.add([
            bar.name.to_string(),
            bar.ends[0].to_string(),
            bar.ends[1].to_string(),
            percent(bar.means[0]),
            percent(bar.means[1]),
            percent(bar.width()),
            percent(bar.p5[0]),
            percent(bar.p5[1]),
        ]);
    }
    table
}

/// Presets in many worlds: means and 5th percentiles over the worlds in percent.
pub fn worlds_table(results: &[WorldsResult]) -> Table {
    let mut table = Table::new([
        "preset",
        "worlds",
        "reached",
        "worst mean",
        "p5 mean",
        "median mean",
        "worst p5",
        "p5 p5",
        "median p5",
    ]);
    for result in results {
        let sorted = |value: fn(&crate::study::World) -> f64| {
            let mut values: Vec<f64> = result.worlds.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            // A cast of a float rounds down.
            [0.0, 0.05, 0.5].map(|at| {
                percent(values.get((values.len() as f64 * at) as usize).copied().unwrap_or_default())
            })
        };
        let [worst, low, median] = sorted(|world| world.mean);
        let [worst_p5, low_p5, median_p5] = sorted(|world| world.p5);
        table.add([
            result.preset.clone(),
            result.worlds.len().to_string(),
            percent(result.reached.value),
            worst,
            low,
            median,
            worst_p5,
            low_p5,
            median_p5,
        ]);
    }
    table
}

/// The presets for one borrower, those that reach its target first.
pub fn quotes_table(quotes: &[Quote]) -> Table {
    let mut table = Table::new([
        "preset",
        "reaches",
        "worlds",
        "mean",
        "p5",
        "defaults above",
        "of list",
        "APR all in",
        "on paid out",
        "days off",
        "down",
        "reserve",
        "units per dollar",
        "principal",
        "yield",
        "warnings",
    ]);
    for quote in quotes {
        table.add([
            quote.preset.clone(),
            if quote.reaches { "yes" } else { "no" }.to_string(),
            percent(quote.worlds_reached),
            percent(quote.recovery.value),
            percent(quote.p5.value),
            percent(quote.defaults_above_target),
            percent(quote.unit_cost),
            percent(quote.apr_all_in),
            percent(quote.apr_on_paid_out),
            two(quote.days_put_off),
            percent(quote.down_payment),
            percent(quote.reserve),
            two(quote.units_per_dollar),
            format!("${}", thousands(quote.principal / 1_000_000)),
            percent(quote.yield_with_idle_cash),
            quote.warnings.len().to_string(),
        ]);
    }
    table
}
