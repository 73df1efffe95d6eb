//! The account of a market.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::{PAUSE_DAYS, TermBounds},
    },
    anchor_lang::prelude::*,
};

/// One lending market: a payment token, its bounds and its clock.
#[account(zero_copy)]
pub struct Market {
    /// Layout version, [`Market::VERSION`].
    pub version: u8,
    /// Bump of the market's address.
    pub bump: u8,
    /// 1 for a market whose bounds may be looser than [`TermBounds::PRODUCTION`], for tests alone.
    pub is_test: u8,
    /// Decimals of the payment mint.
    pub decimals: u8,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Zero.
    pub padding: [u8; 2],
    /// The number in the market's address.
    pub id: u64,
    /// The key that may change the market's settings and can suspend providers.
    pub admin: Pubkey,
    /// The key that may pause and halt the market, and nothing else.
    pub guardian: Pubkey,
    /// The token that loans are made and repaid in.
    pub payment_mint: Pubkey,
    /// The program that owns the payment mint: SPL Token or Token-2022.
    pub token_program: Pubkey,
    /// Token account that fees are paid to.
    pub treasury: Pubkey,
    /// Seconds spent paused in all pauses that have ended.
    pub paused_seconds: u64,
    /// Unix time at which the current pause began; 0 when there is none.
    pub paused_at: i64,
    /// Unix time at which the current pause ends by itself.
    pub pause_expires_at: i64,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
    /// The key that the admin role is offered to; zero for none.
    pub pending_admin: Pubkey,
    /// Treasury of the proposed change.
    pub proposed_treasury: Pubkey,
    /// Bounds of the proposed change.
    pub proposed_bounds: TermBounds,
    /// Market time from which the proposed change may be applied; 0 when none is proposed.
    pub change_ready_at: i64,
    /// Seconds of market time that a change waits where it does more than tighten limits.
    pub change_delay: u32,
    /// Delay of the proposed change.
    pub proposed_delay: u32,
    /// Day of the latest pause, in days since 1970.
    pub pause_day: u32,
    /// Redistribution fee of the proposed change, in basis points.
    pub proposed_fee_bps: u16,
    /// Zero.
    pub padding2: [u8; 2],
    /// Seconds paused, or set aside for the current pause, by UTC day: `day % 32`, from 30 days before `pause_day` to the
    /// day after it.
    pub paused_on: [u16; PAUSE_DAYS],
    /// Seconds of market time that a change of a provider's settings, or of its authority, waits.
    pub provider_delay: u32,
    /// `provider_delay` of the proposed change.
    pub proposed_provider_delay: u32,
    /// Market time of the latest halt; 0 when there was none. The halt holds until `halt_lifts_at`.
    pub halted_at: i64,
    /// Market time at which a halt that the admin has lifted ends; 0 while it has no end.
    pub halt_lifts_at: i64,
    /// Market time from which the key that the admin role is offered to may take it; 0 for no offer.
    pub pending_admin_ready_at: i64,
    /// Guardian of the proposed change.
    pub proposed_guardian: Pubkey,
    /// Seconds that the admin's suspension of a provider must have lasted before covered units of a loan that is not in
    /// default can be cancelled.
    pub min_suspension: u32,
    /// `min_suspension` of the proposed change.
    pub proposed_min_suspension: u32,
    /// Zero; kept for later versions.
    pub reserved: [u8; 40],
}

const _: () = assert!(size_of::<Market>() == 576);

impl Market {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Market>();

    /// Requires the admin. Errors: [`BlockableError::NotAdmin`].
    pub fn require_admin(&self, signer: &Pubkey) -> Result<()> {
        ensure(self.admin == *signer, BlockableError::NotAdmin)
    }
}
