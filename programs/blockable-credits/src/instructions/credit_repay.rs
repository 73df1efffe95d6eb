use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        metering::thaw,
        state::{Credit, FreezeReason},
        transitions::{Action, Status, next},
        units::{add, mul_div_floor, sub},
        waterfall::{self, Applied},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN repay: anyone, in every status in which something is owed, also while the market is paused. The money goes to
/// the credit's own vault, so that nothing a lender does with its accounts can block a payment.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditRepay<'info> {
    pub payer: Signer<'info>,
    pub credit_vault: CreditVault<'info>,
    /// The payer's token account.
    #[account(mut)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditRepay<'_> {
    /// Pays `amount` micro-USDC, or the whole debt where that is less: the arrears, then the reserve, then ahead of the
    /// schedule.
    pub fn handle(ctx: Context<CreditRepay>, amount: u64) -> Result<()> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        let accounts = ctx.accounts;
        let clock = accounts.credit_vault.market.load()?.clock()?;
        let paid = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            ensure(next(Action::Pay, credit.status()?).is_some(), BlockableError::NothingOwed)?;
            credit.accrue(clock.market)?;
            amount.min(credit.debt.total())
        };
        accounts.credit_vault.pay_in(&accounts.source, &accounts.payer, paid)?;

        let record = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let refill = credit.refill_of(paid)?;
            credit.reserve_held = add(credit.reserve_held, refill)?;
            let change = credit.apply_payment(accounts.payer.key(), sub(paid, refill)?, refill)?;
            credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}

impl Credit {
    /// The part of a payment that refills the reserve: what is left of it once the arrears are paid, up to what is
    /// missing. A payment of the whole debt needs no reserve any more.
    fn refill_of(&self, paid: u64) -> Result<u64> {
        let missing = self.rider.reserve.saturating_sub(self.reserve_held);
        if missing == 0 || self.status()? == Status::Seizing || paid >= self.debt.total() {
            return Ok(0);
        }
        Ok(paid.saturating_sub(self.arrears()).min(missing))
    }

    /// Applies a payment that is in the vault: waterfall, thaw, release, and the edge it takes. `refill` went to the
    /// reserve beside it and is only reported.
    pub fn apply_payment(&mut self, payer: Pubkey, paid: u64, refill: u64) -> Result<Change> {
        let before = self.collateral;
        self.vault.lender = add(self.vault.lender, paid)?;
        let applied = if self.status()? == Status::Seizing {
            self.recovered = add(self.recovered, paid)?;
            self.apply_recovery(paid)?
        } else {
            let mut debt = self.debt;
            let applied = waterfall::pay(&mut debt, &self.terms_in_force(), self.schedule(), paid)?;
            self.debt = debt;
            self.principal_repaid = add(self.principal_repaid, applied.principal)?;
            self.thaw_for(&applied)?;
            // Coupons paid in kind have raised what there is to repay above the principal of the terms.
            let principal = add(self.principal_repaid, self.debt.principal)?;
            self.collateral.release(self.principal_repaid, principal)?;
            self.meter.settlement_left = self.meter.settlement_left.min(self.collateral.frozen);
            applied
        };
        let status = self.settle_status(&applied)?;
        Ok(Change::Paid {
            payer,
            reserve: refill,
            late_fees: applied.late_fees,
            interest: applied.interest,
            principal: applied.principal,
            released: sub(self.collateral.released, before.released)?,
            thawed: sub(before.frozen, self.collateral.frozen)?,
            debt: self.debt.total(),
            status,
        })
    }

    /// Thaws in proportion to the arrears paid, rounded down, what was frozen for a missed payment or a default; nothing
    /// while a notice for a breach stands.
    fn thaw_for(&mut self, applied: &Applied) -> Result<()> {
        let is_about_payment = FreezeReason::is_about_payment(self.freeze_reason) && self.notice_given == 0;
        if applied.arrears_before == 0 || !is_about_payment {
            return Ok(());
        }
        let cleared = sub(applied.arrears_before, applied.arrears_after)?;
        let units = mul_div_floor(self.collateral.frozen, cleared, applied.arrears_before)?;
        Ok(thaw(&mut self.collateral, &mut self.meter, units)?)
    }

    /// Takes the edge a payment leads to: paid off, cured, or none.
    fn settle_status(&mut self, applied: &Applied) -> Result<Status> {
        let status = self.status()?;
        if self.debt.total() == 0 {
            self.discharge()?;
            self.advance(Action::PayOff)
        } else if status != Status::Seizing && applied.arrears_after == 0 && self.notice_given == 0 {
            self.defaulted_at = 0;
            self.advance(Action::Cure)
        } else {
            self.advance(Action::Pay)
        }
    }

    /// Applies money recovered after the first seizure; it lowers the debt and releases nothing until none is left.
    pub fn apply_recovery(&mut self, amount: u64) -> Result<Applied> {
        let mut debt = self.debt;
        let applied = waterfall::recover(&mut debt, &self.terms_in_force(), self.schedule(), amount)?;
        self.debt = debt;
        Ok(applied)
    }
}
