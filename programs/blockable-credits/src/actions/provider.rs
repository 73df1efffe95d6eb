//! A provider is registered and changed.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::{MAX_CHUNK_SIZE, MAX_REPORTERS, Market, MarketClock, Provider, Reporter},
        units::Overflow,
    },
    anchor_lang::prelude::*,
};

/// The reporters of a provider's usage, their quorum and the size of a chunk.
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
    /// Checks and stores the reporters. Errors: [`BlockableError::ReporterCount`], [`BlockableError::QuorumOutOfRange`],
    /// [`BlockableError::ChunkSizeOutOfRange`], [`BlockableError::ReporterKeyInvalid`],
    /// [`BlockableError::ReporterDuplicate`].
    fn apply(&self, provider: &mut Provider) -> Result<()> {
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

/// The capacity that a provider commits to.
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
    fn apply(&self, provider: &mut Provider) -> Result<()> {
        ensure(self.capacity_units >= provider.outstanding_units, BlockableError::CapacityBelowOutstanding)?;
        ensure(self.max_units_per_second > 0, BlockableError::RateBoundZero)?;
        provider.capacity_units = self.capacity_units;
        provider.max_units_per_second = self.max_units_per_second;
        Ok(())
    }
}

/// The keys of a new provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewProvider {
    /// Bump of the provider's address.
    pub bump: u8,
    /// The market it serves.
    pub market: Pubkey,
    /// The key that signs for it.
    pub authority: Pubkey,
    /// Token account that principal is paid to.
    pub payout: Pubkey,
}

impl Provider {
    /// Sets up a zeroed provider; its reporters' epoch is 1. Errors: the market is paused, the first rule on capacity and
    /// reporters that is broken.
    pub fn register(
        &mut self,
        new: NewProvider,
        capacity: &CapacityArgs,
        reporters: &ReportersArgs,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        self.version = Provider::VERSION;
        self.bump = new.bump;
        self.market = new.market;
        self.authority = new.authority;
        self.payout = new.payout;
        self.epoch = 1;
        capacity.apply(self)?;
        reporters.apply(self)
    }

    /// Replaces reporters, quorum and chunk size, and raises the epoch, which voids every older report. Errors: the market
    /// is paused, [`BlockableError::NotProvider`], the first rule on reporters that is broken.
    pub fn set_reporters(
        &mut self,
        signer: &Pubkey,
        reporters: &ReportersArgs,
        clock: &MarketClock,
    ) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        reporters.apply(self)?;
        self.epoch = self.epoch.checked_add(1).ok_or(Overflow)?;
        Ok(())
    }

    /// Sets the capacity. Errors: the market is paused, [`BlockableError::NotProvider`],
    /// [`BlockableError::CapacityBelowOutstanding`], [`BlockableError::RateBoundZero`].
    pub fn set_capacity(
        &mut self,
        signer: &Pubkey,
        capacity: &CapacityArgs,
        clock: &MarketClock,
    ) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        capacity.apply(self)
    }

    /// Sets the token account that principal is paid to. Errors: the market is paused.
    pub fn set_payout(&mut self, payout: Pubkey, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.payout = payout;
        Ok(())
    }

    /// Offers the authority role; to the zero key: withdraws the offer. Errors: the market is paused,
    /// [`BlockableError::NotProvider`].
    pub fn offer_authority(&mut self, signer: &Pubkey, to: Pubkey, clock: &MarketClock) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        self.pending_authority = to;
        Ok(())
    }

    /// Makes the key that the role was offered to the authority. Errors: the market is paused,
    /// [`BlockableError::NotOffered`].
    pub fn accept_authority(&mut self, signer: &Pubkey, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        ensure(self.pending_authority == *signer, BlockableError::NotOffered)?;
        self.authority = *signer;
        self.pending_authority = Pubkey::default();
        Ok(())
    }

    /// Stops new credits of the provider. Errors: the market is paused, [`BlockableError::NotProvider`] for a signer that is
    /// neither its authority nor the market's admin.
    pub fn suspend(&mut self, signer: &Pubkey, market: &Market, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.suspended |= self.suspension_flags(signer, &market.admin)?;
        Ok(())
    }

    /// Lets the provider take new credits again, as far as the signer has stopped them. Errors: as [`Provider::suspend`].
    pub fn resume(&mut self, signer: &Pubkey, market: &Market, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.suspended &= !self.suspension_flags(signer, &market.admin)?;
        Ok(())
    }

    /// The flags that a signer may set and clear; both where the admin is the provider's authority.
    fn suspension_flags(&self, signer: &Pubkey, admin: &Pubkey) -> Result<u8> {
        let own = if self.authority == *signer { Provider::SUSPENDED_BY_ITSELF } else { 0 };
        let admins = if admin == signer { Provider::SUSPENDED_BY_ADMIN } else { 0 };
        if own | admins == 0 { Err(BlockableError::NotProvider.into()) } else { Ok(own | admins) }
    }

    fn begin_by_authority(&self, signer: &Pubkey, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.require_authority(signer)
    }
}
