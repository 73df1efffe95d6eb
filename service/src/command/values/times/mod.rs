//! Times and spans as people write them. A time without a zone is in UTC.

use {
    blockable_sdk::amounts::ChainTime,
    jiff::{
        SignedDuration, Timestamp,
        civil::{Date, DateTime},
        tz::TimeZone,
    },
    std::{fmt, str::FromStr},
};

/// A reason for which a text is no time or no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No span.
    #[error("is no span of time; write numbers with s, m, h, d or w, such as 30d or 1d12h")]
    Span,
    /// A span of nothing.
    #[error("is no time at all; write at least 1s")]
    Zero,
    /// A span that does not fit.
    #[error("is longer than 136 years, the longest span that terms can hold")]
    TooLong,
    /// No time.
    #[error(
        "is no time; write 2027-01-31, 2027-01-31T17:00 Europe/Berlin, tomorrow, or a span from now such as 30d"
    )]
    Time,
    /// No zone.
    #[error(
        "has a time zone that is not known; write its name of the IANA database, such as Europe/Berlin, or UTC"
    )]
    Zone,
    /// A time that comes twice or never.
    #[error("comes twice or never there, because the clocks change; write another time, or the one in UTC")]
    Skipped,
    /// A time beyond the years that can be counted.
    #[error("is too far away")]
    TooFar,
}

/// A time that was named: some of them count from now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// A span from now.
    In(u32),
    /// The beginning of a day that many days from today, in a zone.
    Day(i8, TimeZone),
    /// A date with its time of day, in a zone.
    At(DateTime, TimeZone),
}

impl When {
    /// The time on the chain's clock, which says `now`. Errors: [`TimeError::Skipped`], [`TimeError::TooFar`].
    pub fn resolve(&self, now: ChainTime) -> Result<ChainTime, TimeError> {
        let (civil, zone) = match self {
            When::In(seconds) => return Ok(now.plus_seconds((*seconds).into())),
            When::At(civil, zone) => (*civil, zone),
            When::Day(days, zone) => {
                let now = Timestamp::from_second(now.get()).map_err(|_| TimeError::TooFar)?;
                let today = now.to_zoned(zone.clone()).date();
                let later = SignedDuration::from_hours(24 * i64::from(*days));
                (today.checked_add(later).map_err(|_| TimeError::TooFar)?.at(0, 0, 0, 0), zone)
            }
        };
        let zoned = zone.to_ambiguous_zoned(civil).unambiguous().map_err(|_| TimeError::Skipped)?;
        Ok(ChainTime(zoned.timestamp().as_second()))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = |zone: &TimeZone| zone.iana_name().unwrap_or("the given offset").to_string();
        match self {
            When::In(seconds) => write!(f, "in {seconds} s"),
            When::Day(0, tz) => write!(f, "today 00:00 {}", zone(tz)),
            When::Day(_, tz) => write!(f, "tomorrow 00:00 {}", zone(tz)),
            When::At(civil, tz) => write!(f, "{} {}", civil.strftime("%Y-%m-%d %H:%M:%S"), zone(tz)),
        }
    }
}

/// Reads a time: `now`, `today`, `tomorrow`, `30d`, `in 12h`, `2027-01-31`, `2027-01-31T17:00`, each date also with a zone behind
/// it: `Z`, `UTC`, `+01:00`, `Europe/Berlin`. A date without a time of day is its beginning. Errors: [`TimeError`].
pub fn when(text: &str) -> Result<When, TimeError> {
    let text = text.trim();
    let (first, rest) = text.split_once(' ').map_or((text, ""), |(first, rest)| (first, rest.trim()));
    match (first.to_ascii_lowercase().as_str(), rest) {
        ("now", "") => Ok(When::In(0)),
        ("today", zone) => Ok(When::Day(0, parse_zone(zone)?)),
        ("tomorrow", zone) => Ok(When::Day(1, parse_zone(zone)?)),
        ("in", span) => seconds_span(span).map(When::In),
        (span, "") if !span.contains('-') => seconds_span(span).map(When::In).map_err(|error| match error {
            TimeError::Span => TimeError::Time,
            other => other,
        }),
        _ => parse_date(text),
    }
}

/// Reads a date, a time of day behind it where there is one, and a zone behind these.
fn parse_date(text: &str) -> Result<When, TimeError> {
    let is_of_time = |character: char| character.is_ascii_digit() || ":.".contains(character);
    let (date, rest) = text.split_at_checked(10).ok_or(TimeError::Time)?;
    let date = Date::from_str(date).map_err(|_| TimeError::Time)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim_start();
    let end = rest.find(|character| !is_of_time(character)).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let time = match time {
        "" => jiff::civil::Time::midnight(),
        time => jiff::civil::Time::from_str(time).map_err(|_| TimeError::Time)?,
    };
    Ok(When::At(date.to_datetime(time), parse_zone(zone.trim())?))
}

/// Reads a zone; UTC where there is none.
fn parse_zone(text: &str) -> Result<TimeZone, TimeError> {
    match text {
        "" | "Z" | "z" | "UTC" | "utc" => Ok(TimeZone::UTC),
        offset if offset.starts_with(['+', '-']) => {
            let midnight = format!("1970-01-01T00:00:00{offset}");
            let pieces = jiff::fmt::temporal::Pieces::parse(&midnight).map_err(|_| TimeError::Zone)?;
            pieces.to_numeric_offset().map(TimeZone::fixed).ok_or(TimeError::Zone)
        }
        name => TimeZone::get(name.trim_matches(['[', ']'])).map_err(|_| TimeError::Zone),
    }
}

/// Reads a span in seconds: `90s`, `30d`, `1d12h`, `2 weeks`. Errors: [`TimeError::Span`], [`TimeError::Zero`],
/// [`TimeError::TooLong`].
pub fn seconds_span(text: &str) -> Result<u32, TimeError> {
    let compact: String = text.chars().filter(|character| *character != ' ').collect();
    let (mut rest, mut total) = (compact.to_ascii_lowercase(), 0_u64);
    if rest.is_empty() {
        return Err(TimeError::Span);
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).ok_or(TimeError::Span)?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        if number.is_empty() {
            return Err(TimeError::Span);
        }
        let number: u64 = number.parse().map_err(|_| TimeError::TooLong)?;
        let part = number.checked_mul(seconds_of(unit)?).ok_or(TimeError::TooLong)?;
        total = total.checked_add(part).ok_or(TimeError::TooLong)?;
        rest = after.to_string();
    }
    match u32::try_from(total) {
        Ok(0) => Err(TimeError::Zero),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(TimeError::TooLong),
    }
}

fn seconds_of(unit: &str) -> Result<u64, TimeError> {
    match unit {
        "s" | "sec" | "second" | "seconds" => Ok(1),
        "m" | "min" | "minute" | "minutes" => Ok(60),
        "h" | "hour" | "hours" => Ok(3_600),
        "d" | "day" | "days" => Ok(86_400),
        "w" | "week" | "weeks" => Ok(604_800),
        _ => Err(TimeError::Span),
    }
}

#[cfg(test)]
mod tests;
