//! Values that only agreements have: intervals, parts of a whole, ends of an offer.

use {
    blockable_sdk::amounts::{Bps, MicroUsd, Units},
    blockable_service::command::values::{When, money, seconds_span, share, units, when},
};

/// The most months of an interval.
const MOST_MONTHS: i32 = 120;

/// A reason for which a text is no value of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    /// No interval.
    #[error(
        "is no interval; write a span such as 30d, or calendar months such as month, 3months, quarter or year"
    )]
    Interval,
    /// A number with m alone.
    #[error("is minutes or months? write {0}min or {0}months")]
    MinutesOrMonths(String),
    /// An interval of more than ten years.
    #[error("is longer than 120 months; write a shorter interval")]
    TooLong,
    /// Neither units nor a share of them.
    #[error("is no part of the units; write a number such as 500000units, a share such as 4.2%, or all")]
    PartOfUnits,
    /// Neither money nor a share of it.
    #[error(
        "is no part of the price of the locked units; write money such as 5000usdc, a share such as 50%, or none"
    )]
    PartOfPrice,
    /// Neither a time nor never.
    #[error("is no end of an offer; write a span such as 7d, a date such as 2027-01-31, or never")]
    Expiry,
    /// Neither a span nor none.
    #[error("is no lifetime; write a span such as 400d, or none")]
    Lifetime,
}

/// The distance of two due dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    /// Seconds.
    Seconds(u32),
    /// Calendar months.
    Months(i32),
}

/// A part of the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartOfUnits {
    /// A number of them.
    Units(Units),
    /// A share of them.
    Share(Bps),
    /// All of them.
    All,
}

/// A part of the price of the locked units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartOfPrice {
    /// A sum.
    Money(MicroUsd),
    /// A share of it.
    Share(Bps),
    /// Nothing.
    None,
}

/// The end of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// A time.
    At(When),
    /// No end.
    Never,
}

/// Reads an interval: `30d`, `month`, `3months`, `quarter`, `year`. Errors: [`ParseError::Interval`], [`ParseError::TooLong`].
pub(super) fn interval(text: &str) -> Result<Interval, ParseError> {
    let compact: String = text.chars().filter(|character| *character != ' ').collect();
    let compact = compact.to_ascii_lowercase();
    let digits = compact.find(|character: char| !character.is_ascii_digit()).unwrap_or(compact.len());
    let (count, unit) = compact.split_at(digits);
    let months = match unit {
        "m" if !count.is_empty() => return Err(ParseError::MinutesOrMonths(count.to_string())),
        "month" | "months" => 1,
        "quarter" | "quarters" => 3,
        "year" | "years" => 12,
        _ => return seconds_span(&compact).map(Interval::Seconds).map_err(|_| ParseError::Interval),
    };
    let count = if count.is_empty() { Ok(1) } else { count.parse::<i32>() };
    match count.map_err(|_| ParseError::TooLong)?.saturating_mul(months) {
        0 => Err(ParseError::Interval),
        months @ 1..=MOST_MONTHS => Ok(Interval::Months(months)),
        _ => Err(ParseError::TooLong),
    }
}

/// Reads a part of the units. Errors: [`ParseError::PartOfUnits`].
pub(super) fn part_of_units(text: &str) -> Result<PartOfUnits, ParseError> {
    if text.trim().eq_ignore_ascii_case("all") {
        return Ok(PartOfUnits::All);
    }
    let by_share = share(text).map(PartOfUnits::Share);
    by_share.or_else(|_| units(text).map(PartOfUnits::Units)).map_err(|_| ParseError::PartOfUnits)
}

/// Reads a part of the price of the locked units. Errors: [`ParseError::PartOfPrice`].
pub(super) fn part_of_price(text: &str) -> Result<PartOfPrice, ParseError> {
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(PartOfPrice::None);
    }
    let by_share = share(text).map(PartOfPrice::Share);
    by_share.or_else(|_| money(text).map(PartOfPrice::Money)).map_err(|_| ParseError::PartOfPrice)
}

/// Reads the end of an offer. Errors: [`ParseError::Expiry`].
pub(crate) fn expiry(text: &str) -> Result<Expiry, ParseError> {
    if text.trim().eq_ignore_ascii_case("never") {
        return Ok(Expiry::Never);
    }
    when(text).map(Expiry::At).map_err(|_| ParseError::Expiry)
}

/// Reads a lifetime in seconds; 0 for `none`. Errors: [`ParseError::Lifetime`].
pub(super) fn lifetime(text: &str) -> Result<u32, ParseError> {
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(0);
    }
    seconds_span(text).map_err(|_| ParseError::Lifetime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_spans_or_calendar_months() {
        for (text, expected) in [
            ("30d", Ok(Interval::Seconds(30 * 86_400))),
            ("2 weeks", Ok(Interval::Seconds(14 * 86_400))),
            ("month", Ok(Interval::Months(1))),
            ("3 months", Ok(Interval::Months(3))),
            ("Quarter", Ok(Interval::Months(3))),
            ("10years", Ok(Interval::Months(120))),
            ("11years", Err(ParseError::TooLong)),
            ("99999999999months", Err(ParseError::TooLong)),
            ("0months", Err(ParseError::Interval)),
            ("3m", Err(ParseError::MinutesOrMonths("3".to_string()))),
            ("3min", Ok(Interval::Seconds(180))),
            ("1h3m", Ok(Interval::Seconds(3_780))),
            ("monthly", Err(ParseError::Interval)),
            ("", Err(ParseError::Interval)),
            ("0d", Err(ParseError::Interval)),
        ] {
            assert_eq!(interval(text), expected, "{text}");
        }
    }

    #[test]
    fn parts_are_amounts_shares_or_words() {
        assert_eq!(part_of_units("5000"), Ok(PartOfUnits::Units(Units(5_000))));
        assert_eq!(part_of_units("4.2%"), Ok(PartOfUnits::Share(Bps(420))));
        assert_eq!(part_of_units("All"), Ok(PartOfUnits::All));
        assert_eq!(part_of_units("5usdc"), Err(ParseError::PartOfUnits));
        assert_eq!(part_of_price("5usdc"), Ok(PartOfPrice::Money(MicroUsd(5_000_000))));
        assert_eq!(part_of_price("50%"), Ok(PartOfPrice::Share(Bps(5_000))));
        assert_eq!(part_of_price("none"), Ok(PartOfPrice::None));
        assert_eq!(part_of_price("101%"), Err(ParseError::PartOfPrice));
        assert_eq!(lifetime("none"), Ok(0));
        assert_eq!(lifetime("1d"), Ok(86_400));
        assert_eq!(lifetime("never"), Err(ParseError::Lifetime));
        assert_eq!(expiry("never"), Ok(Expiry::Never));
        assert_eq!(expiry("7d"), Ok(Expiry::At(When::In(604_800))));
        assert_eq!(expiry("soon"), Err(ParseError::Expiry));
    }
}
