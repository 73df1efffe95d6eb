//! Economics of Blockable: a Monte Carlo simulator of loans, and a quote for one borrower.
//!
//! Every loan is a value of the program's own account types, moved by the program's own functions day by day: use,
//! payments, graces, marks, freezes, seizures, lots. Nothing here repeats what the program decides; this crate adds
//! the world around it: people, prices, buyers, failures.
//!
//! | module | content |
//! |---|---|
//! | [`assumptions`] | everything that is taken from data or assumed, with its source |
//! | [`random`] | the random streams of a path |
//! | [`usage`] | days of use, drawn to the statistics of real tenants or from a borrower's own file |
//! | [`price`] | the market price of a unit |
//! | [`preset`] | named terms, and their translation into the program's |
//! | [`loan`] | one loan and its lot, changed by acts; an act is one instruction |
//! | [`path`] | one loan from issue to end: borrower, bot, lender, buyers |
//! | [`stats`] | sums that do not depend on the order of paths |
//! | [`study`] | many paths on all cores; worlds and sensitivities |
//! | [`quote`] | the presets that reach a target for one borrower |
//! | [`expectation`] | the figures of one agreement, whoever wrote it |
//! | [`exposure`] | the units that can be used up before the lender may freeze |
//! | [`results`], [`figures`] | tables, JSON, SVG and PNG |
//! | [`story`] | a path as a list of dated acts with the state after each, to be played on a chain |
//! | [`commands`] | the command line |
//!
//! Money in micro-USDC, compute in credit units, times in Unix seconds, prices in micro-USDC per
//! [`PRICE_SCALE`](blockable_credits::units::PRICE_SCALE) units, except where a name says otherwise. Figures of a
//! model (prices relative to the day of issue, shares, days) are floating-point numbers; amounts of a loan never are.

pub mod assumptions;
pub mod commands;
mod error;
pub mod expectation;
pub mod exposure;
#[cfg(feature = "figures")]
pub mod figures;
pub mod loan;
pub mod path;
pub mod preset;
pub mod price;
pub mod quote;
pub mod random;
pub mod results;
pub mod stats;
pub mod story;
pub mod study;
pub mod usage;

pub use error::EconomicsError;

/// Seconds in a day.
pub const DAY: i64 = 86_400;
/// Days in a year.
pub const YEAR_DAYS: f64 = 365.0;
