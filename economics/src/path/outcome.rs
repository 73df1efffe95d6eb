/// The end of a path. Money in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Principal lent.
    pub principal: u64,
    /// Cash that became the lender's claim, and the worth of units that it took over.
    pub receipts: u64,
    /// Sum over the days of the principal owed.
    pub principal_days: u128,
    /// Days from issue to the end of term or recovery, the later.
    pub days: u32,
    /// Units used.
    pub used: u64,
    /// Unit-days for which wanted units were locked or frozen.
    pub waited: u64,
    /// Units used beyond what the credit allowed.
    pub overrun: u64,
    /// Days on which units were frozen.
    pub frozen_days: u32,
    /// Marks of delinquency.
    pub delinquencies: u32,
    /// Marks of default that a late payment cured.
    pub cured_defaults: u32,
    /// The default that nobody cured, or the failure of the provider.
    pub default: Option<DefaultOutcome>,
}

/// A default and what was recovered of its debt. Money in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefaultOutcome {
    /// Day of the mark, or of the provider's failure.
    pub day: i64,
    /// Debt at the mark.
    pub debt: u64,
    /// Part of the principal that was still in the vault.
    pub held_back: u64,
    /// Reserve that was in the vault.
    pub reserve: u64,
    /// Recovered from the holdback.
    pub from_holdback: u64,
    /// Recovered from the reserve.
    pub from_reserve: u64,
    /// Recovered by sales, after the market's fee.
    pub from_sales: u64,
    /// Worth of units taken over.
    pub from_takeover: u64,
}

impl DefaultOutcome {
    /// Recovered in all, at most the debt.
    pub fn recovered(&self) -> u64 {
        let parts = [self.from_holdback, self.from_reserve, self.from_sales, self.from_takeover];
        parts.into_iter().fold(0, u64::saturating_add).min(self.debt)
    }

    /// The part of the debt that was really paid out: all but the holdback that came back.
    pub fn paid_out(&self) -> u64 {
        self.debt.saturating_sub(self.from_holdback)
    }

    /// Recovered of what was really paid out.
    pub fn recovered_of_paid_out(&self) -> u64 {
        self.recovered().saturating_sub(self.from_holdback.min(self.debt))
    }

    /// The recovered share of the debt, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.debt == 0 { 1.0 } else { self.recovered() as f64 / self.debt as f64 }
    }
}
