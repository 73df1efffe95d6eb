//! Verifies a credit's log as it is fetched, oldest first.

use {
    super::{
        Auditor, History, HistoryError, ListedTransaction, Target, fetch::Fetched, offer::origin_of_offer,
    },
    crate::{
        accounts::CreditStamp,
        audit::{Difference, Found, Life, Origin, Position, ProofError, Replay, ReplayError, join, prove},
    },
    blockable_credits::state::Credit,
    solana_pubkey::Pubkey,
    solana_signature::Signature,
};

/// Transactions that are fetched before their records are verified.
const BATCH: usize = 512;

/// A credit whose log is complete, and whose state the events explain.
#[derive(Clone)]
pub struct Audited {
    /// Events in the log.
    pub events: u64,
    /// Hash chain over them.
    pub hash: [u8; 32],
    /// Transactions that touched the credit and succeeded, those without an event of its own included.
    pub transactions: usize,
    /// The slot as of which the account was read.
    pub slot: u64,
    /// The chain's Unix time at that slot.
    pub now: i64,
    /// The account; `None` for a credit that is closed: then nothing but its log shows that its last event is the last.
    pub account: Option<Credit>,
    /// The state that the events lead to.
    pub replay: Replay,
}

/// The first reason for which a credit does not pass its audit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// No node answers.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No transaction of the credit is listed.
    #[error(
        "no transaction of this credit is listed; check the address and the cluster, or ask a node with its history"
    )]
    NotFound,
    /// A transaction is listed and no node serves it.
    #[error(
        "the log is proven up to event {events}; transaction {signature} comes next and no node serves it: name a further node"
    )]
    NotServed {
        /// Events before it.
        events: u64,
        /// The transaction.
        signature: Signature,
    },
    /// The records do not make a log.
    #[error("{0}; name a further node, or report a node that hides or alters records")]
    Log(#[from] ProofError),
    /// The account is gone, and the record of that is missing.
    #[error("the account is gone, and none of the {0} events served removed it; name a further node")]
    NoEnd(u64),
    /// No account and no offer shows the parties.
    #[error(
        "the account is gone, and the transaction of its offer does not show its parties; name a further node"
    )]
    NoParties,
    /// An event that the program would not have recorded.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The account is not what the events lead to.
    #[error("the account is not what its {events} events lead to: {}{}", .differences.first().map(ToString::to_string).unwrap_or_default(), more(.differences))]
    Differs {
        /// Events in the log.
        events: u64,
        /// The fields, at least one.
        differences: Vec<Difference>,
    },
}

fn more(differences: &[Difference]) -> String {
    match differences.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more fields)", count.saturating_sub(1)),
    }
}

/// A log that is being verified.
#[derive(Default)]
struct Progress {
    end: Position,
    life: Life,
    replay: Option<Result<Replay, AuditError>>,
}

impl<H: History> Auditor<H> {
    /// Audits a credit once, with the node whose turn it is asked first. Errors: [`AuditError`].
    pub(super) async fn attempt(
        &self,
        credit: &Pubkey,
        turn: usize,
        visit: &mut (impl FnMut(&Found) + Send),
    ) -> Result<Audited, AuditError> {
        // The account comes first: events after it are in the list as well, and are left out.
        let target = self.target(credit, turn).await?;
        let listed = self.list(credit).await?;
        if listed.is_empty() {
            return Err(AuditError::NotFound);
        }
        let mut progress = Progress::default();
        let mut rest = listed.as_slice();
        while !rest.is_empty() && !progress.is_at(&target) {
            let (batch, later) = rest.split_at(end_of_batch(rest));
            let fetched = self.fetch(credit, batch, turn).await?;
            self.take(credit, &target, turn, batch.iter().zip(fetched), &mut progress, visit).await?;
            rest = later;
        }
        finish(target, listed.len(), progress)
    }

    /// Takes a batch of whole slots into the log.
    async fn take<'a>(
        &self,
        credit: &Pubkey,
        target: &Target,
        turn: usize,
        batch: impl Iterator<Item = (&'a ListedTransaction, Option<Fetched>)> + Send,
        progress: &mut Progress,
        visit: &mut (impl FnMut(&Found) + Send),
    ) -> Result<(), AuditError> {
        let (mut found, mut firsts, mut missing) = (Vec::new(), Vec::new(), None);
        for (entry, fetched) in batch {
            let Some(fetched) = fetched else {
                missing = Some(entry.signature);
                break;
            };
            found.extend(fetched.found);
            firsts.extend(fetched.first);
        }
        let mut joined = join(credit, progress.end, progress.life, found);
        if joined.fresh {
            progress.replay = None;
        }
        for link in &joined.links {
            let record = &link.found.record;
            if progress.is_at(target) {
                return Ok(());
            }
            visit(&link.found);
            if record.seq == 0 {
                let offer = firsts.iter().find_map(|first| origin_of_offer(credit, first));
                let origin = match target.account {
                    Some(account) => {
                        let origin = Origin::from_account(&account, record.at);
                        Some(offer.map_or(origin, |offer| origin.with_offer(&offer)))
                    }
                    None => offer,
                };
                progress.replay = Some(self.begin(credit, origin, turn, target.now).await);
            }
            progress.redo(&link.found);
            (progress.end.seq, progress.end.hash) = (record.seq.saturating_add(1), link.hash);
        }
        progress.life = joined.life;
        if progress.is_at(target) {
            return Ok(());
        }
        if let Some(signature) = missing {
            return Err(AuditError::NotServed { events: progress.end.seq, signature });
        }
        joined.fault.take().map_or(Ok(()), |fault| Err(fault.into()))
    }

    async fn begin(
        &self,
        credit: &Pubkey,
        origin: Option<Origin>,
        turn: usize,
        now: i64,
    ) -> Result<Replay, AuditError> {
        let origin = origin.ok_or(AuditError::NoParties)?;
        let pauses = self.pauses(&origin, turn, now).await;
        Ok(Replay::new(*credit, origin, pauses)?)
    }
}

impl Progress {
    /// Returns true once the log has as many events as the account, and hashes to it. An earlier credit's log at the address does not.
    fn is_at(&self, target: &Target) -> bool {
        target.account.is_some_and(|account| {
            CreditStamp::new(&account) == CreditStamp { seq: self.end.seq, hash: self.end.hash }
        })
    }

    /// Redoes an event. A fault is kept: it counts unless the log turns out to be an earlier credit's.
    fn redo(&mut self, found: &Found) {
        if let Some(Ok(replay)) = &mut self.replay
            && let Err(error) = replay.apply(&found.record)
        {
            self.replay = Some(Err(error.into()));
        }
    }
}

/// The number of transactions in the next batch: those of one slot stay together.
fn end_of_batch(rest: &[ListedTransaction]) -> usize {
    let Some(last) = rest.get(BATCH.saturating_sub(1)) else { return rest.len() };
    rest.iter().take_while(|entry| entry.slot <= last.slot).count()
}

/// Proves the log by the account, and compares the account with what the events lead to.
fn finish(target: Target, transactions: usize, progress: Progress) -> Result<Audited, AuditError> {
    let Target { slot, account, now } = target;
    let Progress { end, life, replay } = progress;
    let events = end.seq;
    match &account {
        Some(account) => prove(end, CreditStamp::new(account))?,
        None if life == Life::Open => return Err(AuditError::NoEnd(events)),
        None => {}
    }
    let replay = replay.ok_or(AuditError::NotFound)??;
    if let Some(account) = &account {
        let differences = replay.differences(account);
        if !differences.is_empty() {
            return Err(AuditError::Differs { events, differences });
        }
    }
    Ok(Audited { events, hash: end.hash, transactions, slot, now, account, replay })
}
