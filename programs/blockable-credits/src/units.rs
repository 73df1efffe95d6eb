//! Integer arithmetic with the direction of rounding in the name.
//!
//! Debts round up, payouts and releases round down, so that no caller gains by splitting an action.

/// Basis points in one whole.
pub const BPS: u64 = 10_000;
/// Seconds in the year that annual rates refer to (actual/365).
pub const SECONDS_PER_YEAR: u64 = 31_536_000;
/// Seconds in a day.
pub const DAY: u32 = 86_400;
/// Prices are stated in micro-USDC for this many credit units.
pub const PRICE_SCALE: u64 = 1_000_000;

/// The least price that a loan may pay, in micro-USDC per [`PRICE_SCALE`] units. So every price has at least five digits, and
/// rounding changes it by a basis point at most.
pub const MIN_UNIT_PRICE: u64 = 10_000;

/// A result that does not fit its type, or a division by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// `a + b`. Errors: [`Overflow`].
pub fn add(a: u64, b: u64) -> Result<u64, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}

/// `a - b`. Errors: [`Overflow`] when `b` is the larger one.
pub fn sub(a: u64, b: u64) -> Result<u64, Overflow> {
    a.checked_sub(b).ok_or(Overflow)
}

/// A Unix time moved forward by a number of seconds. Errors: [`Overflow`].
pub fn after(time: i64, seconds: u32) -> Result<i64, Overflow> {
    time.checked_add(i64::from(seconds)).ok_or(Overflow)
}

/// Seconds from `from` to `to`, zero when `to` is earlier. Errors: [`Overflow`].
///
/// Not inlined: LLVM turns an unsigned comparison with the clamped value into one with the value before the clamp, which
/// for an earlier `to` is huge. The tests on the ELF would show it, those on the host cannot.
#[inline(never)]
pub fn elapsed(from: i64, to: i64) -> Result<u64, Overflow> {
    let seconds = to.checked_sub(from).ok_or(Overflow)?;
    Ok(u64::try_from(seconds).unwrap_or(0))
}

/// `a x b / divisor`, rounded down, with a 128-bit product.
/// Errors: [`Overflow`] when the divisor is zero or the result exceeds 64 bits.
#[inline(never)]
pub fn mul_div_floor(a: u64, b: u64, divisor: u64) -> Result<u64, Overflow> {
    let product = u128::from(a).checked_mul(u128::from(b)).ok_or(Overflow)?;
    let quotient = product.checked_div(u128::from(divisor)).ok_or(Overflow)?;
    u64::try_from(quotient).map_err(|_| Overflow)
}

/// `a x b / divisor`, rounded up, with a 128-bit product.
/// Errors: [`Overflow`] when the divisor is zero or the result exceeds 64 bits.
#[inline(never)]
pub fn mul_div_ceil(a: u64, b: u64, divisor: u64) -> Result<u64, Overflow> {
    let product = u128::from(a).checked_mul(u128::from(b)).ok_or(Overflow)?;
    let up = u128::from(divisor).checked_sub(1).ok_or(Overflow)?;
    let quotient =
        product.checked_add(up).and_then(|sum| sum.checked_div(u128::from(divisor))).ok_or(Overflow)?;
    u64::try_from(quotient).map_err(|_| Overflow)
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    #[test]
    fn rounding_goes_where_the_name_says() {
        assert_eq!(mul_div_floor(10, 1, 3), Ok(3));
        assert_eq!(mul_div_ceil(10, 1, 3), Ok(4));
        assert_eq!(mul_div_floor(9, 1, 3), mul_div_ceil(9, 1, 3));
        assert_eq!(mul_div_ceil(0, 5, 7), Ok(0));
    }

    #[test]
    fn what_cannot_be_represented_is_refused() {
        assert_eq!(mul_div_floor(1, 1, 0), Err(Overflow));
        assert_eq!(mul_div_ceil(1, 1, 0), Err(Overflow));
        assert_eq!(mul_div_floor(u64::MAX, 2, 1), Err(Overflow));
        assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
        assert_eq!(mul_div_ceil(u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
        assert_eq!(sub(1, 2), Err(Overflow));
        assert_eq!(add(u64::MAX, 1), Err(Overflow));
        assert_eq!(elapsed(i64::MIN, i64::MAX), Err(Overflow));
        assert_eq!(elapsed(10, 3), Ok(0));
    }

    proptest! {
        #[test]
        fn ceil_and_floor_enclose_the_exact_quotient(a: u64, b: u64, d in 1u64..) {
            let exact = u128::from(a) * u128::from(b);
            if let (Ok(floor), Ok(ceil)) = (mul_div_floor(a, b, d), mul_div_ceil(a, b, d)) {
                let (floor, ceil, d) = (u128::from(floor), u128::from(ceil), u128::from(d));
                prop_assert!(floor * d <= exact && exact < (floor + 1) * d);
                prop_assert!(ceil * d >= exact && (ceil == floor || ceil == floor + 1));
            }
        }

        #[test]
        fn splitting_never_lowers_a_ceil_nor_raises_a_floor(a in 0u64..1 << 40, part in 0u64..1 << 40, b in 0u64..1 << 20, d in 1u64..1 << 40) {
            let part = part.min(a);
            let (floor, ceil) = (mul_div_floor(a, b, d).unwrap(), mul_div_ceil(a, b, d).unwrap());
            prop_assert!(mul_div_floor(part, b, d).unwrap() + mul_div_floor(a - part, b, d).unwrap() <= floor);
            prop_assert!(mul_div_ceil(part, b, d).unwrap() + mul_div_ceil(a - part, b, d).unwrap() >= ceil);
        }
    }
}
