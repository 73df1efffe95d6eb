//! Amounts of the model, and those that the bounds of an instruction lead to.

use blockable_sdk::program::instructions::UnitBounds;

/// The quotient rounded up; zero for a division by zero.
pub(super) fn div_up(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { (a + b - 1) / b }
}

/// The units that bounds lead to where `available` can be had. Errors: fewer can be had than the least.
pub(super) fn units_within(bounds: UnitBounds, available: i128) -> Result<i128, String> {
    let units = available.min(bounds.most.into());
    if units >= i128::from(bounds.least.max(1)) {
        return Ok(units);
    }
    Err(format!("it went through although {available} units do not reach {bounds:?}"))
}
