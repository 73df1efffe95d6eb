//! The holdback: the part of the principal that stays in the vault at issue, for the units that payments unlock last.
//!
//! The provider earns it as payments unlock units; units that it covers can be cancelled for cash instead. Prices are exact:
//! `principal / units` of the loan, never the rounded price per million.

use crate::units::{Overflow, mul_div_ceil, mul_div_floor, sub};

/// The money that is held back, and the price that the loan paid for its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdback {
    /// Money that is held back, in micro-USDC.
    pub left: u64,
    /// Price of all `units`, in micro-USDC.
    pub principal: u64,
    /// Units that the loan paid for.
    pub units: u64,
}

impl Holdback {
    /// The price of units in micro-USDC, rounded down. Errors: [`Overflow`].
    pub fn price_floor(&self, units: u64) -> Result<u64, Overflow> {
        mul_div_floor(units, self.principal, self.units)
    }

    /// The price of units in micro-USDC, rounded up. Errors: [`Overflow`].
    pub fn price_ceil(&self, units: u64) -> Result<u64, Overflow> {
        mul_div_ceil(units, self.principal, self.units)
    }

    /// The money that stays held back while payments have `left_to_unlock` units still to unlock, in micro-USDC, rounded up.
    /// The rest is earned. Errors: [`Overflow`].
    pub fn kept_ceil(&self, left_to_unlock: u64) -> Result<u64, Overflow> {
        if self.left == 0 {
            return Ok(0);
        }
        Ok(self.price_ceil(left_to_unlock)?.min(self.left))
    }

    /// The locked units that the holdback pays for, rounded down: all of the `locked` ones where it reaches. Errors:
    /// [`Overflow`].
    pub fn covered_floor(&self, locked: u64) -> Result<u64, Overflow> {
        if self.left == 0 || locked == 0 {
            return Ok(0);
        }
        if self.price_floor(locked)? <= self.left {
            return Ok(locked);
        }
        mul_div_floor(self.left, self.units, self.principal)
    }

    /// The money that a cancel of `units` pays, in micro-USDC: their price, rounded down. It pays all that is held back where
    /// these are the last of the `covered` units, or where less than the price of one unit would be left; and of a holdback
    /// that covers all that is `left_to_unlock`, what the rounding of earlier payments has kept too much. Errors:
    /// [`Overflow`] for more units than are covered.
    pub fn paid_by_cancel(&self, units: u64, covered: u64, left_to_unlock: u64) -> Result<u64, Overflow> {
        if sub(covered, units)? == 0 {
            return Ok(self.left);
        }
        let needed = self.price_ceil(left_to_unlock.saturating_sub(units))?;
        let rest = sub(self.left, self.price_floor(units)?)?.min(needed);
        if self.is_below_one_unit(rest) { Ok(self.left) } else { sub(self.left, rest) }
    }

    /// Returns true for less money than the price of one unit.
    fn is_below_one_unit(&self, amount: u64) -> bool {
        u128::from(amount).saturating_mul(u128::from(self.units)) < u128::from(self.principal)
    }
}
