//! The memory of [`super::Ingest`].

use {
    super::{
        Shelf, SourceSettings,
        batch::Written,
        rows,
        silence::{self, Due},
    },
    crate::{
        chain::Snapshot,
        finding::{Finding, Rule},
        store::StoreError,
    },
    blockable_sdk::Pubkey,
    rusqlite::Connection,
    std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    },
};

/// Names the number of the last piece of evidence whose alert is stored.
const ACKNOWLEDGED: &str = "ingest/evidence";

/// Identifies what one [`super::Ingest::findings`] has returned, to be acknowledged once the alerts on it are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IngestToken {
    /// Serial number of the latest fault returned.
    fault: u64,
    /// Number of the latest evidence behind those faults.
    pub(super) evidence: i64,
}

pub(super) struct IngestState {
    pub shelf: Arc<Shelf>,
    chain: Option<Arc<Snapshot>>,
    due: Due,
    /// Seconds after which a provider's reporters are silent.
    silent_after: BTreeMap<Pubkey, i64>,
    /// Reporters whose lag was measured last.
    measured: BTreeSet<Pubkey>,
    /// Faults that are not acknowledged: the latest of each reporter, with its serial number.
    pending: BTreeMap<(Rule, Pubkey), (u64, Finding)>,
    /// Serial number of the latest fault.
    fault: u64,
    /// Number of the latest evidence found.
    found: i64,
    /// Number of the latest evidence that is acknowledged, as it is stored.
    acknowledged: i64,
}

impl IngestState {
    /// Reads the stored reports of a market. Errors: [`StoreError`].
    pub(super) fn load(connection: &Connection, market: &Pubkey) -> Result<IngestState, StoreError> {
        let mut shelf = Shelf::default();
        for record in rows::kept(connection, market)? {
            shelf.put(Arc::new(record));
        }
        let acknowledged = rows::cursor(connection, ACKNOWLEDGED)?.cast_signed();
        let mut state = IngestState {
            shelf: Arc::new(shelf),
            chain: None,
            due: Due::default(),
            silent_after: BTreeMap::new(),
            measured: BTreeSet::new(),
            pending: BTreeMap::new(),
            fault: 0,
            found: acknowledged,
            acknowledged,
        };
        for (number, evidence) in rows::evidence_after(connection, acknowledged)? {
            state.found = number;
            if evidence.second.market == *market {
                state.add_fault(evidence.finding());
            }
        }
        Ok(state)
    }

    fn add_fault(&mut self, finding: Finding) {
        self.fault = self.fault.saturating_add(1);
        self.pending.insert((finding.rule(), finding.subject()), (self.fault, finding));
    }

    pub(super) fn chain(&self) -> Option<Arc<Snapshot>> {
        self.chain.clone()
    }

    pub(super) fn update_chain(&mut self, snapshot: Arc<Snapshot>) {
        self.due.update(&snapshot);
        let gauge = |reporter: &Pubkey| metrics::gauge!("blockable_keeper_report_lag_seconds", "reporter" => reporter.to_string());
        let mut lags = BTreeMap::new();
        for heard in silence::heard(&self.due, &snapshot, &self.shelf) {
            let lag = heard.newest.map_or(heard.silent_for, |newest| snapshot.clock.seconds_since(newest));
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
    pub(super) fn wait_for(&mut self, sources: &[SourceSettings]) {
        self.silent_after.clear();
        for source in sources {
            let limit = self.silent_after.entry(source.provider).or_insert(source.silent_after);
            *limit = source.silent_after.min(*limit);
        }
    }

    /// Takes the rows of a committed transaction.
    pub(super) fn take(&mut self, written: Written) {
        let shelf = Arc::make_mut(&mut self.shelf);
        for report in written.kept {
            shelf.put(report);
        }
        for finding in written.taken.findings {
            self.add_fault(finding);
        }
        self.found = self.found.max(written.evidence);
    }

    /// Tests whether the acknowledgement of evidence up to a number must be written.
    pub(super) fn must_be_written(&self, evidence: i64) -> bool {
        evidence > self.acknowledged
    }

    /// Forgets the faults that a token covers; those found since stay.
    pub(super) fn acknowledge(&mut self, token: IngestToken) {
        self.pending.retain(|_, (fault, _)| *fault > token.fault);
        self.acknowledged = self.acknowledged.max(token.evidence);
    }

    pub(super) fn findings(&self) -> (Vec<Finding>, IngestToken) {
        let token = IngestToken { fault: self.fault, evidence: self.found };
        let mut findings: Vec<Finding> = self.pending.values().map(|(_, finding)| finding.clone()).collect();
        if let Some(chain) = &self.chain {
            let heard = silence::heard(&self.due, chain, &self.shelf);
            findings.extend(silence::findings(&heard, &self.silent_after));
        }
        (findings, token)
    }
}

/// Writes the number up to which evidence is acknowledged.
pub(super) fn write_acknowledged(connection: &Connection, number: i64) -> Result<(), StoreError> {
    rows::set_cursor(connection, ACKNOWLEDGED, number.cast_unsigned())
}
