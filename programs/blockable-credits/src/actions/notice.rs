//! Notice of default for a breach.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::{Action, Status},
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Gives notice of default for a breach that the document with this hash states; the cure period starts now. Errors: the
    /// market is paused, [`BlockableError::NotLender`], the status, [`BlockableError::NoticeNotAgreed`].
    pub fn give_notice(
        &mut self,
        signer: &Pubkey,
        document: [u8; 32],
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_by_lender(signer, Action::GiveNotice, clock)?;
        ensure(self.rider.breach_notice == 1, BlockableError::NoticeNotAgreed)?;
        self.accrue(clock.market)?;
        self.notice_given = 1;
        self.defaulted_at = clock.market;
        Ok(Change::NoticeGiven { document, debt: self.debt.total() })
    }

    /// Withdraws the notice. Units that the policy would not let the lender freeze without the notice are thawed. Errors: the
    /// market is paused, [`BlockableError::NotLender`], the status, [`BlockableError::NoNotice`].
    pub fn withdraw_notice(&mut self, signer: &Pubkey, clock: &MarketClock) -> Result<Change> {
        self.begin_by_lender(signer, Action::WithdrawNotice, clock)?;
        ensure(self.notice_given == 1, BlockableError::NoNotice)?;
        self.notice_given = 0;
        self.defaulted_at = 0;
        if !self.may_freeze(Status::Active)? {
            self.thaw_all();
        }
        Ok(Change::NoticeWithdrawn)
    }
}
