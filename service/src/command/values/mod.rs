//! Amounts and times as people write them: one parser each, exact, with errors of its own.

mod amounts;
mod hash;
mod number;
mod times;

pub use crate::address::{AddressError, address};
pub use {
    amounts::{AmountError, money, price_share, rate, share, share_or_zero, units, units_or_zero},
    hash::{HashError, hash},
    times::{TimeError, When, seconds_span, when},
};
