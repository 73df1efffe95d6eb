//! The covenant on utilisation: use over a window moves the APR within agreed bounds.

use crate::{
    state::Rider,
    units::{BPS, Overflow, mul_div_ceil},
};

/// Use as a share of the plan, in basis points, rounded down: `used x window x 10,000 / (planned x seconds)`.
///
/// `planned` is for `window` seconds, `used` was measured over `seconds`. Errors: [`Overflow`] for a plan or a time of
/// zero.
pub fn utilisation_bps(used: u64, planned: u64, window: u32, seconds: u64) -> Result<u64, Overflow> {
    let product = |a: u64, b: u64| u128::from(a).checked_mul(u128::from(b)).ok_or(Overflow);
    let plan = product(planned, seconds)?;
    let scaled = u64::from(window).checked_mul(BPS).ok_or(Overflow)?;
    let share = product(used, scaled)?.checked_div(plan).ok_or(Overflow)?;
    Ok(u64::try_from(share).unwrap_or(u64::MAX))
}

/// The effect of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The APR from now on, in basis points.
    pub apr_bps: u16,
    /// Principal that falls due as a top-up, in micro-USDC.
    pub top_up: u64,
}

/// Applies a utilisation to the APR. `can_fall_short` is false where the borrower could not use its units: the low
/// threshold has no effect then. Errors: [`Overflow`].
pub fn outcome(
    rider: &Rider,
    apr_bps: u16,
    utilisation_bps: u64,
    principal: u64,
    can_fall_short: bool,
) -> Result<Outcome, Overflow> {
    if utilisation_bps >= u64::from(rider.high_bps) {
        let apr_bps = apr_bps.saturating_sub(rider.apr_step_bps).max(rider.apr_floor_bps);
        return Ok(Outcome { apr_bps, top_up: 0 });
    }
    if utilisation_bps < u64::from(rider.low_bps) && can_fall_short {
        let apr_bps = apr_bps.saturating_add(rider.apr_step_bps).min(rider.apr_ceiling_bps);
        let top_up = mul_div_ceil(principal, u64::from(rider.top_up_bps), BPS)?;
        return Ok(Outcome { apr_bps, top_up });
    }
    Ok(Outcome { apr_bps, top_up: 0 })
}

/// Moves up to `amount` of principal from the last instalments to the one at index `next`. Returns the sum moved;
/// zero where no later instalment carries principal. Errors: [`Overflow`].
pub fn call_top_up(principal: &mut [u64], next: usize, amount: u64) -> Result<u64, Overflow> {
    let mut left = amount;
    for later in principal.iter_mut().skip(next.saturating_add(1)).rev() {
        let moved = left.min(*later);
        *later = later.checked_sub(moved).ok_or(Overflow)?;
        left = left.checked_sub(moved).ok_or(Overflow)?;
    }
    let moved = amount.checked_sub(left).ok_or(Overflow)?;
    if let Some(next) = principal.get_mut(next) {
        *next = next.checked_add(moved).ok_or(Overflow)?;
    }
    Ok(moved)
}
