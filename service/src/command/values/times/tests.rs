use {super::*, proptest::prelude::*};

/// 2026-11-30 10:00 UTC.
const NOW: ChainTime = ChainTime(1_796_032_800);

fn at(text: &str) -> Result<String, TimeError> {
    let time = when(text)?.resolve(NOW)?;
    Ok(Timestamp::from_second(time.get()).unwrap().to_string())
}

#[test]
fn times_are_read_in_their_zone() {
    for (text, expected) in [
        ("now", "2026-11-30T10:00:00Z"),
        ("today", "2026-11-30T00:00:00Z"),
        ("tomorrow", "2026-12-01T00:00:00Z"),
        ("Tomorrow Europe/Berlin", "2026-11-30T23:00:00Z"),
        ("30d", "2026-12-30T10:00:00Z"),
        ("in 12h", "2026-11-30T22:00:00Z"),
        ("2027-01-31", "2027-01-31T00:00:00Z"),
        ("2027-01-31T17:00", "2027-01-31T17:00:00Z"),
        ("2027-01-31 17:00 UTC", "2027-01-31T17:00:00Z"),
        ("2027-01-31T17:00:30Z", "2027-01-31T17:00:30Z"),
        ("2027-01-31T17:00+01:00", "2027-01-31T16:00:00Z"),
        ("2027-07-31 17:00 Europe/Berlin", "2027-07-31T15:00:00Z"),
        ("2027-01-31 America/New_York", "2027-01-31T05:00:00Z"),
    ] {
        assert_eq!(at(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_time_that_is_none_is_refused_with_its_reason() {
    for (text, error) in [
        ("", TimeError::Time),
        ("soon", TimeError::Time),
        ("2027-02-30", TimeError::Time),
        ("2027-13-01", TimeError::Time),
        ("31.01.2027", TimeError::Time),
        ("2027-01-31T25:00", TimeError::Time),
        ("2027-01-31 Europe/Atlantis", TimeError::Zone),
        ("2027-01-31 17:00 CEST-ish", TimeError::Zone),
        ("today +99:99", TimeError::Zone),
        // The hour that the clocks skip, and the one that comes twice.
        ("2027-03-28 02:30 Europe/Berlin", TimeError::Skipped),
        ("2027-10-31 02:30 Europe/Berlin", TimeError::Skipped),
        ("in 200000d", TimeError::TooLong),
        ("in", TimeError::Span),
    ] {
        assert_eq!(at(text), Err(error), "{text}");
    }
}

#[test]
fn spans_are_read_exactly_or_refused() {
    for (text, seconds) in [
        ("90s", 90),
        ("2m", 120),
        ("3h", 10_800),
        ("30d", 2_592_000),
        ("1w", 604_800),
        ("1d12h", 129_600),
        ("2 weeks", 1_209_600),
        ("1 day 1 minute", 86_460),
    ] {
        assert_eq!(seconds_span(text), Ok(seconds), "{text}");
    }
    for (text, error) in [
        ("", TimeError::Span),
        ("90", TimeError::Span),
        ("d", TimeError::Span),
        ("-5d", TimeError::Span),
        ("1.5d", TimeError::Span),
        ("5y", TimeError::Span),
        ("1d12", TimeError::Span),
        ("١d", TimeError::Span),
        ("0d", TimeError::Zero),
        ("4294967296s", TimeError::TooLong),
        ("99999999999999999999d", TimeError::TooLong),
    ] {
        assert_eq!(seconds_span(text), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text: String, now: i64) {
        if let Ok(when) = when(&text) {
            let _ = when.resolve(ChainTime(now));
        }
        let _ = seconds_span(&text);
    }

    #[test]
    fn a_span_in_seconds_is_itself(seconds in 1_u32..) {
        prop_assert_eq!(seconds_span(&format!("{seconds}s")), Ok(seconds));
        prop_assert_eq!(when(&format!("{seconds}s")), Ok(When::In(seconds)));
    }
}
