use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        metering::commit,
        state::{CovenantState, Credit, MarketClock, Provider},
        tokens::CreditSigner,
        transitions::Action,
        units::{Overflow, after},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN issue: the provider the offer names. It is paid the principal and owes the units from then on.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditIssue<'info> {
    pub authority: Signer<'info>,
    #[account(
        constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch,
    )]
    pub credit_vault: CreditVault<'info>,
    #[account(
        mut,
        has_one = authority @ BlockableError::NotProvider,
        has_one = payout @ BlockableError::PayoutMismatch,
    )]
    pub provider: AccountLoader<'info, Provider>,
    #[account(mut)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditIssue<'_> {
    /// Makes the units live: due dates count from now.
    pub fn handle(ctx: Context<CreditIssue>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.credit_vault.market.load()?.open_clock()?;
        let (record, signer, principal) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            credit.require_current()?;
            credit.advance(Action::Issue)?;
            ensure(!credit.offer_has_expired(&clock)?, BlockableError::OfferExpired)?;
            ensure(credit.reserve_held >= credit.rider.reserve, BlockableError::ReserveNotFunded)?;
            let mut provider = accounts.provider.load_mut()?;
            ensure(provider.suspended == 0, BlockableError::ProviderSuspended)?;
            provider.outstanding_units =
                commit(provider.outstanding_units, credit.terms.units, provider.capacity_units)
                    .map_err(|_| BlockableError::CapacityExceeded)?;
            let index = provider.take_index()?;
            let principal = core::mem::take(&mut credit.vault.escrow);
            credit.go_live(index, clock)?;
            let change = Change::Issued { index, issued_at: clock.market };
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::of(&credit), principal)
        };
        accounts.credit_vault.pay_out(&accounts.payout, &signer, principal)?;
        record.emit(&accounts.event_authority)
    }
}

impl Provider {
    /// The next free index for reports. Errors: 2^32 credits have been issued.
    pub fn take_index(&mut self) -> Result<u32> {
        let index = self.next_index;
        self.next_index = index.checked_add(1).ok_or(BlockableError::from(Overflow))?;
        Ok(index)
    }
}

impl Credit {
    fn go_live(&mut self, index: u32, clock: MarketClock) -> Result<()> {
        self.set_index(index, clock.chain);
        self.issued_at = clock.market;
        self.debt.principal = self.terms.principal;
        self.debt.accrued_at = clock.market;
        self.collateral.granted = self.terms.units;
        self.covenant = CovenantState {
            measured_at: clock.chain,
            apr_bps: self.terms.apr_bps,
            ..CovenantState::default()
        };
        if self.terms.unit_lifetime > 0 {
            self.units_expire_at = after(clock.market, self.terms.unit_lifetime)?;
        }
        Ok(())
    }

    /// Gives the credit its place in reports; use counts from `now`, the chain's Unix time.
    pub fn set_index(&mut self, index: u32, now: i64) {
        self.has_index = 1;
        self.meter.index = index;
        self.meter.reported_at = now;
    }
}
