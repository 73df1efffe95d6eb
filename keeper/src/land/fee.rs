//! Priority fees: the prices that others pay for the same accounts, more with every attempt that died, never above a cap.

use {
    crate::land::{attempts::Attempts, settings::LandSettings, simulate::Ready},
    blockable_sdk::amounts::{Bps, Lamports},
};

/// Lamports that a signature costs.
const LAMPORTS_PER_SIGNATURE: Lamports = Lamports(5_000);
/// Basis points in one whole.
const WHOLE: u64 = 10_000;
/// Compute units asked for beyond the margin, for what a simulation does not show.
const SPARE_UNITS: u64 = 1_000;

/// A priority fee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fee {
    /// Micro-lamports per compute unit, as transactions of version 0 state it.
    pub micro_lamports_per_unit: u64,
    /// Lamports for the whole transaction, as those of version 1 state it.
    pub lamports: Lamports,
}

/// A batch with its transaction's limits and highest cost.
#[derive(Clone, Debug)]
pub(crate) struct Priced {
    /// The batch, with the compute units of its simulation.
    pub ready: Ready,
    /// Compute units that the transaction asks for.
    pub compute_units: u32,
    /// The priority fee.
    pub fee: Fee,
    /// Cost where the transaction lands: its fee and its signature.
    pub lamports: Lamports,
}

/// The rule by which a round's transactions are priced.
#[derive(Clone, Debug)]
pub(crate) struct Pricing {
    /// Prices that others paid, in micro-lamports per compute unit.
    pub recent: Vec<u64>,
    /// The percentile of them at which a fee starts.
    pub percentile: u64,
    /// Most priority fee of one transaction.
    pub cap: Lamports,
    /// Share of compute units asked for beyond those that the simulation took.
    pub margin: Bps,
}

impl Pricing {
    /// The rule of the settings, on recent prices in micro-lamports per compute unit.
    pub(crate) fn new(recent: Vec<u64>, settings: &LandSettings) -> Pricing {
        Pricing {
            recent,
            percentile: settings.fee_percentile,
            cap: settings.max_priority_lamports,
            margin: settings.compute_margin_bps,
        }
    }

    /// Prices batches, each by how often its work has died.
    pub(crate) fn price(&self, ready: Vec<Ready>, attempts: &Attempts) -> Vec<Priced> {
        let price = |ready: Ready| {
            let died = attempts.died(&ready.batch.intents);
            let margin = ready.compute_units.saturating_mul(self.margin.get()) / WHOLE;
            let wanted = ready.compute_units.saturating_add(margin).saturating_add(SPARE_UNITS);
            let compute_units = u32::try_from(wanted).unwrap_or(u32::MAX);
            let fee = priority_fee(&self.recent, self.percentile, compute_units, died, self.cap);
            Priced {
                ready,
                compute_units,
                fee,
                lamports: fee.lamports.saturating_add(LAMPORTS_PER_SIGNATURE),
            }
        };
        ready.into_iter().map(price).collect()
    }
}

/// Computes the fee for a transaction of `units` compute units. `recent` are the prices that others paid, in micro-lamports per
/// unit; `percentile` of them is where it starts, doubled for every earlier attempt, at most `cap`.
fn priority_fee(recent: &[u64], percentile: u64, units: u32, attempt: u32, cap: Lamports) -> Fee {
    let mut sorted = recent.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1) as u64;
    let place = usize::try_from(last.saturating_mul(percentile.min(100)) / 100).unwrap_or(0);
    let base = sorted.get(place).copied().unwrap_or(0);
    // Where nobody has paid anything, an attempt that died still pays more than the one before.
    let base = if attempt > 0 { base.max(1_000) } else { base };
    let price = base.saturating_mul(1u64.checked_shl(attempt.min(20)).unwrap_or(1));
    let units = u64::from(units.max(1));
    let dearest = cap.get().saturating_mul(1_000_000) / units;
    let price = price.min(dearest);
    let lamports = price.saturating_mul(units).div_ceil(1_000_000).min(cap.get());
    Fee { micro_lamports_per_unit: price, lamports: Lamports(lamports) }
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    fn fee(recent: &[u64], attempt: u32) -> Fee {
        priority_fee(recent, 75, 200_000, attempt, Lamports(1_000_000))
    }

    #[test]
    fn fees_follow_others_and_rise_with_attempts() {
        let recent = [0, 10, 20, 30, 40];
        assert_eq!(fee(&recent, 0), Fee { micro_lamports_per_unit: 30, lamports: Lamports(6) });
        assert_eq!(fee(&recent, 2).micro_lamports_per_unit, 4_000);
        assert_eq!(fee(&[], 0), Fee::default());
        assert!(fee(&[], 1).lamports > Lamports::ZERO);
    }

    proptest! {
        #[test]
        fn no_fee_is_above_the_cap(recent in proptest::collection::vec(any::<u64>(), 0..8), percentile in 0u64..200,
                                   units: u32, attempt: u32, cap in 0u64..1 << 40) {
            let fee = priority_fee(&recent, percentile, units, attempt, Lamports(cap));
            prop_assert!(fee.lamports <= Lamports(cap));
            let stated = u128::from(fee.micro_lamports_per_unit) * u128::from(units.max(1)) / 1_000_000;
            prop_assert!(stated <= u128::from(cap));
        }
    }
}
