//! The due dates of a schedule.

use {
    super::parsers::{Interval, interval},
    crate::error::CliError,
    blockable_economics::preset::Preset,
    blockable_sdk::{amounts::ChainTime, program::state::Instalment},
    blockable_service::{
        command::values::{When, when},
        text,
    },
    clap::Args,
    jiff::{Span, Timestamp, Zoned, tz::TimeZone},
};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// The dates of a schedule, by their number and distance.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DateArgs {
    /// Number of instalments, 1 to 36
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=36), help_heading = "Schedule")]
    pub(super) instalments: Option<u8>,
    /// Distance of two due dates: a span such as 30d, or calendar months such as month or quarter
    #[arg(long, value_name = "INTERVAL", value_parser = interval, help_heading = "Schedule")]
    pub(super) every: Option<Interval>,
    /// First due date: a span from the beginning such as 1d, or a date
    #[arg(long, value_name = "TIME", value_parser = when, help_heading = "Schedule")]
    pub(super) first_due: Option<When>,
    /// Beginning that dates are counted from: for an offer the issue that you expect, with a zone for calendar months, such as
    /// "2027-01-31 Europe/Berlin" [default: now]
    #[arg(long, value_name = "TIME", value_parser = when, help_heading = "Schedule")]
    pub(super) counted_from: Option<When>,
}

/// The number and the distance of due dates where no flag names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsualDates {
    /// Instalments.
    pub count: u32,
    /// Their distance.
    pub every: Interval,
    /// Seconds from the beginning to the first of them; `None` for an interval.
    pub first_after: Option<u32>,
}

impl UsualDates {
    /// Those of a preset.
    pub(crate) fn of_preset(preset: &Preset) -> UsualDates {
        UsualDates {
            count: preset.instalments,
            every: Interval::Seconds(preset.interval_days.saturating_mul(DAY)),
            first_after: preset.in_advance.then_some(DAY),
        }
    }

    /// Those of a schedule of which the first instalments are billed: the rest of them, at their mean distance.
    pub(crate) fn left_of(schedule: &[Instalment], billed: usize) -> UsualDates {
        let count = u32::try_from(schedule.len()).unwrap_or(1).max(1);
        let last = schedule.last().map_or(DAY, |instalment| instalment.due_after);
        let left = u32::try_from(schedule.len().saturating_sub(billed)).unwrap_or(1).max(1);
        UsualDates { count: left, every: Interval::Seconds((last / count).max(1)), first_after: None }
    }
}

/// The beginning of a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// The time.
    pub at: ChainTime,
    zone: TimeZone,
}

impl Beginning {
    /// The date and time that are so many seconds later, in UTC.
    pub(crate) fn after(&self, seconds: u32) -> String {
        text::time(self.at.plus_seconds(seconds.into()))
    }

    fn zoned(&self) -> Result<Zoned, CliError> {
        let at = Timestamp::from_second(self.at.get()).map_err(|_| too_far())?;
        Ok(at.to_zoned(self.zone.clone()))
    }
}

impl DateArgs {
    /// The same with `today` and `tomorrow` as the dates that they are at a time.
    pub(super) fn with_days_of(&self, now: ChainTime) -> DateArgs {
        let dated = |named: &Option<When>| named.as_ref().map(|named| dated(named, now));
        DateArgs {
            first_due: dated(&self.first_due),
            counted_from: dated(&self.counted_from),
            ..self.clone()
        }
    }

    /// The beginning that dates are counted from. Errors: [`CliError::Usage`].
    pub(super) fn beginning(&self, now: ChainTime) -> Result<Beginning, CliError> {
        let named = self.counted_from.as_ref();
        let at = named.map_or(Ok(now), |named| named.resolve(now));
        let at = at.map_err(|error| CliError::Usage(format!("--counted-from {error}")))?;
        let zone = match named {
            Some(When::At(_, zone) | When::Day(_, zone)) => zone.clone(),
            Some(When::In(_)) | None => TimeZone::UTC,
        };
        Ok(Beginning { at, zone })
    }

    /// Seconds from the beginning to each due date. Calendar months keep the day of the month of the first date, or its last day,
    /// and the time of day in the zone of the beginning. Errors: [`CliError::Usage`].
    pub(super) fn due_dates(&self, from: &Beginning, usual: &UsualDates) -> Result<Vec<u32>, CliError> {
        let count = self.instalments.map_or(usual.count, u32::from);
        let every = self.every.unwrap_or(usual.every);
        let begins = from.zoned()?;
        // A schedule that begins an interval after the beginning is counted from there: the 31st of a month stays the 31st.
        let (first, skipped) = match (&self.first_due, usual.first_after) {
            (Some(named), _) => (self.first_date(from, named)?, 0),
            (None, Some(seconds)) => (later(&begins, Interval::Seconds(seconds), 1)?, 0),
            (None, None) => (begins.clone(), 1),
        };
        let date = |place: u32| later(&first, every, place.saturating_add(skipped));
        (0..count).map(|place| seconds_between(&begins, &date(place)?)).collect()
    }

    fn first_date(&self, from: &Beginning, named: &When) -> Result<Zoned, CliError> {
        let at = named.resolve(from.at).map_err(|error| CliError::Usage(format!("--first-due {error}")))?;
        let at = Timestamp::from_second(at.get()).map_err(|_| too_far())?;
        Ok(at.to_zoned(from.zone.clone()))
    }
}

/// A day that is counted from today, as its date.
fn dated(named: &When, now: ChainTime) -> When {
    let date = || {
        let When::Day(_, zone) = named else { return None };
        let at = Timestamp::from_second(named.resolve(now).ok()?.get()).ok()?;
        Some(When::At(at.to_zoned(zone.clone()).datetime(), zone.clone()))
    };
    date().unwrap_or_else(|| named.clone())
}

/// The date that is so many intervals after another.
fn later(date: &Zoned, every: Interval, count: u32) -> Result<Zoned, CliError> {
    let count = i64::from(count);
    let span = match every {
        Interval::Seconds(seconds) => Span::new().try_seconds(i64::from(seconds).saturating_mul(count)),
        Interval::Months(months) => Span::new().try_months(i64::from(months).saturating_mul(count)),
    };
    date.checked_add(span.map_err(|_| too_far())?).map_err(|_| too_far())
}

/// Seconds from the beginning to a due date. Errors: [`CliError::Usage`].
pub(super) fn seconds_between(from: &Zoned, to: &Zoned) -> Result<u32, CliError> {
    let seconds = to.timestamp().as_second().saturating_sub(from.timestamp().as_second());
    match u32::try_from(seconds) {
        Ok(0) | Err(_) if seconds <= 0 => Err(CliError::Usage(format!(
            "the due date {} is not after the beginning, {}; name a later one, or an earlier --counted-from",
            to.strftime("%Y-%m-%d %H:%M %Z"),
            from.strftime("%Y-%m-%d %H:%M %Z")
        ))),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(too_far()),
    }
}

fn too_far() -> CliError {
    CliError::Usage("a due date is too far away; name fewer instalments or a shorter interval".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(
        from: &str,
        every: &str,
        count: u8,
        first: Option<&str>,
        first_after: Option<u32>,
    ) -> Vec<String> {
        let args = DateArgs {
            instalments: Some(count),
            every: Some(interval(every).unwrap()),
            first_due: first.map(|text| when(text).unwrap()),
            counted_from: Some(when(from).unwrap()),
        };
        let usual = UsualDates { count: 12, every: Interval::Seconds(30 * DAY), first_after };
        let from = args.beginning(ChainTime(0)).unwrap();
        args.due_dates(&from, &usual).unwrap().iter().map(|seconds| from.after(*seconds)).collect()
    }

    #[test]
    fn calendar_months_keep_their_day_and_their_hour_where_the_clocks_change() {
        let last_days = dates("2027-01-31T12:00", "month", 4, None, None);
        let expected =
            ["2027-02-28 12:00 UTC", "2027-03-31 12:00 UTC", "2027-04-30 12:00 UTC", "2027-05-31 12:00 UTC"];
        assert_eq!(last_days, expected);
        let berlin = dates("2027-02-15T12:00 Europe/Berlin", "month", 2, None, None);
        assert_eq!(
            berlin,
            ["2027-03-15 11:00 UTC", "2027-04-15 10:00 UTC"],
            "summer time begins on 28 March"
        );
        let quarters = dates("2027-11-30", "quarter", 2, None, None);
        assert_eq!(quarters, ["2028-02-29 00:00 UTC", "2028-05-30 00:00 UTC"], "a leap year");
    }

    #[test]
    fn the_first_date_is_named_or_that_of_the_terms() {
        let in_advance = dates("2027-01-01", "month", 2, None, Some(DAY));
        assert_eq!(in_advance, ["2027-01-02 00:00 UTC", "2027-02-02 00:00 UTC"]);
        let named = dates("2027-01-01", "30d", 2, Some("2027-01-15"), Some(DAY));
        assert_eq!(named, ["2027-01-15 00:00 UTC", "2027-02-14 00:00 UTC"]);
        let span = dates("2027-01-01", "30d", 1, Some("10d"), None);
        assert_eq!(span, ["2027-01-11 00:00 UTC"]);
    }

    #[test]
    fn a_date_before_the_beginning_is_refused() {
        let args = DateArgs {
            first_due: Some(when("2026-12-31").unwrap()),
            counted_from: Some(when("2027-01-01").unwrap()),
            ..DateArgs::default()
        };
        let usual = UsualDates { count: 1, every: Interval::Months(1), first_after: None };
        let from = args.beginning(ChainTime(0)).unwrap();
        let error = args.due_dates(&from, &usual).unwrap_err().to_string();
        assert!(
            error.contains("2026-12-31 00:00 UTC is not after the beginning, 2027-01-01 00:00 UTC"),
            "{error}"
        );
        let far =
            DateArgs { instalments: Some(36), every: Some(Interval::Months(120)), ..DateArgs::default() };
        let from = far.beginning(ChainTime(0)).unwrap();
        assert!(far.due_dates(&from, &usual).unwrap_err().to_string().contains("too far away"));
    }
}
