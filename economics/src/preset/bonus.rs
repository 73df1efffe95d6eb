//! Units that a provider offers above list price for money in advance.

use {
    super::Preset,
    crate::{
        YEAR_DAYS,
        assumptions::{Assumptions, BonusLaw},
    },
};

impl Preset {
    /// Units per dollar, relative to those at list price.
    ///
    /// - linear: `1 + bonus x share of the principal paid in advance`, the pessimistic bound;
    /// - time: `(1 + bonus) x present value of the provider's receipts / principal`, each receipt discounted by the time at
    ///   which the schedule brings it.
    pub fn units_per_dollar(&self, assumptions: &Assumptions) -> f64 {
        let bonus = assumptions.offer.bonus_prepaid;
        match assumptions.offer.bonus_law {
            BonusLaw::Linear => 1.0 + bonus * (1.0 - self.holdback_share()),
            BonusLaw::Time => (1.0 + bonus) * self.present_value(assumptions.simulator.discount_rate),
        }
    }

    /// Present value of what the provider is paid, as a share of the principal. The holdback stands for the last units:
    /// it is paid out as the units left to unlock fall below those that it covers.
    fn present_value(&self, rate: f64) -> f64 {
        let count = f64::from(self.instalments);
        let held = self.holdback_share();
        let mut left = held;
        let mut value = 1.0 - held;
        for (paid, day) in self.due_days().enumerate() {
            let to_unlock = (self.locked_share() - (paid as f64 + 1.0) / count).max(0.0);
            let stays = left.min(to_unlock);
            value += (left - stays) / (1.0 + rate).powf(f64::from(day) / YEAR_DAYS);
            left = stays;
        }
        value
    }
}
