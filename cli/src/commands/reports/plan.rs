//! Finds what a quorum of reports does to each credit, by the program's own functions on copies.

use {
    super::chain::Chain,
    blockable_sdk::{
        Pubkey,
        program::{
            actions::VerifiedReports,
            metering::Skip,
            state::{Credit, MarketClock, Provider},
        },
        reports::{ReportRecord, ReportScope, SignedReport},
    },
    std::collections::BTreeMap,
};

/// Reports that are applied together where the quorum asks for fewer: one that is wrong then has two against it.
const USUAL: usize = 3;

/// The reports of one provider on one chunk that are applied together, and their effect on its credits.
pub(super) struct ChunkPlan {
    /// The provider.
    pub provider: Pubkey,
    /// The chunk.
    pub chunk: u32,
    /// Distinct reporters that the provider needs.
    pub quorum: usize,
    /// The reports, of distinct reporters.
    pub reports: Vec<SignedReport>,
    /// The credits in the order of their places.
    pub credits: Vec<CreditPlan>,
}

/// The effect of reports on one credit.
pub(super) struct CreditPlan {
    /// Its address.
    pub address: Pubkey,
    /// Reports that have a reading of it.
    pub reporting: usize,
    /// As it is.
    pub before: Credit,
    /// As it would be, or the reason for which it stays as it is.
    pub after: Result<Box<Credit>, Unmetered>,
}

/// A reason for which a credit stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unmetered {
    /// Fewer reports than the quorum.
    #[error("{have} of the {quorum} reports that it needs")]
    NoQuorum {
        /// Reports there are.
        have: usize,
        /// Reports that it needs.
        quorum: usize,
    },
    /// The chain knows it already.
    #[error("already counted")]
    Stale,
    /// Below the chain.
    #[error("below what the chain has counted")]
    Backwards,
    /// Reports from before a freeze must come first.
    #[error("waits for the reports from before its freeze, for a minute at most")]
    AwaitsFreeze,
    /// Its status ends metering.
    #[error("in a status that is not metered")]
    Status,
    /// The market is paused.
    #[error("the market is paused")]
    Paused,
    /// The program refuses the reports.
    #[error("the program refuses the reports")]
    Refused,
}

/// Plans all chunks by valid reports. Credits that wait for reports from before a freeze get those alone.
pub(super) fn plan(records: &[&ReportRecord], chain: &Chain) -> Vec<ChunkPlan> {
    let mut chunks: BTreeMap<(Pubkey, u32), Vec<&ReportRecord>> = BTreeMap::new();
    for record in records {
        chunks.entry((record.provider, record.chunk)).or_default().push(record);
    }
    let mut plans = Vec::new();
    for ((address, chunk), records) in chunks {
        let Some(provider) = chain.providers.get(&address) else { continue };
        for (until, credits) in credits_by_freeze(&records, chain, provider) {
            let reports = choose(&records, provider, until);
            let scope = ReportScope::new(provider, address, chunk);
            let group = Group { provider, scope, reports: &reports, waits: until.is_some() };
            let credits = credits.into_iter().map(|(credit, before)| CreditPlan {
                address: credit,
                reporting: group.reporting(&before),
                before,
                after: group.apply(&before, chain.market.clock),
            });
            let (quorum, credits) = (usize::from(provider.settings.quorum), credits.collect());
            plans.push(ChunkPlan { provider: address, chunk, quorum, reports, credits });
        }
    }
    plans
}

/// The credits that reports name, by the freeze that they wait for, in the order of their places.
fn credits_by_freeze(
    records: &[&ReportRecord],
    chain: &Chain,
    provider: &Provider,
) -> BTreeMap<Option<i64>, Vec<(Pubkey, Credit)>> {
    let mut places: BTreeMap<u32, (Pubkey, Credit)> = BTreeMap::new();
    for reading in records.iter().flat_map(|record| &record.readings) {
        if let Some(credit) = chain.credits.get(&reading.credit) {
            places.insert(credit.meter.index, (reading.credit, *credit));
        }
    }
    let mut groups: BTreeMap<Option<i64>, Vec<(Pubkey, Credit)>> = BTreeMap::new();
    for (address, credit) in places.into_values() {
        let awaited = credit.awaited_freeze(provider.epoch_began_at, chain.market.clock.market);
        groups.entry(awaited).or_default().push((address, credit));
    }
    groups
}

/// The latest report of each reporter, up to a time; of more than are needed the freshest, in the order of the reporters.
fn choose(records: &[&ReportRecord], provider: &Provider, until: Option<i64>) -> Vec<SignedReport> {
    let mut latest: BTreeMap<u8, &ReportRecord> = BTreeMap::new();
    for record in records.iter().filter(|record| until.is_none_or(|until| record.reported_at <= until)) {
        let known = latest.entry(record.reporter_index).or_insert(record);
        if record.reported_at > known.reported_at {
            *known = record;
        }
    }
    let mut chosen: Vec<&ReportRecord> = latest.into_values().collect();
    chosen.sort_by_key(|record| std::cmp::Reverse(record.reported_at));
    chosen.truncate(USUAL.max(provider.settings.quorum.into()));
    chosen.sort_by_key(|record| record.reporter_index);
    chosen.into_iter().map(ReportRecord::report).collect()
}

/// Reports that are applied together.
struct Group<'a> {
    provider: &'a Provider,
    scope: ReportScope,
    reports: &'a [SignedReport],
    /// True for credits that wait for reports from before a freeze.
    waits: bool,
}

impl Group<'_> {
    /// Reports that have a reading of a credit.
    fn reporting(&self, credit: &Credit) -> usize {
        let size = u32::from(self.provider.settings.chunk_size);
        let Some(bit) = credit.meter.index.checked_rem(size) else { return 0 };
        self.reports.iter().filter(|report| report.reading(bit).is_some()).count()
    }

    /// Applies the reports to a copy of a credit, as the program would. Errors: [`Unmetered`].
    fn apply(&self, credit: &Credit, clock: MarketClock) -> Result<Box<Credit>, Unmetered> {
        let (have, quorum) = (self.reporting(credit), usize::from(self.provider.settings.quorum));
        if clock.is_paused {
            return Err(Unmetered::Paused);
        }
        let too_few = match self.waits {
            true => Unmetered::AwaitsFreeze,
            false => Unmetered::NoQuorum { have, quorum },
        };
        if self.reports.len() < quorum {
            return Err(too_few);
        }
        let verified = VerifiedReports::verify(self.provider, &self.scope, self.reports, clock);
        let mut after = Box::new(*credit);
        match verified.map_err(|_| Unmetered::Refused)?.meter(&mut after) {
            Ok(_) => Ok(after),
            Err(Skip::NoQuorum) => Err(too_few),
            Err(Skip::Stale) => Err(Unmetered::Stale),
            Err(Skip::Backwards) => Err(Unmetered::Backwards),
            Err(Skip::WrongStatus) => Err(Unmetered::Status),
            Err(
                Skip::NotACredit
                | Skip::NotInChunk
                | Skip::Duplicate
                | Skip::NotWritable
                | Skip::DebtOutOfRange,
            ) => Err(Unmetered::Refused),
        }
    }
}
