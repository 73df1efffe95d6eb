use {
    crate::{
        errors::{BlockableError, ensure},
        events::{ProviderChanged, emit},
        state::{MAX_CHUNK_SIZE, MAX_REPORTERS, Market, Provider, Reporter, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// Who reports a provider's usage, and how.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct ReportersArgs {
    /// 1 to 8 reporters with distinct keys.
    pub reporters: Vec<Reporter>,
    /// Distinct reporters that a report needs.
    pub quorum: u8,
    /// Credits per chunk of a report, 1 to 32; a v0 transaction holds 10 with two reports, 8 with three.
    pub chunk_size: u8,
}

impl ReportersArgs {
    /// Checks and stores the reporters. Errors: the first rule that is broken.
    pub fn apply(&self, provider: &mut Provider) -> Result<()> {
        let count = self.reporters.len();
        ensure((1..=MAX_REPORTERS).contains(&count), BlockableError::ReporterCount)?;
        ensure(self.quorum >= 1 && usize::from(self.quorum) <= count, BlockableError::QuorumOutOfRange)?;
        ensure((1..=MAX_CHUNK_SIZE).contains(&self.chunk_size), BlockableError::ChunkSizeOutOfRange)?;
        for (index, reporter) in self.reporters.iter().enumerate() {
            ensure(reporter.key != Pubkey::default(), BlockableError::ReporterKeyInvalid)?;
            let mut earlier = self.reporters.iter().take(index);
            ensure(!earlier.any(|other| other.key == reporter.key), BlockableError::ReporterDuplicate)?;
        }
        provider.reporters = [Reporter::default(); MAX_REPORTERS];
        for (slot, reporter) in provider.reporters.iter_mut().zip(&self.reporters) {
            *slot = *reporter;
        }
        provider.reporter_count = u8::try_from(count).map_err(|_| BlockableError::ReporterCount)?;
        provider.quorum = self.quorum;
        provider.chunk_size = self.chunk_size;
        Ok(())
    }
}

/// What a provider commits to.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityArgs {
    /// Units the provider commits to serve, over all its credits and lots.
    pub capacity_units: u64,
    /// Most units per second that one credit can use.
    pub max_units_per_second: u64,
}

impl CapacityArgs {
    /// Checks and stores the capacity. Errors: [`BlockableError::CapacityBelowOutstanding`],
    /// [`BlockableError::RateBoundZero`].
    pub fn apply(&self, provider: &mut Provider) -> Result<()> {
        ensure(self.capacity_units >= provider.outstanding_units, BlockableError::CapacityBelowOutstanding)?;
        ensure(self.max_units_per_second > 0, BlockableError::RateBoundZero)?;
        provider.capacity_units = self.capacity_units;
        provider.max_units_per_second = self.max_units_per_second;
        Ok(())
    }
}

/// CAN register: anyone, for itself; lenders choose whom they lend against.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderRegister<'info> {
    /// Signs for the provider and pays the rent.
    #[account(mut)]
    pub authority: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        init,
        payer = authority,
        space = Provider::SPACE,
        seeds = [seeds::PROVIDER, market.key().as_ref(), authority.key().as_ref()],
        bump,
    )]
    pub provider: AccountLoader<'info, Provider>,
    #[account(constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
    pub system_program: Program<'info, System>,
}

impl ProviderRegister<'_> {
    /// Registers the provider; its reporters' epoch is 1.
    pub fn handle(
        ctx: Context<ProviderRegister>,
        capacity: CapacityArgs,
        reporters: ReportersArgs,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.market.load()?.open_clock()?;
        let event = {
            let mut provider = accounts.provider.load_init()?;
            provider.version = Provider::VERSION;
            provider.bump = ctx.bumps.provider;
            provider.market = accounts.market.key();
            provider.authority = accounts.authority.key();
            provider.payout = accounts.payout.key();
            provider.epoch = 1;
            capacity.apply(&mut provider)?;
            reporters.apply(&mut provider)?;
            ProviderChanged::of(accounts.provider.key(), &provider)
        };
        emit(&accounts.event_authority, event)
    }
}

impl ProviderChanged {
    /// The event for a provider as it stands now.
    pub fn of(key: Pubkey, provider: &Provider) -> ProviderChanged {
        ProviderChanged {
            provider: key,
            epoch: provider.epoch,
            capacity_units: provider.capacity_units,
            max_units_per_second: provider.max_units_per_second,
            authority: provider.authority,
            pending_authority: provider.pending_authority,
            payout: provider.payout,
            suspended: provider.suspended,
        }
    }
}
