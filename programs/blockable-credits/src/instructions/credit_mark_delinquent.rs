use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        state::{Credit, MarketClock},
        transitions::{Action, next},
        units::after,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN record that an instalment is unpaid past the delinquency grace period: anyone. The reserve pays first.
    pub fn mark_delinquent(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let mut credit = accounts.credit.load_mut()?;
        let draw = credit.draw_before_mark(Action::MarkDelinquent, accounts.credit.key(), clock)?;
        let grace = credit.terms.delinquency_grace;
        credit.require_unpaid_for(grace, clock, BlockableError::DelinquencyGraceRunning)?;
        credit.advance(Action::MarkDelinquent)?;
        let change = Change::MarkedDelinquent { arrears: credit.arrears() };
        accounts.finish_after(draw, credit, clock.chain, change)
    }
}

impl Credit {
    /// Brings the debt up to now and draws the reserve, before a mark that the status must allow. Returns the draw.
    pub fn draw_before_mark(
        &mut self,
        mark: Action,
        key: Pubkey,
        clock: MarketClock,
    ) -> Result<Option<Change>> {
        ensure(next(mark, self.status()?).is_some(), BlockableError::WrongStatus)?;
        self.accrue(clock.market)?;
        ensure(self.debt.arrears_since != 0, BlockableError::NotInArrears)?;
        self.draw_reserve(key)
    }

    /// Requires an instalment that has been unpaid for `grace` seconds. Errors: [`BlockableError::ReserveCovers`], `early`.
    pub fn require_unpaid_for(&self, grace: u32, clock: MarketClock, early: BlockableError) -> Result<()> {
        ensure(self.debt.arrears_since != 0, BlockableError::ReserveCovers)?;
        ensure(clock.market >= after(self.debt.arrears_since, grace)?, early)
    }
}
