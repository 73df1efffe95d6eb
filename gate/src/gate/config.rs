//! Settings of the gate.

use {
    crate::{chain_view::WhenStale, writer::Durability},
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
    /// Time for which settled holds stay in the store.
    pub keep_ledger: Duration,
}

impl GateConfig {
    /// The usual settings: refuses when it has not seen the chain for 10 s, keeps the ledger for 90 days.
    pub fn new(market: Pubkey, provider: Pubkey, store: impl Into<PathBuf>) -> GateConfig {
        GateConfig {
            market,
            provider,
            store: store.into(),
            max_store_bytes: None,
            durability: Durability::Process,
            max_staleness: Duration::from_secs(10),
            when_stale: WhenStale::Refuse,
            keep_ledger: Duration::from_secs(90 * 86_400),
        }
    }
}
