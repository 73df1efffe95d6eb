//! Values as JSON has them, one way for each kind: in the API, in `explain --json` and in its OpenAPI description.
//!
//! Amounts and addresses are text, because JavaScript rounds numbers above 2^53. Seconds, slots, counts and basis points are
//! numbers. A time is an object with its text and its Unix seconds.

pub(crate) use blockable_sdk::names::{
    auto_freeze_byte_name, freeze_policy_byte_name, freeze_reason_byte_name, freeze_reason_name, status_name,
};
use {
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Lamports, MarketTime, MicroUsd, Units},
        program::{state::Party, transitions::Status},
    },
    jiff::Timestamp,
    serde::{Serialize, Serializer},
    std::borrow::Cow,
    utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            RefOr,
            schema::{ObjectBuilder, Schema, Type},
        },
    },
};

/// The name of a value of a later version of the program.
const UNKNOWN: &str = "unknown";
/// The largest whole number that JavaScript keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

/// Money in micro-USDC, as decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsdAmount(pub(crate) MicroUsd);

impl Serialize for UsdAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.get())
    }
}

/// Compute in credit units, as decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnitCount(pub(crate) Units);

impl Serialize for UnitCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.get())
    }
}

/// Fees and balances in lamports, as decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LamportAmount(pub(crate) Lamports);

impl Serialize for LamportAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.get())
    }
}

/// An address in base58.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) Pubkey);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A credit's status; `None` for one of a later version of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusName(pub(crate) Option<Status>);

impl StatusName {
    /// The status's name.
    pub(crate) fn name(self) -> &'static str {
        status_name_or_unknown(self.0)
    }
}

impl Serialize for StatusName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Describes a type that is a text of a form.
macro_rules! describe_text {
    ($($name:ident, $description:literal, $pattern:literal, $example:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).description(Some($description));
                text.pattern(Some($pattern)).examples([$example]).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

describe_text! {
    UsdAmount, "Money in micro-USDC, as decimal digits.", "^(0|[1-9][0-9]{0,19})$", "12000000000";
    UnitCount, "Compute in credit units, as decimal digits.", "^(0|[1-9][0-9]{0,19})$", "1200000";
    LamportAmount, "Fees and balances in lamports, as decimal digits.", "^(0|[1-9][0-9]{0,19})$", "5000";
    Address, "An account's address, in base58.", "^[1-9A-HJ-NP-Za-km-z]{32,44}$", "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";
}

impl PartialSchema for StatusName {
    fn schema() -> RefOr<Schema> {
        let names = Status::ALL.into_iter().map(status_name).chain([UNKNOWN]);
        let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        text.description(Some("A credit's status; unknown for one of a later version of the program.")).into()
    }
}

impl ToSchema for StatusName {
    fn name() -> Cow<'static, str> {
        "StatusName".into()
    }
}

/// A time, as text and in Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Time {
    /// RFC 3339, in UTC.
    #[schema(format = DateTime, example = "2027-01-15T08:00:00Z")]
    pub(crate) text: String,
    /// Unix seconds.
    #[schema(example = 1_800_000_000)]
    pub(crate) unix: i64,
}

impl Time {
    /// Converts Unix seconds; beyond the years 9999 and -9999, to the nearest time that has a text.
    fn from_unix(unix: i64) -> Time {
        let nearest = if unix < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let time = Timestamp::from_second(unix).unwrap_or(nearest);
        Time { text: time.to_string(), unix: time.as_second() }
    }

    /// Converts a time that an account holds, where 0 stands for none.
    pub(crate) fn unless_zero(time: impl Into<Time>) -> Option<Time> {
        Some(time.into()).filter(|time| time.unix != 0)
    }
}

impl From<ChainTime> for Time {
    fn from(time: ChainTime) -> Time {
        Time::from_unix(time.get())
    }
}

impl From<MarketTime> for Time {
    fn from(time: MarketTime) -> Time {
        Time::from_unix(time.get())
    }
}

/// Caps a number at the largest that JavaScript keeps exactly.
pub(crate) fn exact(number: u64) -> u64 {
    number.min(EXACT)
}

/// Caps basis points at the largest number that JavaScript keeps exactly.
pub(crate) fn exact_bps(bps: u64) -> Bps {
    Bps(exact(bps))
}

/// Names a party to the money in a vault.
pub(crate) fn party_name(party: Party) -> &'static str {
    match party {
        Party::Lender => "lender",
        Party::Borrower => "borrower",
        Party::Treasury => "treasury",
        Party::Provider => "provider",
    }
}

/// Names a status that may be of a later version of the program; `unknown` where it is.
pub(crate) fn status_name_or_unknown(status: Option<Status>) -> &'static str {
    status.map_or(UNKNOWN, status_name)
}
