use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN offer the loan to another lender: the lender. To the zero key: withdraws the offer.
    pub fn offer_lender(ctx: Context<CreditControl>, to: Pubkey) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_lender(Action::Assign)?;
        credit.require_current()?;
        ensure(to != credit.borrower, BlockableError::SelfLoan)?;
        credit.pending_lender = to;
        accounts.finish(credit, clock.chain, Change::LenderOffered { to })
    }

    /// CAN take the loan over: the key it was offered to. It becomes the freeze authority as well; what the seller was
    /// paid before must have been collected.
    pub fn accept_lender(ctx: Context<CreditControl>) -> Result<()> {
        let accounts = ctx.accounts;
        let to = accounts.authority.key();
        let clock = accounts.market.load()?.open_clock()?;
        let mut credit = accounts.credit.load_mut()?;
        credit.advance(Action::Assign)?;
        ensure(credit.pending_lender == to, BlockableError::NotOffered)?;
        ensure(credit.vault.lender == 0, BlockableError::ClaimUncollected)?;
        credit.original_lender = credit.address_lender();
        credit.lender = to;
        credit.freeze_authority = to;
        credit.pending_lender = Pubkey::default();
        accounts.finish(credit, clock.chain, Change::LenderChanged { to })
    }

    /// CAN name the freeze authority: the lender.
    pub fn set_freeze_authority(ctx: Context<CreditControl>, to: Pubkey) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_lender(Action::SetFreezeAuthority)?;
        credit.freeze_authority = to;
        accounts.finish(credit, clock.chain, Change::FreezeAuthoritySet { to })
    }
}
