use {
    crate::{
        errors::{BlockableError, ensure},
        units::Overflow,
    },
    anchor_lang::prelude::*,
    bytemuck::{Pod, Zeroable},
};

/// The most usage reporters a provider can have.
pub const MAX_REPORTERS: usize = 8;
/// The most credits in one chunk of a usage report.
pub const MAX_CHUNK_SIZE: u8 = 32;

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

/// A GPU provider with its capacity and the reporters of its usage.
#[account(zero_copy)]
pub struct Provider {
    /// Layout version, [`Provider::VERSION`].
    pub version: u8,
    /// Bump of the provider's address.
    pub bump: u8,
    /// Distinct reporters that a report needs.
    pub quorum: u8,
    /// Reporters in use.
    pub reporter_count: u8,
    /// Credits per chunk of a usage report.
    pub chunk_size: u8,
    /// Flags; no new credit may be issued while one is set. The sum of [`Provider::SUSPENDED_BY_ITSELF`] and
    /// [`Provider::SUSPENDED_BY_ADMIN`].
    pub suspended: u8,
    /// Zero.
    pub padding: [u8; 2],
    /// Raised by every change of reporters; reports of an older epoch are void.
    pub epoch: u32,
    /// Index that the next issued credit takes.
    pub next_index: u32,
    /// The market the provider serves.
    pub market: Pubkey,
    /// The key that signs for the provider.
    pub authority: Pubkey,
    /// Token account that principal is paid to.
    pub payout: Pubkey,
    /// Units the provider has committed to serve.
    pub capacity_units: u64,
    /// Units granted and not given back, over all its credits and lots.
    pub outstanding_units: u64,
    /// Most units per second that one credit can use.
    pub max_units_per_second: u64,
    /// The reporters; the first `reporter_count` are in use.
    pub reporters: [Reporter; MAX_REPORTERS],
    /// The key that the authority role is offered to; zero for none.
    pub pending_authority: Pubkey,
    /// Units used beyond those that credits allowed, over all credits that are closed: the provider's loss.
    pub closed_overrun: u64,
    /// Zero; kept for later versions.
    pub reserved: [u8; 152],
}

const _: () = assert!(size_of::<Provider>() == 648);

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

    /// The reporters in use.
    pub fn reporters(&self) -> &[Reporter] {
        self.reporters.get(..usize::from(self.reporter_count)).unwrap_or(&[])
    }

    /// Takes the next free index for reports. Errors: 2^32 credits have been issued.
    pub fn take_index(&mut self) -> Result<u32> {
        let index = self.next_index;
        self.next_index = index.checked_add(1).ok_or(BlockableError::from(Overflow))?;
        Ok(index)
    }
}
