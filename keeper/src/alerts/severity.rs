//! The importance of an alert.

use serde::{Deserialize, Serialize};

/// The importance of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Good to know.
    Info,
    /// Something may go wrong.
    Warning,
    /// Money is at stake now.
    Critical,
}

impl Severity {
    /// The severity's place: the higher, the more important.
    pub(crate) fn rank(self) -> i64 {
        match self {
            Severity::Info => 0,
            Severity::Warning => 1,
            Severity::Critical => 2,
        }
    }

    /// The severity's name in the configuration, the store, JSON and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}
