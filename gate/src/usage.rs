//! The usage log: one record per job that has ended, and totals by day.

use blockable_sdk::{Pubkey, amounts::Units};

/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// Records that one page examines at most. Beyond them it ends early, and the next one goes on there.
pub(crate) const EXAMINED: usize = 20_000;

/// Names of a job for the usage log, kept with its hold. A hold that ends without its job is recorded with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobLabels {
    /// The model, or the kind of GPU.
    pub model: String,
    /// The name of the API key that asked for it.
    pub api_key: String,
}

/// Figures of a job that has ended, for the usage log. The units are not among them: they are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFigures {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Those of them that came from a cache.
    pub cached: u64,
    /// Generated tokens.
    pub generated: u64,
    /// Those of them that are reasoning.
    pub reasoning: u64,
    /// The way it ended, as a short name for machines.
    pub ended: &'static str,
}

impl JobFigures {
    /// A job without tokens that ended in a way.
    pub const fn without_tokens(ended: &'static str) -> JobFigures {
        JobFigures { prompt: 0, cached: 0, generated: 0, reasoning: 0, ended }
    }
}

/// A record of the usage log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// Microseconds since 1970 at which the hold ended. Rises from record to record: no two have the same, and a reader that
    /// goes on after the last one it has seen misses none.
    pub at_us: i64,
    /// The hold's number. A record of a job that ended by its deadline is replaced by a later one of the same hold where its
    /// result came after all.
    pub hold: u64,
    /// The credit.
    pub credit: Pubkey,
    /// The caller's name for the job: the endpoint, `/`, and the request's id.
    pub reference: String,
    /// Model and API key.
    pub labels: JobLabels,
    /// Units that it was charged.
    pub units: Units,
    /// Units that it held.
    pub held: Units,
    /// Milliseconds from its admission to its end.
    pub took_ms: i64,
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Those of them that came from a cache.
    pub cached: u64,
    /// Generated tokens.
    pub generated: u64,
    /// Those of them that are reasoning.
    pub reasoning: u64,
    /// The way it ended.
    pub ended: String,
}

impl UsageRecord {
    /// The endpoint that served it: the first part of the reference.
    pub fn endpoint(&self) -> &str {
        self.reference.split('/').next().unwrap_or_default()
    }

    /// The id of the request, or the name of the lease: the second part of the reference.
    pub fn request(&self) -> &str {
        self.reference.split('/').nth(1).unwrap_or_default()
    }
}

/// The records that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// Those of one credit.
    pub credit: Option<Pubkey>,
    /// Those of one model or kind of GPU.
    pub model: Option<String>,
    /// Those of the API key of a name.
    pub api_key: Option<String>,
    /// Those that ended at this time or later, in microseconds since 1970.
    pub from_us: Option<i64>,
    /// Those that ended before this time, in microseconds since 1970.
    pub until_us: Option<i64>,
}

/// A page of the usage log, the oldest record first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagePage {
    /// The records.
    pub records: Vec<UsageRecord>,
    /// The time up to which records were examined: the next page goes on after it.
    pub cursor: i64,
    /// True where later records wait. A page that examined many records without a match is short, or empty.
    pub more: bool,
}

/// Totals of one credit, API key and model on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageTotal {
    /// The day in UTC, counted from 1970-01-01.
    pub day: i64,
    /// The credit.
    pub credit: Pubkey,
    /// Model and API key.
    pub labels: JobLabels,
    /// Jobs that ended.
    pub jobs: u64,
    /// Units that they were charged.
    pub units: Units,
    /// Tokens of prompts.
    pub prompt: u64,
    /// Those of them that came from a cache.
    pub cached: u64,
    /// Generated tokens.
    pub generated: u64,
    /// Those of them that are reasoning.
    pub reasoning: u64,
}
