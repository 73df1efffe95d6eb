//! Calendar months in UTC.

use {
    crate::error::CliError,
    blockable_sdk::amounts::ChainTime,
    jiff::{ToSpan, civil::Date, tz::TimeZone},
    std::fmt,
};

/// A calendar month, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Month(Date);

/// A reason for which a text is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no month; write the year and the month as 2027-01")]
pub(crate) struct MonthError;

/// Reads a month. Errors: [`MonthError`].
pub(super) fn month(text: &str) -> Result<Month, MonthError> {
    let (year, month) = text.split_once('-').ok_or(MonthError)?;
    let is_plain = year.len() == 4 && month.len() == 2;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain || !digits(year) || !digits(month) {
        return Err(MonthError);
    }
    let number = |part: &str| part.parse::<i16>().map_err(|_| MonthError);
    let of_year = i8::try_from(number(month)?).map_err(|_| MonthError)?;
    Date::new(number(year)?, of_year, 1).map(Month).map_err(|_| MonthError)
}

impl Month {
    /// Its beginning and its end, which it does not contain. Errors: a month at the end of what can be counted.
    pub(super) fn bounds(self) -> Result<(ChainTime, ChainTime), CliError> {
        let second = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_second());
        let bounds = self.0.checked_add(1.month()).and_then(|next| Ok((second(self.0)?, second(next)?)));
        let (from, to) = bounds.map_err(|_| CliError::Usage(format!("{self} is too far away")))?;
        Ok((ChainTime(from), ChainTime(to)))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_or_refused() {
        let january = month("2027-01").unwrap();
        assert_eq!(january.to_string(), "2027-01");
        let (from, to) = january.bounds().unwrap();
        assert_eq!((from, to), (ChainTime(1_798_761_600), ChainTime(1_801_440_000)));
        for wrong in ["2027", "2027-13", "2027-00", "27-01", "2027-1", "January", "2027-01-01", "+027-01"] {
            assert_eq!(month(wrong), Err(MonthError), "{wrong}");
        }
    }
}
