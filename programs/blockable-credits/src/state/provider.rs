//! The account of a GPU provider.

use {
    crate::{
        errors::{BlockableError, ensure},
        hash::sha256,
        state::{MarketClock, ProviderSettings, REPORTERS_DOMAIN, Reporter, Terms},
        units::Overflow,
    },
    anchor_lang::prelude::*,
};

/// A GPU provider with its capacity and the settings that loans depend on.
#[account(zero_copy)]
pub struct Provider {
    /// Layout version, [`Provider::VERSION`].
    pub version: u8,
    /// Bump of the provider's address.
    pub bump: u8,
    /// The suspensions in force: the sum of [`Provider::SUSPENDED_BY_ITSELF`] and [`Provider::SUSPENDED_BY_ADMIN`]. While it is
    /// not 0, no new credit may be offered or issued.
    pub suspended: u8,
    /// Zero.
    pub padding: [u8; 5],
    /// Raised by every change of reporters, quorum or chunks; reports of an older epoch are void.
    pub epoch: u32,
    /// Index that the next issued credit takes.
    pub next_index: u32,
    /// The market the provider serves.
    pub market: Pubkey,
    /// The key that signs for the provider.
    pub authority: Pubkey,
    /// Hash of the cluster's latest slot as the provider registered, which no other cluster has. Every report covers it.
    pub cluster_tag: [u8; 32],
    /// The key that the authority role is offered to; zero for none.
    pub pending_authority: Pubkey,
    /// Market time from which that key may take the role; 0 while it is offered to none.
    pub pending_authority_ready_at: i64,
    /// Unix time at which the epoch began.
    pub epoch_began_at: i64,
    /// Units the provider has committed to serve.
    pub capacity_units: u64,
    /// Units granted and not given back, over all its credits and lots.
    pub outstanding_units: u64,
    /// Units used beyond those that credits allowed, over all credits that are closed: the provider's loss. Stops
    /// at 2^64 - 1.
    pub closed_overrun: u64,
    /// Market time from which the proposed settings may be applied; 0 when none are proposed.
    pub change_ready_at: i64,
    /// Market time at which the market's admin suspended the provider; 0 while it has not.
    pub admin_suspended_at: i64,
    /// The settings in force.
    pub settings: ProviderSettings,
    /// The settings of the proposed change; zero when none are proposed.
    pub proposed: ProviderSettings,
    /// Zero; kept for later versions.
    pub reserved: [u8; 56],
}

const _: () = assert!(size_of::<Provider>() == 1_056);

impl Provider {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Provider>();

    /// Flag of a suspension by the provider's authority.
    pub const SUSPENDED_BY_ITSELF: u8 = 1;
    /// Flag of a suspension by the market's admin.
    pub const SUSPENDED_BY_ADMIN: u8 = 2;

    /// Requires the provider's authority. Errors: [`BlockableError::NotProvider`].
    pub fn require_authority(&self, signer: &Pubkey) -> Result<()> {
        ensure(self.authority == *signer, BlockableError::NotProvider)
    }

    /// Requires a provider that takes a new credit with these terms. It is not suspended; the terms name its reporters and
    /// quorum, and those that it has proposed; their rate bound and longest job are within its own. Errors:
    /// [`BlockableError::ProviderSuspended`], [`BlockableError::ReportersChanged`],
    /// [`BlockableError::TermsRateOutOfRange`], [`BlockableError::TermsLongestJobOutOfRange`].
    #[inline(never)]
    pub fn require_takes(&self, terms: &Terms) -> Result<()> {
        ensure(self.suspended == 0, BlockableError::ProviderSuspended)?;
        let settings = &self.settings;
        ensure(terms.reporters_hash == self.reporters_hash(), BlockableError::ReportersChanged)?;
        let rates = 1..=settings.max_units_per_second;
        ensure(rates.contains(&terms.max_units_per_second), BlockableError::TermsRateOutOfRange)?;
        let jobs = 1..=settings.longest_job;
        ensure(jobs.contains(&terms.longest_job), BlockableError::TermsLongestJobOutOfRange)
    }

    /// Returns true while the market's admin has suspended the provider.
    pub fn is_suspended_by_admin(&self) -> bool {
        self.suspended & Provider::SUSPENDED_BY_ADMIN != 0
    }

    /// The token account that the provider's claims are paid to. Errors: [`BlockableError::ClaimSuspended`] while the market's
    /// admin has suspended it.
    pub fn open_payout(&self) -> Result<Pubkey> {
        ensure(!self.is_suspended_by_admin(), BlockableError::ClaimSuspended)?;
        Ok(self.settings.payout)
    }

    /// Requires that the market's admin has suspended the provider for at least `seconds` of market time. Errors:
    /// [`BlockableError::ProviderNotSuspended`].
    pub fn require_suspended_for(&self, seconds: u32, clock: &MarketClock) -> Result<()> {
        let long_enough = clock.market >= self.admin_suspended_at.saturating_add(i64::from(seconds));
        ensure(self.is_suspended_by_admin() && long_enough, BlockableError::ProviderNotSuspended)
    }

    /// Hash of the reporters that may meter a loan issued now: those in force, and those of a change that waits. Such a change
    /// can come into force right after the issue, with no time left for the lender to act, so the terms name it too.
    pub fn reporters_hash(&self) -> [u8; 32] {
        let in_force = self.settings.reporters_hash();
        if self.change_ready_at == 0 {
            return in_force;
        }
        let waiting = self.proposed.reporters_hash();
        if waiting == in_force { in_force } else { sha256(&[REPORTERS_DOMAIN, &in_force, &waiting]) }
    }

    /// The reporters in use.
    pub fn reporters(&self) -> &[Reporter] {
        self.settings.reporters()
    }

    /// Takes the next free index for reports. Errors: 2^32 credits have been issued.
    pub fn take_index(&mut self) -> Result<u32> {
        let index = self.next_index;
        self.next_index = index.checked_add(1).ok_or(BlockableError::from(Overflow))?;
        Ok(index)
    }
}
