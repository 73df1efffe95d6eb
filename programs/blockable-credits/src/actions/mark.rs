//! A credit is marked delinquent or defaulted.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::{Action, next},
        units::after,
    },
    anchor_lang::prelude::*,
};

/// The changes of a mark, in their order.
#[derive(Debug)]
pub struct Mark {
    /// The draw of the reserve that came first, where there was one.
    pub draw: Option<Change>,
    /// The mark.
    pub change: Change,
}

impl Credit {
    /// Records that an instalment is unpaid past the delinquency grace period; the reserve pays first. `key` is the credit's
    /// own address. Errors: the market is paused, the status, [`BlockableError::NotInArrears`],
    /// [`BlockableError::ReserveCovers`], [`BlockableError::DelinquencyGraceRunning`].
    pub fn mark_delinquent(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Mark> {
        let draw = self.draw_before_mark(Action::MarkDelinquent, key, clock)?;
        let grace = self.terms.delinquency_grace;
        self.require_unpaid_for(grace, clock, BlockableError::DelinquencyGraceRunning)?;
        self.advance(Action::MarkDelinquent)?;
        Ok(Mark { draw, change: Change::MarkedDelinquent { arrears: self.arrears() } })
    }

    /// Records that an instalment is unpaid past the default grace period; the reserve pays first, and the cure period
    /// starts now. `key` is the credit's own address. Errors: the market is paused, the status,
    /// [`BlockableError::NotInArrears`], [`BlockableError::ReserveCovers`], [`BlockableError::DefaultGraceRunning`].
    pub fn mark_defaulted(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Mark> {
        let draw = self.draw_before_mark(Action::MarkDefaulted, key, clock)?;
        let grace = self.terms.default_grace;
        self.require_unpaid_for(grace, clock, BlockableError::DefaultGraceRunning)?;
        self.advance(Action::MarkDefaulted)?;
        self.defaulted_at = clock.market;
        let change = Change::MarkedDefaulted { arrears: self.arrears(), debt: self.debt.total() };
        Ok(Mark { draw, change })
    }

    /// Brings the debt up to now and draws the reserve, before a mark that the status must allow. Returns the draw.
    fn draw_before_mark(&mut self, mark: Action, key: Pubkey, clock: &MarketClock) -> Result<Option<Change>> {
        clock.require_open()?;
        ensure(next(mark, self.status()?).is_some(), BlockableError::WrongStatus)?;
        self.accrue(clock.market)?;
        ensure(self.debt.arrears_since != 0, BlockableError::NotInArrears)?;
        self.draw_for_arrears(key)
    }

    /// Requires an instalment that has been unpaid for `grace` seconds. Errors: [`BlockableError::ReserveCovers`], `early`.
    fn require_unpaid_for(&self, grace: u32, clock: &MarketClock, early: BlockableError) -> Result<()> {
        ensure(self.debt.arrears_since != 0, BlockableError::ReserveCovers)?;
        ensure(clock.market >= after(self.debt.arrears_since, grace)?, early)
    }
}
