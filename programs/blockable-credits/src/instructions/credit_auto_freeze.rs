use {
    crate::{
        errors::{BlockableError, ensure},
        instructions::accounts::*,
        state::FreezeReason,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN freeze in full: anyone, once the credit is in default and where the terms say so; also while paused.
    pub fn auto_freeze(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.clock()?;
        let mut credit = accounts.credit.load_mut()?;
        credit.advance(Action::AutoFreeze)?;
        ensure(credit.terms.auto_freeze == 1, BlockableError::AutoFreezeNotAgreed)?;
        let lien = credit.collateral.lien();
        let reason = if credit.notice_given == 1 { FreezeReason::Breach } else { FreezeReason::Default };
        let change = credit.freeze(accounts.credit.key(), lien, reason, clock)?;
        accounts.finish(credit, clock.chain, change)
    }
}
