//! What becomes of a batch of reports.

use {
    super::{
        Shelf,
        evidence::Evidence,
        judge::{self, Refused, Standing, Verified},
        rows::{self, Filed, Instant},
    },
    crate::{alert::Signal, store::StoreError},
    blockable_sdk::{Pubkey, reports::ReportRecord},
    rusqlite::Connection,
    std::{collections::BTreeMap, sync::Arc},
};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Reports that were new and are stored.
    pub accepted: usize,
    /// Reports that were there already.
    pub duplicates: usize,
    /// Reports that were refused, by reason.
    pub refused: Vec<(Refused, usize)>,
    /// What is to be told of them.
    pub signals: Vec<Signal>,
}

impl Taken {
    /// How many were refused for a reason.
    pub fn count(&self, why: Refused) -> usize {
        self.refused.iter().find(|(reason, _)| *reason == why).map_or(0, |(_, count)| *count)
    }

    /// Adds refusals.
    pub(super) fn refuse(&mut self, why: Refused, count: usize) {
        match self.refused.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, counted)) => *counted = counted.saturating_add(count),
            None if count > 0 => self.refused.push((why, count)),
            None => {}
        }
    }

    /// Adds what became of a further batch.
    pub(super) fn absorb(&mut self, other: Taken) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.duplicates = self.duplicates.saturating_add(other.duplicates);
        for (why, count) in other.refused {
            self.refuse(why, count);
        }
        self.signals.extend(other.signals);
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

/// Where a reporter's latest report stands.
type Place = (Pubkey, u32, Pubkey);

/// A batch as it is written. What it says holds once the transaction is committed.
pub(super) struct Batch<'a> {
    connection: &'a Connection,
    shelf: &'a Shelf,
    /// Latest reports over those of the shelf.
    fresh: BTreeMap<Place, Arc<ReportRecord>>,
    clock: i64,
    taken: Taken,
    evidence: i64,
}

/// What a batch has written.
pub(super) struct Written {
    /// The reports that take their place on the shelf.
    pub fresh: Vec<Arc<ReportRecord>>,
    /// What became of the reports.
    pub taken: Taken,
    /// Number of the last piece of evidence, 0 where there is none.
    pub evidence: i64,
}

impl Batch<'_> {
    /// Writes verified reports. Errors: [`StoreError`], and the transaction must not be committed.
    pub fn write(
        connection: &Connection,
        shelf: &Shelf,
        reports: &[Verified],
        clock: i64,
    ) -> Result<Written, StoreError> {
        let (fresh, taken) = (BTreeMap::new(), Taken::default());
        let mut batch = Batch { connection, shelf, fresh, clock, taken, evidence: 0 };
        for (place, report) in reports.iter().enumerate() {
            let before = reports.get(..place).unwrap_or_default();
            batch.settle(report, before)?;
        }
        for record in batch.fresh.values() {
            rows::keep(connection, record)?;
        }
        let Batch { fresh, taken, evidence, .. } = batch;
        Ok(Written { fresh: fresh.into_values().collect(), taken, evidence })
    }

    fn settle(&mut self, report: &Verified, before: &[Verified]) -> Result<(), StoreError> {
        let record = &report.record;
        let place = (record.provider, record.chunk, record.reporter);
        let latest = self.latest(&place).cloned();
        // The latest report outlives its digest, which is forgotten after some days.
        let standing = judge::stand(latest.as_deref(), report);
        let known = match standing {
            Standing::Same => Instant::Same,
            Standing::Other => {
                Instant::Other(latest.as_ref().map(|latest| latest.digest()).unwrap_or_default())
            }
            _ => rows::remember(self.connection, report)?,
        };
        match (known, standing) {
            (Instant::Same, _) => self.taken.duplicates = self.taken.duplicates.saturating_add(1),
            (Instant::Other(first), _) => {
                self.taken.refuse(Refused::Equivocation, 1);
                let is_first = |record: &&ReportRecord| record.digest() == first;
                let kept = latest.as_deref().filter(is_first);
                let of_batch = || before.iter().find(|earlier| earlier.digest == first);
                let kept = kept.or_else(|| of_batch().map(|found| &*found.record));
                self.file(&Evidence::of_equivocation(first, kept, report))?;
            }
            (Instant::New, Standing::Regressed(fall)) => {
                self.taken.refuse(Refused::Regression, 1);
                if let Some(latest) = latest {
                    self.file(&Evidence::of_regression(&latest, report, fall))?;
                }
            }
            (Instant::New, standing) => {
                self.taken.accepted = self.taken.accepted.saturating_add(1);
                if standing == Standing::Newer {
                    self.fresh.insert(place, record.clone());
                }
            }
        }
        Ok(())
    }

    fn latest(&self, place: &Place) -> Option<&Arc<ReportRecord>> {
        let (provider, chunk, reporter) = place;
        self.fresh.get(place).or_else(|| self.shelf.latest(provider, *chunk, reporter))
    }

    fn file(&mut self, evidence: &Evidence) -> Result<(), StoreError> {
        match rows::file(self.connection, evidence, self.clock)? {
            // It has been told of.
            Filed::Known => return Ok(()),
            Filed::Written(number) => self.evidence = number,
            Filed::Enough => {}
        }
        self.taken.signals.push(evidence.signal());
        Ok(())
    }
}
