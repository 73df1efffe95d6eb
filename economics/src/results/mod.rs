//! Results as text tables for people and as JSON for programs. Both have the same figures.

mod tables;
#[cfg(test)]
mod tests;
mod text;

use {
    crate::{
        EconomicsError,
        assumptions::Source,
        study::{Bar, StudyPlan, Summary, WorldsResult},
    },
    serde::Serialize,
    std::fmt,
};

pub use {
    tables::{quotes_table, summaries_table, tornado_table, worlds_table},
    text::Table,
};

/// Everything that one command has found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// Seed, paths and threads.
    pub plan: StudyPlan,
    /// Loan paths of each world and of each end of a sensitivity.
    pub side_paths: u64,
    /// The file of the borrower's own use; `None` where use is drawn from the statistics of the assumptions.
    pub own_use: Option<String>,
    /// Recovery, cost and yield of each preset in each scene.
    pub presets: Vec<Summary>,
    /// Sensitivities of a preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tornado: Option<Tornado>,
    /// A preset in many worlds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worlds: Vec<WorldsResult>,
    /// The assumptions of the figures.
    pub assumptions: Vec<Source>,
}

/// The sensitivities of one preset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tornado {
    /// The preset.
    pub preset: String,
    /// Its mean recovery with nothing moved.
    pub base: f64,
    /// The bars, the widest first.
    pub bars: Vec<Bar>,
}

impl fmt::Display for Results {
    /// The text of the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        writeln!(f, "seed {}, {} loan paths a preset, {} threads", plan.seed, plan.paths, plan.threads)?;
        let drawn = "drawn from the statistics of real tenants";
        writeln!(f, "use: {}", self.own_use.as_deref().unwrap_or(drawn))?;
        for scene in self.presets.chunk_by(|a, b| a.scene == b.scene) {
            let name = scene.first().map_or("", |summary| summary.scene);
            writeln!(f, "\nscene {name}: recovery of the debt at default in percent")?;
            write!(f, "{}", summaries_table(scene))?;
        }
        writeln!(f, "\n{LEGEND}")?;
        if let Some(tornado) = &self.tornado {
            let mean = tornado.base * 100.0;
            writeln!(f, "\nsensitivities of {}: mean {mean:.1} % with nothing moved", tornado.preset)?;
            write!(f, "{}", tornado_table(tornado))?;
        }
        if !self.worlds.is_empty() {
            writeln!(
                f,
                "\nworlds: the share in percent that reaches the target, and means and 5th percentiles over the worlds"
            )?;
            write!(f, "{}", worlds_table(&self.worlds))?;
        }
        Ok(())
    }
}

const LEGEND: &str = "\
mean: weighted by debt; +/-: half of its 95 % interval; p5 to p95, <half: by loan; paid out: recovery of what was paid to the
provider; vault, reserve, sales, taken: parts of the debt by where they came from; loss: of the principal, over the life of
a loan; yield: the lender's a year after losses with repaid cash idle, of owed: on the principal owed; days off: days that a
paying borrower's unit is put off, mean, and p95 of the borrowers; dark: loss of the debt where the provider goes dark";

/// A value as indented JSON. Errors: [`EconomicsError::Argument`], none in practice.
pub fn json<T: Serialize>(value: &T) -> Result<String, EconomicsError> {
    serde_json::to_string_pretty(value)
        .map_err(|error| EconomicsError::Argument(format!("cannot write JSON: {error}")))
}
