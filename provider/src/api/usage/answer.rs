//! Records and totals of the usage log, as JSON and as comma-separated values.

use {
    super::query::Format,
    axum::{
        Json,
        http::{
            HeaderValue,
            header::{CONTENT_TYPE, HeaderName},
        },
        response::{IntoResponse, Response},
    },
    blockable_gate::{UsagePage, UsageRecord, UsageTotal},
    jiff::{Timestamp, tz::TimeZone},
    serde_json::{Map, Value, json},
    std::fmt::Write,
};

/// Header of a page's place in CSV.
const NEXT: HeaderName = HeaderName::from_static("x-blockable-next");
/// Header that says in CSV whether later entries wait.
const MORE: HeaderName = HeaderName::from_static("x-blockable-more");

/// Names and values of one entry, in the order of the columns.
type Columns = Vec<(&'static str, Value)>;

/// The answer with a page of records.
pub(super) fn records_answer(page: &UsagePage, format: Format) -> Response {
    let rows: Vec<Columns> = page.records.iter().map(record).collect();
    // A number of this size is a text in JSON: clients that read numbers as floats would change it.
    answer(rows, RECORD_NAMES, Some(page.cursor.to_string()), page.more, format)
}

/// The answer with totals, of which the last is beyond the limit where there are more.
pub(super) fn totals_answer(totals: &[UsageTotal], limit: usize, format: Format) -> Response {
    let rows: Vec<Columns> = totals.iter().take(limit).map(total).collect();
    answer(rows, TOTAL_NAMES, None, totals.len() > limit, format)
}

const RECORD_NAMES: &[&str] = &[
    "time",
    "hold",
    "request",
    "credit",
    "api_key",
    "endpoint",
    "model",
    "prompt_tokens",
    "cached_tokens",
    "generated_tokens",
    "reasoning_tokens",
    "units",
    "units_held",
    "ended",
    "took_ms",
];

fn record(record: &UsageRecord) -> Columns {
    let values = [
        json!(Timestamp::from_microsecond(record.at_us).unwrap_or_default().to_string()),
        json!(record.hold),
        json!(record.request()),
        json!(record.credit.to_string()),
        json!(record.labels.api_key),
        json!(record.endpoint()),
        json!(record.labels.model),
        json!(record.prompt),
        json!(record.cached),
        json!(record.generated),
        json!(record.reasoning),
        json!(record.units),
        json!(record.held),
        json!(record.ended),
        json!(record.took_ms),
    ];
    RECORD_NAMES.iter().copied().zip(values).collect()
}

const TOTAL_NAMES: &[&str] = &[
    "day",
    "credit",
    "api_key",
    "model",
    "jobs",
    "prompt_tokens",
    "cached_tokens",
    "generated_tokens",
    "reasoning_tokens",
    "units",
];

fn total(total: &UsageTotal) -> Columns {
    let values = [
        json!(day(total.day)),
        json!(total.credit.to_string()),
        json!(total.labels.api_key),
        json!(total.labels.model),
        json!(total.jobs),
        json!(total.prompt),
        json!(total.cached),
        json!(total.generated),
        json!(total.reasoning),
        json!(total.units),
    ];
    TOTAL_NAMES.iter().copied().zip(values).collect()
}

/// A day as it is written, by its number from 1970-01-01.
fn day(number: i64) -> String {
    let time = Timestamp::from_second(number.saturating_mul(86_400)).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).date().to_string()
}

fn answer(rows: Vec<Columns>, names: &[&str], next: Option<String>, more: bool, format: Format) -> Response {
    match format {
        Format::Json => {
            let data: Vec<Value> = rows.into_iter().map(object).collect();
            let mut body = json!({"object": "list", "data": data, "more": more});
            if let Some(next) = next {
                body["next"] = Value::from(next);
            }
            Json(body).into_response()
        }
        Format::Csv => {
            let mut response = csv(&rows, names).into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            headers.insert(MORE, HeaderValue::from_static(if more { "true" } else { "false" }));
            if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
                headers.insert(NEXT, next);
            }
            response
        }
    }
}

fn object(columns: Columns) -> Value {
    let members: Map<String, Value> =
        columns.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    Value::Object(members)
}

/// Lines of values behind a line of names, as RFC 4180 has them.
fn csv(rows: &[Columns], names: &[&str]) -> String {
    let mut text = format!("{}\r\n", names.join(","));
    for row in rows {
        for (place, (_, value)) in row.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            // A write to a string does not fail.
            let _ = write!(text, "{separator}{}", field(value));
        }
        text.push_str("\r\n");
    }
    text
}

fn field(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    // Spreadsheets run a field that begins with one of these: a quote in front makes it a text.
    let guarded =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.clone() };
    match guarded.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_gate::JobLabels,
        blockable_sdk::{Pubkey, amounts::Units},
    };

    #[test]
    fn fields_are_quoted_where_they_must_be_and_run_nothing() {
        let of = |text: &str| field(&json!(text));
        assert_eq!(of("llama-3.3"), "llama-3.3");
        assert_eq!(of("a,b \"c\""), "\"a,b \"\"c\"\"\"");
        assert_eq!(of("=1+1"), "'=1+1");
        assert_eq!(of("-2\n"), "\"'-2\n\"");
        assert_eq!(field(&json!(-5)), "-5");
    }

    #[test]
    fn a_record_has_the_same_members_in_both_forms() {
        let one = UsageRecord {
            at_us: 1_800_057_600_000_001,
            hold: 7,
            credit: Pubkey::default(),
            reference: "chat/run-1".to_string(),
            labels: JobLabels { model: "m".to_string(), api_key: "0".to_string() },
            units: Units(8),
            held: Units(90),
            took_ms: 12,
            prompt: 2,
            cached: 1,
            generated: 3,
            reasoning: 0,
            ended: "complete".to_string(),
        };
        let columns = record(&one);
        assert_eq!(columns.len(), RECORD_NAMES.len());
        let text = csv(std::slice::from_ref(&columns), RECORD_NAMES);
        let expected = "2027-01-16T00:00:00.000001Z,7,run-1,11111111111111111111111111111111,0,chat,m,2,1,3,0,8,90,complete,12";
        assert_eq!(text.lines().nth(1), Some(expected));
        let value = object(columns);
        assert_eq!((&value["endpoint"], &value["generated_tokens"]), (&json!("chat"), &json!(3)));
        assert_eq!(day(20_834), "2027-01-16");
    }
}
