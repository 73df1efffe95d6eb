//! The latest verified report of every reporter on every chunk: all that planning knows of usage.

use {
    blockable_sdk::{Pubkey, reports::ReportRecord},
    std::{collections::BTreeMap, sync::Arc},
};

/// The latest reports. Cheap to clone: reports are shared.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    chunks: BTreeMap<(Pubkey, u32), BTreeMap<Pubkey, Arc<ReportRecord>>>,
}

impl Shelf {
    /// Puts a verified report in the place of its reporter's older one. An older report, or one of an older epoch, changes
    /// nothing. Returns true if the shelf has changed.
    pub fn put(&mut self, report: Arc<ReportRecord>) -> bool {
        let latest = self.chunks.entry((report.provider, report.chunk)).or_default();
        let age = |report: &ReportRecord| (report.epoch, report.reported_at);
        if latest.get(&report.reporter).is_some_and(|kept| age(kept) >= age(&report)) {
            return false;
        }
        latest.insert(report.reporter, report);
        true
    }

    /// Iterates over the reports on a provider's chunks, by chunk and reporter.
    pub fn of_provider<'a>(
        &'a self,
        provider: &Pubkey,
    ) -> impl Iterator<Item = (u32, &'a BTreeMap<Pubkey, Arc<ReportRecord>>)> + use<'a> {
        let (first, last) = ((*provider, 0), (*provider, u32::MAX));
        self.chunks.range(first..=last).map(|((_, chunk), reports)| (*chunk, reports))
    }

    /// A reporter's latest report on a chunk.
    pub fn latest(&self, provider: &Pubkey, chunk: u32, reporter: &Pubkey) -> Option<&Arc<ReportRecord>> {
        self.chunks.get(&(*provider, chunk))?.get(reporter)
    }

    /// Number of reports.
    pub fn len(&self) -> usize {
        self.chunks.values().map(BTreeMap::len).sum()
    }

    /// Tests whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}
