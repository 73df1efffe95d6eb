//! The time for which a busy server asks to wait.

use {
    axum::http::{
        HeaderMap,
        header::{DATE, RETRY_AFTER},
    },
    std::time::{Duration, SystemTime},
};

/// `Retry-After` in milliseconds, as OpenAI and Azure send it beside the seconds.
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// Reads the time that a server asks to wait, in whole seconds, rounded up and at most `most`: `retry-after-ms`, else the seconds or
/// the date of `Retry-After`. A date counts from the answer's own `Date`, so that clocks may differ; without one from `now`. `None`
/// where it asks for nothing that can be read.
pub fn retry_after(headers: &HeaderMap, now: SystemTime, most: Duration) -> Option<Duration> {
    Some(Duration::from_secs_f64(seconds(headers, now)?.ceil().min(most.as_secs_f64())))
}

fn seconds(headers: &HeaderMap, now: SystemTime) -> Option<f64> {
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(|text| text.trim().to_string());
    let milliseconds = headers.get(RETRY_AFTER_MS).and_then(text).and_then(|text| number(&text));
    if let Some(milliseconds) = milliseconds {
        return Some(milliseconds / 1_000.0);
    }
    let stated = headers.get(RETRY_AFTER).and_then(text)?;
    if let Some(seconds) = number(&stated) {
        return Some(seconds);
    }
    let until = httpdate::parse_http_date(&stated).ok()?;
    let sent = headers.get(DATE).and_then(text).and_then(|text| httpdate::parse_http_date(&text).ok());
    // A date that has passed asks for no wait.
    let left = until.duration_since(sent.unwrap_or(now)).unwrap_or_default();
    Some(left.as_secs_f64())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        HeaderMap::from_iter(pairs)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        // 2026-10-21 07:27:30 UTC.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_792_567_650);
        let most = Duration::from_secs(600);
        let read = |lines: &[(&'static str, &str)]| {
            retry_after(&headers(lines), now, most).map(|wait| wait.as_secs())
        };
        for (stated, seconds) in [
            ("7", Some(7)),
            (" 1.2 ", Some(2)),
            ("1e9", Some(600)),
            ("-1", None),
            ("nan", None),
            ("soon", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", Some(30)),
            ("Wednesday, 21-Oct-26 07:28:00 GMT", Some(30)),
            ("Wed Oct 21 07:28:00 2026", Some(30)),
            ("Wed, 21 Oct 2026 07:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2099 07:28:00 GMT", Some(600)),
            ("Wed, 41 Oct 2026 07:28:00 GMT", None),
        ] {
            assert_eq!(read(&[("retry-after", stated)]), seconds, "{stated}");
        }
        let date = ("retry-after", "Wed, 21 Oct 2026 09:00:05 GMT");
        assert_eq!(
            read(&[date, ("date", "Wed, 21 Oct 2026 09:00:00 GMT")]),
            Some(5),
            "by the upstream's clock"
        );
        assert_eq!(read(&[date, ("date", "today")]), Some(600));
        assert_eq!(read(&[("retry-after", "9"), ("retry-after-ms", "1500")]), Some(2));
        assert_eq!(read(&[("retry-after", "9"), ("retry-after-ms", "x")]), Some(9));
        assert_eq!(read(&[]), None);
    }
}
