use {
    crate::{
        actions::{NewProvider, latest_slot_hash},
        errors::{BlockableError, ensure},
        events::{ProviderChanged, emit},
        instructions::accounts::clock_of,
        state::{Market, Provider, ProviderSettings, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// The SlotHashes sysvar.
pub const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

/// CAN register: anyone, for itself; lenders choose the providers whose units they accept.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderRegister<'info> {
    /// Will sign for the provider.
    pub authority: Signer<'info>,
    /// Pays the rent; a provider's account is never removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    /// The market to serve.
    pub market: AccountLoader<'info, Market>,
    /// The provider's account, which is created.
    #[account(
        init,
        payer = rent_payer,
        space = Provider::SPACE,
        seeds = [seeds::PROVIDER, market.key().as_ref(), authority.key().as_ref()],
        bump,
    )]
    pub provider: AccountLoader<'info, Provider>,
    /// The payout account that the settings name.
    #[account(constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
    /// CHECK: the sysvar, by its address. Its first hash ties the provider's reports to this cluster.
    #[account(address = SLOT_HASHES @ BlockableError::ClusterTagMissing)]
    pub slot_hashes: UncheckedAccount<'info>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl ProviderRegister<'_> {
    /// Registers the provider; its reporters' epoch is 1.
    ///
    /// - `capacity_units`: units that the provider commits to serve.
    pub fn handle(
        ctx: Context<ProviderRegister>,
        capacity_units: u64,
        settings: ProviderSettings,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        ensure(settings.payout == accounts.payout.key(), BlockableError::PayoutMismatch)?;
        let clock = clock_of(&accounts.market)?;
        let new = NewProvider {
            bump: ctx.bumps.provider,
            market: accounts.market.key(),
            authority: accounts.authority.key(),
            cluster_tag: latest_slot_hash(&accounts.slot_hashes.try_borrow_data()?)
                .ok_or(BlockableError::ClusterTagMissing)?,
        };
        let event = {
            let mut provider = accounts.provider.load_init()?;
            provider.register(new, capacity_units, &settings, &clock)?;
            ProviderChanged::new(accounts.provider.key(), &provider, clock.chain)
        };
        emit(&accounts.event_authority, event)
    }
}
