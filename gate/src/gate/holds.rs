//! Begins and ends holds.

use {
    super::{Gate, SWEEP_EVERY, lock, now_ms, now_us},
    crate::{
        answers::KeptAnswer,
        hold::{AtDeadline, Hold, HoldId, Job, Refusal},
        ledger::{ChainClocks, Ledger},
        store::{self, StoreError},
        usage::JobFigures,
    },
    blockable_sdk::{Pubkey, amounts::Units},
    std::{cmp::Reverse, sync::atomic::Ordering, time::Instant},
};

/// The end of a job whose caller names none.
const SETTLED: JobFigures = JobFigures::without_tokens("settled");
/// The end of a job that used nothing, whose caller names none.
const RELEASED: JobFigures = JobFigures::without_tokens("released");
/// The end of a period that another one follows.
const RENEWED: JobFigures = JobFigures::without_tokens("renewed");
/// The end by the hold's deadline.
const AT_DEADLINE: JobFigures = JobFigures::without_tokens("deadline");

impl Gate {
    /// Admits a job and records its hold, of `job.units` or of what is open, down to `job.least`. Errors: [`Refusal`], with
    /// nothing held.
    pub async fn admit(&self, credit: &Pubkey, job: Job) -> Result<Hold, Refusal> {
        let hold = self.admit_in_memory(credit, job)?;
        let record = hold.clone();
        let written = self.write(move |connection| store::insert_hold(connection, &record)).await;
        if let Err(error) = written {
            tracing::error!(hold = %hold.id, %error, "a hold could not be recorded");
            self.ledger().end(hold.id);
            return Err(Refusal::Storage);
        }
        Ok(hold)
    }

    /// The part of [`Gate::admit`] that touches memory alone.
    pub(crate) fn admit_in_memory(&self, credit: &Pubkey, job: Job) -> Result<Hold, Refusal> {
        let clocks = self.require_open()?;
        let mut ledger = self.ledger();
        ledger.number_from(least_number());
        // Under one lock: two jobs that are fitted at once never hold more than is open.
        let units = ledger.fit(credit, job.least, job.units, clocks)?;
        let (id, index) = ledger.admit(credit, units, clocks)?;
        let job = Job { units, ..job };
        Ok(self.begin_hold(&mut ledger, *credit, id, index, job))
    }

    /// Requires that new jobs may be admitted. Returns the clocks of the chain. Errors: [`Refusal`].
    fn require_open(&self) -> Result<ChainClocks, Refusal> {
        if self.core.closing.load(Ordering::Relaxed) {
            return Err(Refusal::ShuttingDown);
        }
        let clocks = {
            let view = self.chain_view();
            view.require_fresh()?;
            view.clocks()
        };
        match self.storage_is_full() {
            true => Err(Refusal::Storage),
            false => Ok(clocks),
        }
    }

    /// Makes the hold of an admitted job, which counts from now on.
    fn begin_hold(&self, ledger: &mut Ledger, credit: Pubkey, id: HoldId, index: u32, job: Job) -> Hold {
        let admitted_ms = now_ms();
        let limit = i64::try_from(job.time_limit.as_millis()).unwrap_or(i64::MAX);
        let hold = Hold {
            id,
            credit,
            index,
            units: job.units,
            reference: job.reference,
            admitted_ms,
            deadline_ms: admitted_ms.saturating_add(limit),
            at_deadline: job.at_deadline,
            labels: job.labels,
        };
        lock(&self.core.deadlines).push(Reverse((Instant::now() + job.time_limit, id)));
        ledger.insert(hold.clone());
        hold
    }

    /// Ends a hold with the units its job used, which may be more than it held. Settling again changes nothing; a hold that
    /// has ended by its deadline can still be settled. Returns the credit's cumulative use. Errors: [`StoreError`]; the
    /// hold stays open then.
    pub async fn settle(&self, hold: &Hold, used: Units) -> Result<Units, StoreError> {
        self.settle_with(hold, used, SETTLED).await
    }

    /// As [`Gate::settle`], with the job's figures for the usage log. They are recorded with the settlement or not at all.
    pub async fn settle_with(
        &self,
        hold: &Hold,
        used: Units,
        figures: JobFigures,
    ) -> Result<Units, StoreError> {
        self.settle_with_answer(hold, used, figures, None).await
    }

    /// As [`Gate::settle_with`], and keeps the answer for the job's name: both are recorded, or neither. Where the store is full, the
    /// name is kept without the answer's body.
    pub async fn settle_with_answer(
        &self,
        hold: &Hold,
        used: Units,
        figures: JobFigures,
        answer: Option<KeptAnswer>,
    ) -> Result<Units, StoreError> {
        let (gate, hold) = (self.clone(), hold.clone());
        // A task of its own: a caller that goes away must not leave a hold half ended.
        join(tokio::spawn(async move { gate.settle_now(hold, used, figures, answer).await })).await
    }

    async fn settle_now(
        &self,
        hold: Hold,
        used: Units,
        figures: JobFigures,
        mut answer: Option<KeptAnswer>,
    ) -> Result<Units, StoreError> {
        let floor = {
            let mut ledger = self.ledger();
            ledger.begin_end(hold.id);
            ledger.cumulative(&hold.credit, hold.index)
        };
        let (record, bounds) = (hold.clone(), self.kept_bytes());
        let is_full = self.writer().map(|writer| writer.full_mark()).unwrap_or_default();
        let settled = self
            .write(move |connection| {
                if let Some(answer) = &mut answer {
                    // The room of a full store is for settlements; the name stays, so that no request is charged again.
                    if is_full.load(Ordering::Relaxed) {
                        answer.body = None;
                    }
                    store::keep_answer(connection, &record.credit, answer, bounds, now_ms())?;
                }
                store::settle_hold(connection, &record, used, figures, floor, now_us())
            })
            .await;
        let mut ledger = self.ledger();
        match &settled {
            Ok(cumulative) => {
                ledger.raise_cumulative(&hold.credit, hold.index, *cumulative);
                ledger.end(hold.id);
            }
            Err(_) => ledger.cancel_end(hold.id),
        }
        settled
    }

    /// Ends a hold whose job used nothing. Errors: [`StoreError`]; the hold stays open then.
    pub async fn release(&self, hold: &Hold) -> Result<(), StoreError> {
        self.release_with(hold, RELEASED).await
    }

    /// As [`Gate::release`], with the job's figures for the usage log.
    pub async fn release_with(&self, hold: &Hold, figures: JobFigures) -> Result<(), StoreError> {
        let (gate, id) = (self.clone(), hold.id);
        join(tokio::spawn(async move {
            let Some(hold) = gate.ledger().begin_end(id) else { return Ok(()) };
            let removed =
                gate.write(move |connection| store::release_hold(connection, &hold, figures, now_us())).await;
            let mut ledger = gate.ledger();
            match &removed {
                Ok(()) => ledger.end(id),
                Err(_) => ledger.cancel_end(id),
            }
            removed
        }))
        .await
    }

    /// Carries a job on: settles `used` units of its hold and holds `job.units` more, both or neither. Errors: [`Refusal`],
    /// with the old hold as it was.
    pub async fn renew(&self, old: &Hold, used: Units, job: Job) -> Result<Hold, Refusal> {
        let (gate, old) = (self.clone(), old.clone());
        let task = tokio::spawn(async move { gate.renew_now(old, used, job).await });
        task.await.unwrap_or(Err(Refusal::ShuttingDown))
    }

    async fn renew_now(&self, old: Hold, used: Units, job: Job) -> Result<Hold, Refusal> {
        let clocks = self.require_open()?;
        let (hold, floor) = {
            let mut ledger = self.ledger();
            ledger.begin_end(old.id).ok_or(Refusal::Expired)?;
            ledger.number_from(least_number());
            let admitted = ledger.renew(&old, used, job.units, clocks);
            let (id, index) = admitted.inspect_err(|_| ledger.cancel_end(old.id))?;
            let hold = self.begin_hold(&mut ledger, old.credit, id, index, job);
            (hold, ledger.cumulative(&old.credit, old.index))
        };
        let (ended, begun) = (old.clone(), hold.clone());
        let written = self
            .write(move |connection| {
                let cumulative = store::settle_hold(connection, &ended, used, RENEWED, floor, now_us())?;
                store::insert_hold(connection, &begun)?;
                Ok(cumulative)
            })
            .await;
        let mut ledger = self.ledger();
        match written {
            Ok(cumulative) => {
                ledger.raise_cumulative(&old.credit, old.index, cumulative);
                ledger.end(old.id);
                Ok(hold)
            }
            Err(error) => {
                tracing::error!(hold = %old.id, %error, "a renewal could not be recorded");
                ledger.cancel_end(old.id);
                ledger.end(hold.id);
                Err(Refusal::Storage)
            }
        }
    }

    /// Ends the holds whose deadline has passed.
    pub(crate) async fn end_overdue(&self) {
        let now = Instant::now();
        let mut overdue = Vec::new();
        {
            let mut deadlines = lock(&self.core.deadlines);
            while let Some(Reverse((deadline, id))) = deadlines.peek().copied()
                && deadline <= now
            {
                deadlines.pop();
                overdue.push(id);
            }
        }
        // The lock of the deadlines is released first: `admit` holds the ledger while it waits for them.
        let overdue: Vec<Hold> = {
            let ledger = self.ledger();
            overdue.into_iter().filter_map(|id| ledger.hold(id).cloned()).collect()
        };
        for hold in overdue {
            if self.core.unwritten.has(hold.id) {
                // Its use is known, and recorded once the store takes it.
                continue;
            }
            let ended = match hold.at_deadline {
                AtDeadline::Return | AtDeadline::ReturnWithProcess => {
                    self.release_with(&hold, AT_DEADLINE).await
                }
                AtDeadline::Settle => self.settle_with(&hold, hold.units, AT_DEADLINE).await.map(|_| ()),
            };
            match ended {
                Ok(()) => {
                    tracing::warn!(hold = %hold.id, credit = %hold.credit, "a hold ended by its deadline")
                }
                Err(error) => {
                    tracing::error!(hold = %hold.id, %error, "an overdue hold could not be ended; trying again");
                    lock(&self.core.deadlines).push(Reverse((now + 5 * SWEEP_EVERY, hold.id)));
                }
            }
        }
    }
}

/// The least number of a hold that is admitted now. Customers see the numbers of theirs: those of a plain count would show each of
/// them how many holds all others had in between. These show the time alone.
fn least_number() -> u64 {
    now_us().unsigned_abs()
}

async fn join<T>(task: tokio::task::JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    // A task ends early only where the runtime is shut down.
    task.await.unwrap_or(Err(StoreError::Closed))
}
