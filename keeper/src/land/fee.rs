//! Priority fees: what others pay for the same accounts, more with every attempt that died, never above a cap.

/// Lamports that a signature costs.
pub const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// A priority fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// In micro-lamports per compute unit, as transactions of version 0 state it.
    pub micro_lamports_per_unit: u64,
    /// In lamports for the whole transaction, as those of version 1 state it.
    pub lamports: u64,
}

/// The fee for a transaction of `units` compute units. `recent` are what others paid, in micro-lamports per unit;
/// `percentile` of them is where it starts, doubled for every earlier attempt, at most `cap` lamports.
pub fn fee(recent: &[u64], percentile: u64, units: u32, attempt: u32, cap: u64) -> Fee {
    let mut sorted = recent.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1) as u64;
    let place = usize::try_from(last.saturating_mul(percentile.min(100)) / 100).unwrap_or(0);
    let base = sorted.get(place).copied().unwrap_or(0);
    // With nothing to go by, an attempt that died still pays more than the one before.
    let base = if attempt > 0 { base.max(1_000) } else { base };
    let price = base.saturating_mul(1u64.checked_shl(attempt.min(20)).unwrap_or(1));
    let units = u64::from(units.max(1));
    let dearest = cap.saturating_mul(1_000_000) / units;
    let price = price.min(dearest);
    Fee { micro_lamports_per_unit: price, lamports: price.saturating_mul(units).div_ceil(1_000_000).min(cap) }
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    #[test]
    fn fees_follow_others_and_rise_with_attempts() {
        let recent = [0, 10, 20, 30, 40];
        assert_eq!(fee(&recent, 75, 200_000, 0, 1_000_000).micro_lamports_per_unit, 30);
        assert_eq!(fee(&recent, 75, 200_000, 0, 1_000_000).lamports, 6);
        assert_eq!(fee(&recent, 75, 200_000, 2, 1_000_000).micro_lamports_per_unit, 4_000);
        assert_eq!(fee(&[], 75, 200_000, 0, 1_000_000), Fee { micro_lamports_per_unit: 0, lamports: 0 });
        assert!(fee(&[], 75, 200_000, 1, 1_000_000).lamports > 0);
    }

    proptest! {
        #[test]
        fn no_fee_is_above_the_cap(recent in proptest::collection::vec(any::<u64>(), 0..8), percentile in 0u64..200,
                                   units: u32, attempt: u32, cap in 0u64..1 << 40) {
            let fee = fee(&recent, percentile, units, attempt, cap);
            prop_assert!(fee.lamports <= cap);
            let stated = u128::from(fee.micro_lamports_per_unit) * u128::from(units.max(1)) / 1_000_000;
            prop_assert!(stated <= u128::from(cap));
        }
    }
}
