//! Money, units, rates, shares, spans and times as people read them. JSON has numbers and RFC 3339 instead.

use {
    blockable_sdk::amounts::{Bps, ChainTime, MicroUsd, Units},
    jiff::Timestamp,
};

/// Micro-USDC in a cent.
const CENT: u64 = 10_000;

/// Money that is owed, in dollars, rounded up to the cent: a borrower who pays what is shown pays enough.
pub fn usd_owed(amount: MicroUsd) -> String {
    cents(amount.get().div_ceil(CENT))
}

/// Money that is held or received, in dollars, rounded down to the cent: no more is shown than is there.
pub fn usd_received(amount: MicroUsd) -> String {
    cents(amount.get() / CENT)
}

/// Parts of a sum that is owed, in dollars that add up to the sum as [`usd_owed`] writes it. Each part is rounded down to the cent, and the
/// first ones of which something was cut off get a cent of what that leaves: the last part is no more than is there.
pub fn usd_parts<const COUNT: usize>(parts: [MicroUsd; COUNT]) -> [String; COUNT] {
    let sum: MicroUsd = parts.iter().copied().sum();
    let shown = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.get() / CENT));
    let mut left = sum.get().div_ceil(CENT).saturating_sub(shown);
    parts.map(|part| {
        let more = u64::from(part.get() % CENT > 0).min(left);
        left = left.saturating_sub(more);
        cents((part.get() / CENT).saturating_add(more))
    })
}

fn cents(cents: u64) -> String {
    format!("${}.{:02}", thousands(cents / 100), cents % 100)
}

/// Credit units with their name.
pub fn units(amount: Units) -> String {
    match amount.get() {
        1 => "1 unit".to_string(),
        count => format!("{} units", thousands(count)),
    }
}

/// Units per second as units per day.
pub fn units_per_day(units_per_second: f64) -> String {
    // A cast of a float saturates.
    format!("{} per day", units(Units((units_per_second * 86_400.0).round() as u64)))
}

/// A rate or a share in percent.
pub fn percent(share: Bps) -> String {
    let (whole, part) = (thousands(share.get() / 100), share.get() % 100);
    match (part, part % 10) {
        (0, _) => format!("{whole} %"),
        (_, 0) => format!("{whole}.{} %", part / 10),
        _ => format!("{whole}.{part:02} %"),
    }
}

/// A number with a comma between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in UTC to the minute. A market time has no text: it must be converted to the chain's clock first.
pub fn time(time: ChainTime) -> String {
    match Timestamp::from_second(time.get()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("Unix time {}", time.get()),
    }
}

/// A span of seconds in the unit that suits it; a negative one as none.
pub fn span(seconds: i64) -> String {
    let (count, one, many) = match seconds.max(0) {
        seconds @ 0..120 => (seconds, "second", "seconds"),
        seconds @ 120..7_200 => (seconds / 60, "minute", "minutes"),
        seconds @ 7_200..172_800 => (seconds / 3_600, "hour", "hours"),
        seconds => (seconds / 86_400, "day", "days"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A span of seconds to the second, such as `2 hours 3 minutes`; a negative one as none. For what is agreed on, where two spans that
/// differ must not read alike.
pub fn exact_span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let parts = [
        (seconds / 86_400, "day"),
        (seconds % 86_400 / 3_600, "hour"),
        (seconds % 3_600 / 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words = parts.into_iter().filter(|(count, _)| *count > 0);
    let words = words.map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
    let words: Vec<String> = words.collect();
    if words.is_empty() { "0 seconds".to_string() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_owed_is_rounded_up_and_money_received_is_rounded_down() {
        let amounts = [0, 1, 1_234_560_000, 1_234_567_890_000, 1_118_355_001].map(MicroUsd);
        assert_eq!(amounts.map(usd_owed), ["$0.00", "$0.01", "$1,234.56", "$1,234,567.89", "$1,118.36"]);
        assert_eq!(amounts.map(usd_received), ["$0.00", "$0.00", "$1,234.56", "$1,234,567.89", "$1,118.35"]);
        assert_eq!(usd_owed(MicroUsd::MAX), "$18,446,744,073,709.56");
    }

    #[test]
    fn parts_of_a_sum_add_up_to_it() {
        let parts = [24_499_999, 0, 490_001].map(MicroUsd);
        assert_eq!(usd_parts(parts), ["$24.50", "$0.00", "$0.49"]);
        assert_eq!(usd_owed(parts.into_iter().sum()), "$24.99", "24.990000");
        let parts = [6_000_000, 1_234, 93_998_766].map(MicroUsd);
        assert_eq!(usd_parts(parts), ["$6.00", "$0.01", "$93.99"]);
        assert_eq!(usd_parts([3_333, 3_333, 3_334].map(MicroUsd)), ["$0.01", "$0.00", "$0.00"]);
        assert_eq!(usd_parts([1, 1].map(MicroUsd)), ["$0.01", "$0.00"], "a sum that is owed is rounded up");
        assert_eq!(usd_parts([MicroUsd::MAX, MicroUsd::ZERO])[0], usd_owed(MicroUsd::MAX));
    }

    #[test]
    fn exact_spans_that_differ_read_differently() {
        assert_eq!(
            [-1, 0, 1, 7_200, 7_201, 86_400, 93_784].map(exact_span),
            [
                "0 seconds",
                "0 seconds",
                "1 second",
                "2 hours",
                "2 hours 1 second",
                "1 day",
                "1 day 2 hours 3 minutes 4 seconds"
            ]
        );
    }

    #[test]
    fn units_have_their_name_and_separators() {
        assert_eq!(
            [1, 999, 1_000, 1_234_567].map(|count| units(Units(count))),
            ["1 unit", "999 units", "1,000 units", "1,234,567 units"]
        );
        assert_eq!(
            [0.0, 1.0, -1.0, f64::NAN].map(units_per_day),
            ["0 units per day", "86,400 units per day", "0 units per day", "0 units per day"]
        );
    }

    #[test]
    fn times_are_in_utc_to_the_minute() {
        assert_eq!(time(ChainTime(1_800_057_600)), "2027-01-16 00:00 UTC");
        assert_eq!(time(ChainTime(i64::MAX)), format!("Unix time {}", i64::MAX));
    }

    #[test]
    fn spans_have_the_largest_unit_that_is_there_twice() {
        assert_eq!(
            [-5, 0, 1, 119, 120, 7_199, 7_200, 90_000, 172_799, 172_800].map(span),
            [
                "0 seconds",
                "0 seconds",
                "1 second",
                "119 seconds",
                "2 minutes",
                "119 minutes",
                "2 hours",
                "25 hours",
                "47 hours",
                "2 days"
            ]
        );
    }

    #[test]
    fn shares_are_in_percent_without_zeros_at_the_end() {
        assert_eq!(
            [8_000, 8_050, 8_005, 123_400].map(|bps| percent(Bps(bps))),
            ["80 %", "80.5 %", "80.05 %", "1,234 %"]
        );
    }
}
