//! Durations as people write them: `432000`, `"5 days"`, `"1 hour 30 minutes"`.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// Seconds in each unit; the plural is the same with an `s`.
const UNITS: [(&str, u64); 5] =
    [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400), ("week", 604_800)];

/// A duration in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub u32);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        deserializer.deserialize_any(SecondsVisitor).map(Seconds)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = u32;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "seconds as a number, or a duration such as \"5 days\"")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<u32, E> {
        u32::try_from(seconds).map_err(|_| E::custom(out_of_range(seconds)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
        parse(text).map_err(E::custom)
    }
}

fn out_of_range(seconds: impl std::fmt::Display) -> String {
    format!("{seconds} seconds are out of range; write 0 to {}", u32::MAX)
}

/// Seconds in a text of numbers and units. Errors: what is wrong and what to write.
fn parse(text: &str) -> Result<u32, String> {
    let refused = || {
        String::from(
            "is no duration; write seconds as a number, or numbers with units (seconds, minutes, hours, \
             days, weeks) such as \"5 days\" or \"1 hour 30 minutes\"",
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || words.len() % 2 == 1 {
        return Err(refused());
    }
    let mut total = 0u64;
    for pair in words.chunks_exact(2) {
        let count: u64 = pair[0].parse().map_err(|_| refused())?;
        let unit = pair[1].strip_suffix('s').unwrap_or(pair[1]);
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refused)?;
        total = total.saturating_add(count.saturating_mul(*seconds));
    }
    u32::try_from(total).map_err(|_| out_of_range(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up() {
        for (text, seconds) in [
            ("1 second", 1),
            ("0 seconds", 0),
            ("90 minutes", 5_400),
            ("1 hour 30 minutes", 5_400),
            ("5 days", 432_000),
            ("  2  weeks 1 day ", 1_296_000),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for text in ["", "5", "days", "5days", "-5 days", "1.5 days", "5 dayz", "5 days 3"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("such as \"5 days\""), "{text}: {error}");
        }
        assert!(parse("99999 weeks").unwrap_err().contains("out of range"));
        assert!(parse("99999999999999999999 days").is_err());
        assert!(parse("18446744073709551615 days").unwrap_err().contains("out of range"));
    }
}
