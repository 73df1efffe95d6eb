use super::Estimate;

/// Sums for the ratio of two amounts over many loans: the mean of `part / whole` weighted by `whole`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RatioSums {
    count: u64,
    part: u128,
    whole: u128,
    part_squared: u128,
    whole_squared: u128,
    product: u128,
}

impl RatioSums {
    /// Counts a loan. Amounts up to 10^15 and 10^8 loans fit.
    pub fn add(&mut self, part: u64, whole: u64) {
        let (part, whole) = (u128::from(part), u128::from(whole));
        self.count += 1;
        self.part += part;
        self.whole += whole;
        self.part_squared += part * part;
        self.whole_squared += whole * whole;
        self.product += part * whole;
    }

    /// Adds the loans of other sums.
    pub fn merge(&mut self, other: &RatioSums) {
        self.count += other.count;
        self.part += other.part;
        self.whole += other.whole;
        self.part_squared += other.part_squared;
        self.whole_squared += other.whole_squared;
        self.product += other.product;
    }

    /// Loans counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean of the parts of all loans.
    pub fn mean_part(&self) -> f64 {
        self.part as f64 / self.count.max(1) as f64
    }

    /// Mean of the wholes of all loans.
    pub fn mean_whole(&self) -> f64 {
        self.whole as f64 / self.count.max(1) as f64
    }

    /// The ratio of the sums. Its standard error is the linearised one of a ratio estimator (Cochran, Sampling Techniques,
    /// 6.4): `sqrt(mean of (part - ratio x whole)^2 / n) / mean whole`.
    pub fn ratio(&self) -> Estimate {
        if self.whole == 0 {
            return Estimate::default();
        }
        let ratio = self.part as f64 / self.whole as f64;
        let count = self.count as f64;
        let squares = self.part_squared as f64 - 2.0 * ratio * self.product as f64
            + ratio * ratio * self.whole_squared as f64;
        let error = (squares.max(0.0) / count / count).sqrt() / self.mean_whole();
        Estimate::with_error(ratio, error)
    }
}
