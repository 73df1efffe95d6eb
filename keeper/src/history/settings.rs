//! Settings of the audit log: `[history]`.

use blockable_service::settings::Reader;

/// Section `[history]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistorySettings {
    /// Set where logs are fetched and proven.
    pub enabled: bool,
    /// Most credits whose logs one pass works on.
    pub credits_per_pass: usize,
    /// Days after which proven records of metering move into archives.
    pub archive_after_days: i64,
}

impl Default for HistorySettings {
    fn default() -> HistorySettings {
        HistorySettings { enabled: true, credits_per_pass: 50, archive_after_days: 14 }
    }
}

impl HistorySettings {
    /// Reads `[history]`; the reader notes mistakes in it.
    pub(crate) fn read(reader: &mut Reader) -> HistorySettings {
        let otherwise = HistorySettings::default();
        reader.section("history", |section| HistorySettings {
            enabled: section.optional("enabled").unwrap_or(otherwise.enabled),
            credits_per_pass: section.number("credits_per_pass", otherwise.credits_per_pass, 1..=5_000),
            archive_after_days: section.number(
                "archive_after_days",
                otherwise.archive_after_days,
                1..=36_500,
            ),
        })
    }
}
