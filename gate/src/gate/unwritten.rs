//! Settlements that the store could not take yet.

use {
    super::{Gate, lock},
    crate::{
        answers::KeptAnswer,
        hold::{Hold, HoldId},
        usage::JobFigures,
    },
    blockable_sdk::{Pubkey, amounts::Units},
    std::{
        collections::HashMap,
        sync::Mutex,
        time::{Duration, Instant},
    },
};

/// Interval of the attempts to write them.
const RETRY: Duration = Duration::from_secs(1);

/// A settlement that waits.
#[derive(Clone)]
struct Settlement {
    hold: Hold,
    used: Units,
    figures: JobFigures,
    answer: Option<KeptAnswer>,
}

/// Settlements that wait until the store takes them.
///
/// Their holds stay open meanwhile, past their deadline too: units that were used are never open to another job. They are in memory
/// alone, since nothing could be written; what a crash leaves is the holds, which the next start returns.
#[derive(Default)]
pub(super) struct Unwritten {
    waiting: Mutex<HashMap<HoldId, Settlement>>,
    /// The time of the last attempt.
    tried: Mutex<Option<Instant>>,
}

impl Unwritten {
    /// True where a hold is settled once the store takes it.
    pub(super) fn has(&self, id: HoldId) -> bool {
        lock(&self.waiting).contains_key(&id)
    }

    /// The answer of a name whose settlement waits: it is charged, and a request of the name must not be charged again.
    pub(super) fn answer(&self, credit: &Pubkey, caller: &str, name: &str) -> Option<KeptAnswer> {
        let waiting = lock(&self.waiting);
        let of_credit = waiting.values().filter(|settlement| settlement.hold.credit == *credit);
        let mut answers = of_credit.filter_map(|settlement| settlement.answer.as_ref());
        answers.find(|answer| answer.caller == caller && answer.name == name).cloned()
    }

    fn take_turn(&self) -> bool {
        if lock(&self.waiting).is_empty() {
            return false;
        }
        let mut tried = lock(&self.tried);
        let is_due = tried.is_none_or(|tried| tried.elapsed() >= RETRY);
        if is_due {
            *tried = Some(Instant::now());
        }
        is_due
    }
}

impl Gate {
    /// Ends a hold with the units its job used, once the store takes that: for a job whose result has gone out, and whose settlement
    /// [`Gate::settle_with_answer`] could not record. The hold stays open until then. The answer's body is not
    /// kept; its name is known at once.
    pub fn settle_later(&self, hold: &Hold, used: Units, figures: JobFigures, answer: Option<KeptAnswer>) {
        let answer = answer.map(|answer| KeptAnswer { body: None, ..answer });
        let settlement = Settlement { hold: hold.clone(), used, figures, answer };
        lock(&self.core.unwritten.waiting).insert(hold.id, settlement);
    }

    /// The number of settlements that wait until the store takes them.
    pub fn unwritten_settlements(&self) -> usize {
        lock(&self.core.unwritten.waiting).len()
    }

    /// Writes the settlements that wait, where it is time to.
    pub(super) async fn retry_unwritten(&self) {
        if self.core.unwritten.take_turn() {
            self.write_unwritten().await;
        }
    }

    /// Writes the settlements that wait. One that fails stays, and takes no other's turn.
    pub(super) async fn write_unwritten(&self) {
        let waiting: Vec<Settlement> = lock(&self.core.unwritten.waiting).values().cloned().collect();
        let mut failed = Vec::new();
        for Settlement { hold, used, figures, answer } in waiting {
            match self.settle_with_answer(&hold, used, figures, answer).await {
                Ok(_) => {
                    lock(&self.core.unwritten.waiting).remove(&hold.id);
                    tracing::warn!(hold = %hold.id, units = used.get(), "a settlement was recorded late");
                }
                Err(error) => failed.push((hold.id, error)),
            }
        }
        // One line for all of them: this comes every second while the disk is full.
        if let Some((hold, error)) = failed.first() {
            tracing::error!(%hold, %error, waiting = failed.len(), "settlements still wait for the store");
        }
    }

    /// Writes the settlements that wait, before the store is closed.
    pub(super) async fn write_last_unwritten(&self) {
        self.write_unwritten().await;
        for settlement in lock(&self.core.unwritten.waiting).values() {
            let (hold, units) = (settlement.hold.id, settlement.used.get());
            tracing::error!(%hold, units, "a settlement is lost: the store did not take it before its end");
        }
    }
}
