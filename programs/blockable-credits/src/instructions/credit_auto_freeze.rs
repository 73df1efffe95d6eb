use {
    crate::{
        errors::{BlockableError, ensure},
        events::{CreditChanged, emit},
        instructions::CreditMark,
        state::FreezeReason,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN freeze in full: anyone, once the credit is in default and where the terms say so.
    pub fn auto_freeze(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.clock()?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.advance(Action::AutoFreeze)?;
            ensure(credit.terms.auto_freeze == 1, BlockableError::AutoFreezeNotAgreed)?;
            let lien = credit.collateral.lien();
            let by = accounts.credit.key();
            let change = credit.freeze(by, lien, FreezeReason::Default, clock.chain)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
