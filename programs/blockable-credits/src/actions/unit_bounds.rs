//! The units that a signer asks for, as bounds: what others do meanwhile neither blocks it nor makes it take more.

use {
    crate::errors::{BlockableError, ensure},
    anchor_lang::prelude::*,
};

/// Up to `most` units, and none at all where fewer than `least` can be had.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitBounds {
    /// The fewest units; 0 counts as 1.
    pub least: u64,
    /// The most units.
    pub most: u64,
}

impl UnitBounds {
    /// All units there are, and at least one.
    pub const ALL: UnitBounds = UnitBounds { least: 1, most: u64::MAX };

    /// That many units, neither more nor fewer.
    pub const fn exactly(units: u64) -> UnitBounds {
        UnitBounds { least: units, most: units }
    }

    /// The units to take where `available` can be had. Errors: [`BlockableError::AmountZero`] for a most of 0, `too_few`.
    pub fn units(self, available: u64, too_few: BlockableError) -> Result<u64> {
        ensure(self.most > 0, BlockableError::AmountZero)?;
        let units = self.most.min(available);
        ensure(units >= self.least.max(1), too_few)?;
        Ok(units)
    }
}
