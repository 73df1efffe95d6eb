//! One distribution of days for each class of tenants, fitted to its statistics.
//!
//! The classes differ in kind. Days of inference services lie on two levels with slow changes between them: the largest day
//! of a month is hardly one standard deviation above the mean. Days of the others come in bursts, of which a few carry
//! most of the use.

use crate::{
    EconomicsError,
    assumptions::{MOST_DAYS, TenantClass},
    random::{Random, normal, uniform},
};

/// Draws tenants of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassModel {
    days: usize,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// `1 + cv x z`, with z the standardised `tanh(steepness x sin(2 pi (day / period + phase))) + noise`.
    Levels {
        /// Median of the coefficient of variation, and the spread of its logarithm over tenants.
        cv: [f64; 2],
        period: f64,
        steepness: f64,
        noise: f64,
    },
    /// `exp(spread x bent g)`, scaled to a mean of one. g is a normal autoregression.
    Bursts {
        /// Correlation of g from day to day.
        persistence: f64,
        /// Median of the spread, and the spread of its logarithm over tenants.
        spread: [f64; 2],
        /// g is bent to stay within this: `bend x tanh(g / bend)`.
        bend: f64,
    },
}

/// The 90th percentile of the standard normal distribution.
const NORMAL_P90: f64 = 1.281_551_6;

impl ClassModel {
    /// The distribution fitted to a class. Errors: [`EconomicsError::Argument`] for a class of another name.
    pub fn fitted_to(class: &TenantClass) -> Result<ClassModel, EconomicsError> {
        let [cv, cv90] = class.daily_cv;
        let shape = match class.name.as_str() {
            "inference_services" => Shape::Levels {
                cv: [cv, (cv90 / cv).ln() / NORMAL_P90],
                period: 40.0,
                steepness: 4.0,
                noise: 0.1,
            },
            "image_generation_customers" => {
                Shape::Bursts { persistence: 0.82, spread: [4.2, 0.4], bend: 2.5 }
            }
            "pods_dealt_to_made_up_tenants" => {
                Shape::Bursts { persistence: 0.93, spread: [1.68, 0.65], bend: 1.45 }
            }
            other => {
                return Err(EconomicsError::Argument(format!(
                    "no distribution is fitted to the class {other}: give the days of a borrower as a file instead"
                )));
            }
        };
        Ok(ClassModel { days: class.days, shape })
    }

    /// Draws the days of one tenant, relative to their mean. Returns their number.
    pub fn draw(&self, days: &mut [f64; MOST_DAYS], random: &mut Random) -> usize {
        let count = self.days.min(MOST_DAYS);
        let days = days.get_mut(..count).unwrap_or_default();
        match self.shape {
            Shape::Levels { cv: [median, spread], period, steepness, noise } => {
                let cv = median * (spread * normal(random)).exp();
                let phase = uniform(random);
                for (index, day) in days.iter_mut().enumerate() {
                    let turn = std::f64::consts::TAU * (index as f64 / period + phase);
                    *day = (steepness * turn.sin()).tanh() + noise * normal(random);
                }
                scale_to_cv(days, cv);
            }
            Shape::Bursts { persistence, spread: [median, of_log], bend } => {
                let spread = (median * (of_log * normal(random)).exp()).min(8.0);
                let fresh = (1.0 - persistence * persistence).sqrt();
                let mut level = normal(random);
                for day in days.iter_mut() {
                    *day = (spread * bend * (level / bend).tanh()).exp();
                    level = persistence * level + fresh * normal(random);
                }
                scale_to_mean(days);
            }
        }
        count
    }
}

/// Scales days to a mean of one.
pub(super) fn scale_to_mean(days: &mut [f64]) {
    let mean = days.iter().sum::<f64>() / days.len().max(1) as f64;
    if mean > 0.0 {
        days.iter_mut().for_each(|day| *day /= mean);
    }
}

/// Scales a shape to a mean of one and a coefficient of variation, as far as no day becomes negative.
fn scale_to_cv(days: &mut [f64], cv: f64) {
    let count = days.len().max(1) as f64;
    let mean = days.iter().sum::<f64>() / count;
    let deviation = (days.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / count).sqrt();
    let lowest = days.iter().fold(f64::INFINITY, |lowest, day| lowest.min(*day)) - mean;
    let scale = if deviation > 0.0 { (cv / deviation).min(-0.98 / lowest.min(-1e-12)) } else { 0.0 };
    days.iter_mut().for_each(|day| *day = 1.0 + (*day - mean) * scale);
}
