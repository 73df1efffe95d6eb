//! `[watch]`: the measurement of credits.

use {crate::watch::burn::HalfLives, blockable_sdk::amounts::Bps, blockable_service::settings::Reader};

const HOUR: u64 = 3_600;

/// The measurement of credits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WatchSettings {
    /// Seconds between two samples of a credit that are kept.
    pub sample_seconds: u64,
    /// The half-lives of the averages of burn rates.
    pub half_lives: HalfLives,
    /// The share of its value that collateral loses in a forced sale.
    pub haircut_bps: Bps,
    /// The distance from a covenant's threshold at which its alert is cleared, as a share of the plan.
    pub covenant_margin_bps: Bps,
    /// Days for which five-minute samples are kept.
    pub keep_fine_days: u64,
    /// Days for which hourly samples are kept; daily ones stay for ever.
    pub keep_hourly_days: u64,
}

impl WatchSettings {
    /// Reads the section `[watch]`; the reader collects its mistakes.
    pub(crate) fn read(reader: &mut Reader) -> WatchSettings {
        reader.section("watch", |reader| {
            let short = reader.number("half_life_hours", 24_u64, 1..=24 * 90);
            let long = reader.number("long_half_life_hours", 168_u64, 1..=24 * 365);
            if long <= short {
                reader.mistake(
                    "long_half_life_hours",
                    format!("{long} is not above half_life_hours, {short}; raise it"),
                );
            }
            WatchSettings {
                sample_seconds: reader.number("sample_seconds", 300, 10..=HOUR),
                half_lives: HalfLives { short: short.saturating_mul(HOUR), long: long.saturating_mul(HOUR) },
                haircut_bps: Bps(reader.number("haircut_bps", 0, 0..=10_000)),
                covenant_margin_bps: Bps(reader.number("covenant_margin_bps", 500, 0..=10_000)),
                keep_fine_days: reader.number("keep_fine_days", 2, 1..=60),
                keep_hourly_days: reader.number("keep_hourly_days", 60, 1..=3_660),
            }
        })
    }
}

impl Default for WatchSettings {
    fn default() -> WatchSettings {
        WatchSettings {
            sample_seconds: 300,
            half_lives: HalfLives { short: 24 * HOUR, long: 168 * HOUR },
            haircut_bps: Bps::ZERO,
            covenant_margin_bps: Bps(500),
            keep_fine_days: 2,
            keep_hourly_days: 60,
        }
    }
}
