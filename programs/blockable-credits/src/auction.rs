//! Falling-price sale of seized units, and the split of its proceeds.

use crate::units::{BPS, Overflow, PRICE_SCALE, add, elapsed, mul_div_ceil, mul_div_floor, sub};

/// Price at `now`, in micro-USDC per [`PRICE_SCALE`] units: linear from `start` at `opened_at` to `floor` at the
/// end of the window, and `floor` from then on. Rounded up, in favour of the pool. Errors: [`Overflow`].
pub fn price_at(start: u64, floor: u64, opened_at: i64, window: u32, now: i64) -> Result<u64, Overflow> {
    let seconds = elapsed(opened_at, now)?;
    if seconds >= u64::from(window) {
        return Ok(floor);
    }
    let fallen = mul_div_floor(sub(start, floor)?, seconds, u64::from(window))?;
    sub(start, fallen)
}

/// The cost of `units` at `price` per [`PRICE_SCALE`] units, in micro-USDC, rounded up. Errors: [`Overflow`].
pub fn cost(units: u64, price: u64) -> Result<u64, Overflow> {
    mul_div_ceil(units, price, PRICE_SCALE)
}

/// The price that a loan paid per [`PRICE_SCALE`] units, in micro-USDC, rounded up. Errors: [`Overflow`] for no units.
pub fn price_paid(principal: u64, units: u64) -> Result<u64, Overflow> {
    mul_div_ceil(principal, PRICE_SCALE, units)
}

/// Lowest price a lot may start at or fall to: `share_bps` basis points of the price that the loan paid, rounded up. Both
/// in micro-USDC per [`PRICE_SCALE`] units. Errors: [`Overflow`].
pub fn least_price(price_paid: u64, share_bps: u16) -> Result<u64, Overflow> {
    mul_div_ceil(price_paid, u64::from(share_bps), BPS)
}

/// Highest price a lot may start at: `share_bps` basis points of the price that the loan paid, rounded down, and at most
/// 2^64 - 1. Both in micro-USDC per [`PRICE_SCALE`] units.
pub fn highest_price(price_paid: u64, share_bps: u16) -> u64 {
    mul_div_floor(price_paid, u64::from(share_bps), BPS).unwrap_or(u64::MAX)
}

/// The value of `units` at exactly the price that the loan paid: `units x principal / granted`, in micro-USDC, rounded up.
/// Errors: [`Overflow`].
pub fn value_paid(units: u64, principal: u64, granted: u64) -> Result<u64, Overflow> {
    mul_div_ceil(units, principal, granted)
}

/// The units that a debt, in micro-USDC, pays for at exactly the price that the loan paid: `debt x granted / principal`,
/// rounded up, and at most 2^64 - 1.
pub fn units_worth(debt: u64, principal: u64, granted: u64) -> u64 {
    mul_div_ceil(debt, granted, principal).unwrap_or(u64::MAX)
}

/// Shares of a sale, in micro-USDC. They add up to the cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proceeds {
    /// Redistribution fee, for the market's treasury.
    pub fee: u64,
    /// Recovery of the debt, for the lender.
    pub recovered: u64,
    /// The rest above the debt, for the borrower.
    pub surplus: u64,
}

/// Splits a sale: the fee off the top (rounded down), then the lender up to the debt, the rest is the borrower's.
/// Errors: [`Overflow`].
pub fn split(cost: u64, fee_bps: u16, debt: u64) -> Result<Proceeds, Overflow> {
    let fee = mul_div_floor(cost, u64::from(fee_bps), BPS)?;
    let net = sub(cost, fee)?;
    let recovered = net.min(debt);
    let surplus = sub(net, recovered)?;
    debug_assert_eq!(add(add(fee, recovered)?, surplus), Ok(cost));
    Ok(Proceeds { fee, recovered, surplus })
}
