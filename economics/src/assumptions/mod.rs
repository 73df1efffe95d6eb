//! Everything that is taken from data or assumed, read from a TOML file and the tables that it names.
//!
//! Our own assumptions are built in. A file of the same form takes their place; every key must carry its source, or the
//! word "assumed", as a comment, so that a result can list what it rests on.

mod reader;
mod tables;
#[cfg(test)]
mod tests;
mod values;

use {crate::EconomicsError, std::path::Path};

pub(crate) use tables::{MOST_DAYS, mistake, numbers, rows};

pub use {
    tables::{Quantiles, TenantClass},
    values::{BonusLaw, Borrower, Market, Offer, Simulator, UseOfUnits, Worlds},
};

/// The assumptions of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumptions {
    /// Behaviour of borrowers.
    pub borrower: Borrower,
    /// Draws of use.
    pub usage: UseOfUnits,
    /// Prices, buyers and providers.
    pub market: Market,
    /// A provider's offer for money in advance.
    pub offer: Offer,
    /// Ranges of the worlds.
    pub worlds: Worlds,
    /// Values that the other sections leave open.
    pub simulator: Simulator,
    /// Share of the principal repaid by loans that default.
    pub default_timing: Quantiles,
    /// Statistics of tenants' days, by class.
    pub classes: Vec<TenantClass>,
    /// Each key with its value and its source as the file states them, in the file's order.
    pub sources: Vec<Source>,
}

/// One line of an assumptions file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Source {
    /// Section and key, such as `market.price_drift`.
    pub key: String,
    /// The value as it is written.
    pub value: String,
    /// The source, or "assumed".
    pub source: String,
}

const BUILT_IN: &str = include_str!("../../data/assumptions.toml");
const BUILT_IN_TIMING: &str = include_str!("../../data/repaid_at_charge_off.csv");
const BUILT_IN_TENANTS: &str = include_str!("../../data/tenant_days.csv");

impl Assumptions {
    /// Our own assumptions, built in. Errors: none but for a mistake in the built-in files, which a test excludes.
    pub fn built_in() -> Result<Assumptions, EconomicsError> {
        reader::read("assumptions.toml", BUILT_IN, &|name| match name {
            "repaid_at_charge_off.csv" => Ok(BUILT_IN_TIMING.to_string()),
            "tenant_days.csv" => Ok(BUILT_IN_TENANTS.to_string()),
            other => Err(EconomicsError::Argument(format!("no table {other} is built in"))),
        })
    }

    /// Reads a file of the same form; tables are looked for in its folder. Errors: [`EconomicsError::Read`],
    /// [`EconomicsError::Line`] with the line of the mistake.
    pub fn from_file(path: &Path) -> Result<Assumptions, EconomicsError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let text = read_text(path)?;
        reader::read(&path.display().to_string(), &text, &|name| read_text(&folder.join(name)))
    }
}

/// Reads a text file. Errors: [`EconomicsError::Read`].
pub(crate) fn read_text(path: &Path) -> Result<String, EconomicsError> {
    std::fs::read_to_string(path).map_err(|source| EconomicsError::Read { path: path.to_path_buf(), source })
}
