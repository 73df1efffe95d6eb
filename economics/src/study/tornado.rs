//! Sensitivities: one assumption or term at a time at a low and a high value, all else as it is.

use {
    super::{StudyPlan, Summary},
    crate::{EconomicsError, assumptions::Assumptions, path::Scene, preset::Preset, usage::OwnUse},
    serde::Serialize,
};

/// Recovery at both ends of one assumption or term.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// The assumption or term that is moved.
    pub name: &'static str,
    /// The values, low and high.
    pub ends: [f64; 2],
    /// Mean recovery at each.
    pub means: [f64; 2],
    /// 5th percentile of the recovery at each.
    pub p5: [f64; 2],
}

impl Bar {
    /// The points between both ends' means.
    pub fn width(&self) -> f64 {
        (self.means[1] - self.means[0]).abs()
    }
}

/// An assumption or a term with its ends, and how a value is put in its place.
struct Change {
    name: &'static str,
    ends: [f64; 2],
    apply: fn(&mut Preset, &mut Assumptions, f64),
}

/// Walks a preset at both ends of every assumption and term. Returns the bars, the widest first. Errors: those of a study.
pub fn tornado(
    preset: &Preset,
    own: Option<&OwnUse>,
    assumptions: &Assumptions,
    plan: &StudyPlan,
) -> Result<Vec<Bar>, EconomicsError> {
    let mut bars = Vec::new();
    for change in changes(assumptions) {
        let mut results = [(0.0, 0.0); 2];
        for (end, result) in change.ends.into_iter().zip(&mut results) {
            let (mut preset, mut assumptions) = (preset.clone(), assumptions.clone());
            (change.apply)(&mut preset, &mut assumptions, end);
            let summary = Summary::simulate(&preset, own, Scene::Assumed, &assumptions, plan)?;
            *result = (summary.recovery.value, summary.quantiles.p5.value);
        }
        let [low, high] = results;
        bars.push(Bar { name: change.name, ends: change.ends, means: [low.0, high.0], p5: [low.1, high.1] });
    }
    bars.sort_by(|a, b| b.width().total_cmp(&a.width()));
    Ok(bars)
}

/// Everything that is moved: the ranges of the worlds, and round values around the other assumptions and the terms.
fn changes(assumptions: &Assumptions) -> Vec<Change> {
    let worlds = &assumptions.worlds;
    vec![
        Change {
            name: "share of defaults that race",
            ends: worlds.race,
            apply: |_, of, to| of.borrower.race = to,
        },
        Change {
            name: "buyers pay, of the market price",
            ends: worlds.buyer_pays,
            apply: |_, of, to| of.market.buyer_pays = to,
        },
        Change {
            name: "buyers a day",
            ends: worlds.buyers_per_day,
            apply: |_, of, to| of.market.buyers_per_day = to,
        },
        Change {
            name: "change of the price a year",
            ends: worlds.price_drift,
            apply: |_, of, to| of.market.price_drift = to,
        },
        Change {
            name: "share of defaults in a crash",
            ends: worlds.crash_share,
            apply: |_, of, to| of.market.crash_share = to,
        },
        Change {
            name: "share of providers that fail a year",
            ends: worlds.provider_failure,
            apply: |_, of, to| of.market.provider_failure = to,
        },
        Change {
            name: "bonus for money in advance",
            ends: worlds.bonus_prepaid,
            apply: |_, of, to| of.offer.bonus_prepaid = to,
        },
        Change {
            name: "pace of a race, x plan",
            ends: [4.0, 24.0],
            apply: |_, of, to| of.borrower.race_speed = to,
        },
        Change {
            name: "days that a race begins early",
            ends: [0.0, 30.0],
            apply: |_, of, to| of.simulator.race_lead_days = to,
        },
        Change {
            name: "share of defaults that fade",
            ends: [0.0, 0.5],
            apply: |_, of, to| of.borrower.fade = to,
        },
        Change {
            name: "a buyer takes, of the principal",
            ends: [0.05, 0.3],
            apply: |_, of, to| of.market.buyer_takes = to,
        },
        Change {
            name: "worth of a takeover, of the price",
            ends: [0.0, 0.8],
            apply: |_, of, to| of.simulator.takeover_worth = to,
        },
        Change { name: "hours of jobs", ends: [0.0, 24.0], apply: |_, of, to| of.simulator.job_hours = to },
        Change {
            name: "default grace, days",
            ends: [3.0, 15.0],
            apply: |preset, _, to| {
                preset.default_days = to as u32;
                preset.delinquency_days = (to / 3.0).floor().max(1.0) as u32;
            },
        },
        Change {
            name: "cure period, days",
            ends: [3.0, 30.0],
            apply: |preset, _, to| preset.cure_days = to as u32,
        },
        Change {
            name: "lot window, days",
            ends: [10.0, 60.0],
            apply: |preset, _, to| preset.lot.window_days = to as u32,
        },
        Change {
            name: "rate bound, x plan",
            ends: [4.0, 64.0],
            apply: |preset, _, to| preset.rate_multiple = to,
        },
        Change {
            name: "due in advance (1), in arrears (0)",
            ends: [0.0, 1.0],
            apply: |preset, _, to| preset.in_advance = to > 0.5,
        },
        Change { name: "reserve, instalments", ends: [0.0, 1.5], apply: |preset, _, to| preset.reserve = to },
        Change {
            name: "instalments ahead",
            ends: [0.25, 1.0],
            apply: |preset, _, to| preset.ahead = preset.ahead.map(|_| to),
        },
    ]
}
