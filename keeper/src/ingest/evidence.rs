//! Proof of a reporter's fault: reports with valid signatures that cannot both be true.

use {
    super::{compare::Fall, validate::Verified},
    crate::finding::{Fact, Finding},
    blockable_sdk::{
        amounts::{ChainTime, Units},
        reports::ReportRecord,
    },
    blockable_service::hex,
    serde::{Deserialize, Serialize},
};

/// The fault that is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReporterFault {
    /// Two reports for one instant.
    Equivocation,
    /// A count of use that went back.
    Regression,
}

impl ReporterFault {
    /// The fault's name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            ReporterFault::Equivocation => "equivocation",
            ReporterFault::Regression => "regression",
        }
    }
}

/// Two reports of one reporter on one chunk, as the table `evidence` keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Evidence {
    /// The fault that they prove.
    pub fault: ReporterFault,
    /// Digest of the report that came first, in hexadecimal.
    pub first_digest: String,
    /// Digest of the report that was refused, in hexadecimal.
    pub second_digest: String,
    /// The report that came first; `None` where only its digest was kept.
    pub first: Option<ReportRecord>,
    /// The report that was refused.
    pub second: ReportRecord,
    /// The count that went back: the credit's bit, and its units at the earlier and at the later instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<(u32, Units, Units)>,
}

impl Evidence {
    /// Evidence of two reports for one instant.
    pub(super) fn from_equivocation(
        first: [u8; 32],
        kept: Option<&ReportRecord>,
        second: &Verified,
    ) -> Evidence {
        Evidence {
            fault: ReporterFault::Equivocation,
            first_digest: hex::encode(first),
            second_digest: hex::encode(second.digest),
            first: kept.cloned(),
            second: (*second.record).clone(),
            fall: None,
        }
    }

    /// Evidence of a count of use that went back.
    pub(super) fn from_regression(first: &ReportRecord, second: &Verified, fall: Fall) -> Evidence {
        Evidence {
            fault: ReporterFault::Regression,
            first_digest: hex::encode(first.digest()),
            second_digest: hex::encode(second.digest),
            first: Some(first.clone()),
            second: (*second.record).clone(),
            fall: Some((fall.bit, fall.from, fall.to)),
        }
    }

    /// The finding on the reporter.
    pub(super) fn finding(&self) -> Finding {
        let ReportRecord { reporter, provider, chunk, reported_at, .. } = self.second;
        let fact = match self.fault {
            ReporterFault::Equivocation => {
                Fact::Equivocation { provider, chunk, reported_at: ChainTime(reported_at) }
            }
            ReporterFault::Regression => {
                let (bit, from, to) = self.fall.unwrap_or_default();
                Fact::BadReports { provider, chunk, bit, from, to }
            }
        };
        Finding::is(reporter, fact)
    }
}
