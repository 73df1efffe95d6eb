//! Usage reports: what a reporter measures, signs and hands out, and what a `usage_meter` instruction takes.

mod record;

pub use blockable_credits::report::{
    CreditReading, MAX_CLOCK_SKEW_SECONDS, REPORT_DOMAIN, ReportScope, SignedReport,
};
pub use record::{RecordReading, ReportPage, ReportRecord};
use {
    blockable_credits::{
        signature,
        state::{MAX_CHUNK_SIZE, Provider},
    },
    solana_pubkey::Pubkey,
    solana_signer::{Signer, SignerError},
    std::collections::BTreeMap,
};

/// Reasons for which a report cannot be made or trusted.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A bit outside the chunk.
    #[error("bit {0} is outside a chunk of {MAX_CHUNK_SIZE}; use the credit's index modulo the chunk size")]
    BitOutOfRange(u32),
    /// The reporter's index is not in the provider's list.
    #[error("reporter {0} is not in the provider's list; read the provider again")]
    UnknownReporter(u8),
    /// Readings do not match the bitmap.
    #[error("the report's {readings} readings are not those of its {bits} bits; discard it")]
    Malformed {
        /// Bits set.
        bits: u32,
        /// Readings given.
        readings: usize,
    },
    /// The signature does not verify.
    #[error(
        "the signature of reporter {0} does not verify; check epoch, chunk, provider, market, program and cluster tag"
    )]
    BadSignature(u8),
    /// A report of another provider or market.
    #[error("the report is of another provider or market; verify it with the account that it names")]
    WrongProvider,
    /// A report that was signed on another cluster.
    #[error("the report has another cluster's tag than the provider; discard it, and check its source")]
    WrongCluster,
    /// A report of another epoch.
    #[error(
        "the report is of epoch {report} and the provider's is {provider}; discard the report if its epoch is the \
         lower one, else read the provider again"
    )]
    WrongEpoch {
        /// The report's.
        report: u32,
        /// The provider's.
        provider: u32,
    },
    /// A report of chunks of another size.
    #[error(
        "the report is of chunks of {report} and the provider's are of {provider}; read the provider again"
    )]
    WrongChunkSize {
        /// The report's.
        report: u8,
        /// The provider's.
        provider: u8,
    },
    /// Two readings of one credit.
    #[error("the report has two readings of the credit {0}; discard it")]
    RepeatedCredit(Pubkey),
    /// The key could not sign.
    #[error("the reporter's key could not sign: {0}")]
    Signing(#[from] SignerError),
}

/// The readings of one chunk at one instant, before they are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageReport {
    /// The cluster, market, provider, epoch and chunk that the reports are of.
    pub scope: ReportScope,
    /// Unix time of the readings.
    pub reported_at: i64,
    readings: BTreeMap<u32, CreditReading>,
}

impl UsageReport {
    /// An empty report.
    pub fn new(scope: ReportScope, reported_at: i64) -> UsageReport {
        UsageReport { scope, reported_at, readings: BTreeMap::new() }
    }

    /// Sets the reading of a credit by its bit in the chunk. Errors: [`ReportError::BitOutOfRange`].
    pub fn set(&mut self, bit: u32, reading: CreditReading) -> Result<(), ReportError> {
        if bit >= u32::from(MAX_CHUNK_SIZE) {
            return Err(ReportError::BitOutOfRange(bit));
        }
        self.readings.insert(bit, reading);
        Ok(())
    }

    /// Signs as the reporter at an index of the provider's list. Errors: [`ReportError::Signing`].
    pub fn sign(&self, reporter: u8, key: &dyn Signer) -> Result<SignedReport, ReportError> {
        let mut report = SignedReport {
            reporter,
            signature: [0; 64],
            reported_at: self.reported_at,
            bitmap: self.readings.keys().fold(0, |bitmap, bit| bitmap | 1 << bit),
            readings: self.readings.values().copied().collect(),
        };
        report.signature = key.try_sign_message(&report.digest(&self.scope))?.into();
        Ok(report)
    }
}

/// Checks a report as the program will, but for expiry and time. Errors: [`ReportError`].
pub fn verify(report: &SignedReport, scope: &ReportScope, provider: &Provider) -> Result<(), ReportError> {
    let reporter = provider
        .reporters()
        .get(usize::from(report.reporter))
        .ok_or(ReportError::UnknownReporter(report.reporter))?;
    let bits = report.bitmap.count_ones();
    if bits as usize != report.readings.len() {
        return Err(ReportError::Malformed { bits, readings: report.readings.len() });
    }
    if signature::verify(&reporter.key, &report.signature, &report.digest(scope)) {
        Ok(())
    } else {
        Err(ReportError::BadSignature(report.reporter))
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_credits::state::{ProviderSettings, Reporter},
        bytemuck::Zeroable,
        solana_keypair::Keypair,
    };

    fn signed() -> (SignedReport, ReportScope, Provider) {
        let key = Keypair::new();
        let scope = ReportScope {
            cluster_tag: [5; 32],
            market: Pubkey::new_unique(),
            provider: Pubkey::new_unique(),
            epoch: 3,
            chunk: 7,
        };
        let mut provider = Provider::zeroed();
        let reporter = Reporter { key: key.pubkey(), expires_at: i64::MAX };
        provider.settings = ProviderSettings::with_reporters(&[reporter], 1);
        let mut report = UsageReport::new(scope, 1_000);
        report.set(9, CreditReading { cumulative: 90, in_flight: 9 }).unwrap();
        report.set(2, CreditReading { cumulative: 20, in_flight: 2 }).unwrap();
        (report.sign(0, &key).unwrap(), scope, provider)
    }

    #[test]
    fn a_signed_report_verifies_and_reads_back_by_bit() {
        let (report, scope, provider) = signed();
        verify(&report, &scope, &provider).unwrap();
        assert_eq!(report.reading(2), Some(&CreditReading { cumulative: 20, in_flight: 2 }));
        assert_eq!(report.reading(9), Some(&CreditReading { cumulative: 90, in_flight: 9 }));
        assert_eq!(report.reading(3), None);
        assert_eq!(report.reading(99), None);
    }

    #[test]
    fn any_change_voids_the_signature() {
        let (report, scope, provider) = signed();
        let refused = |report: &SignedReport, scope: &ReportScope| {
            matches!(verify(report, scope, &provider), Err(ReportError::BadSignature(0)))
        };
        let mut changed = report.clone();
        changed.readings[0].cumulative += 1;
        assert!(refused(&changed, &scope));
        let mut changed = report.clone();
        changed.reported_at += 1;
        assert!(refused(&changed, &scope));
        let mut changed = report.clone();
        changed.bitmap = 0b11;
        assert!(refused(&changed, &scope));
        for other in [
            ReportScope { cluster_tag: [6; 32], ..scope },
            ReportScope { epoch: 4, ..scope },
            ReportScope { chunk: 8, ..scope },
            ReportScope { market: Pubkey::new_unique(), ..scope },
            ReportScope { provider: Pubkey::new_unique(), ..scope },
        ] {
            assert!(refused(&report, &other));
        }
    }

    #[test]
    fn malformed_reports_are_named() {
        let (mut report, scope, provider) = signed();
        report.readings.pop();
        assert!(matches!(
            verify(&report, &scope, &provider),
            Err(ReportError::Malformed { bits: 2, readings: 1 })
        ));
        report.reporter = 5;
        assert!(matches!(verify(&report, &scope, &provider), Err(ReportError::UnknownReporter(5))));
        let mut draft = UsageReport::new(scope, 0);
        assert!(matches!(draft.set(32, CreditReading::default()), Err(ReportError::BitOutOfRange(32))));
    }
}
