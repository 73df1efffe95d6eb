//! Proof that a reporter is at fault: reports with valid signatures that cannot both be true.

use {
    super::judge::{Fall, Verified},
    crate::alert::{Level, Rule, Severity, Signal},
    blockable_sdk::reports::ReportRecord,
    blockable_service::hex,
    serde::{Deserialize, Serialize},
};

/// What is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Two reports for one instant.
    Equivocation,
    /// A count of use that went back.
    Regression,
}

impl Fault {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Equivocation => "equivocation",
            Fault::Regression => "regression",
        }
    }
}

/// Two reports of one reporter on one chunk, as it stands in the table `evidence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What they prove.
    pub fault: Fault,
    /// Digest of the report that was there first, in hexadecimal.
    pub first_digest: String,
    /// Digest of the report that was refused, in hexadecimal.
    pub second_digest: String,
    /// The report that was there first; none where only its digest was kept.
    pub first: Option<ReportRecord>,
    /// The report that was refused.
    pub second: ReportRecord,
    /// What went back: the credit's bit, units at the earlier and at the later instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<(u32, u64, u64)>,
}

impl Evidence {
    /// Two reports for one instant.
    pub fn of_equivocation(first: [u8; 32], kept: Option<&ReportRecord>, second: &Verified) -> Evidence {
        Evidence {
            fault: Fault::Equivocation,
            first_digest: hex::encode(&first),
            second_digest: hex::encode(&second.digest),
            first: kept.cloned(),
            second: (*second.record).clone(),
            fall: None,
        }
    }

    /// A count of use that went back.
    pub fn of_regression(first: &ReportRecord, second: &Verified, fall: Fall) -> Evidence {
        Evidence {
            fault: Fault::Regression,
            first_digest: hex::encode(&first.digest()),
            second_digest: hex::encode(&second.digest),
            first: Some(first.clone()),
            second: (*second.record).clone(),
            fall: Some((fall.bit, fall.from, fall.to)),
        }
    }

    /// What is to be told of it.
    pub fn signal(&self) -> Signal {
        let ReportRecord { reporter, provider, chunk, reported_at, .. } = self.second;
        let (rule, severity, happened, means) = match self.fault {
            Fault::Equivocation => (
                Rule::Equivocation,
                Severity::Critical,
                format!(
                    "reporter {reporter} of provider {provider} has signed two different reports on chunk {chunk} for \
                     one instant ({reported_at})"
                ),
                "at least one of them is false: the key is in other hands, or its owner forges reports",
            ),
            Fault::Regression => {
                let (bit, from, to) = self.fall.unwrap_or_default();
                (
                    Rule::BadReports,
                    Severity::Warning,
                    format!(
                        "reporter {reporter} of provider {provider} counts {to} units for credit {bit} of chunk \
                         {chunk} after it counted {from}"
                    ),
                    "the reporter has lost its store or counts wrongly; what goes back is not metered",
                )
            }
        };
        Signal {
            rule,
            subject: reporter,
            level: Level::Raise,
            severity,
            parties: None,
            happened,
            means: means.to_string(),
            next: "have the provider set its reporters anew without this key; the table evidence has this report, and \
                   the first one or its digest"
                .to_string(),
        }
    }
}
