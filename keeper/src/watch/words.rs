//! Amounts, times and parts as people read them.

use jiff::Timestamp;

/// Micro-USDC as dollars, rounded up to the cent: who pays what is shown pays enough.
pub fn usd(micro: u64) -> String {
    let cents = micro.div_ceil(10_000);
    format!("${}.{:02}", thousands(cents / 100), cents % 100)
}

/// Credit units with their name.
pub fn units(count: u64) -> String {
    if count == 1 { "1 unit".to_string() } else { format!("{} units", thousands(count)) }
}

/// A number with separators.
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

/// A Unix time to the minute.
pub fn time(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("Unix time {seconds}"),
    }
}

/// A span of seconds in the unit that suits it; negative ones as none.
pub fn span(seconds: i64) -> String {
    let (seconds, one, many) = match seconds.max(0) {
        seconds @ 0..120 => (seconds, "second", "seconds"),
        seconds @ 120..7_200 => (seconds / 60, "minute", "minutes"),
        seconds @ 7_200..172_800 => (seconds / 3_600, "hour", "hours"),
        seconds => (seconds / 86_400, "day", "days"),
    };
    format!("{seconds} {}", if seconds == 1 { one } else { many })
}

/// Basis points as percent.
pub fn percent(bps: u64) -> String {
    let (whole, part) = (thousands(bps / 100), bps % 100);
    match (part, part % 10) {
        (0, _) => format!("{whole} %"),
        (_, 0) => format!("{whole}.{} %", part / 10),
        _ => format!("{whole}.{part:02} %"),
    }
}

/// Units per second as units per day.
pub fn per_day(rate: f64) -> String {
    // A cast of a float saturates.
    format!("{} per day", units((rate * 86_400.0).round() as u64))
}
