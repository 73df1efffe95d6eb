//! The query of a request for the usage log.

use {
    crate::{
        api::openapi::words::{Address, Cursor, Moment},
        error::ApiError,
        keys::Caller,
    },
    axum::extract::{Query, rejection::QueryRejection},
    blockable_gate::UsageFilter,
    blockable_sdk::Pubkey,
    jiff::{Timestamp, civil::Date, tz::TimeZone},
    serde::Deserialize,
    utoipa::{IntoParams, ToSchema},
};

/// Records or totals in an answer where the request names no number.
const LIMIT: usize = 100;
/// Most records or totals in an answer.
const MAX_LIMIT: usize = 1_000;

/// The query as it is written.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsageQuery {
    /// Jobs that ended at this time or later. Totals are of whole days.
    #[param(value_type = Option<Moment>)]
    after: Option<String>,
    /// Jobs that ended before this time.
    #[param(value_type = Option<Moment>)]
    before: Option<String>,
    /// Jobs of this model or kind of GPU.
    model: Option<String>,
    /// Jobs of the key of this name.
    api_key: Option<String>,
    /// Most entries of the answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// Entries after those of an earlier answer. Totals have no cursor.
    #[param(value_type = Option<Cursor>)]
    cursor: Option<String>,
    /// The form of the answer.
    #[param(value_type = Option<Format>)]
    format: Option<String>,
    /// Jobs of this credit. An API key's holder may name its own alone.
    #[param(value_type = Option<Address>)]
    credit: Option<String>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Format {
    /// JSON.
    Json,
    /// Comma-separated values with a line of names.
    Csv,
}

/// A request for records or totals.
#[derive(Debug)]
pub(super) struct UsageRequest {
    /// The records that are asked for.
    pub(super) filter: UsageFilter,
    /// The place after which they begin.
    pub(super) cursor: i64,
    /// Most of them.
    pub(super) limit: usize,
    /// The form of the answer.
    pub(super) format: Format,
}

impl UsageRequest {
    /// Reads a query for the credit of its sender. A sub-key sees its own records alone. Errors: 400 for a mistake in it.
    pub(super) fn from_caller(
        query: Result<Query<UsageQuery>, QueryRejection>,
        caller: &Caller,
    ) -> Result<UsageRequest, ApiError> {
        let (credit, mut request) = (caller.credit, UsageRequest::parse(query, "")?);
        if caller.sub_key.is_some() {
            request.filter.api_key = Some(caller.api_key.clone());
        }
        match request.filter.credit {
            Some(other) if other != credit => {
                let message = format!("this API key is of the credit {credit}; leave `credit` out");
                Err(ApiError::param("credit", message))
            }
            _ => {
                Ok(UsageRequest { filter: UsageFilter { credit: Some(credit), ..request.filter }, ..request })
            }
        }
    }

    /// Reads a query for all credits, or for the one that it names. Errors: 400 for a mistake in it.
    pub(super) fn for_all(
        query: Result<Query<UsageQuery>, QueryRejection>,
    ) -> Result<UsageRequest, ApiError> {
        UsageRequest::parse(query, " and `credit`")
    }

    /// Reads a query whose sender may also name the `others`.
    fn parse(
        query: Result<Query<UsageQuery>, QueryRejection>,
        others: &str,
    ) -> Result<UsageRequest, ApiError> {
        let wrong = |_| {
            let names = "`after`, `before`, `model`, `api_key`, `limit`, `cursor`, `format`";
            ApiError::invalid(
                "invalid_parameter",
                format!("the query may have {names}{others}, once each; correct it"),
            )
        };
        let Query(query) = query.map_err(wrong)?;
        UsageRequest::read(query)
    }

    fn read(query: UsageQuery) -> Result<UsageRequest, ApiError> {
        let time = |name, text: Option<String>| text.map(|text| parse_time(name, &text)).transpose();
        let filter = UsageFilter {
            credit: query.credit.map(|text| parse_credit(&text)).transpose()?,
            model: query.model,
            api_key: query.api_key,
            from_us: time("after", query.after)?,
            until_us: time("before", query.before)?,
        };
        if filter.from_us.zip(filter.until_us).is_some_and(|(from, until)| from > until) {
            return Err(ApiError::param("before", "`before` is before `after`; exchange them"));
        }
        let limit = match query.limit {
            None => LIMIT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    ApiError::param("limit", format!("`limit` must be from 1 to {MAX_LIMIT}"))
                })?
            }
        };
        let cursor = match query.cursor {
            None => 0,
            Some(text) => text
                .parse()
                .map_err(|_| ApiError::param("cursor", "`cursor` must be the `next` of an earlier answer"))?,
        };
        let format = match query.format.as_deref() {
            None | Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some(_) => return Err(ApiError::param("format", "`format` must be json or csv")),
        };
        Ok(UsageRequest { filter, cursor, limit, format })
    }
}

fn parse_credit(text: &str) -> Result<Pubkey, ApiError> {
    text.parse().map_err(|_| ApiError::param("credit", "`credit` must be an address in base58"))
}

/// Reads a time, or a day in UTC at its beginning, as microseconds since 1970.
fn parse_time(name: &str, text: &str) -> Result<i64, ApiError> {
    let day = |text: &str| Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    // A `+` that is not encoded in a query arrives as a space.
    let time =
        day(text).filter(|_| text.len() == 10).or_else(|| text.replace(' ', "+").parse::<Timestamp>().ok());
    time.map(|time| time.as_microsecond()).ok_or_else(|| {
        let message =
            format!("`{name}` must be a time such as 2027-01-16T08:00:00Z, or a day such as 2027-01-16");
        ApiError::param(name, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut UsageQuery)) -> Result<UsageRequest, ApiError> {
        let mut query = UsageQuery::default();
        change(&mut query);
        UsageRequest::read(query)
    }

    #[test]
    fn a_query_without_parameters_asks_for_the_oldest_records() {
        let request = read(|_| {}).unwrap();
        assert_eq!((request.cursor, request.limit, request.format), (0, 100, Format::Json));
        assert_eq!(request.filter, UsageFilter::default());
    }

    #[test]
    fn times_are_days_or_moments() {
        let at = |text: &str| parse_time("after", text).ok();
        assert_eq!(at("1970-01-02"), Some(86_400_000_000));
        assert_eq!(at("1970-01-02T00:00:00Z"), Some(86_400_000_000));
        assert_eq!(at("1970-01-02T01:00:00+01:00"), Some(86_400_000_000));
        assert_eq!(at("1970-01-02T01:00:00 01:00"), Some(86_400_000_000), "a plus that was not encoded");
        assert_eq!(at("1970-01-01T00:00:00.000001Z"), Some(1));
        for wrong in ["", "yesterday", "1970-13-01", "1800057600", "1970-01-02T00:00:00"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mistake_names_its_parameter() {
        let text = |text: &str| Some(text.to_string());
        let wrong = [
            ("after", read(|query| query.after = text("x"))),
            ("before", read(|query| query.before = text("2027-02-30"))),
            ("limit", read(|query| query.limit = text("0"))),
            ("limit", read(|query| query.limit = text("1001"))),
            ("cursor", read(|query| query.cursor = text("1.5"))),
            ("format", read(|query| query.format = text("xml"))),
            ("credit", read(|query| query.credit = text("0OIl"))),
            ("before", read(|query| (query.after, query.before) = (text("2027-02-02"), text("2027-02-01")))),
        ];
        for (name, outcome) in wrong {
            assert_eq!(outcome.unwrap_err().param.as_deref(), Some(name));
        }
    }
}
