//! The status of each reporter's key.

use {
    crate::store::StoreError,
    blockable_sdk::{Pubkey, amounts::ChainTime, keys::KeyError},
    std::time::Duration,
};

/// The state of a reporter's key, or the reason for which it signs nothing. Each message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyState {
    /// The key signs.
    #[error("signs reports")]
    Signing,
    /// The gate has not seen clock, market, provider and all of its credits yet.
    #[error("waits until the gate has seen the chain's clock, the market, the provider and its credits")]
    NoChain,
    /// The provider does not list the key.
    #[error(
        "the provider does not list {0} as a reporter; propose it with provider_propose_change, or use a listed key"
    )]
    NotListed(Pubkey),
    /// The key has expired.
    #[error("the reporter {0} has expired; propose a later date with provider_propose_change")]
    Expired(Pubkey),
    /// The clock is behind an instant that has been signed for.
    #[error("the chain's clock, at {}, is behind the last report; waits until it has passed it", .now.get())]
    ClockBehind {
        /// The clock.
        now: ChainTime,
    },
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyState {
    /// A short name, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            KeyState::Signing => "signing",
            KeyState::NoChain => "no_chain",
            KeyState::NotListed(_) => "not_listed",
            KeyState::Expired(_) => "expired",
            KeyState::ClockBehind { .. } => "clock_behind",
            KeyState::Key(_) => "key_failed",
            KeyState::Store(_) => "store_failed",
        }
    }
}

/// The status of one reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// The reporter's public key.
    pub reporter: Pubkey,
    /// Its state.
    pub state: KeyState,
    /// The instant of its last report in this run.
    pub reported_at: Option<ChainTime>,
    /// Time since its last report in this run. Silence for some intervals is an alarm.
    pub age: Option<Duration>,
}
