use {
    super::{Estimate, Histogram, RatioSums},
    crate::path::Outcome,
};

/// Outcomes of many paths of one kind, added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Recovered, and debt at default.
    pub recovery: RatioSums,
    /// Recovered of what was paid out, and what was paid out.
    pub paid_out: RatioSums,
    /// Debt less recovered, and principal, over all loans.
    pub loss: RatioSums,
    /// Cash from the holdback, and debt.
    pub from_holdback: RatioSums,
    /// Cash from the reserve, and debt.
    pub from_reserve: RatioSums,
    /// Cash from sales, and debt.
    pub from_sales: RatioSums,
    /// Worth of units taken over, and debt.
    pub from_takeover: RatioSums,
    /// Share of the debt recovered, by loan.
    pub shares: Histogram,
    /// Days that a unit waits on average, by loan.
    pub waits: Histogram,
    /// Unit-days waited, and units used.
    pub waited: RatioSums,
    /// Loans of which less than half of the debt was recovered.
    pub below_half: u64,
    /// Loans on which units were frozen on some day.
    pub frozen: u64,
    /// Loans.
    pub loans: u64,
    profit: i128,
    profit_squared: u128,
    committed_days: u128,
    principal_days: u128,
    overrun: u128,
    used: u128,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally {
            recovery: RatioSums::default(),
            paid_out: RatioSums::default(),
            loss: RatioSums::default(),
            from_holdback: RatioSums::default(),
            from_reserve: RatioSums::default(),
            from_sales: RatioSums::default(),
            from_takeover: RatioSums::default(),
            shares: Histogram::new(1.0, 1_000),
            waits: Histogram::new(60.0, 6_000),
            waited: RatioSums::default(),
            below_half: 0,
            frozen: 0,
            loans: 0,
            profit: 0,
            profit_squared: 0,
            committed_days: 0,
            principal_days: 0,
            overrun: 0,
            used: 0,
        }
    }
}

impl Tally {
    /// Counts the end of a path.
    pub fn add(&mut self, outcome: &Outcome) {
        self.loans += 1;
        let mut lost = 0;
        if let Some(default) = outcome.default {
            let recovered = default.recovered();
            lost = default.debt.saturating_sub(recovered);
            self.recovery.add(recovered, default.debt);
            self.paid_out.add(default.recovered_of_paid_out(), default.paid_out());
            self.from_holdback.add(default.from_holdback, default.debt);
            self.from_reserve.add(default.from_reserve, default.debt);
            self.from_sales.add(default.from_sales, default.debt);
            self.from_takeover.add(default.from_takeover, default.debt);
            self.shares.add(default.share());
            self.below_half += u64::from(recovered < default.debt / 2);
        }
        self.loss.add(lost, outcome.principal);
        if outcome.used > 0 {
            self.waits.add(outcome.waited as f64 / outcome.used as f64);
        }
        self.waited.add(outcome.waited, outcome.used);
        self.frozen += u64::from(outcome.frozen_days > 0);
        let profit = i128::from(outcome.receipts) - i128::from(outcome.principal);
        self.profit += profit;
        self.profit_squared += profit.unsigned_abs() * profit.unsigned_abs();
        self.committed_days += u128::from(outcome.principal) * u128::from(outcome.days);
        self.principal_days += outcome.principal_days;
        self.overrun += u128::from(outcome.overrun);
        self.used += u128::from(outcome.used);
    }

    /// Adds the paths of another tally.
    pub fn merge(&mut self, other: &Tally) {
        for (here, there) in [
            (&mut self.recovery, &other.recovery),
            (&mut self.paid_out, &other.paid_out),
            (&mut self.loss, &other.loss),
            (&mut self.from_holdback, &other.from_holdback),
            (&mut self.from_reserve, &other.from_reserve),
            (&mut self.from_sales, &other.from_sales),
            (&mut self.from_takeover, &other.from_takeover),
            (&mut self.waited, &other.waited),
        ] {
            here.merge(there);
        }
        self.shares.merge(&other.shares);
        self.waits.merge(&other.waits);
        self.below_half += other.below_half;
        self.frozen += other.frozen;
        self.loans += other.loans;
        self.profit += other.profit;
        self.profit_squared += other.profit_squared;
        self.committed_days += other.committed_days;
        self.principal_days += other.principal_days;
        self.overrun += other.overrun;
        self.used += other.used;
    }

    /// Mean profit of a loan in micro-USDC: receipts less principal, with its standard error.
    pub fn profit(&self) -> (f64, f64) {
        let count = self.loans.max(1) as f64;
        let mean = self.profit as f64 / count;
        let variance = (self.profit_squared as f64 / count - mean * mean).max(0.0);
        (mean, (variance / count).sqrt())
    }

    /// Mean over the loans of principal x days from issue to the end: the money that a lender has set aside, idle or not.
    pub fn committed_days(&self) -> f64 {
        self.committed_days as f64 / self.loans.max(1) as f64
    }

    /// Mean over the loans of the principal owed, summed over the days.
    pub fn principal_days(&self) -> f64 {
        self.principal_days as f64 / self.loans.max(1) as f64
    }

    /// Units used beyond what credits allowed, as a share of the units used.
    pub fn overrun(&self) -> f64 {
        self.overrun as f64 / self.used.max(1) as f64
    }

    /// Share of the defaults of which less than half was recovered.
    pub fn share_below_half(&self) -> Estimate {
        Estimate::proportion(self.below_half, self.recovery.count())
    }
}
