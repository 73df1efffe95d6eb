//! What answers are made from: everything that handlers read.

use {
    crate::{
        alert::Alerts,
        api::{
            error::ApiError,
            values::{Address, Time},
        },
        chain::{Nodes, Snapshot},
        health::Health,
        ingest::Ingest,
        plan::{PlanSettings, Role},
        store::Store,
        watch::Watch,
    },
    blockable_sdk::{Pubkey, amounts::Lamports},
    metrics_exporter_prometheus::PrometheusHandle,
    serde::Serialize,
    std::{collections::BTreeMap, sync::Arc},
    tokio::sync::watch,
    utoipa::ToSchema,
};

/// What answers are made from. Clones share it.
#[derive(Clone)]
pub struct ApiState {
    /// The market's address.
    pub market: Pubkey,
    /// The chain as it was read last; none before the first time.
    pub snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    /// Measures of credits.
    pub watch: Arc<Watch>,
    /// Alerts.
    pub alerts: Alerts,
    /// Reports, for what the keeper plans next.
    pub ingest: Ingest,
    /// The nodes.
    pub nodes: Nodes,
    /// The store.
    pub store: Store,
    /// Progress.
    pub health: Health,
    /// Renders figures; `None` where none are recorded.
    pub metrics: Option<PrometheusHandle>,
    /// How the keeper plans.
    pub plan: PlanSettings,
    /// Lamports that each role may spend in a UTC day.
    pub lamports_per_day: BTreeMap<Role, Lamports>,
    /// Failures in a row after which work is put aside.
    pub quarantine_after: u32,
}

impl ApiState {
    /// The chain as it was read last. Errors: 503 before the first time.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, ApiError> {
        self.latest().ok_or_else(ApiError::not_read_yet)
    }

    /// The chain as it was read last; `None` before the first time.
    pub fn latest(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.borrow().clone()
    }
}

/// What an answer is as of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AsOf {
    /// The market.
    pub market: Address,
    /// The slot that was read.
    pub slot: u64,
    /// The chain's clock at it.
    pub clock: Time,
    /// The market's clock, which stands still in pauses.
    pub market_time: Time,
    /// Whether the market is paused.
    pub is_paused: bool,
}

impl AsOf {
    /// The time of a snapshot.
    pub fn of(snapshot: &Snapshot) -> AsOf {
        AsOf {
            market: Address(snapshot.market_key),
            slot: snapshot.slot,
            clock: Time::of(snapshot.clock.get()),
            market_time: Time::of(snapshot.market_time().get()),
            is_paused: snapshot.is_paused(),
        }
    }
}
