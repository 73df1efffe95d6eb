//! The latest verified report of every reporter on every chunk, and the few before it: all that planning knows of usage.

use {
    blockable_sdk::{Pubkey, amounts::ChainTime, reports::ReportRecord},
    std::{collections::BTreeMap, sync::Arc},
};

/// Seconds before a reporter's latest report from which earlier ones are kept: longer than a freeze waits for the reports from
/// before it.
const KEEP_SECONDS: i64 = 180;
/// Most earlier reports of one reporter on one chunk.
const MOST_KEPT: usize = 64;

/// Tests whether a report is kept beside its reporter's latest one: it is later, or of the same epoch and hardly older.
pub(super) fn is_kept(report: &ReportRecord, latest: &ReportRecord) -> bool {
    let from = oldest_kept(latest.reported_at);
    report.epoch > latest.epoch || (report.epoch == latest.epoch && report.reported_at >= from)
}

/// The oldest instant of a report that is kept beside a latest one of this instant.
pub(super) fn oldest_kept(latest: i64) -> i64 {
    latest.saturating_sub(KEEP_SECONDS)
}

/// The latest reports, and those shortly before them, as the store has them. Cheap to clone: reports are shared.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    chunks: BTreeMap<(Pubkey, u32), BTreeMap<Pubkey, Arc<ReportRecord>>>,
    /// Reports before the latest one, by provider, chunk and reporter, the oldest first.
    earlier: BTreeMap<(Pubkey, u32, Pubkey), Vec<Arc<ReportRecord>>>,
}

impl Shelf {
    /// Puts a verified report in its place: before the older ones of its reporter, or, where it comes late, among them. One that
    /// is too old, or of an older epoch, changes nothing. Returns true if the shelf has changed.
    pub fn put(&mut self, report: Arc<ReportRecord>) -> bool {
        let latest = self.chunks.entry((report.provider, report.chunk)).or_default();
        let age = |report: &ReportRecord| (report.epoch, report.reported_at);
        let place = (report.provider, report.chunk, report.reporter);
        let former = match latest.get(&report.reporter) {
            Some(kept) if age(kept) == age(&report) || !is_kept(&report, kept) => return false,
            Some(kept) if age(kept) > age(&report) => report,
            _ => match latest.insert(report.reporter, report) {
                Some(former) => former,
                None => return true,
            },
        };
        let Some(newest) = latest.get(&former.reporter) else { return true };
        let earlier = self.earlier.entry(place).or_default();
        let at = earlier.partition_point(|kept| age(kept) < age(&former));
        if earlier.get(at).is_some_and(|kept| age(kept) == age(&former)) {
            return false;
        }
        earlier.insert(at, former);
        earlier.retain(|kept| is_kept(kept, newest));
        let excess = earlier.len().saturating_sub(MOST_KEPT);
        earlier.drain(..excess);
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

    /// A reporter's latest report on a chunk that is dated no later than `until`, as far as it is kept.
    pub fn latest_until(
        &self,
        provider: &Pubkey,
        chunk: u32,
        reporter: &Pubkey,
        until: ChainTime,
    ) -> Option<&Arc<ReportRecord>> {
        let is_early = |report: &&Arc<ReportRecord>| ChainTime(report.reported_at) <= until;
        let latest = self.latest(provider, chunk, reporter);
        latest.filter(is_early).or_else(|| {
            let earlier = self.earlier.get(&(*provider, chunk, *reporter))?;
            earlier.iter().rev().find(is_early)
        })
    }

    /// Number of reporters' latest reports.
    pub fn len(&self) -> usize {
        self.chunks.values().map(BTreeMap::len).sum()
    }

    /// Tests whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::Signature};

    fn report(epoch: u32, reported_at: i64) -> Arc<ReportRecord> {
        Arc::new(ReportRecord {
            seq: 0,
            cluster_tag: Default::default(),
            market: Pubkey::default(),
            provider: Pubkey::default(),
            epoch,
            chunk: 0,
            chunk_size: 8,
            reporter: Pubkey::default(),
            reporter_index: 0,
            reported_at,
            bitmap: 0,
            readings: Vec::new(),
            signature: Signature::default(),
        })
    }

    #[test]
    fn reports_are_kept_for_some_minutes_of_one_epoch() {
        let mut shelf = Shelf::default();
        let until = |shelf: &Shelf, until| {
            let key = Pubkey::default();
            shelf.latest_until(&key, 0, &key, ChainTime(until)).map(|report| report.reported_at)
        };
        for at in [1_000, 1_010, 1_020] {
            assert!(shelf.put(report(1, at)));
        }
        assert!(shelf.put(report(1, 1_015)), "one that comes late is put among the others");
        assert!(!shelf.put(report(1, 1_015)), "and once");
        assert!(!shelf.put(report(1, 1_020)) && !shelf.put(report(0, 1_030)));
        assert_eq!(
            [999, 1_000, 1_014, 1_019, 1_020, 2_000].map(|at| until(&shelf, at)),
            [None, Some(1_000), Some(1_010), Some(1_015), Some(1_020), Some(1_020)]
        );
        assert!(!shelf.put(report(1, 1_020 - KEEP_SECONDS - 1)), "too old a one changes nothing");
        shelf.put(report(1, 1_020 + KEEP_SECONDS));
        assert_eq!([1_019, 1_020].map(|at| until(&shelf, at)), [None, Some(1_020)]);
        shelf.put(report(2, 1_021 + KEEP_SECONDS));
        assert_eq!(until(&shelf, 1_020), None, "reports of another epoch are void");
        for at in 0..200 {
            shelf.put(report(3, 5_000 + at));
        }
        assert_eq!(shelf.earlier.values().map(Vec::len).sum::<usize>(), MOST_KEPT);
    }
}
