//! Deliveries of alerts, as the outbox has them.

use {
    crate::{
        alerts::Delivery,
        api::{access::Caller, error::ApiError, state::ApiState},
        values::Time,
    },
    blockable_sdk::amounts::ChainTime,
    serde::Serialize,
    std::collections::{BTreeMap, BTreeSet},
    utoipa::ToSchema,
};

/// A delivery of an alert to a webhook or an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The name of the webhook or address, without the address itself.
    #[schema(example = "webhook/pager")]
    pub(crate) sink: String,
    /// The part of the alert's life that it tells of: raised or cleared.
    #[schema(example = "raised")]
    pub(crate) phase: String,
    /// Its state: waiting, held (for a digest), delivered or given_up.
    #[schema(example = "delivered")]
    pub(crate) state: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// The time of the next attempt, by the keeper's clock; none once it has ended.
    pub(crate) next_at: Option<Time>,
    /// The reason for which the last attempt failed.
    pub(crate) reason: Option<String>,
}

impl DeliveryView {
    fn new(delivery: Delivery) -> DeliveryView {
        let Delivery { sink, phase, state, attempts, next_at, reason, alert: _ } = delivery;
        DeliveryView {
            sink,
            phase,
            state,
            attempts,
            next_at: next_at.map(|at| Time::from(ChainTime(at))),
            reason,
        }
    }
}

/// Lists the deliveries of alerts that a caller may see, by alert. Errors: the store's.
pub(super) async fn list(
    state: &ApiState,
    caller: Caller,
    alerts: Vec<i64>,
) -> Result<BTreeMap<i64, Vec<DeliveryView>>, ApiError> {
    let sinks = match caller {
        Caller::Operator => None,
        Caller::Wallet(wallet) => Some(state.alerts.sinks_of(&wallet)),
        Caller::Public | Caller::Wrong => Some(BTreeSet::new()),
    };
    let mut found: BTreeMap<i64, Vec<DeliveryView>> = BTreeMap::new();
    for delivery in state.alerts.deliveries(alerts).await? {
        if sinks.as_ref().is_none_or(|sinks| sinks.contains(&delivery.sink)) {
            found.entry(delivery.alert).or_default().push(DeliveryView::new(delivery));
        }
    }
    Ok(found)
}
