//! The changes that one reading of the chain brings, and the record of the latest of them. Pure.

use {
    crate::{
        api::{lots::LotLine, state::AsOf},
        chain::Snapshot,
        watch::Measure,
    },
    blockable_sdk::{
        Pubkey,
        amounts::Units,
        program::{state::Lot, transitions::Status},
    },
    bytemuck::bytes_of,
    std::{
        collections::{BTreeMap, VecDeque},
        sync::Arc,
    },
};

/// Most changes that are remembered.
const MOST_CHANGES: usize = 50_000;
/// Most batches that are remembered.
const MOST_BATCHES: usize = 4_096;

/// A credit before and after a reading.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CreditChange {
    /// The credit.
    pub(super) credit: Pubkey,
    /// Its lender, the one after the change.
    pub(super) lender: Pubkey,
    /// Its borrower, the one after the change.
    pub(super) borrower: Pubkey,
    /// Its measure now; `None` where it was removed.
    pub(super) now: Option<Arc<Measure>>,
    /// Frozen units before, where they are others now.
    pub(super) frozen_before: Option<Units>,
}

/// A change of a lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LotChange {
    /// The lot.
    pub(super) lot: Pubkey,
    /// The credit that its units were seized from.
    pub(super) credit: Pubkey,
    /// The lender that opened it.
    pub(super) lender: Pubkey,
    /// The lot now; `None` where it was closed.
    pub(super) line: Option<LotLine>,
}

/// An alert that was raised or cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AlertChange {
    /// Its number.
    pub(super) id: i64,
    /// True where it was raised.
    pub(super) raised: bool,
}

/// The changes of one reading. It is remembered, so it holds nothing of the rest of the market.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Batch {
    /// Its number, from 1.
    pub(super) number: u64,
    /// The state of the chain after it.
    pub(super) as_of: AsOf,
    pub(super) credits: Vec<CreditChange>,
    pub(super) lots: Vec<LotChange>,
    pub(super) alerts: Vec<AlertChange>,
}

impl Batch {
    fn changes(&self) -> usize {
        let alerts = self.alerts.len();
        self.credits.len().saturating_add(self.lots.len()).saturating_add(alerts).saturating_add(1)
    }
}

/// The part of a credit that is told when it changes. Interest and rates of use move all the time, and clients work them out by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    lender: Pubkey,
    borrower: Pubkey,
    events: u64,
    status: Option<Status>,
    frozen: Units,
    colour: u8,
}

/// The credits and lots as they were last.
#[derive(Default)]
pub(super) struct Before {
    credits: BTreeMap<Pubkey, Mark>,
    lots: BTreeMap<Pubkey, Lot>,
    has_begun: bool,
    has_lots: bool,
}

impl Before {
    /// Compares credits with those before. The first reading changes nothing.
    pub(super) fn credits(
        &mut self,
        snapshot: &Snapshot,
        measures: &BTreeMap<Pubkey, Measure>,
        colour: impl Fn(&Measure) -> u8,
    ) -> Vec<CreditChange> {
        let mut changes = Vec::new();
        let mut marks = BTreeMap::new();
        for (address, measure) in measures {
            let events = snapshot.credits.get(address).map_or(0, |credit| credit.event_seq);
            let mark = Mark {
                lender: measure.lender,
                borrower: measure.borrower,
                events,
                status: measure.status,
                frozen: measure.frozen,
                colour: colour(measure),
            };
            let before = self.credits.get(address);
            if before != Some(&mark) {
                let frozen_before = before.map_or(Units(0), |before| before.frozen);
                changes.push(CreditChange {
                    credit: *address,
                    lender: mark.lender,
                    borrower: mark.borrower,
                    now: Some(Arc::new(measure.clone())),
                    frozen_before: (frozen_before != mark.frozen).then_some(frozen_before),
                });
            }
            marks.insert(*address, mark);
        }
        for (address, mark) in self.credits.iter().filter(|(address, _)| !marks.contains_key(*address)) {
            let (credit, lender, borrower) = (*address, mark.lender, mark.borrower);
            changes.push(CreditChange { credit, lender, borrower, now: None, frozen_before: None });
        }
        self.credits = marks;
        match std::mem::replace(&mut self.has_begun, true) {
            true => changes,
            false => Vec::new(),
        }
    }

    /// Compares lots with those before. The first reading changes nothing.
    pub(super) fn lots(&mut self, lots: &BTreeMap<Pubkey, Lot>, snapshot: &Snapshot) -> Vec<LotChange> {
        let change = |lot: &Pubkey, last: &Lot, line| {
            let (credit, lender) = (last.credit, last.lender);
            LotChange { lot: *lot, credit, lender, line }
        };
        let is_as_before = |address: &Pubkey, lot: &Lot| {
            self.lots.get(address).is_some_and(|before| bytes_of(before) == bytes_of(lot))
        };
        let changed = lots.iter().filter(|(address, lot)| !is_as_before(address, lot));
        let changed =
            changed.map(|(address, lot)| change(address, lot, Some(LotLine::new(address, lot, snapshot))));
        let closed = self.lots.iter().filter(|(address, _)| !lots.contains_key(*address));
        let closed = closed.map(|(address, lot)| change(address, lot, None));
        let changes: Vec<LotChange> = changed.chain(closed).collect();
        self.lots = lots.clone();
        match std::mem::replace(&mut self.has_lots, true) {
            true => changes,
            false => Vec::new(),
        }
    }
}

/// The latest batches, for clients that go on where they were cut off.
#[derive(Default)]
pub(super) struct Record {
    batches: VecDeque<Arc<Batch>>,
    changes: usize,
}

impl Record {
    /// Adds a batch, and forgets the oldest ones beyond the bound.
    pub(super) fn push(&mut self, batch: Arc<Batch>) {
        self.changes = self.changes.saturating_add(batch.changes());
        self.batches.push_back(batch);
        while self.batches.len() > 1 && (self.changes > MOST_CHANGES || self.batches.len() > MOST_BATCHES) {
            let Some(oldest) = self.batches.pop_front() else { return };
            self.changes = self.changes.saturating_sub(oldest.changes());
        }
    }

    /// The batches after the one of a number; `None` where some of them are forgotten, or the number is of the future.
    pub(super) fn after(&self, number: u64) -> Option<Vec<Arc<Batch>>> {
        let last = self.batches.back()?.number;
        let first = self.batches.front()?.number;
        let is_known = number <= last && number.saturating_add(1) >= first;
        is_known.then(|| self.batches.iter().filter(|batch| batch.number > number).cloned().collect())
    }

    /// The number of the last batch; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.batches.back().map_or(0, |batch| batch.number)
    }
}
