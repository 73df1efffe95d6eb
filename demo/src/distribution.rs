//! The recovery of many simulated loans on the terms of both stories.

use {
    crate::{
        DemoError,
        loan::{PREPAID, STANDARD, WITHOUT_RESERVE},
        narrator::{Fact, Narrator, fact},
    },
    blockable_economics::{
        assumptions::Assumptions,
        path::{Course, Kind, Scene},
        preset::Preset,
        study::{StudyPlan, Summary, run},
        usage::UseModel,
    },
    blockable_sdk::amounts::Bps,
    blockable_service::text,
    serde_json::json,
    std::thread::JoinHandle,
};

/// Loan paths of each preset: those that `simulate` walks unless it is told otherwise, with its seed.
pub(crate) const PLAN: StudyPlan = StudyPlan { paths: 20_000, seed: 20_261_129, threads: 1 };

/// The presets that are shown: the terms of both stories, and the first ones without the reserve.
const PRESETS: [&str; 3] = [WITHOUT_RESERVE, STANDARD, PREPAID];

/// The summaries of some presets under one plan.
pub(crate) struct Distribution {
    /// Paths and seed.
    pub plan: StudyPlan,
    /// One of each preset.
    pub summaries: Vec<Summary>,
}

/// Walks the paths on a thread of their own, while the stories are played.
pub(crate) fn begin(
    assumptions: &Assumptions,
    plan: StudyPlan,
) -> JoinHandle<Result<Distribution, DemoError>> {
    let assumptions = assumptions.clone();
    std::thread::spawn(move || {
        let summaries = PRESETS.into_iter().map(|name| summary(name, &assumptions, &plan));
        Ok(Distribution { plan, summaries: summaries.collect::<Result<_, _>>()? })
    })
}

fn summary(name: &str, assumptions: &Assumptions, plan: &StudyPlan) -> Result<Summary, DemoError> {
    let preset = Preset::named(name)?;
    let model = UseModel::from_assumptions(assumptions)?;
    let course = Course::new(&preset, preset.size(assumptions), model, assumptions)?;
    let tallies = run(&course, plan)?;
    Ok(Summary::new(&course, Scene::Assumed, assumptions, plan, &tallies))
}

impl Distribution {
    /// The command that computes the same figures.
    pub(crate) fn command(&self) -> String {
        let presets = PRESETS.map(|preset| format!("--preset {preset}")).join(" ");
        format!(
            "cargo run --release -p blockable-economics -- simulate {presets} --paths {} --seed {}",
            self.plan.paths, self.plan.seed
        )
    }

    /// Prints the distribution for people, after the shares that the two stories recovered.
    pub(crate) fn print(&self, narrator: &Narrator, stories: [Bps; 2]) {
        narrator.chapter("In many stories");
        let [first, second] = stories.map(text::percent);
        narrator.paragraph(&format!(
            "{first} in story 1 ({STANDARD}) and {second} in story 2 ({PREPAID}) are two cases. What to expect is a distribution: the share of \
             the debt at default that is recovered, in {} simulated defaults on each of these terms.",
            text::thousands(self.plan.paths_of(Kind::Default)),
        ));
        narrator.line("");
        narrator.line(&row("", ["mean", "p5", "p50", "p95", "never left", "of what was"]));
        narrator.line(&row("", ["", "", "", "", "the vault", "paid out"]));
        for summary in &self.summaries {
            let Summary { recovery, quantiles, sources, recovery_of_paid_out, .. } = summary;
            let shares = [
                recovery.value,
                quantiles.p5.value,
                quantiles.p50.value,
                quantiles.p95.value,
                sources.holdback,
                recovery_of_paid_out.value,
            ];
            let cells = shares.map(percent);
            narrator.line(&row(&summary.preset, cells.each_ref().map(String::as_str)));
        }
        narrator.line(
            "\np5: 19 of 20 loans recover more. Never left the vault: the lender's own money, part of the mean.\n\
             Borrowers, buyers and prices are assumed or drawn from data; docs/recovery.md names each source.",
        );
        narrator.line(&format!("Seed {}. The same figures again:\n", self.plan.seed));
        narrator.line(&format!("  {}", self.command().replace(" simulate", " \\\n    simulate")));
    }

    /// The distribution for machines. Shares are from 0 to 1.
    pub(crate) fn fact(&self) -> Fact {
        let presets = self.summaries.iter().map(|summary| {
            json!({
                "preset": summary.preset,
                "mean": summary.recovery.value,
                "p5": summary.quantiles.p5.value,
                "p50": summary.quantiles.p50.value,
                "p95": summary.quantiles.p95.value,
                "never_left_the_vault": summary.sources.holdback,
                "of_what_was_paid_out": summary.recovery_of_paid_out.value,
            })
        });
        fact(
            "distribution",
            json!({
                "seed": self.plan.seed,
                "paths": self.plan.paths,
                "defaults": self.plan.paths_of(Kind::Default),
                "presets": presets.collect::<Vec<_>>(),
                "command": self.command(),
            }),
        )
    }
}

fn row(name: &str, cells: [&str; 6]) -> String {
    let [mean, p5, p50, p95, vault, paid_out] = cells;
    format!("{name:<18}{mean:>8}{p5:>9}{p50:>9}{p95:>9}{vault:>13}{paid_out:>14}").trim_end().to_string()
}

/// A share from 0 to 1 in percent, to a tenth.
fn percent(share: f64) -> String {
    // A cast of a float saturates.
    text::percent(Bps((share * 1_000.0).round() as u64 * 10))
}
