//! The state that handlers answer from.

use {
    crate::{
        alerts::Alerts,
        api::{error::ApiError, stream::Hub},
        chain::{Nodes, Snapshot},
        health::Health,
        ingest::Ingest,
        lots::LotBook,
        page::PageSettings,
        plan::{PlanSettings, Role},
        store::Store,
        values::{Address, Time},
        watch::Watch,
    },
    blockable_sdk::{Pubkey, amounts::Lamports},
    serde::Serialize,
    std::{collections::BTreeMap, sync::Arc},
    tokio::sync::watch,
    utoipa::ToSchema,
};

/// The state that handlers answer from. The daemon fills it once; every part of it is shared with the keeper's own work, and
/// handlers only read. Clones share it.
#[derive(Clone)]
pub(crate) struct ApiState {
    /// The market's address.
    pub(crate) market: Pubkey,
    /// The latest snapshot of the chain; none before the first.
    pub(crate) snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    /// Measures of credits.
    pub(crate) watch: Arc<Watch>,
    /// Alerts.
    pub(crate) alerts: Alerts,
    /// Usage reports, for the keeper's plans.
    pub(crate) ingest: Ingest,
    /// The nodes.
    pub(crate) nodes: Nodes,
    /// The store.
    pub(crate) store: Store,
    /// Progress of loops and parts.
    pub(crate) health: Health,
    /// Settings of the page; `None` where none is served.
    pub(crate) page: Option<PageSettings>,
    /// The lots on sale; none before they were read.
    pub(crate) lots: watch::Receiver<Option<Arc<LotBook>>>,
    /// Hands changes to streams.
    pub(crate) hub: Hub,
    /// Settings of planning.
    pub(crate) plan: PlanSettings,
    /// Lamports that each role may spend in a UTC day.
    pub(crate) lamports_per_day: BTreeMap<Role, Lamports>,
    /// Failures in a row after which work goes into quarantine.
    pub(crate) quarantine_after: u32,
}

impl ApiState {
    /// Gives the latest snapshot. Errors: 503 before the first.
    pub(super) fn require_snapshot(&self) -> Result<Arc<Snapshot>, ApiError> {
        self.latest_snapshot().ok_or_else(ApiError::not_read_yet)
    }

    /// Gives the latest snapshot; `None` before the first.
    pub(super) fn latest_snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.borrow().clone()
    }
}

/// The state of the chain that an answer is as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AsOf {
    /// The market.
    market: Address,
    /// The slot that was read.
    pub(super) slot: u64,
    /// The chain's clock at it.
    pub(super) clock: Time,
    /// The market's clock, which stops while the market is paused.
    market_time: Time,
    /// True while the market is paused.
    pub(super) is_paused: bool,
}

impl AsOf {
    pub(super) fn new(snapshot: &Snapshot) -> AsOf {
        AsOf {
            market: Address(snapshot.market_key),
            slot: snapshot.slot,
            clock: snapshot.clock.into(),
            market_time: snapshot.market_time().into(),
            is_paused: snapshot.is_paused(),
        }
    }
}
