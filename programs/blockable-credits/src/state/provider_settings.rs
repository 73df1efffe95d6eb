//! The settings of a provider that loans depend on.

use {
    crate::{
        errors::{BlockableError, ensure},
        hash::sha256,
        plain::plain,
    },
    anchor_lang::prelude::*,
    bytemuck::{Pod, Zeroable},
};

/// The most usage reporters a provider can have.
pub const MAX_REPORTERS: usize = 8;
/// The most credits in one chunk of a usage report.
pub const MAX_CHUNK_SIZE: u8 = 32;
/// First bytes of the input of every reporters' hash, so that the hash serves no other purpose.
pub const REPORTERS_DOMAIN: &[u8] = b"blockable/reporters/v1";

/// A key that signs usage reports for a provider.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Reporter {
    /// Ed25519 public key.
    pub key: Pubkey,
    /// Unix time from which its reports are refused.
    pub expires_at: i64,
}

const _: () = assert!(size_of::<Reporter>() == 40);

/// The part of a provider that loans depend on: changed at once where a change only tightens, else after the market's delay.
#[cfg_attr(feature = "idl-build", derive(AnchorSerialize, AnchorDeserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct ProviderSettings {
    /// The reporters; the first `reporter_count` are in use, the other places are zero.
    pub reporters: [Reporter; MAX_REPORTERS],
    /// Token account that principal is paid to.
    pub payout: Pubkey,
    /// Hash of the price list that the provider charges units by; zero while it has published none.
    pub price_list_hash: [u8; 32],
    /// Highest rate bound that the terms of a new credit may have, in units per second.
    pub max_units_per_second: u64,
    /// Longest job that the terms of a new credit may allow for, in seconds.
    pub longest_job: u32,
    /// Reporters in use, 1 to 8.
    pub reporter_count: u8,
    /// Distinct reporters that a report needs.
    pub quorum: u8,
    /// Credits per chunk of a usage report, 1 to 32; a v0 transaction holds 10 with two reports, 8 with three.
    pub chunk_size: u8,
    /// Zero.
    pub reserved: u8,
}

plain!(ProviderSettings);

const _: () = assert!(size_of::<ProviderSettings>() == 400);

impl ProviderSettings {
    /// Settings with these reporters and their quorum, the largest chunk of a v0 transaction with three reports, and
    /// everything else zero. Reporters beyond the eighth are left out, which [`ProviderSettings::validate`] refuses.
    pub fn with_reporters(reporters: &[Reporter], quorum: u8) -> ProviderSettings {
        let mut settings = ProviderSettings { quorum, chunk_size: 8, ..ProviderSettings::zeroed() };
        for (place, reporter) in settings.reporters.iter_mut().zip(reporters) {
            *place = *reporter;
        }
        settings.reporter_count = u8::try_from(reporters.len()).unwrap_or(u8::MAX);
        settings
    }

    /// The reporters in use.
    pub fn reporters(&self) -> &[Reporter] {
        self.reporters.get(..usize::from(self.reporter_count)).unwrap_or(&[])
    }

    /// Hash of the quorum and of the reporters' keys in their order, which lenders rely on. Expiry dates are not covered, so
    /// that a key can be renewed.
    pub fn reporters_hash(&self) -> [u8; 32] {
        let mut parts: [&[u8]; MAX_REPORTERS + 2] = [&[]; MAX_REPORTERS + 2];
        let quorum = [self.quorum];
        let keys = self.reporters().iter().map(|reporter| -> &[u8] { reporter.key.as_ref() });
        let first = [REPORTERS_DOMAIN, &quorum];
        for (part, bytes) in parts.iter_mut().zip(first.into_iter().chain(keys)) {
            *part = bytes;
        }
        sha256(&parts)
    }

    /// Checks the settings. Errors: [`BlockableError::ReporterCount`], [`BlockableError::QuorumOutOfRange`],
    /// [`BlockableError::ChunkSizeOutOfRange`], [`BlockableError::ReporterKeyInvalid`], [`BlockableError::ReporterDuplicate`],
    /// [`BlockableError::RateBoundZero`], [`BlockableError::LongestJobZero`], [`BlockableError::UnknownFlag`].
    pub fn validate(&self) -> Result<()> {
        let (used, unused) = self
            .reporters
            .split_at_checked(usize::from(self.reporter_count))
            .ok_or(BlockableError::ReporterCount)?;
        ensure(!used.is_empty(), BlockableError::ReporterCount)?;
        ensure(unused.iter().all(|place| *place == Reporter::default()), BlockableError::ReporterCount)?;
        ensure((1..=self.reporter_count).contains(&self.quorum), BlockableError::QuorumOutOfRange)?;
        ensure((1..=MAX_CHUNK_SIZE).contains(&self.chunk_size), BlockableError::ChunkSizeOutOfRange)?;
        for (index, reporter) in used.iter().enumerate() {
            ensure(reporter.key != Pubkey::default(), BlockableError::ReporterKeyInvalid)?;
            let mut earlier = used.iter().take(index);
            ensure(!earlier.any(|other| other.key == reporter.key), BlockableError::ReporterDuplicate)?;
        }
        ensure(self.max_units_per_second > 0, BlockableError::RateBoundZero)?;
        ensure(self.longest_job > 0, BlockableError::LongestJobZero)?;
        ensure(self.reserved == 0, BlockableError::UnknownFlag)
    }

    /// Returns true when no set of keys can do more under these settings than under `current`, and neither the payout account
    /// nor the price list changes.
    ///
    /// Reporters may be removed or expire earlier while the quorum is not lowered: every set of keys that reaches the quorum
    /// afterwards reached it before.
    pub fn is_tightening(&self, current: &ProviderSettings) -> bool {
        let listed = |reporter: &Reporter| {
            let mut known = current.reporters().iter();
            known.any(|other| other.key == reporter.key && reporter.expires_at <= other.expires_at)
        };
        self.reporters().iter().all(listed)
            && self.quorum >= current.quorum
            && self.max_units_per_second <= current.max_units_per_second
            && self.longest_job <= current.longest_job
            && self.chunk_size == current.chunk_size
            && self.payout == current.payout
            && self.price_list_hash == current.price_list_hash
    }

    /// Returns true when reports signed under one of the settings hold under the other: same reporters, quorum and chunk size.
    pub fn has_same_reports(&self, other: &ProviderSettings) -> bool {
        self.reporters == other.reporters
            && self.quorum == other.quorum
            && self.chunk_size == other.chunk_size
    }
}
