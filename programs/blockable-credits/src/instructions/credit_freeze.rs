use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        metering::{freeze_to, shortfall_units},
        state::{Credit, FreezeReason, MarketClock},
        transitions::Action,
        units::{BPS, mul_div_ceil},
    },
    anchor_lang::prelude::*,
};

/// How much is to be frozen in all, not on top of what is: signing the same freeze twice changes nothing.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeAmount {
    /// The whole lien.
    All,
    /// A number of units, at most the lien.
    Units(u64),
    /// A share of the lien in basis points, rounded up.
    Bps(u16),
    /// The share of the lien that the arrears are of the debt, rounded up.
    Shortfall,
}

impl CreditControl<'_> {
    /// CAN freeze, where the policy allows it: the lender or the freeze authority, in one signature. CANNOT move value.
    pub fn freeze(ctx: Context<CreditControl>, amount: FreezeAmount, reason: FreezeReason) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.clock()?;
        let mut credit = accounts.credit.load_mut()?;
        credit.require_freezer(accounts.authority.key)?;
        let status = credit.advance(Action::Freeze)?;
        ensure(credit.may_freeze(status)?, BlockableError::FreezePolicyForbids)?;
        if amount == FreezeAmount::Shortfall {
            credit.accrue(clock.market)?;
        }
        let target = credit.freeze_target(amount)?;
        let change = credit.freeze(accounts.authority.key(), target, reason, clock)?;
        accounts.finish(credit, clock.chain, change)
    }
}

impl Credit {
    /// Requires the lender or the freeze authority. Errors: [`BlockableError::NotFreezer`].
    pub fn require_freezer(&self, signer: &Pubkey) -> Result<()> {
        ensure(*signer == self.lender || *signer == self.freeze_authority, BlockableError::NotFreezer)?;
        Ok(())
    }

    /// The frozen units in all that a freeze of `amount` leads to. A shortfall is that of the last accrual: bring the debt
    /// up to now by [`Credit::accrue`] before. Errors: [`BlockableError::AmountZero`], [`BlockableError::BeyondLien`],
    /// [`BlockableError::ShareOutOfRange`], [`BlockableError::NotInArrears`].
    pub fn freeze_target(&self, amount: FreezeAmount) -> Result<u64> {
        let lien = self.collateral.lien();
        match amount {
            FreezeAmount::All => Ok(lien),
            FreezeAmount::Units(units) => {
                ensure(units > 0, BlockableError::AmountZero)?;
                ensure(units <= lien, BlockableError::BeyondLien)?;
                Ok(units)
            }
            FreezeAmount::Bps(bps) => {
                ensure((1..=BPS).contains(&u64::from(bps)), BlockableError::ShareOutOfRange)?;
                Ok(mul_div_ceil(lien, u64::from(bps), BPS)?)
            }
            FreezeAmount::Shortfall => {
                let arrears = self.arrears();
                ensure(arrears > 0, BlockableError::NotInArrears)?;
                Ok(shortfall_units(lien, arrears, self.debt.total())?)
            }
        }
    }

    /// Raises the frozen units to `target`. Errors: [`BlockableError::AlreadyFrozen`].
    pub fn freeze(
        &mut self,
        by: Pubkey,
        target: u64,
        reason: FreezeReason,
        clock: MarketClock,
    ) -> Result<Change> {
        let units = freeze_to(&mut self.collateral, &mut self.meter, target, clock.chain)?;
        ensure(units > 0, BlockableError::AlreadyFrozen)?;
        self.frozen_at_market = clock.market;
        self.freeze_reason = reason as u8;
        Ok(Change::Frozen { by, reason, units, frozen: self.collateral.frozen })
    }
}
