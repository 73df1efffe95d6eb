//! Answers about use, for the description. `answer` makes them column by column, as CSV has them too.

#![expect(dead_code, reason = "they describe answers and are never made")]

use {
    crate::api::openapi::words::{Address, Cursor},
    utoipa::ToSchema,
};

/// Records of use, the oldest first.
#[derive(ToSchema)]
pub(super) struct RecordPage {
    #[schema(example = "list")]
    object: String,
    data: Vec<RecordView>,
    /// True where later entries wait.
    more: bool,
    /// `cursor` of the next page.
    #[schema(value_type = Cursor)]
    next: String,
}

/// Sums of use.
#[derive(ToSchema)]
pub(super) struct TotalPage {
    #[schema(example = "list")]
    object: String,
    data: Vec<TotalView>,
    /// True where entries are left out.
    more: bool,
}

/// A job that has ended.
#[derive(ToSchema)]
pub(super) struct RecordView {
    /// Its end.
    #[schema(format = "date-time")]
    time: String,
    /// Number of its hold.
    hold: u64,
    /// Its `x-request-id`, or the name of its lease.
    request: String,
    /// The payer.
    #[schema(value_type = Address)]
    credit: String,
    /// The name of its key: the generation of a first key, or the sub-key's name.
    api_key: String,
    /// `chat` and others, or `lease`.
    endpoint: String,
    /// Its model or kind of GPU.
    model: String,
    /// Tokens of the prompt.
    prompt_tokens: u64,
    /// Those of them from the cache.
    cached_tokens: u64,
    /// Generated tokens.
    generated_tokens: u64,
    /// Those of them for reasoning.
    reasoning_tokens: u64,
    /// Units charged.
    units: u64,
    /// Units that were held for it.
    units_held: u64,
    /// The way it ended; docs/provider-api.md has all.
    #[schema(example = "complete", pattern = "^[a-z_]+$")]
    ended: String,
    /// Milliseconds from its admission to its end.
    took_ms: u64,
}

/// The sum of a day, credit, API key and model.
#[derive(ToSchema)]
pub(super) struct TotalView {
    /// The day, in UTC.
    #[schema(format = "date")]
    day: String,
    /// The payer.
    #[schema(value_type = Address)]
    credit: String,
    /// The name of the key.
    api_key: String,
    /// The model or kind of GPU.
    model: String,
    /// Number of jobs.
    jobs: u64,
    /// Tokens of prompts.
    prompt_tokens: u64,
    /// Those of them from the cache.
    cached_tokens: u64,
    /// Generated tokens.
    generated_tokens: u64,
    /// Those of them for reasoning.
    reasoning_tokens: u64,
    /// Units charged.
    units: u64,
}
