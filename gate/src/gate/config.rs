//! Settings of the gate.

use {
    crate::{chain_view::WhenStale, store::KeptBytes, writer::Durability},
    blockable_sdk::Pubkey,
    std::{path::PathBuf, time::Duration},
};

/// The provider that a gate guards, and the place of its records.
#[derive(Clone, Debug)]
pub struct GateConfig {
    /// The market's account.
    pub market: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
    /// The store's file.
    pub store: PathBuf,
    /// Bytes the store may grow to; `None` for no limit but the disk's.
    pub max_store_bytes: Option<u64>,
    /// The failures that a recorded hold survives. Signed reports always survive a loss of power.
    pub durability: Durability,
    /// Age of the chain view beyond which `when_stale` applies.
    pub max_staleness: Duration,
    /// Treatment of new jobs beyond that age.
    pub when_stale: WhenStale,
    /// Time for which the usage log keeps a record. Longer than any hold lasts: a record is also what keeps a hold from being
    /// settled twice.
    pub keep_usage: Duration,
    /// Time for which the totals of a day are kept.
    pub keep_totals: Duration,
    /// Time for which notices are kept.
    pub keep_notices: Duration,
    /// Time for which answers, and the names of their requests, are kept for requests that come again.
    pub keep_answers: Duration,
    /// Most bytes of the answers that are kept. The oldest go first, and their names stay.
    pub kept_bytes: KeptBytes,
}

impl GateConfig {
    /// The usual settings: refuses when it has not seen the chain for 10 s, keeps usage and notices for 90 days
    /// and totals for three years.
    pub fn new(market: Pubkey, provider: Pubkey, store: impl Into<PathBuf>) -> GateConfig {
        GateConfig {
            market,
            provider,
            store: store.into(),
            max_store_bytes: None,
            durability: Durability::Process,
            max_staleness: Duration::from_secs(10),
            when_stale: WhenStale::Refuse,
            keep_usage: Duration::from_secs(90 * 86_400),
            keep_totals: Duration::from_secs(1_100 * 86_400),
            keep_notices: Duration::from_secs(90 * 86_400),
            keep_answers: Duration::from_secs(86_400),
            kept_bytes: KeptBytes { per_credit: 64 << 20, total: 1 << 30 },
        }
    }
}
