//! Validates one report by itself. Pure: everything it depends on is given.

use {
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::state::{Provider, Reporter},
        reports::{MAX_CLOCK_SKEW_SECONDS, ReportError, ReportRecord},
    },
    std::{collections::BTreeMap, sync::Arc},
};

/// A reason to refuse a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ReportRefusal {
    /// Of another market.
    #[error("the report is of another market")]
    WrongMarket,
    /// Of another provider than the endpoint's.
    #[error("the report is of another provider than the endpoint's")]
    WrongProvider,
    /// Of a provider that the market does not have.
    #[error("the market has no such provider")]
    UnknownProvider,
    /// Signed for another cluster.
    #[error("the report was signed for another cluster")]
    WrongCluster,
    /// Of an epoch that has ended.
    #[error("the report's epoch has ended")]
    OlderEpoch,
    /// Of an epoch that the chain does not show yet.
    #[error("the report is of an epoch that the chain does not show yet")]
    NewerEpoch,
    /// Of chunks of another size.
    #[error("the report is of chunks of another size")]
    WrongChunkSize,
    /// Of a chunk in which no credit has been issued.
    #[error("the provider has issued no credit in the report's chunk")]
    NoSuchChunk,
    /// By a key that is not at its place in the provider's list.
    #[error("the reporter is not at its place in the provider's list")]
    UnlistedReporter,
    /// By a reporter whose registration has expired.
    #[error("the reporter has expired")]
    ExpiredReporter,
    /// Further ahead of the chain's clock than the program allows.
    #[error("the report is ahead of the chain's clock")]
    FromFuture,
    /// Readings that do not fit the bitmap or the chunk, or that cannot be read.
    #[error("the report is malformed")]
    Malformed,
    /// A signature that does not verify.
    #[error("the report's signature does not verify")]
    BadSignature,
    /// A second report for an instant that has another one.
    #[error("the reporter has signed another report for that instant")]
    Equivocation,
    /// Use that becomes less.
    #[error("the reporter's count of use goes back")]
    Regression,
}

impl ReportRefusal {
    /// The reason's name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            ReportRefusal::WrongMarket => "wrong_market",
            ReportRefusal::WrongProvider => "wrong_provider",
            ReportRefusal::UnknownProvider => "unknown_provider",
            ReportRefusal::WrongCluster => "wrong_cluster",
            ReportRefusal::OlderEpoch => "older_epoch",
            ReportRefusal::NewerEpoch => "newer_epoch",
            ReportRefusal::WrongChunkSize => "wrong_chunk_size",
            ReportRefusal::NoSuchChunk => "no_such_chunk",
            ReportRefusal::UnlistedReporter => "unlisted_reporter",
            ReportRefusal::ExpiredReporter => "expired_reporter",
            ReportRefusal::FromFuture => "from_future",
            ReportRefusal::Malformed => "malformed",
            ReportRefusal::BadSignature => "bad_signature",
            ReportRefusal::Equivocation => "equivocation",
            ReportRefusal::Regression => "regression",
        }
    }
}

/// Validates reports against the state of the chain.
pub(crate) struct Validator<'a> {
    /// The market.
    pub market: &'a Pubkey,
    /// The provider whose reports are expected; `None` for any provider of the market.
    pub expected: Option<&'a Pubkey>,
    /// The market's providers.
    pub providers: &'a BTreeMap<Pubkey, Provider>,
    /// The chain's clock.
    pub clock: ChainTime,
}

/// A valid report with a verified signature.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    /// The report.
    pub record: Arc<ReportRecord>,
    /// The digest that its reporter has signed.
    pub digest: [u8; 32],
}

impl Validator<'_> {
    /// Validates a report and verifies its signature. [`super::compare()`] compares it with other reports. Errors:
    /// [`ReportRefusal`].
    pub(crate) fn validate(&self, record: ReportRecord) -> Result<Verified, ReportRefusal> {
        if record.market != *self.market {
            return Err(ReportRefusal::WrongMarket);
        }
        if self.expected.is_some_and(|expected| record.provider != *expected) {
            return Err(ReportRefusal::WrongProvider);
        }
        let provider = self.providers.get(&record.provider).ok_or(ReportRefusal::UnknownProvider)?;
        if record.cluster_tag.to_bytes() != provider.cluster_tag {
            return Err(ReportRefusal::WrongCluster);
        }
        require_epoch_and_chunk(&record, provider)?;
        self.require_reporter(&record, provider)?;
        if ChainTime(record.reported_at) > self.clock.plus_seconds(MAX_CLOCK_SKEW_SECONDS) {
            return Err(ReportRefusal::FromFuture);
        }
        record.verify(&record.provider, provider).map_err(|error| refused(&error))?;
        let digest = record.digest();
        Ok(Verified { record: Arc::new(record), digest })
    }

    fn require_reporter(&self, record: &ReportRecord, provider: &Provider) -> Result<(), ReportRefusal> {
        let listed: Option<&Reporter> = provider.reporters().get(usize::from(record.reporter_index));
        let listed = listed.filter(|listed| listed.key == record.reporter);
        let expires_at = listed.ok_or(ReportRefusal::UnlistedReporter)?.expires_at;
        if self.clock < ChainTime(expires_at) { Ok(()) } else { Err(ReportRefusal::ExpiredReporter) }
    }
}

fn require_epoch_and_chunk(record: &ReportRecord, provider: &Provider) -> Result<(), ReportRefusal> {
    if record.epoch < provider.epoch {
        return Err(ReportRefusal::OlderEpoch);
    }
    if record.epoch > provider.epoch {
        return Err(ReportRefusal::NewerEpoch);
    }
    if record.chunk_size != provider.settings.chunk_size {
        return Err(ReportRefusal::WrongChunkSize);
    }
    // A reporter could sign reports on four thousand million chunks, and the store would keep one for each.
    match record.index(0) {
        Some(first) if first < provider.next_index => Ok(()),
        _ => Err(ReportRefusal::NoSuchChunk),
    }
}

fn refused(error: &ReportError) -> ReportRefusal {
    match error {
        ReportError::WrongProvider => ReportRefusal::WrongProvider,
        ReportError::WrongCluster => ReportRefusal::WrongCluster,
        ReportError::WrongEpoch { .. } => ReportRefusal::OlderEpoch,
        ReportError::WrongChunkSize { .. } => ReportRefusal::WrongChunkSize,
        ReportError::UnknownReporter(_) => ReportRefusal::UnlistedReporter,
        ReportError::BitOutOfRange(_) | ReportError::Malformed { .. } | ReportError::RepeatedCredit(_) => {
            ReportRefusal::Malformed
        }
        ReportError::BadSignature(_) | ReportError::Signing(_) => ReportRefusal::BadSignature,
    }
}
