//! The audit log: every record of every credit, in order, proven by the hash chain in the credit's account.
//!
//! Only finalized transactions are read, and a credit's records are written once they join on to those before without a
//! gap. Where there are as many as the finalized account has, the hashes must be the same: then the log is proven, and is never
//! removed. Unproven records that turn out to be wrong are removed and fetched anew.
//!
//! The log of a closed credit ends with its last record, which no account proves any more. Where its address is
//! used for another credit, that one's log takes its place.
//!
//! | module | contents |
//! |---|---|
//! | [`backlog`] | the credits whose logs are behind, and their turns; pure |
//! | `work` | one credit's part of a pass |
//! | [`walk`], [`fetch`] | the walk through a credit's transactions |
//! | [`rows`] | the written records |
//! | [`archive`], [`log`] | old records in files, and pages of both |
//! | [`verify`] | stored logs against their own hashes |
//! | [`findings`] | findings for the alert rules |

pub(crate) mod archive;
pub(crate) mod backlog;
pub(crate) mod fetch;
pub(crate) mod findings;
pub(crate) mod log;
pub(crate) mod rows;
mod settings;
pub(crate) mod verify;
pub(crate) mod walk;
mod work;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use settings::HistorySettings;

use {
    crate::{
        chain::{Node, Snapshot},
        finding::Finding,
        store::{Store, StoreError},
    },
    backlog::{Backlog, WorkOutcome},
    blockable_sdk::{Pubkey, audit::Joined},
    blockable_service::lock::lock,
    fetch::{AT_ONCE, Fetcher, RecordCache},
    futures_util::{StreamExt, stream},
    rows::{Head, Mismatch},
    std::{
        collections::{BTreeMap, VecDeque},
        sync::{Mutex, atomic::AtomicUsize},
    },
    walk::{Walk, WalkLimits},
    work::{Target, Worked, assign, read_targets},
};

/// Most walks that are kept from pass to pass; others begin anew.
const WALKS: usize = 256;

/// The audit log of a market. One per process; passes run one after the other, and other tasks may read proofs meanwhile.
///
/// The records and the number of proven ones are in the store. What a pass has found of a credit is written in one transaction,
/// and only records that join on to the written ones: a crash leaves logs that end earlier, never logs with a gap. A mismatch is
/// written with the removal of its records, until its alert is stored. The order of credits, the walks and the cached records
/// are in memory alone, and a new process derives them from the store and the chain.
pub(crate) struct History {
    store: Store,
    market: Pubkey,
    limits: WalkLimits,
    cache: Mutex<RecordCache>,
    /// Held over a whole pass, so that passes follow each other.
    state: tokio::sync::Mutex<HistoryState>,
}

/// The state that a pass leaves to the next.
#[derive(Default)]
struct HistoryState {
    /// `None` before the first pass.
    heads: Option<BTreeMap<Pubkey, Head>>,
    backlog: Backlog,
    walks: BTreeMap<Pubkey, Walk>,
    /// The findings on each credit that are not acknowledged, the oldest first.
    pending: BTreeMap<Pubkey, VecDeque<Finding>>,
    /// Number of the latest pass.
    pass: u64,
}

/// Names the findings of one [`History::pass`], to be acknowledged once their alerts are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HistoryToken(u64);

impl HistoryState {
    /// Adds a finding on a credit. It replaces the one before where both raise or both clear.
    fn add_finding(&mut self, finding: Finding) {
        let found = self.pending.entry(finding.subject()).or_default();
        if found.back().is_some_and(|last| last.fact().is_some() == finding.fact().is_some()) {
            found.pop_back();
        }
        found.push_back(finding);
    }

    /// Adds the mismatches that are written but not acknowledged, where they are not known.
    fn add_written(&mut self, mismatches: Vec<Mismatch>, snapshot: &Snapshot) {
        for Mismatch { credit, node, records } in mismatches {
            if !self.pending.get(&credit).is_some_and(|found| found.iter().any(|one| one.fact().is_some())) {
                let account = snapshot.credits.get(&credit).map(AsRef::as_ref);
                self.add_finding(findings::mismatch(&credit, account, &node, records));
            }
        }
    }

    /// The credits whose last mismatch goes once the oldest findings are acknowledged.
    fn settled(&self) -> Vec<Pubkey> {
        let is_settled = |found: &VecDeque<Finding>| {
            let mut are_mismatches = found.iter().map(|one| one.fact().is_some());
            are_mismatches.next() == Some(true) && !are_mismatches.any(|is_mismatch| is_mismatch)
        };
        self.pending.iter().filter(|(_, found)| is_settled(found)).map(|(credit, _)| *credit).collect()
    }
}

/// The outcome of a pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PassSummary {
    /// Credits whose logs were behind when it began.
    pub behind: usize,
    /// Credits it has worked on.
    pub worked: usize,
    /// Credits whose logs are complete now.
    pub proven: usize,
    /// Records that were written.
    pub records: usize,
    /// Credits on which a request failed.
    pub failed: usize,
    /// The oldest finding on each credit that is not acknowledged, of this pass or an earlier one: a mismatch is reported also
    /// where the log was proven afterwards.
    pub findings: Vec<Finding>,
    /// Acknowledges them.
    pub token: HistoryToken,
}

/// A change of a credit's written log.
struct LogChange {
    credit: Pubkey,
    joined: Joined,
    /// The mismatch, if the log does not hash.
    mismatch: Option<Mismatch>,
    is_proven: bool,
}

impl History {
    /// The log in a store.
    pub(crate) fn new(store: Store, market: Pubkey) -> History {
        let (cache, state) = (Mutex::default(), tokio::sync::Mutex::default());
        History { store, market, limits: WalkLimits::default(), cache, state }
    }

    /// Extends the logs of at most `most` credits: those that have waited longest, with four requests at once. Records that the
    /// node does not serve are tried again, ever more rarely. Errors: [`StoreError`], with nothing written.
    pub(crate) async fn pass(
        &self,
        node: &Node,
        snapshot: &Snapshot,
        most: usize,
    ) -> Result<PassSummary, StoreError> {
        let mut state = self.state.lock().await;
        // This comes first: a pass that fails may also add findings, which no earlier token may acknowledge.
        state.pass = state.pass.saturating_add(1);
        // Taken out: a pass that ends early leaves none behind, and the next one reads them anew.
        let known = state.heads.take();
        let is_first = known.is_none();
        let mut heads = match known {
            Some(heads) => heads,
            None => self.store.read(read_heads).await?,
        };
        state.backlog.update(snapshot, &heads);
        if is_first {
            state.add_written(self.store.read(rows::mismatches).await?, snapshot);
            // The process before may have ended before it stored that these are proven.
            for (credit, account) in &snapshot.credits {
                if heads.contains_key(credit) && !state.backlog.is_behind(credit) {
                    state.add_finding(findings::proven(credit, Some(account)));
                }
            }
        }
        let mut passed = PassSummary { behind: state.backlog.behind(), ..PassSummary::default() };
        let chosen = state.backlog.choose(snapshot, most);
        let done = match read_targets(node, &chosen, snapshot).await {
            Ok(targets) => self.work(node, targets, &heads, &mut state.walks).await?,
            Err(error) => {
                tracing::warn!(node = node.name(), %error, "finalized credits could not be read");
                passed.failed = chosen.len();
                Vec::new()
            }
        };
        // Before the records are removed, which may fail.
        for Worked { credit, joined, .. } in
            done.iter().filter(|worked| worked.outcome == WorkOutcome::Mismatch)
        {
            let account = snapshot.credits.get(credit).map(AsRef::as_ref);
            state.add_finding(findings::mismatch(credit, account, node.name(), joined.end.seq));
        }
        heads.extend(self.write(node, &done).await?);
        for worked in done {
            passed.worked = passed.worked.saturating_add(1);
            self.take(worked, node, snapshot, &mut state, &mut passed);
        }
        passed.token = HistoryToken(state.pass);
        passed.findings.extend(state.pending.values().filter_map(|found| found.front().cloned()));
        passed.findings.extend(findings::lost(&self.market, &state.backlog, node.name()));
        state.heads = Some(heads);
        metrics::gauge!("blockable_keeper_history_lag").set(state.backlog.behind() as f64);
        let records = u64::try_from(passed.records).unwrap_or(u64::MAX);
        metrics::counter!("blockable_keeper_history_records_total").increment(records);
        Ok(passed)
    }

    /// Takes note that the alerts on the findings of a pass are stored; does nothing where a later pass has been made. Errors:
    /// [`StoreError`]; the next pass then returns the findings again.
    pub(crate) async fn acknowledge(&self, token: HistoryToken) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        if state.pass != token.0 {
            return Ok(());
        }
        let settled = state.settled();
        if !settled.is_empty() {
            let forget = move |tx: &rusqlite::Transaction| {
                settled.iter().try_for_each(|credit| rows::forget_mismatch(tx, credit))
            };
            self.store.write(forget).await?;
        }
        state.pending.retain(|_, found| {
            found.pop_front();
            !found.is_empty()
        });
        Ok(())
    }

    /// Works on credits, a few at once. Errors: [`StoreError`].
    async fn work(
        &self,
        node: &Node,
        targets: Vec<(Pubkey, Target)>,
        heads: &BTreeMap<Pubkey, Head>,
        walks: &mut BTreeMap<Pubkey, Walk>,
    ) -> Result<Vec<Worked>, StoreError> {
        let new = targets.iter().map(|(credit, _)| *credit).filter(|credit| !walks.contains_key(credit));
        let new: Vec<Pubkey> = new.collect();
        let ends = self.store.read(move |connection| {
            let end = |credit: Pubkey| Ok((credit, rows::search_end(connection, &credit)?));
            new.into_iter().map(end).collect::<Result<Vec<_>, StoreError>>()
        });
        walks.extend(ends.await?.into_iter().map(|(credit, end)| (credit, Walk::new(end))));
        let (fetcher, failures) = (Fetcher::new(node, &self.cache), AtomicUsize::new(0));
        let work = assign(targets, heads, walks);
        let work = work.into_iter().map(|work| work.step(&fetcher, &failures, &self.limits));
        Ok(stream::iter(work).buffer_unordered(AT_ONCE).collect().await)
    }

    /// Writes the records that join on. Returns the written logs. Errors: [`StoreError`].
    async fn write(&self, node: &Node, done: &[Worked]) -> Result<Vec<(Pubkey, Head)>, StoreError> {
        let is_changed = |worked: &&Worked| {
            !worked.joined.links.is_empty()
                || matches!(worked.outcome, WorkOutcome::Done | WorkOutcome::Mismatch)
        };
        let changes = done.iter().filter(is_changed).map(|worked| LogChange {
            credit: worked.credit,
            joined: worked.joined.clone(),
            mismatch: (worked.outcome == WorkOutcome::Mismatch).then(|| Mismatch {
                credit: worked.credit,
                node: node.name().to_string(),
                records: worked.joined.end.seq,
            }),
            // Where the account is gone, nothing proves the last records.
            is_proven: worked.outcome == WorkOutcome::Done && !worked.is_gone,
        });
        let changes: Vec<LogChange> = changes.collect();
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let write = move |tx: &rusqlite::Transaction| {
            let mut heads = Vec::with_capacity(changes.len());
            for LogChange { credit, joined, mismatch, is_proven } in changes {
                match mismatch {
                    Some(mismatch) => {
                        rows::remove_unproven(tx, &credit)?;
                        rows::keep_mismatch(tx, &mismatch)?;
                    }
                    None => rows::append(tx, &credit, &joined, is_proven)?,
                }
                heads.push((credit, rows::head(tx, &credit)?));
            }
            Ok(heads)
        };
        self.store.write(write).await
    }

    /// Notes the outcome of a credit, once it is written.
    fn take(
        &self,
        worked: Worked,
        node: &Node,
        snapshot: &Snapshot,
        state: &mut HistoryState,
        passed: &mut PassSummary,
    ) {
        let Worked { credit, walk, joined, outcome, is_gone, failed } = worked;
        let account = snapshot.credits.get(&credit).map(AsRef::as_ref);
        if outcome == WorkOutcome::Mismatch {
            tracing::error!(node = node.name(), %credit, records = joined.end.seq, "a log does not hash");
            // Records of this node must not be mixed with those of another node.
            *lock(&self.cache) = RecordCache::default();
        } else {
            passed.records = passed.records.saturating_add(joined.links.len());
        }
        if outcome == WorkOutcome::Done {
            passed.proven = passed.proven.saturating_add(1);
            state.add_finding(findings::proven(&credit, account));
        }
        if let WorkOutcome::Missing(reason) | WorkOutcome::Lost(reason) = &outcome {
            tracing::info!(node = node.name(), %credit, reason, "a log cannot be completed yet");
        }
        if let Some(error) = failed {
            tracing::warn!(node = node.name(), %credit, %error, "a log could not be fetched");
            passed.failed = passed.failed.saturating_add(1);
        }
        state.backlog.note(&credit, &outcome, is_gone, snapshot.clock);
        if let Some(walk) = walk.filter(|_| state.walks.len() < WALKS) {
            state.walks.insert(credit, walk);
        }
    }
}

fn read_heads(connection: &rusqlite::Connection) -> Result<BTreeMap<Pubkey, Head>, StoreError> {
    let credits = rows::credits(connection)?;
    credits.into_iter().map(|credit| Ok((credit, rows::head(connection, &credit)?))).collect()
}
