//! How values are written in answers, one way for each kind.
//!
//! Amounts and addresses are text, because JavaScript rounds numbers above 2^53; seconds, slots, counts and basis points are
//! numbers; a time is an object with its text and its Unix seconds.

pub use crate::watch::measure::status_name;
use {
    blockable_sdk::{
        Pubkey,
        program::{
            state::{FreezePolicy, FreezeReason, Party},
            transitions::Status,
        },
    },
    jiff::Timestamp,
    serde::{Serialize, Serializer},
    utoipa::ToSchema,
};

/// The largest whole number that JavaScript keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

/// An amount as text: money in micro-USDC, compute in credit units, fees in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "12000000000")]
pub struct Amount(pub u64);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An address in base58.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM")]
pub struct Address(pub Pubkey);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Time {
    /// By RFC 3339, in UTC.
    #[schema(format = DateTime, example = "2027-01-15T08:00:00Z")]
    pub text: String,
    /// In Unix seconds.
    #[schema(example = 1_800_000_000)]
    pub unix: i64,
}

impl Time {
    /// The time of Unix seconds; beyond what can be written, the nearest that can.
    pub fn of(unix: i64) -> Time {
        let nearest = if unix < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let time = Timestamp::from_second(unix).unwrap_or(nearest);
        Time { text: time.to_string(), unix: time.as_second() }
    }

    /// The time of Unix seconds, where there are any.
    pub fn maybe(unix: Option<i64>) -> Option<Time> {
        unix.map(Time::of)
    }

    /// The time of Unix seconds that are 0 where there is none.
    pub fn unless_zero(unix: i64) -> Option<Time> {
        Time::maybe(Some(unix).filter(|unix| *unix != 0))
    }
}

/// Basis points, or the largest number that is exact everywhere.
pub fn exact(number: u64) -> u64 {
    number.min(EXACT)
}

/// A freeze policy's name; `unknown` for a byte of a later version.
pub fn policy_name(byte: u8) -> &'static str {
    match FreezePolicy::from_byte(byte) {
        Some(FreezePolicy::AtWill) => "at_will",
        Some(FreezePolicy::OnDelinquency) => "on_delinquency",
        Some(FreezePolicy::OnDefault) => "on_default",
        None => "unknown",
    }
}

/// The name of a freeze's reason.
pub fn reason_name(reason: FreezeReason) -> &'static str {
    match reason {
        FreezeReason::MissedPayment => "missed_payment",
        FreezeReason::Default => "default",
        FreezeReason::Breach => "breach",
        FreezeReason::Risk => "risk",
    }
}

/// The name of a freeze's reason as it is stored; `unknown` for a byte of a later version.
pub fn reason_name_of(byte: u8) -> &'static str {
    let reasons =
        [FreezeReason::MissedPayment, FreezeReason::Default, FreezeReason::Breach, FreezeReason::Risk];
    reasons.into_iter().find(|reason| *reason as u8 == byte).map_or("unknown", reason_name)
}

/// A party's name.
pub fn party_name(party: Party) -> &'static str {
    match party {
        Party::Lender => "lender",
        Party::Borrower => "borrower",
        Party::Treasury => "treasury",
    }
}

/// A status' name; `unknown` for one that this keeper does not know.
pub fn maybe_status_name(status: Option<Status>) -> &'static str {
    status.map_or("unknown", status_name)
}
