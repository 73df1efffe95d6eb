//! Parameters of requests. They are read strictly, so that a misspelt filter is refused and not left out.

use {
    crate::{
        api::{credit_health::Colour, error::ApiError},
        values::status_name,
        watch::Resolution,
    },
    axum::{
        extract::{FromRequestParts, Path, Query},
        http::request::Parts,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
        program::transitions::Status,
    },
    jiff::Timestamp,
    serde::{
        Deserialize, Deserializer,
        de::{DeserializeOwned, Error},
    },
    utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            RefOr,
            schema::{ObjectBuilder, Schema, Type},
        },
    },
};

/// Most entries of a page.
const PAGE_MAX: usize = 200;
/// Most lines of credits of a page.
const ROWS_MAX: usize = 1_000;
/// Entries of a page without `limit`.
const PAGE: usize = 50;
/// Most characters of an address.
const ADDRESS_MAX: usize = 44;
/// Most characters of a kind of event.
const KIND_MAX: usize = 32;
/// Characters of a wrong value that an error repeats.
const QUOTED: usize = 64;

/// The query of a request. A mistake in it is answered with 400.
pub(super) struct StrictQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<StrictQuery<T>, ApiError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(StrictQuery(query)),
            Err(rejection) => {
                let text = rejection.body_text();
                let mistake = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(ApiError::bad_parameter(mistake))
            }
        }
    }
}

/// The query of a route that takes none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuery {}

/// The credit that a path names. A text that is no address is answered with 400.
pub(super) struct CreditPath(pub(super) Pubkey);

impl<S: Send + Sync> FromRequestParts<S> for CreditPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<CreditPath, ApiError> {
        let text = match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => text,
            Err(rejection) => return Err(ApiError::bad_parameter(rejection.body_text())),
        };
        let mistake = || format!("`{}` is not an address; write it in base58", quoted(&text));
        text.parse().map(CreditPath).map_err(|_| ApiError::bad_parameter(mistake()))
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer)
}

fn wrong<E: Error>(value: &str, what: &str) -> E {
    E::custom(format!("`{}` is not {what}", quoted(value)))
}

/// An address as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AddressParam(pub(super) Pubkey);

impl AddressParam {
    /// True for the address itself.
    pub(super) fn is(self, key: Pubkey) -> bool {
        self.0 == key
    }
}

impl<'de> Deserialize<'de> for AddressParam {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AddressParam, D::Error> {
        let value = text(deserializer)?;
        value.parse().map(AddressParam).map_err(|_| wrong(&value, "an address; write it in base58"))
    }
}

/// Reads a status by its name.
pub(super) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Status>, D::Error> {
    let value = text(deserializer)?;
    match Status::ALL.into_iter().find(|status| status_name(*status) == value) {
        Some(status) => Ok(Some(status)),
        None => {
            let names = Status::ALL.map(status_name).join(", ");
            Err(wrong(&value, &format!("a status; choose from {names}")))
        }
    }
}

/// Reads a health by its colour.
pub(super) fn health<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Colour>, D::Error> {
    let value = text(deserializer)?;
    let colour =
        [Colour::Green, Colour::Amber, Colour::Red].into_iter().find(|colour| colour.name() == value);
    colour.map(Some).ok_or_else(|| wrong(&value, "a health; choose from green, amber, red"))
}

/// Reads the beginning of an address.
pub(super) fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = text(deserializer)?;
    let is_base58 = |byte: u8| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte);
    match (1..=ADDRESS_MAX).contains(&value.len()) && value.bytes().all(is_base58) {
        true => Ok(Some(value)),
        false => Err(wrong(&value, "the beginning of an address; write 1 to 44 characters of base58")),
    }
}

/// Reads a kind of event.
pub(super) fn event_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = text(deserializer)?;
    match (1..=KIND_MAX).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    {
        true => Ok(Some(value)),
        false => Err(wrong(&value, "a kind of event; write it as in the events of a credit, as in paid")),
    }
}

/// Reads true or false.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = text(deserializer)?;
    value.parse().map(Some).map_err(|_| wrong(&value, "a yes or no; write true or false"))
}

/// Reads the number of the last entry of the page before, from 0 to the largest that the store keeps.
pub(super) fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = text(deserializer)?;
    let number = value.parse().ok().filter(|number: &i64| *number >= 0);
    number.map(Some).ok_or_else(|| wrong(&value, "a whole number from 0; use `next` of the page before"))
}

/// Reads a payment in micro-USDC.
pub(super) fn payment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MicroUsd>, D::Error> {
    let value = text(deserializer)?;
    let amount = value.parse().ok().filter(|amount: &u64| *amount > 0);
    let amount = amount.map(|amount| Some(MicroUsd(amount)));
    amount.ok_or_else(|| wrong(&value, "a payment; write whole micro-USDC from 1, as in 20000000 for $20"))
}

/// Reads the most entries of a page.
pub(super) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    number_up_to(deserializer, PAGE_MAX)
}

fn number_up_to<'de, D: Deserializer<'de>>(deserializer: D, most: usize) -> Result<usize, D::Error> {
    let value = text(deserializer)?;
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| wrong(&value, &format!("a whole number from 1 to {most}; correct it")))
}

/// Reads the most entries of a page that has its own number without `limit`.
pub(super) fn row_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    number_up_to(deserializer, ROWS_MAX).map(Some)
}

/// Gives the most entries of a page without `limit`.
pub(super) fn default_limit() -> usize {
    PAGE
}

/// Reads a time, in Unix seconds or RFC 3339.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ChainTime>, D::Error> {
    let value = text(deserializer)?;
    let unix = value.parse().ok();
    let time = unix.or_else(|| value.parse().ok().map(|time: Timestamp| time.as_second()));
    time.map(|seconds| Some(ChainTime(seconds)))
        .ok_or_else(|| wrong(&value, "a time; write Unix seconds, or RFC 3339 as in 2027-01-15T08:00:00Z"))
}

/// Reads the seconds that a sample stands for.
pub(super) fn resolution<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Resolution, D::Error> {
    let value = text(deserializer)?;
    let resolution = value.parse().ok().and_then(Resolution::from_seconds);
    resolution.ok_or_else(|| wrong(&value, "a resolution; choose from 300, 3600 and 86400 seconds"))
}

/// Describes the seconds that a sample can stand for.
pub(super) struct ResolutionSeconds;

impl PartialSchema for ResolutionSeconds {
    fn schema() -> RefOr<Schema> {
        let widths = Resolution::ALL.map(Resolution::seconds);
        let number = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(widths));
        number.default(Some(default_resolution().seconds().into())).into()
    }
}

impl ToSchema for ResolutionSeconds {}

/// Gives the resolution without `resolution`.
pub(super) fn default_resolution() -> Resolution {
    Resolution::Hour
}
