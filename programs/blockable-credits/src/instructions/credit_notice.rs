use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        transitions::{Action, Status},
    },
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN give notice of default for a breach: the lender, where the rider says so. The cure period starts now; paying the
    /// whole debt or the lender's withdrawal ends it. `document` is the hash of what states the breach.
    pub fn give_notice(ctx: Context<CreditControl>, document: [u8; 32]) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_lender(Action::GiveNotice)?;
        ensure(credit.rider.breach_notice == 1, BlockableError::NoticeNotAgreed)?;
        credit.accrue(clock.market)?;
        credit.notice_given = 1;
        credit.defaulted_at = clock.market;
        let change = Change::NoticeGiven { document, debt: credit.debt.total() };
        accounts.finish(credit, clock.chain, change)
    }

    /// CAN withdraw the notice: the lender. Instalments that are unpaid can be marked at once. What the policy would not
    /// let the lender freeze without the notice is thawed.
    pub fn withdraw_notice(ctx: Context<CreditControl>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_lender(Action::WithdrawNotice)?;
        ensure(credit.notice_given == 1, BlockableError::NoNotice)?;
        credit.notice_given = 0;
        credit.defaulted_at = 0;
        if !credit.may_freeze(Status::Active)? {
            credit.thaw_all();
        }
        accounts.finish(credit, clock.chain, Change::NoticeWithdrawn)
    }
}
