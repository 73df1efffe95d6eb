//! What ingesting keeps in memory.

use {
    super::{
        Shelf, SourceSettings,
        batch::Written,
        rows,
        silence::{self, Due},
    },
    crate::{
        alert::{Rule, Signal},
        chain::Snapshot,
        store::StoreError,
    },
    blockable_sdk::Pubkey,
    rusqlite::Connection,
    std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    },
};

/// Names the number of the last piece of evidence that was told of and dealt with.
const DEALT_WITH: &str = "ingest/evidence";

pub(super) struct State {
    pub shelf: Arc<Shelf>,
    chain: Option<Arc<Snapshot>>,
    due: Due,
    /// Seconds after which a provider's reporters are silent.
    silent_after: BTreeMap<Pubkey, i64>,
    /// Reporters that were signalled.
    signalled: BTreeSet<Pubkey>,
    /// Reporters whose lag was measured last.
    measured: BTreeSet<Pubkey>,
    /// Faults that were not told of yet: the latest of each reporter.
    pending: BTreeMap<(Rule, Pubkey), Signal>,
    evidence: Told,
}

/// Numbers of evidence, each the last one: found, told of, told of and dealt with, and written as such.
struct Told {
    found: i64,
    told: i64,
    dealt_with: i64,
    written: i64,
}

impl State {
    /// Reads what is stored of a market. Errors: [`StoreError`].
    pub fn load(connection: &Connection, market: &Pubkey) -> Result<State, StoreError> {
        let mut shelf = Shelf::default();
        for record in rows::latest(connection, market)? {
            shelf.put(Arc::new(record));
        }
        let written = rows::cursor(connection, DEALT_WITH)?.cast_signed();
        let mut evidence = Told { found: written, told: written, dealt_with: written, written };
        let mut pending = BTreeMap::new();
        for (number, found) in rows::evidence_after(connection, written)? {
            evidence.found = number;
            if found.second.market == *market {
                let signal = found.signal();
                pending.insert((signal.rule, signal.subject), signal);
            }
        }
        Ok(State {
            shelf: Arc::new(shelf),
            chain: None,
            due: Due::default(),
            silent_after: BTreeMap::new(),
            signalled: BTreeSet::new(),
            measured: BTreeSet::new(),
            pending,
            evidence,
        })
    }

    pub fn chain(&self) -> Option<Arc<Snapshot>> {
        self.chain.clone()
    }

    pub fn see_chain(&mut self, snapshot: Arc<Snapshot>) {
        self.due.see(&snapshot);
        let gauge = |reporter: &Pubkey| metrics::gauge!("blockable_keeper_report_lag_seconds", "reporter" => reporter.to_string());
        let mut lags = BTreeMap::new();
        for heard in silence::heard(&self.due, &snapshot, &self.shelf) {
            let lag =
                heard.newest.map_or(heard.silent_for, |newest| snapshot.clock.get().saturating_sub(newest));
            // A key may report for several providers: the one it is latest for counts.
            let worst = lags.entry(heard.reporter).or_insert(lag);
            *worst = lag.max(*worst);
        }
        // Whole seconds of a Unix time are far below 2^53.
        lags.iter().for_each(|(reporter, lag)| gauge(reporter).set(*lag as f64));
        // A figure cannot be taken back: nobody waits for those, so they are late by nothing.
        self.measured.iter().filter(|key| !lags.contains_key(key)).for_each(|gone| gauge(gone).set(0.0));
        self.measured = lags.into_keys().collect();
        self.chain = Some(snapshot);
    }

    /// Takes note of how long each endpoint's provider may be silent; the shortest time counts.
    pub fn wait_for(&mut self, sources: &[SourceSettings]) {
        self.silent_after.clear();
        for source in sources {
            let limit = self.silent_after.entry(source.provider).or_insert(source.silent_after);
            *limit = source.silent_after.min(*limit);
        }
    }

    /// Takes what a committed transaction has written; `dealt_with` as it was given to it.
    pub fn take(&mut self, written: Written, dealt_with: Option<i64>) {
        let shelf = Arc::make_mut(&mut self.shelf);
        for report in written.fresh {
            shelf.put(report);
        }
        for signal in written.taken.signals {
            self.pending.insert((signal.rule, signal.subject), signal);
        }
        self.evidence.found = self.evidence.found.max(written.evidence);
        self.evidence.written = dealt_with.unwrap_or(self.evidence.written);
    }

    /// The number to write as dealt with, `None` where it is written.
    pub fn dealt_with(&self) -> Option<i64> {
        let Told { dealt_with, written, .. } = self.evidence;
        (dealt_with > written).then_some(dealt_with)
    }

    pub fn signals(&mut self) -> Vec<Signal> {
        // Whoever asks again has dealt with the last answer.
        self.evidence.dealt_with = self.evidence.told;
        self.evidence.told = self.evidence.found;
        let mut signals: Vec<Signal> = std::mem::take(&mut self.pending).into_values().collect();
        if let Some(chain) = self.chain.clone() {
            let heard = silence::heard(&self.due, &chain, &self.shelf);
            self.signalled.extend(heard.iter().map(|heard| heard.reporter));
            let once_listed = chain.providers.keys().flat_map(|provider| self.shelf.of_provider(provider));
            let once_listed = once_listed.flat_map(|(_, reports)| reports.keys());
            self.signalled.extend(once_listed);
            signals.extend(silence::signals(&heard, &self.silent_after, self.signalled.iter().copied()));
        }
        signals
    }
}

/// Writes the number up to which evidence has been dealt with.
pub(super) fn write_dealt_with(connection: &Connection, number: i64) -> Result<(), StoreError> {
    rows::set_cursor(connection, DEALT_WITH, number.cast_unsigned())
}
