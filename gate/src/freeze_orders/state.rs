//! The states of a freeze order.

use {
    serde::{Deserialize, Serialize},
    std::{fmt, time::Duration},
};

/// Time for which a freeze order is remembered after its end: far longer than its blockhash lives.
pub(super) const REMEMBER_FOR: Duration = Duration::from_secs(3_600);

/// The state of a freeze order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// It is obeyed, and has not been seen on the chain.
    Open,
    /// It has landed, and the gate follows the chain.
    Landed,
    /// It has landed and failed.
    Failed,
    /// Its blockhash expired before it landed.
    Expired,
    /// Its longest time of obedience passed before it landed.
    Lapsed,
}

impl OrderState {
    /// Every state.
    pub(super) const ALL: [OrderState; 5] =
        [OrderState::Open, OrderState::Landed, OrderState::Failed, OrderState::Expired, OrderState::Lapsed];

    /// Its name in the store and for machines.
    pub fn name(self) -> &'static str {
        match self {
            OrderState::Open => "open",
            OrderState::Landed => "landed",
            OrderState::Failed => "failed",
            OrderState::Expired => "expired",
            OrderState::Lapsed => "lapsed",
        }
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
