//! The account of a lot.

use {
    crate::{
        auction,
        units::{Overflow, after},
    },
    anchor_lang::prelude::*,
};

/// Seized units for sale at a falling price. The debt still to recover is the credit's own.
#[account(zero_copy)]
pub struct Lot {
    /// Layout version, [`Lot::VERSION`].
    pub version: u8,
    /// Bump of the lot's address.
    pub bump: u8,
    /// Zero.
    pub padding: [u8; 2],
    /// The number in the lot's address.
    pub index: u32,
    /// The market of the credit.
    pub market: Pubkey,
    /// The credit the units were seized from.
    pub credit: Pubkey,
    /// The provider that serves the units.
    pub provider: Pubkey,
    /// The lender that opened the lot.
    pub lender: Pubkey,
    /// The key that paid the lot's rent and gets it back.
    pub rent_payer: Pubkey,
    /// Units the lot was opened with.
    pub units: u64,
    /// Units not sold yet.
    pub units_left: u64,
    /// Price at the start, in micro-USDC per `PRICE_SCALE` units.
    pub start_price: u64,
    /// Price at the end of the window and after, in micro-USDC per `PRICE_SCALE` units.
    pub floor_price: u64,
    /// Sum that buyers have paid, in micro-USDC.
    pub proceeds: u64,
    /// Market time at which the price began to fall.
    pub opened_at: i64,
    /// Seconds of market time over which the price falls.
    pub window: u32,
    /// Zero.
    pub padding2: [u8; 4],
    /// Zero; kept for later versions.
    pub reserved: [u8; 32],
}

const _: () = assert!(size_of::<Lot>() == 256);

impl Lot {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Lot>();

    /// Price at a market time, in micro-USDC per `PRICE_SCALE` units. Errors: [`Overflow`].
    pub fn price_at(&self, market_time: i64) -> core::result::Result<u64, Overflow> {
        auction::price_at(self.start_price, self.floor_price, self.opened_at, self.window, market_time)
    }

    /// Returns true when the price has reached its floor at a market time. Errors: [`Overflow`].
    pub fn window_has_passed(&self, market_time: i64) -> core::result::Result<bool, Overflow> {
        Ok(market_time >= after(self.opened_at, self.window)?)
    }
}
