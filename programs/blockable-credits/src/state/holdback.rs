//! The holdback of a credit account.

use {
    super::Credit,
    crate::{
        holdback::Holdback,
        units::{add, sub},
    },
    anchor_lang::Result,
};

impl Credit {
    /// The money that is held back, and the price that the loan paid.
    pub fn holdback(&self) -> Holdback {
        Holdback { left: self.holdback_left, principal: self.terms.principal, units: self.terms.units }
    }

    /// Makes what payments have earned of the holdback the provider's claim. Errors: [`Overflow`](crate::units::Overflow).
    #[inline(never)]
    pub fn earn_holdback(&mut self) -> Result<()> {
        if self.holdback_left == 0 {
            return Ok(());
        }
        let kept = self.holdback().kept_ceil(self.collateral.left_to_unlock())?;
        self.pay_provider(sub(self.holdback_left, kept)?)
    }

    /// Makes `amount` micro-USDC of the holdback the provider's claim. Errors: [`Overflow`](crate::units::Overflow).
    pub fn pay_provider(&mut self, amount: u64) -> Result<()> {
        self.holdback_left = sub(self.holdback_left, amount)?;
        self.claims.provider = add(self.claims.provider, amount)?;
        Ok(())
    }
}
