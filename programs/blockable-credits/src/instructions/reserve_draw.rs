use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        state::Credit,
        transitions::{Action, Status},
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN pay what is in arrears from the borrower's reserve: anyone, from the due date on. After the first seizure all that
    /// is owed is in arrears.
    pub fn draw_reserve(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::DrawReserve)?;
        credit.accrue(clock.market)?;
        ensure(credit.drawable()? > 0, BlockableError::NotInArrears)?;
        let change = credit.draw_reserve(accounts.credit.key())?.ok_or(BlockableError::ReserveEmpty)?;
        accounts.finish(credit, clock.chain, change)
    }
}

impl Credit {
    /// What the reserve may be drawn for, in micro-USDC.
    fn drawable(&self) -> Result<u64> {
        Ok(if self.status()? == Status::Seizing { self.debt.total() } else { self.arrears() })
    }

    /// Pays what is in arrears from the reserve, as far as it reaches; `None` where nothing could be paid. `key` is the
    /// credit's own address.
    #[inline(never)]
    pub fn draw_reserve(&mut self, key: Pubkey) -> Result<Option<Change>> {
        let amount = self.drawable()?.min(self.reserve_held);
        if amount == 0 {
            return Ok(None);
        }
        self.reserve_held = sub(self.reserve_held, amount)?;
        self.apply_payment(key, amount, 0).map(Some)
    }
}
