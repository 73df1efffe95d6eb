//! `presets`: the named terms of an offer with the expectation of each, as data for a page.

use {
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        expectation::Expectation,
        exposure::Exposure,
        preset::{Freezing, Preset, Size},
        results::json,
        study::StudyPlan,
    },
    blockable_credits::state::Terms,
    serde::Serialize,
};

/// The presets that an offer can begin with, in the order of `blockable credit offer --terms`.
const NAMED: [&str; 5] = ["standard", "bursty", "sealed", "light", "prepaid-12"];
/// A loan to compare by: $12,000 for 20 million units. Figures in shares are the same for any other.
const SIZE: Size = Size { principal: 12_000_000_000, units: 20_000_000 };

/// All named terms.
#[derive(Debug, Serialize)]
struct Table {
    schema: u32,
    paths: u64,
    seed: u64,
    presets: Vec<Row>,
}

/// One preset: its own words, an agreement made of them, and what the simulator expects of that.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    title: String,
    instalments: u32,
    interval_days: u32,
    in_advance: bool,
    ahead: Option<f64>,
    holdback: f64,
    apr_bps: u16,
    holdback_apr_bps: u16,
    late_fee: f64,
    delinquency_days: u32,
    default_days: u32,
    cure_days: u32,
    freeze_policy: u8,
    auto_freeze: u8,
    reserve: f64,
    lifetime_days: u32,
    rate_multiple: f64,
    freezes_in_steps: bool,
    example: Example,
    expectation: Expectation,
    exposure: Option<ExposureRow>,
}

/// An agreement of the preset, which another builder of terms is tested by. Amounts are text: JSON's numbers end at 2^53 elsewhere.
#[derive(Debug, Serialize)]
struct Example {
    principal: String,
    units: String,
    unlocked_ahead: String,
    holdback: String,
    late_fee: String,
    max_units_per_second: String,
    unit_lifetime: u32,
    longest_job: u32,
    reserve: String,
    schedule: Vec<(u32, String)>,
}

/// The collateral that can be used before a freeze is possible.
#[derive(Debug, Serialize)]
struct ExposureRow {
    missed: usize,
    freeze_after: u64,
    used_share: f64,
    is_all: bool,
}

/// Simulates every named preset by the plan of an offer's review. Errors: [`EconomicsError`].
pub(super) fn run() -> Result<String, EconomicsError> {
    let (assumptions, plan) = (Assumptions::built_in()?, StudyPlan::of_review());
    let presets = NAMED.iter().map(|name| Row::new(&Preset::named(name)?, &assumptions, &plan));
    let presets = presets.collect::<Result<_, _>>()?;
    json(&Table { schema: 1, paths: plan.paths, seed: plan.seed, presets })
}

impl Row {
    fn new(preset: &Preset, assumptions: &Assumptions, plan: &StudyPlan) -> Result<Row, EconomicsError> {
        let agreement = preset.agreement(SIZE);
        let Terms { freeze_policy, auto_freeze, .. } = agreement.terms;
        let schedule = agreement.schedule.iter().map(|part| (part.due_after, part.principal.to_string()));
        let terms = &agreement.terms;
        Ok(Row {
            name: preset.name.clone(),
            title: preset.title.clone(),
            instalments: preset.instalments,
            interval_days: preset.interval_days,
            in_advance: preset.in_advance,
            ahead: preset.ahead,
            holdback: preset.holdback,
            apr_bps: preset.apr_bps,
            holdback_apr_bps: preset.holdback_apr_bps,
            late_fee: preset.late_fee,
            delinquency_days: preset.delinquency_days,
            default_days: preset.default_days,
            cure_days: preset.cure_days,
            freeze_policy,
            auto_freeze,
            reserve: preset.reserve,
            lifetime_days: preset.lifetime_days,
            rate_multiple: preset.rate_multiple,
            freezes_in_steps: preset.freeze == Freezing::InSteps,
            example: Example {
                principal: terms.principal.to_string(),
                units: terms.units.to_string(),
                unlocked_ahead: terms.unlocked_ahead.to_string(),
                holdback: terms.holdback.to_string(),
                late_fee: terms.late_fee.to_string(),
                max_units_per_second: terms.max_units_per_second.to_string(),
                unit_lifetime: terms.unit_lifetime,
                longest_job: terms.longest_job,
                reserve: agreement.rider.reserve.to_string(),
                schedule: schedule.collect(),
            },
            expectation: Expectation::new(&agreement, preset, assumptions, plan)?,
            exposure: Exposure::new(&agreement).map(|exposure| ExposureRow {
                missed: exposure.missed,
                freeze_after: exposure.freeze_after,
                used_share: exposure.used as f64 / exposure.lien.max(1) as f64,
                is_all: exposure.is_all(),
            }),
        })
    }
}
