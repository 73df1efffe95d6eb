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

/// A notice of default, and the loan that the lender has read.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Hash of the document that states the breach.
    pub document: [u8; 32],
    /// Slot of the loan's offer.
    pub offer_slot: u64,
    /// The best status that the notice is meant for: Delinquent to have it refused once the loan is cured, else Active.
    pub least_status: Status,
}

impl Credit {
    /// Gives notice of default for a breach; the cure period starts now. Errors: the market is paused,
    /// [`BlockableError::NotLender`], the status, [`BlockableError::OfferReplaced`], [`BlockableError::NoticeNotAgreed`],
    /// [`BlockableError::StatusBetter`].
    pub fn give_notice(&mut self, signer: &Pubkey, notice: Notice, clock: &MarketClock) -> Result<Change> {
        let status = self.status()?;
        self.begin_on_offer(signer, notice.offer_slot, Action::GiveNotice, clock)?;
        ensure(self.rider.breach_notice == 1, BlockableError::NoticeNotAgreed)?;
        ensure(status >= notice.least_status, BlockableError::StatusBetter)?;
        self.accrue(clock.market)?;
        self.notice_given = 1;
        self.defaulted_at = clock.market;
        Ok(Change::NoticeGiven { document: notice.document, debt: self.debt.total() })
    }

    /// Withdraws the notice that was given at the market time `given_at`. Everything is thawed where the policy allows no
    /// freeze without the notice. Otherwise the units frozen for payment are, if nothing is in arrears.
    /// Errors: the market is paused, [`BlockableError::NotLender`], the status, [`BlockableError::NoNotice`],
    /// [`BlockableError::NoticeReplaced`].
    pub fn withdraw_notice(&mut self, signer: &Pubkey, given_at: i64, clock: &MarketClock) -> Result<Change> {
        self.begin_by_lender(signer, Action::WithdrawNotice, clock)?;
        ensure(self.notice_given == 1, BlockableError::NoNotice)?;
        ensure(self.defaulted_at == given_at, BlockableError::NoticeReplaced)?;
        self.accrue(clock.market)?;
        self.notice_given = 0;
        self.defaulted_at = 0;
        if self.arrears() == 0 {
            self.thaw_cured(Status::Active, clock.market)?;
        } else if !self.may_freeze(Status::Active, clock.market)? {
            self.thaw_under_policy();
        }
        Ok(Change::NoticeWithdrawn)
    }
}
