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

/// A value as indented JSON. Errors: [`EconomicsError::Argument`], none in practice.
pub fn json<T: Serialize>(value: &T) -> Result<String, EconomicsError> {
    serde_json::to_string_pretty(value)
        .map_err(|error| EconomicsError::Argument(format!("cannot write JSON: {error}")))
}
