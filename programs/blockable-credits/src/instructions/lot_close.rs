use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Lot, Market},
        transitions::{Action, Status},
        units::{Overflow, add},
    },
    anchor_lang::prelude::*,
};

/// CAN close: anyone once the lot is sold out or the debt is paid; the lender once the window has passed, to offer the
/// units again at other prices. Unsold units go back where they came from.
#[event_cpi]
#[derive(Accounts)]
pub struct LotClose<'info> {
    pub closer: Signer<'info>,
    /// CHECK: gets the lot's rent back; checked to be the one that paid it.
    #[account(mut)]
    pub lender: UncheckedAccount<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
    #[account(
        mut,
        close = lender,
        has_one = credit @ BlockableError::LotMismatch,
        has_one = lender @ BlockableError::NotLender,
    )]
    pub lot: AccountLoader<'info, Lot>,
}

impl LotClose<'_> {
    /// Closes the lot. Units that come back while the debt stands come back frozen.
    pub fn handle(ctx: Context<LotClose>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let (returned, window_has_passed) = {
            let lot = accounts.lot.load()?;
            (lot.units_left, lot.window_has_passed(clock.market)?)
        };
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let status = credit.advance(Action::CloseLot)?;
            if returned > 0 && status == Status::Seizing {
                ensure(window_has_passed, BlockableError::LotStillOpen)?;
                ensure(accounts.closer.key() == credit.lender, BlockableError::LotNotYours)?;
            }
            credit.collateral.unseize(returned)?;
            if status == Status::Seizing {
                credit.collateral.frozen = add(credit.collateral.frozen, returned)?;
                credit.collateral.fit_frozen();
            }
            credit.lots_open = credit.lots_open.checked_sub(1).ok_or(BlockableError::from(Overflow))?;
            let change = Change::LotClosed { lot: accounts.lot.key(), returned };
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
