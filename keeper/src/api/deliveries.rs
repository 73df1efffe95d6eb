//! Deliveries of alerts, as the outbox has them.

use {
    crate::{
        api::{access::Caller, error::ApiError, state::ApiState},
        store::StoreError,
        values::Time,
    },
    blockable_sdk::amounts::ChainTime,
    rusqlite::Connection,
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
    /// Its state: waiting, delivered or given_up.
    #[schema(example = "delivered")]
    pub(crate) state: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// The time of the next attempt, by the keeper's clock; none once it has ended.
    pub(crate) next_at: Option<Time>,
    /// The reason for which the last attempt failed.
    pub(crate) reason: Option<String>,
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
    Ok(state.store.read(move |connection| read(connection, &alerts, sinks.as_ref())).await?)
}

fn read(
    connection: &Connection,
    alerts: &[i64],
    sinks: Option<&BTreeSet<String>>,
) -> Result<BTreeMap<i64, Vec<DeliveryView>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT alert, sink, phase, state, attempts, next_at, reason FROM outbox
         WHERE alert IN (SELECT value FROM json_each(?)) ORDER BY id",
    )?;
    let rows = statement.query_map([serde_json::to_string(alerts)?], |row| {
        let (state, next_at): (String, i64) = (row.get(3)?, row.get(5)?);
        let next_at = (state == "waiting").then(|| Time::from(ChainTime(next_at)));
        let (sink, phase) = (row.get(1)?, row.get(2)?);
        let view = DeliveryView { sink, phase, state, attempts: row.get(4)?, next_at, reason: row.get(6)? };
        Ok((row.get::<_, i64>(0)?, view))
    })?;
    let mut found: BTreeMap<i64, Vec<DeliveryView>> = BTreeMap::new();
    for row in rows {
        let (alert, view) = row?;
        if sinks.is_none_or(|sinks| sinks.contains(&view.sink)) {
            found.entry(alert).or_default().push(view);
        }
    }
    Ok(found)
}
