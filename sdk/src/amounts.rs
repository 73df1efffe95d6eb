//! Amounts and times that cannot be mixed up: each unit of measure has a type of its own.
//!
//! The program's accounts hold bare integers, because their layout is fixed by bytes. Code that reads one wraps it here at
//! once, so that a bare `u64` of money does not leave the module that read it. Serialised, every type is the bare number.
//!
//! ```
//! use blockable_sdk::amounts::{ChainTime, MicroUsd, Units};
//!
//! let paid = MicroUsd(1_500_000).saturating_add(MicroUsd(250_000));
//! assert_eq!(paid.get(), 1_750_000);
//! assert_eq!(Units(10).saturating_sub(Units(12)), Units::ZERO);
//! assert_eq!(ChainTime(1_800_000_060).seconds_since(ChainTime(1_800_000_000)), 60);
//! ```

use {
    serde::{Deserialize, Serialize},
    std::iter::Sum,
};

/// Defines an unsigned amount with the arithmetic that all of them share.
macro_rules! amount {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The largest amount that fits.
            pub const MAX: Self = Self(u64::MAX);

            /// The bare number, for the program's accounts, a database or a metric.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// True for [`Self::ZERO`].
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum; `None` where it does not fit.
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// The difference; `None` where `other` is larger.
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }

            /// The sum, at most [`Self::MAX`].
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// The difference, at least [`Self::ZERO`].
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Sum for $name {
            /// Saturates, as [`Self::saturating_add`] does.
            fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
                amounts.fold(Self::ZERO, Self::saturating_add)
            }
        }
    };
}

amount! {
    /// Money in micro-USDC, the payment token's smallest unit: a millionth of a dollar.
    MicroUsd
}

amount! {
    /// Compute in credit units.
    Units
}

amount! {
    /// A rate or a share in basis points: hundredths of a percent.
    Bps
}

amount! {
    /// Fees and rent in lamports, the billionth part of a SOL.
    Lamports
}

/// Lamports of one SOL.
pub const LAMPORTS_PER_SOL: u64 = 1_000_000_000;

/// Defines a time in Unix seconds with the arithmetic that both clocks share.
macro_rules! time {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The bare Unix seconds, for the program's accounts, a database or a metric.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// This time moved by a number of seconds, earlier where it is negative. Saturates.
            pub const fn plus_seconds(self, seconds: i64) -> Self {
                Self(self.0.saturating_add(seconds))
            }

            /// Seconds from `earlier` until this time, negative where `earlier` is later. Saturates.
            pub const fn seconds_since(self, earlier: Self) -> i64 {
                self.0.saturating_sub(earlier.0)
            }
        }
    };
}

time! {
    /// A time by the chain's clock, which never stands still.
    ChainTime
}

time! {
    /// A time by the market's clock, which stands still while the market is paused. Due dates, graces and the cure period
    /// run by it.
    MarketTime
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_stop_at_the_ends() {
        assert_eq!(MicroUsd::MAX.saturating_add(MicroUsd(1)), MicroUsd::MAX);
        assert_eq!(MicroUsd::MAX.checked_add(MicroUsd(1)), None);
        assert_eq!(MicroUsd(1).checked_sub(MicroUsd(2)), None);
        assert_eq!([Units(u64::MAX), Units(2)].into_iter().sum::<Units>(), Units::MAX);
        assert_eq!(MarketTime(i64::MAX).plus_seconds(1), MarketTime(i64::MAX));
        assert_eq!(MarketTime(i64::MIN).seconds_since(MarketTime(1)), i64::MIN);
    }

    #[test]
    fn an_amount_is_a_bare_number_in_json() {
        assert_eq!(serde_json::to_string(&MicroUsd(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<ChainTime>("-3").unwrap(), ChainTime(-3));
    }
}
