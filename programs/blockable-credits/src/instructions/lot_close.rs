use {
    crate::{
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Lot, Market},
    },
    anchor_lang::prelude::*,
};

/// CAN close: anyone once the lot is sold out or the debt is paid; the lender once the window has passed, to offer the
/// units again at other prices. Unsold units go back where they came from.
#[event_cpi]
#[derive(Accounts)]
pub struct LotClose<'info> {
    /// Anyone once the lot is sold out or the debt is paid, else the lender.
    pub closer: Signer<'info>,
    /// CHECK: gets the lot's rent back; checked to be the one that paid it.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit that the units were seized from.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
    /// The lot, which is removed.
    #[account(
        mut,
        close = rent_payer,
        has_one = credit @ BlockableError::LotMismatch,
        has_one = rent_payer @ BlockableError::ReceiverMismatch,
    )]
    pub lot: AccountLoader<'info, Lot>,
}

impl LotClose<'_> {
    /// Closes the lot. Units that come back while something is owed come back frozen.
    pub fn handle(ctx: Context<LotClose>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let lot = accounts.lot.load()?;
            let change = credit.close_lot(&lot, accounts.lot.key(), accounts.closer.key, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
