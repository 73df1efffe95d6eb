//! A provider is registered and changed.

use {
    super::market::require_ready,
    crate::{
        errors::{BlockableError, ensure},
        state::{Market, MarketClock, Provider, ProviderSettings},
        units::{Overflow, after},
    },
    anchor_lang::prelude::*,
    bytemuck::Zeroable,
};

/// The keys of a new provider and the cluster it registers on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewProvider {
    /// Bump of the provider's address.
    pub bump: u8,
    /// The market it serves.
    pub market: Pubkey,
    /// The key that signs for it.
    pub authority: Pubkey,
    /// Hash of the cluster's latest slot.
    pub cluster_tag: [u8; 32],
}

/// The hash of the latest slot in the data of the SlotHashes sysvar: the number of entries, then slot and hash of each,
/// from the latest. `None` where there is no entry.
pub fn latest_slot_hash(slot_hashes: &[u8]) -> Option<[u8; 32]> {
    let (count, entries) = slot_hashes.split_first_chunk::<8>()?;
    let (_slot, rest) = entries.split_first_chunk::<8>()?;
    if *count == [0; 8] { None } else { rest.first_chunk::<32>().copied() }
}

impl Provider {
    /// Sets up a zeroed provider; its reporters' epoch is 1. Errors: the market is paused,
    /// [`BlockableError::ClusterTagMissing`], those of [`ProviderSettings::validate`].
    pub fn register(
        &mut self,
        new: NewProvider,
        capacity_units: u64,
        settings: &ProviderSettings,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        ensure(new.cluster_tag != [0; 32], BlockableError::ClusterTagMissing)?;
        settings.validate()?;
        self.version = Provider::VERSION;
        self.bump = new.bump;
        self.market = new.market;
        self.authority = new.authority;
        self.cluster_tag = new.cluster_tag;
        self.capacity_units = capacity_units;
        self.put_in_force(settings, clock)
    }

    /// Puts settings in force, or proposes them for the time after the market's delay, in the place of an older
    /// proposal. While the provider is suspended only settings that tighten are taken. Errors: the market is paused,
    /// [`BlockableError::NotProvider`], those of [`ProviderSettings::validate`], [`BlockableError::NothingChanges`],
    /// [`BlockableError::ProposalSuspended`].
    pub fn propose_change(
        &mut self,
        signer: &Pubkey,
        settings: &ProviderSettings,
        market: &Market,
        clock: &MarketClock,
    ) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        settings.validate()?;
        ensure(*settings != self.settings, BlockableError::NothingChanges)?;
        if settings.is_tightening(&self.settings) {
            // An older proposal would undo this change.
            self.drop_proposal();
            return self.put_in_force(settings, clock);
        }
        self.require_may_propose()?;
        self.proposed = *settings;
        self.change_ready_at = after(clock.market, market.provider_delay)?;
        Ok(())
    }

    /// Applies the change that was proposed for the market time `ready_at`. Errors: the market is paused,
    /// [`BlockableError::NotProvider`], [`BlockableError::NoChangeProposed`], [`BlockableError::ChangeReplaced`],
    /// [`BlockableError::ChangeDelayRunning`], [`BlockableError::ChangeLapsed`].
    pub fn apply_change(&mut self, signer: &Pubkey, ready_at: i64, clock: &MarketClock) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        self.require_proposed(ready_at)?;
        require_ready(self.change_ready_at, clock)?;
        let settings = self.proposed;
        self.drop_proposal();
        self.put_in_force(&settings, clock)
    }

    /// Drops the change that was proposed for the market time `ready_at`. Errors: the market is paused,
    /// [`BlockableError::NotProvider`], [`BlockableError::NoChangeProposed`], [`BlockableError::ChangeReplaced`].
    pub fn cancel_change(&mut self, signer: &Pubkey, ready_at: i64, clock: &MarketClock) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        self.require_proposed(ready_at)?;
        self.drop_proposal();
        Ok(())
    }

    /// Sets the units that the provider commits to. Errors: the market is paused, [`BlockableError::NotProvider`],
    /// [`BlockableError::CapacityBelowOutstanding`].
    pub fn set_capacity(&mut self, signer: &Pubkey, capacity_units: u64, clock: &MarketClock) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        ensure(capacity_units >= self.outstanding_units, BlockableError::CapacityBelowOutstanding)?;
        self.capacity_units = capacity_units;
        Ok(())
    }

    /// Offers the authority role, which may be taken after the market's delay: so a thief of the key cannot shut its owner
    /// out at once. To the zero key: withdraws the offer. Errors: the market is paused,
    /// [`BlockableError::NotProvider`], [`BlockableError::ProposalSuspended`].
    pub fn offer_authority(
        &mut self,
        signer: &Pubkey,
        to: Pubkey,
        market: &Market,
        clock: &MarketClock,
    ) -> Result<()> {
        self.begin_by_authority(signer, clock)?;
        self.withdraw_authority();
        if to != Pubkey::default() {
            self.require_may_propose()?;
            self.pending_authority = to;
            self.pending_authority_ready_at = after(clock.market, market.provider_delay)?;
        }
        Ok(())
    }

    /// Gives the authority role to `signer`, the key that it was offered to, where the provider owes at most
    /// `most_outstanding` units. A change that the last authority proposed is dropped. Errors: the market is paused,
    /// [`BlockableError::NotOffered`], [`BlockableError::ChangeDelayRunning`], [`BlockableError::ChangeLapsed`],
    /// [`BlockableError::OutstandingAboveLimit`].
    pub fn accept_authority(
        &mut self,
        signer: &Pubkey,
        most_outstanding: u64,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        ensure(self.pending_authority == *signer, BlockableError::NotOffered)?;
        require_ready(self.pending_authority_ready_at, clock)?;
        ensure(self.outstanding_units <= most_outstanding, BlockableError::OutstandingAboveLimit)?;
        self.authority = *signer;
        self.withdraw_authority();
        self.drop_proposal();
        Ok(())
    }

    /// Stops new credits of the provider, and drops what it has proposed: a change of settings and a hand-over. Errors: the
    /// market is paused, [`BlockableError::NotProvider`] for a signer that is neither its authority nor the market's admin.
    pub fn suspend(&mut self, signer: &Pubkey, market: &Market, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        let flags = self.suspension_flags(signer, &market.admin)?;
        if flags & !self.suspended & Provider::SUSPENDED_BY_ADMIN != 0 {
            self.admin_suspended_at = clock.market;
        }
        self.suspended |= flags;
        self.withdraw_authority();
        self.drop_proposal();
        Ok(())
    }

    /// Lets the provider take new credits again, as far as the signer has stopped them. Errors: as [`Provider::suspend`].
    pub fn resume(&mut self, signer: &Pubkey, market: &Market, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.suspended &= !self.suspension_flags(signer, &market.admin)?;
        if !self.is_suspended_by_admin() {
            self.admin_suspended_at = 0;
        }
        Ok(())
    }

    /// The flags that a signer may set and clear; both where the admin is the provider's authority.
    fn suspension_flags(&self, signer: &Pubkey, admin: &Pubkey) -> Result<u8> {
        let own = if self.authority == *signer { Provider::SUSPENDED_BY_ITSELF } else { 0 };
        let admins = if admin == signer { Provider::SUSPENDED_BY_ADMIN } else { 0 };
        if own | admins == 0 { Err(BlockableError::NotProvider.into()) } else { Ok(own | admins) }
    }

    /// Puts settings in force. A new epoch begins where reporters, quorum or chunk size change: reports signed before are void.
    fn put_in_force(&mut self, settings: &ProviderSettings, clock: &MarketClock) -> Result<()> {
        if !settings.has_same_reports(&self.settings) {
            self.epoch = self.epoch.checked_add(1).ok_or(Overflow)?;
            self.epoch_began_at = clock.chain;
        }
        self.settings = *settings;
        Ok(())
    }

    fn drop_proposal(&mut self) {
        self.proposed = ProviderSettings::zeroed();
        self.change_ready_at = 0;
    }

    fn withdraw_authority(&mut self) {
        self.pending_authority = Pubkey::default();
        self.pending_authority_ready_at = 0;
    }

    fn require_may_propose(&self) -> Result<()> {
        ensure(self.suspended == 0, BlockableError::ProposalSuspended)
    }

    /// Requires the change that its signer has read. Errors: [`BlockableError::NoChangeProposed`],
    /// [`BlockableError::ChangeReplaced`].
    fn require_proposed(&self, ready_at: i64) -> Result<()> {
        ensure(self.change_ready_at != 0, BlockableError::NoChangeProposed)?;
        ensure(self.change_ready_at == ready_at, BlockableError::ChangeReplaced)
    }

    fn begin_by_authority(&self, signer: &Pubkey, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.require_authority(signer)
    }
}
