//! The sections of an assumptions file.

use serde::Deserialize;

/// Behaviour of borrowers. Shares are of the loans that default.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Borrower {
    /// Share that uses as fast as it can from the missed payment on.
    pub race: f64,
    /// Its pace, as a multiple of the planned one.
    pub race_speed: f64,
    /// Share whose use fades out before the default.
    pub fade: f64,
    /// Share that never means to pay and races from the first day.
    pub fraud: f64,
    /// Share of payments that come on their day.
    pub on_time: f64,
    /// File with the quantiles of the share repaid before a default.
    pub default_timing: String,
    /// Probability of a default within a year.
    pub annual_default: f64,
}

/// Draws of use.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseOfUnits {
    /// File with the statistics of tenants' days.
    pub daily: String,
    /// Days of one tenant that are drawn together.
    pub block_days: u32,
}

/// Prices, buyers and providers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Relative change of the mean price in a year.
    pub price_drift: f64,
    /// Volatility of the price, a year.
    pub price_sigma: f64,
    /// Share of the defaults that fall into a crash.
    pub crash_share: f64,
    /// Relative change of the price in a crash.
    pub crash_price: f64,
    /// Share of the usual buyers that come in a crash.
    pub crash_buyers: f64,
    /// Buyers that look at a lot a day.
    pub buyers_per_day: f64,
    /// Mean of what a buyer pays, as a share of the market price.
    pub buyer_pays: f64,
    /// Money that a buyer spends, as a share of the loan's principal.
    pub buyer_takes: f64,
    /// Probability a year that a provider goes dark.
    pub provider_failure: f64,
}

/// A provider's offer for money in advance.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Units above those at list price, as a share, where everything is paid in advance.
    pub bonus_prepaid: f64,
    /// The law by which a part that is paid later lowers it.
    pub bonus_law: BonusLaw,
}

/// The law by which a provider's bonus falls where a part of the principal is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BonusLaw {
    /// Bonus x share paid in advance: the pessimistic bound.
    Linear,
    /// The units that the receipts buy at the prepaid price, discounted by the time at which they come.
    Time,
}

/// Ranges that the worlds are drawn from, uniformly.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worlds {
    /// [`Borrower::race`].
    pub race: [f64; 2],
    /// [`Market::buyer_pays`].
    pub buyer_pays: [f64; 2],
    /// [`Market::buyers_per_day`].
    pub buyers_per_day: [f64; 2],
    /// [`Market::price_drift`].
    pub price_drift: [f64; 2],
    /// [`Market::crash_share`].
    pub crash_share: [f64; 2],
    /// [`Market::provider_failure`].
    pub provider_failure: [f64; 2],
    /// [`Offer::bonus_prepaid`].
    pub bonus_prepaid: [f64; 2],
}

/// Values that the other sections leave open. A file may leave the section out: these are its defaults.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Simulator {
    /// Days after its date at which a payment comes that is a little late.
    pub late_days: [f64; 2],
    /// Share of payments that are very late.
    pub very_late: f64,
    /// Days after its date at which such a payment comes.
    pub very_late_days: [f64; 2],
    /// Days before the first missed payment from which on a borrower races.
    pub race_lead_days: f64,
    /// Days over which use fades out before the first missed payment.
    pub fade_days: f64,
    /// Hours of use that are in flight when a day ends.
    pub job_hours: f64,
    /// List price in dollars a GPU hour; a unit is a GPU second.
    pub list_price: f64,
    /// Dollars lent.
    pub principal: f64,
    /// Rate a year at which a provider discounts what it is paid later.
    pub discount_rate: f64,
    /// Times that a lender offers an unsold lot again.
    pub relots: u32,
    /// Worth to a lender of units that it takes over, as a share of the market price.
    pub takeover_worth: f64,
    /// Days from a provider's failure until lender and borrower may cancel locked units together.
    pub suspension_days: f64,
    /// Spread of what buyers pay, as a share of the market price.
    pub buyer_sigma: f64,
    /// True where a loan has as many units as its borrower wants over the term.
    pub sized_loans: bool,
    /// Weights of the classes of tenants.
    pub tenants: Vec<f64>,
}

impl Default for Simulator {
    fn default() -> Simulator {
        Simulator {
            late_days: [0.5, 4.0],
            very_late: 0.03,
            very_late_days: [5.0, 10.0],
            race_lead_days: 0.0,
            fade_days: 60.0,
            job_hours: 1.0,
            list_price: 2.0,
            principal: 100_000.0,
            discount_rate: 0.15,
            relots: 1,
            takeover_worth: 0.5,
            suspension_days: 14.0,
            buyer_sigma: 0.12,
            sized_loans: true,
            tenants: vec![92.0, 25.0, 24.0],
        }
    }
}
