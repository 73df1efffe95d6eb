//! Worlds: all uncertain assumptions drawn anew, many times, to see whether a verdict rests on a guess.

use {
    super::{StudyPlan, Summary},
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        path::Scene,
        preset::Preset,
        random::{Random, between, mix},
        stats::Estimate,
        usage::OwnUse,
    },
    rand::SeedableRng,
    serde::Serialize,
};

/// One world and what a preset recovers in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct World {
    /// Share of the defaults that race.
    pub race: f64,
    /// Price that buyers pay, as a share of the market price.
    pub buyer_pays: f64,
    /// Buyers a day.
    pub buyers_per_day: f64,
    /// Change of the mean price a year.
    pub price_drift: f64,
    /// Share of the defaults that fall into a crash.
    pub crash_share: f64,
    /// Providers that fail a year.
    pub provider_failure: f64,
    /// Bonus for prepayment.
    pub bonus_prepaid: f64,
    /// Mean recovery.
    pub mean: f64,
    /// 5th percentile of the recovery.
    pub p5: f64,
}

/// A preset in many worlds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorldsResult {
    /// The preset.
    pub preset: String,
    /// Mean recovery that a world must reach.
    pub target_mean: f64,
    /// 5th percentile that it must reach.
    pub target_p5: f64,
    /// Share of the worlds that reach both.
    pub reached: Estimate,
    /// The worlds.
    pub worlds: Vec<World>,
}

impl World {
    /// Draws a world.
    pub(crate) fn draw(assumptions: &Assumptions, random: &mut Random) -> World {
        let ranges = &assumptions.worlds;
        World {
            race: between(random, ranges.race),
            buyer_pays: between(random, ranges.buyer_pays),
            buyers_per_day: between(random, ranges.buyers_per_day),
            price_drift: between(random, ranges.price_drift),
            crash_share: between(random, ranges.crash_share),
            provider_failure: between(random, ranges.provider_failure),
            bonus_prepaid: between(random, ranges.bonus_prepaid),
            mean: 0.0,
            p5: 0.0,
        }
    }

    /// Assumptions with this world's in their place.
    pub(crate) fn applied_to(&self, assumptions: &Assumptions) -> Assumptions {
        let mut assumptions = assumptions.clone();
        assumptions.borrower.race = self.race;
        assumptions.market.buyer_pays = self.buyer_pays;
        assumptions.market.buyers_per_day = self.buyers_per_day;
        assumptions.market.price_drift = self.price_drift;
        assumptions.market.crash_share = self.crash_share;
        assumptions.market.provider_failure = self.provider_failure;
        assumptions.offer.bonus_prepaid = self.bonus_prepaid;
        assumptions
    }
}

/// Walks a preset in `count` worlds, each with the paths of the plan. `targets` are the mean and the 5th percentile that a
/// world must reach. Errors: those of a study.
pub fn worlds(
    preset: &Preset,
    own: Option<&OwnUse>,
    assumptions: &Assumptions,
    count: u32,
    targets: [f64; 2],
    plan: &StudyPlan,
) -> Result<WorldsResult, EconomicsError> {
    let mut random = Random::seed_from_u64(mix(plan.seed));
    let mut worlds = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let world = World::draw(assumptions, &mut random);
        let summary = Summary::simulate(preset, own, Scene::Assumed, &world.applied_to(assumptions), plan)?;
        worlds.push(World { mean: summary.recovery.value, p5: summary.quantiles.p5.value, ..world });
    }
    let [target_mean, target_p5] = targets;
    let reached = worlds.iter().filter(|world| world.mean >= target_mean && world.p5 >= target_p5).count();
    Ok(WorldsResult {
        preset: preset.name.clone(),
        target_mean,
        target_p5,
        reached: Estimate::proportion(reached as u64, worlds.len() as u64),
        worlds,
    })
}
