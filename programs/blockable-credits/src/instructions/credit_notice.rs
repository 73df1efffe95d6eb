use {
    crate::{actions::Notice, instructions::accounts::*},
    anchor_lang::prelude::*,
};

/// CAN give notice of default for a breach: the lender, where the rider says so, while the vault can be paid into. The cure
/// period starts now. Paying the whole debt, a restructuring, or the lender's withdrawal ends the notice.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditGiveNotice<'info> {
    /// The lender.
    pub authority: Signer<'info>,
    pub payable: PayableCredit<'info>,
}

impl CreditGiveNotice<'_> {
    /// Gives the notice.
    pub fn handle(ctx: Context<CreditGiveNotice>, notice: Notice) -> Result<()> {
        let CreditGiveNotice { authority, payable, event_authority, .. } = ctx.accounts;
        let clock = clock_of(&payable.market)?;
        let mut credit = payable.credit.load_mut()?;
        let change = credit.give_notice(authority.key, notice, &clock)?;
        record_and_emit(credit, payable.credit.key(), clock.chain, change, event_authority)
    }
}

impl CreditControl<'_> {
    /// CAN withdraw the notice that was given at the market time `given_at`: the lender. Instalments that are unpaid can
    /// be marked at once. Everything is thawed, unless the policy is to freeze at will. Then the units frozen for payment are,
    /// if nothing is in arrears.
    ///
    /// - `given_at`: market time of the notice, the credit's `defaulted_at`.
    pub fn withdraw_notice(ctx: Context<CreditControl>, given_at: i64) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.withdraw_notice(signer, given_at, clock))
    }
}
