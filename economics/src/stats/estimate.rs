use serde::Serialize;

/// The 97.5th percentile of the standard normal distribution: half the width of a 95 % interval in standard errors.
pub const Z95: f64 = 1.959_964;

/// An estimate with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// An estimate with a standard error.
    pub fn with_error(value: f64, error: f64) -> Estimate {
        Estimate { value, low: value - Z95 * error, high: value + Z95 * error }
    }

    /// A proportion: `hits` out of `count`, with Wilson's interval.
    pub fn proportion(hits: u64, count: u64) -> Estimate {
        if count == 0 {
            return Estimate::default();
        }
        let (count, share) = (count as f64, hits as f64 / count as f64);
        let spread = Z95 * Z95 / count;
        let middle = (share + spread / 2.0) / (1.0 + spread);
        let half = Z95 / (1.0 + spread) * (share * (1.0 - share) / count + spread / (4.0 * count)).sqrt();
        Estimate { value: share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
    }

    /// The estimate and its interval times a factor.
    pub fn times(self, factor: f64) -> Estimate {
        Estimate { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}
