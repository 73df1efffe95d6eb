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

impl Credit {
    /// Records that an instalment is unpaid past the delinquency grace period. Errors: the market is paused, the status,
    /// [`BlockableError::NotInArrears`], [`BlockableError::ReserveCovers`], [`BlockableError::DelinquencyGraceRunning`].
    pub fn mark_delinquent(&mut self, clock: &MarketClock) -> Result<Change> {
        let grace = self.terms.delinquency_grace;
        self.begin_mark(Action::MarkDelinquent, grace, BlockableError::DelinquencyGraceRunning, clock)?;
        Ok(Change::MarkedDelinquent { arrears: self.arrears() })
    }

    /// Records that an instalment is unpaid past the default grace period; the cure period starts now. Errors: the market is
    /// paused, the status, [`BlockableError::NotInArrears`], [`BlockableError::ReserveCovers`],
    /// [`BlockableError::DefaultGraceRunning`].
    pub fn mark_defaulted(&mut self, clock: &MarketClock) -> Result<Change> {
        let grace = self.terms.default_grace;
        self.begin_mark(Action::MarkDefaulted, grace, BlockableError::DefaultGraceRunning, clock)?;
        self.defaulted_at = clock.market;
        Ok(Change::MarkedDefaulted { arrears: self.arrears(), debt: self.debt.total() })
    }

    /// Brings the debt up to now and takes the edge of a mark, where an instalment has been unpaid for `grace` seconds and the
    /// reserve does not pay all arrears: then it is to be drawn instead. Errors: `early`, those of the marks.
    #[inline(never)]
    fn begin_mark(
        &mut self,
        mark: Action,
        grace: u32,
        early: BlockableError,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        ensure(next(mark, self.status()?).is_some(), BlockableError::WrongStatus)?;
        self.accrue(clock.market)?;
        ensure(self.debt.arrears_since != 0, BlockableError::NotInArrears)?;
        ensure(self.reserve_held < self.arrears(), BlockableError::ReserveCovers)?;
        ensure(clock.market >= after(self.debt.arrears_since, grace)?, early)?;
        self.advance(mark)?;
        Ok(())
    }
}
