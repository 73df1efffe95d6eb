//! Writes a batch of verified reports.

use {
    super::{
        Shelf,
        compare::{Comparison, compare},
        evidence::Evidence,
        rows::{self, Filed, InstantState},
        shelf::is_kept,
        validate::{ReportRefusal, Verified},
    },
    crate::{finding::Finding, store::StoreError},
    blockable_sdk::{Pubkey, amounts::ChainTime, reports::ReportRecord},
    rusqlite::Connection,
    std::{collections::BTreeMap, sync::Arc},
};

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// New reports, which are stored.
    pub accepted: usize,
    /// Reports that were known.
    pub duplicates: usize,
    /// Reports that were refused, by reason.
    pub refused: Vec<(ReportRefusal, usize)>,
    /// Faults of reporters.
    pub findings: Vec<Finding>,
}

impl Taken {
    /// The number of reports refused for a reason.
    pub fn count(&self, why: ReportRefusal) -> usize {
        self.refused.iter().find(|(reason, _)| *reason == why).map_or(0, |(_, count)| *count)
    }

    /// Adds refusals.
    pub(super) fn refuse(&mut self, why: ReportRefusal, count: usize) {
        match self.refused.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, counted)) => *counted = counted.saturating_add(count),
            None if count > 0 => self.refused.push((why, count)),
            None => {}
        }
    }

    /// Adds the result of a further batch.
    pub(super) fn absorb(&mut self, other: Taken) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        for (why, count) in other.refused {
            self.refuse(why, count);
        }
        self.findings.extend(other.findings);
    }

    pub(super) fn measure(&self) {
        let add = |result: &'static str, count: usize| {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            metrics::counter!("blockable_keeper_reports_total", "result" => result).increment(count);
        };
        add("accepted", self.accepted);
        add("duplicate", self.duplicates);
        for (why, count) in &self.refused {
            add(why.name(), *count);
        }
    }
}

/// Provider, chunk and reporter: there is one latest report for each.
type ShelfPlace = (Pubkey, u32, Pubkey);

/// A batch during its transaction. Its result holds once the transaction is committed.
pub(super) struct ReportBatch<'a> {
    connection: &'a Connection,
    shelf: &'a Shelf,
    /// Latest reports over those of the shelf.
    fresh: BTreeMap<ShelfPlace, Arc<ReportRecord>>,
    /// Every report that is kept, in order: the latest ones, and those shortly before them.
    kept: Vec<Arc<ReportRecord>>,
    clock: ChainTime,
    taken: Taken,
    evidence: i64,
}

/// The rows that a batch has written, for the memory of [`super::Ingest`].
pub(super) struct Written {
    /// The reports that go on the shelf, in order.
    pub kept: Vec<Arc<ReportRecord>>,
    /// The result.
    pub taken: Taken,
    /// Number of the latest evidence, 0 where there is none.
    pub evidence: i64,
}

impl ReportBatch<'_> {
    /// Writes verified reports. Errors: [`StoreError`], and the transaction must not be committed.
    pub(super) fn write(
        connection: &Connection,
        shelf: &Shelf,
        reports: &[Verified],
        clock: ChainTime,
    ) -> Result<Written, StoreError> {
        let (fresh, taken) = (BTreeMap::new(), Taken::default());
        let kept = Vec::new();
        let mut batch = ReportBatch { connection, shelf, fresh, kept, clock, taken, evidence: 0 };
        for (place, report) in reports.iter().enumerate() {
            let before = reports.get(..place).unwrap_or_default();
            batch.add(report, before)?;
        }
        for record in &batch.kept {
            rows::keep(connection, record)?;
        }
        for latest in batch.fresh.values() {
            rows::drop_older(connection, latest)?;
        }
        let ReportBatch { kept, taken, evidence, .. } = batch;
        Ok(Written { kept, taken, evidence })
    }

    fn add(&mut self, report: &Verified, before: &[Verified]) -> Result<(), StoreError> {
        let record = &report.record;
        let place = (record.provider, record.chunk, record.reporter);
        let latest = self.latest(&place).cloned();
        // The latest report outlives its digest, which is forgotten after some days.
        let comparison = compare(latest.as_deref(), report);
        let known = match comparison {
            Comparison::Same => InstantState::Same,
            Comparison::Conflicting => {
                InstantState::Other(latest.as_ref().map(|latest| latest.digest()).unwrap_or_default())
            }
            Comparison::Newer | Comparison::Older | Comparison::Regressed(_) => {
                rows::remember(self.connection, report)?
            }
        };
        match (known, comparison) {
            (InstantState::Same, _) => self.taken.duplicates = self.taken.duplicates.saturating_add(1),
            (InstantState::Other(first), _) => {
                self.taken.refuse(ReportRefusal::Equivocation, 1);
                let is_first = |record: &&ReportRecord| record.digest() == first;
                let kept = latest.as_deref().filter(is_first);
                let of_batch = || before.iter().find(|earlier| earlier.digest == first);
                let kept = kept.or_else(|| of_batch().map(|found| &*found.record));
                self.file(&Evidence::from_equivocation(first, kept, report))?;
            }
            (InstantState::New, Comparison::Regressed(fall)) => {
                self.taken.refuse(ReportRefusal::Regression, 1);
                if let Some(latest) = latest {
                    self.file(&Evidence::from_regression(&latest, report, fall))?;
                }
            }
            (InstantState::New, comparison) => {
                self.taken.accepted = self.taken.accepted.saturating_add(1);
                if comparison == Comparison::Newer {
                    self.fresh.insert(place, record.clone());
                }
                if latest.is_none_or(|latest| is_kept(record, &latest)) {
                    self.kept.push(record.clone());
                }
            }
        }
        Ok(())
    }

    fn latest(&self, place: &ShelfPlace) -> Option<&Arc<ReportRecord>> {
        let (provider, chunk, reporter) = place;
        self.fresh.get(place).or_else(|| self.shelf.latest(provider, *chunk, reporter))
    }

    fn file(&mut self, evidence: &Evidence) -> Result<(), StoreError> {
        match rows::file(self.connection, evidence, self.clock)? {
            // Its finding was reported before.
            Filed::Known => return Ok(()),
            Filed::Written(number) => self.evidence = number,
            Filed::Enough => {}
        }
        self.taken.findings.push(evidence.finding());
        Ok(())
    }
}
