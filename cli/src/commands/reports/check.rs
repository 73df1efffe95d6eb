//! Finds the fault of each report: what the program checks, and what it leaves to the reader.

use {
    super::chain::Chain,
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::state::Provider,
        reports::{MAX_CLOCK_SKEW_SECONDS, ReportError, ReportRecord},
    },
    blockable_service::text,
};

/// A reason for which a report counts for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReportFault {
    /// Its provider is not on this chain.
    #[error("there is no provider at {0} on this cluster")]
    NoProvider(Pubkey),
    /// The report by itself.
    #[error(transparent)]
    Invalid(#[from] ReportError),
    /// Its reporter's key has expired.
    #[error("the key of reporter {0} expired at {1}")]
    Expired(u8, String),
    /// It is dated later than the chain's clock allows.
    #[error("it is dated {0}, more than {MAX_CLOCK_SKEW_SECONDS} seconds ahead of the chain")]
    FromFuture(String),
    /// An address that does not belong to its reading.
    #[error("it names {credit} at bit {bit}, where another credit is")]
    OtherCredit {
        /// The address.
        credit: Pubkey,
        /// The bit.
        bit: u32,
    },
    /// Two reports of one reporter for one instant.
    #[error("its reporter has signed another report for the same second, which proves it at fault")]
    Twice,
}

/// The fault of each report in its place; `None` for a valid one.
pub(super) fn faults(records: &[ReportRecord], chain: &Chain) -> Vec<Option<ReportFault>> {
    let fault = |record| alone(record, chain).err().or_else(|| twice(record, records));
    records.iter().map(fault).collect()
}

/// Checks a report by itself. Errors: [`ReportFault`].
fn alone(record: &ReportRecord, chain: &Chain) -> Result<(), ReportFault> {
    let provider = chain.providers.get(&record.provider).ok_or(ReportFault::NoProvider(record.provider))?;
    record.verify(&record.provider, provider)?;
    require_in_time(record, provider, ChainTime(chain.market.clock.chain))?;
    for reading in &record.readings {
        // A credit that has been closed since is nothing to meter, and no fault.
        let Some(credit) = chain.credits.get(&reading.credit) else { continue };
        let is_its = credit.provider == record.provider
            && credit.has_index == 1
            && record.index(reading.bit) == Some(credit.meter.index);
        if !is_its {
            return Err(ReportFault::OtherCredit { credit: reading.credit, bit: reading.bit });
        }
    }
    Ok(())
}

fn require_in_time(record: &ReportRecord, provider: &Provider, now: ChainTime) -> Result<(), ReportFault> {
    let listed = provider.reporters().get(usize::from(record.reporter_index));
    let expires_at = ChainTime(listed.map_or(0, |reporter| reporter.expires_at));
    if now >= expires_at {
        return Err(ReportFault::Expired(record.reporter_index, text::time(expires_at)));
    }
    let reported_at = ChainTime(record.reported_at);
    if reported_at > now.plus_seconds(MAX_CLOCK_SKEW_SECONDS) {
        return Err(ReportFault::FromFuture(text::time(reported_at)));
    }
    Ok(())
}

fn twice(record: &ReportRecord, all: &[ReportRecord]) -> Option<ReportFault> {
    let is_other = |other: &&ReportRecord| {
        other.reporter == record.reporter
            && other.scope() == record.scope()
            && other.reported_at == record.reported_at
            && other.digest() != record.digest()
    };
    all.iter().any(|other| is_other(&other)).then_some(ReportFault::Twice)
}
