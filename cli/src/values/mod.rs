//! Amounts and times as people write them: one parser each, exact, with errors of its own.

mod address;
mod amounts;
mod names;
mod number;
mod times;

pub(crate) use {
    address::address,
    amounts::{money, rate, share, units},
    names::{policy_name, reason_name},
    times::{When, seconds_span, when},
};
