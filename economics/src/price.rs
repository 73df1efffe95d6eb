//! The market price of a unit, relative to its price at issue: a geometric Brownian motion whose mean moves by the assumed
//! drift a year.
//!
//! `log price(t) = (log(1 + drift) - sigma^2 / 2) t + sigma W(t)`, with t in years. H100 prices fell by 43 % from October
//! 2024 to October 2025 and rose again after that (`data/h100_price.csv`).

use crate::{
    YEAR_DAYS,
    random::{Random, normal},
};

/// Parameters of the price, per day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriceModel {
    drift: f64,
    sigma: f64,
}

impl PriceModel {
    /// A model with a mean that moves by `drift` a year (-0.35: down by 35 %) and a volatility of `sigma` a year.
    pub fn new(drift: f64, sigma: f64) -> PriceModel {
        let per_year = drift.max(-0.999).ln_1p() - sigma * sigma / 2.0;
        PriceModel { drift: per_year / YEAR_DAYS, sigma: sigma / YEAR_DAYS.sqrt() }
    }

    /// The factor by which the price moves over a number of days.
    pub fn factor(&self, days: f64, random: &mut Random) -> f64 {
        (self.drift * days + self.sigma * days.max(0.0).sqrt() * normal(random)).exp()
    }
}

#[cfg(test)]
mod tests {
    use {super::*, rand::SeedableRng};

    #[test]
    fn the_mean_moves_by_the_drift() {
        let (model, mut random) = (PriceModel::new(-0.35, 0.3), Random::seed_from_u64(3));
        let prices: Vec<f64> = (0..40_000).map(|_| model.factor(YEAR_DAYS, &mut random)).collect();
        let mean = prices.iter().sum::<f64>() / prices.len() as f64;
        assert!((mean - 0.65).abs() < 0.005, "{mean}");
    }

    #[test]
    fn days_one_by_one_spread_as_one_step_does() {
        let (model, mut random) = (PriceModel::new(0.0, 0.3), Random::seed_from_u64(4));
        let log = |random: &mut Random| (0..90).map(|_| model.factor(1.0, random).ln()).sum::<f64>();
        let logs: Vec<f64> = (0..10_000).map(|_| log(&mut random)).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64;
        assert!((variance.sqrt() - 0.3 * (90.0f64 / YEAR_DAYS).sqrt()).abs() < 0.004);
    }
}
