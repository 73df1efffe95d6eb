//! `/v1/credits/{address}/events`: every event of a credit, in order.

use {
    crate::{
        api::{
            change,
            error::{ApiError, MarketRefusals, UnknownCredit},
            query::{CreditPath, StrictQuery, default_limit, limit, place},
            series::require_known,
            state::ApiState,
        },
        store::{StoreError, columns::unsigned},
        values::{Address, Time},
    },
    axum::{Json, extract::State},
    blockable_sdk::{Pubkey, Signature, amounts::ChainTime, events::decode_record},
    blockable_service::hex,
    rusqlite::{Connection, Row, params},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Columns of an event, in the order that [`read`] takes them.
pub(super) const COLUMNS: &str = "seq, at, kind, record, hash, signature, slot";

/// The page of events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Events after the one of this number: `next` of the page before.
    #[serde(default, deserialize_with = "place")]
    #[param(value_type = Option<u64>)]
    after: Option<i64>,
    /// Most events of the page, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

/// A page of a credit's events, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The credit.
    pub(crate) credit: Address,
    /// The events.
    pub(crate) events: Vec<EventView>,
    /// `after` of the next page; none on the last.
    pub(crate) next: Option<u64>,
}

/// An event of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its number, from 0 without a gap.
    pub(crate) seq: u64,
    /// Its time, by the chain's clock.
    pub(crate) at: Time,
    /// The kind of change.
    #[schema(pattern = "^[a-z_]{1,32}$", example = "paid")]
    pub(crate) kind: String,
    /// The change; its fields depend on the kind. None for a change of a later version of the program.
    #[schema(value_type = Option<Object>)]
    pub(crate) change: Option<serde_json::Value>,
    /// The record's bytes in hexadecimal, which the hash chain is folded from.
    pub(crate) record: String,
    /// The credit's hash chain after it, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub(crate) hash: String,
    /// The transaction that it is in.
    #[schema(pattern = "^[1-9A-HJ-NP-Za-km-z]{64,88}$")]
    pub(crate) signature: String,
    /// The transaction's slot.
    pub(crate) slot: u64,
}

fn list(
    connection: &Connection,
    credit: &Pubkey,
    after: Option<i64>,
    count: usize,
) -> Result<Vec<EventView>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE credit = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
    ))?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![credit.to_bytes(), after.unwrap_or(-1), count], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads an event from [`COLUMNS`].
pub(super) fn read(row: &Row) -> rusqlite::Result<EventView> {
    let (record, hash): (Vec<u8>, [u8; 32]) = (row.get(3)?, row.get(4)?);
    let signature: [u8; 64] = row.get(5)?;
    Ok(EventView {
        seq: unsigned(row, 0)?,
        at: Time::from(ChainTime(row.get(1)?)),
        kind: row.get(2)?,
        change: decode_record(&record).map(|record| change::fields(&record.change)),
        record: hex::encode(record),
        hash: hex::encode(hash),
        signature: Signature::from(signature).to_string(),
        slot: unsigned(row, 6)?,
    })
}

/// Lists the events of a credit, oldest first; also of one that was removed. Each event has the hash chain after it, so that
/// anybody can prove the list against the credit's account.
#[utoipa::path(
    get, path = "/v1/credits/{address}/events", tag = "credits",
    params(("address" = Address, Path, description = "The credit's address"), EventsQuery),
    responses((status = 200, body = EventPage), MarketRefusals, UnknownCredit)
)]
pub(super) async fn events(
    State(state): State<Arc<ApiState>>,
    CreditPath(credit): CreditPath,
    StrictQuery(query): StrictQuery<EventsQuery>,
) -> Result<Json<EventPage>, ApiError> {
    let (after, limit) = (query.after, query.limit);
    // One more than the page holds shows whether there is a further page; the first event shows whether there are any.
    let read = move |connection: &Connection| {
        let events = list(connection, &credit, after, limit.saturating_add(1))?;
        let found = !events.is_empty() || !list(connection, &credit, None, 1)?.is_empty();
        Ok((events, found))
    };
    let (mut events, found) = state.store.read(read).await?;
    require_known(&state, &credit, found)?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|last| last.seq);
    Ok(Json(EventPage { credit: Address(credit), events, next }))
}
