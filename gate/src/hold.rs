//! Units that a running job holds, and the reasons to refuse a job.

use {
    crate::usage::JobLabels,
    blockable_sdk::{Pubkey, amounts::Units},
    serde::{Deserialize, Serialize},
    std::{fmt, time::Duration},
};

/// A hold's number: unique for the lifetime of a gate's store. It is the microseconds since 1970 of its admission, or the next one that
/// is free, so that it says nothing of others' holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(pub u64);

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The end of a hold that is not ended before its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtDeadline {
    /// Its units are open again: the job gave no result.
    Return,
    /// All of its units count as used: the resource was reserved for that long.
    Settle,
    /// As [`AtDeadline::Return`], and also when the gate is opened anew: the job runs in this process and ends with it.
    ReturnWithProcess,
}

/// A job that asks to be admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The most units it can use.
    pub units: Units,
    /// The fewest units it can begin with: it is fitted to what is open, down to these. `units` for a job that cannot be cut.
    pub least: Units,
    /// The caller's name for it, kept with the hold and in the usage log: the endpoint, `/`, and the request's id.
    pub reference: String,
    /// The time it may run for.
    pub time_limit: Duration,
    /// The end of its hold where it is not ended by then.
    pub at_deadline: AtDeadline,
    /// Its names in the usage log.
    pub labels: JobLabels,
}

impl Job {
    /// A job of at most `units` whose units are open again when it has not ended within `time_limit`.
    pub fn new(units: Units, reference: impl Into<String>, time_limit: Duration) -> Job {
        Job {
            units,
            least: units,
            reference: reference.into(),
            time_limit,
            at_deadline: AtDeadline::Return,
            labels: JobLabels::default(),
        }
    }

    /// The same job with the model, or the kind of GPU, and the API key that the usage log names.
    pub fn labelled(self, model: impl Into<String>, api_key: impl Into<String>) -> Job {
        Job { labels: JobLabels { model: model.into(), api_key: api_key.into() }, ..self }
    }

    /// The same job, which may hold fewer units where fewer are open, `least` or more. Its hold says how many, and the job must
    /// not use more. [`crate::Gate::renew`] fits nothing.
    pub fn fitted_from(self, least: Units) -> Job {
        Job { least: least.min(self.units), ..self }
    }

    /// The same job, which runs in this process: where the process ends before it, its units are open again at the next start.
    pub fn of_this_process(self) -> Job {
        Job { at_deadline: AtDeadline::ReturnWithProcess, ..self }
    }

    /// The same job with units that count as used at its deadline.
    pub fn settled_at_deadline(self) -> Job {
        Job { at_deadline: AtDeadline::Settle, ..self }
    }
}

/// Units that a running job holds. They count as in flight until the hold is settled or released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its number.
    pub id: HoldId,
    /// The credit whose units it holds.
    pub credit: Pubkey,
    /// The credit's place in its provider's reports; distinguishes loans at one address.
    pub index: u32,
    /// The units held.
    pub units: Units,
    /// The caller's name for the job.
    pub reference: String,
    /// The time of its admission, in milliseconds since 1970.
    pub admitted_ms: i64,
    /// The time at which it ends by itself, in milliseconds since 1970.
    pub deadline_ms: i64,
    /// The way it ends by itself.
    pub at_deadline: AtDeadline,
    /// The job's names in the usage log.
    pub labels: JobLabels,
}

impl Hold {
    /// The longest time that the job may run for.
    pub fn time_limit(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.deadline_ms.saturating_sub(self.admitted_ms)).unwrap_or(0))
    }
}

/// Reasons for which a job is refused. Each message says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such credit at this provider.
    #[error("this provider serves no such credit; check the credit's address")]
    UnknownCredit,
    /// The credit's units are not live yet.
    #[error("the credit's units are not issued yet; wait until the loan is accepted and issued")]
    NotIssued,
    /// The lender has frozen units that the job needs.
    #[error(
        "the lender has frozen this credit's units: {} units are open and the job may need {}; pay the arrears or \
         speak to the lender, or ask for less",
        .available.get(), .needed.get()
    )]
    Frozen {
        /// Units open to new jobs.
        available: Units,
        /// Units the job may need.
        needed: Units,
        /// Units that would have to be opened for it.
        missing: Units,
    },
    /// The job needs units that no payment has opened yet.
    #[error(
        "this credit's units are locked until they are paid for: {} units are open and the job may need {}; make a payment \
         that opens {} more, or ask for less",
        .available.get(), .needed.get(), .missing.get()
    )]
    Locked {
        /// Units open to new jobs.
        available: Units,
        /// Units the job may need.
        needed: Units,
        /// Units that would have to be opened for it; [`crate::Gate::opening_payments`] has what to pay.
        missing: Units,
    },
    /// Fewer units are left than the job may need.
    #[error(
        "the credit is exhausted: {} units are open and the job may need {}; ask for less, wait for running jobs to end, \
         or obtain more credit",
        .available.get(), .needed.get()
    )]
    Exhausted {
        /// Units open to new jobs.
        available: Units,
        /// Units the job may need.
        needed: Units,
    },
    /// The job may need more than the loan's rate bound leaves open to running jobs now.
    #[error(
        "the loan's rate bound leaves {} units open to running jobs now and the job may need {}; wait for running jobs \
         to end and for their use to be counted, or ask for less",
        .open.get(), .needed.get()
    )]
    RateBound {
        /// Units open to new jobs within the rate bound.
        open: Units,
        /// Units the job may need.
        needed: Units,
    },
    /// A part of the units was frozen a moment ago, and the use from before that has not been counted on the chain yet.
    #[error(
        "units of this credit were frozen a moment ago, and the use from before that is being counted; try again in some \
         seconds"
    )]
    FreezeSettling,
    /// The units' lifetime has passed.
    #[error("the credit's units have expired; obtain a new credit")]
    Expired,
    /// The credit has been closed.
    #[error("the credit is closed; obtain a new credit")]
    Closed,
    /// The gate's chain view is too old.
    #[error(
        "the provider's view of the chain is too old and no job is admitted until it is current; try again later"
    )]
    Stale,
    /// Nothing more can be recorded.
    #[error("the provider cannot record new jobs: its storage is full or failing; try again later")]
    Storage,
    /// The gate is shutting down.
    #[error("the provider is shutting down; try again later")]
    ShuttingDown,
}

impl Refusal {
    /// True where the same job may be admitted later without an act of its borrower.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Refusal::RateBound { .. }
                | Refusal::FreezeSettling
                | Refusal::Stale
                | Refusal::Storage
                | Refusal::ShuttingDown
        )
    }

    /// A short name, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::UnknownCredit => "credit_unknown",
            Refusal::NotIssued => "credit_not_issued",
            Refusal::Frozen { .. } => "credit_frozen",
            Refusal::Locked { .. } => "credit_locked",
            Refusal::Exhausted { .. } => "credit_exhausted",
            Refusal::RateBound { .. } => "rate_bound",
            Refusal::FreezeSettling => "freeze_settling",
            Refusal::Expired => "credit_expired",
            Refusal::Closed => "credit_closed",
            Refusal::Stale => "chain_stale",
            Refusal::Storage => "storage_unavailable",
            Refusal::ShuttingDown => "shutting_down",
        }
    }
}
