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
        history::log::{StoredRecord, page},
        values::{Address, Time},
    },
    axum::{Json, extract::State},
    blockable_sdk::events::decode_record,
    blockable_service::hex,
    rusqlite::Connection,
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

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

/// An event as a reader of the API sees it.
pub(super) fn view(record: StoredRecord) -> EventView {
    EventView {
        seq: record.seq,
        at: Time::from(record.at),
        kind: record.kind,
        change: decode_record(&record.record).map(|record| change::fields(&record.change)),
        record: hex::encode(&record.record),
        hash: hex::encode(record.hash),
        signature: record.signature.to_string(),
        slot: record.slot,
    }
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
    let limit = query.limit;
    let from =
        query.after.and_then(|after| u64::try_from(after).ok()).map_or(0, |after| after.saturating_add(1));
    let folder = state.store.folder().to_path_buf();
    // One more than the page holds shows whether there is a further page; the first event shows whether there are any.
    let read = move |connection: &Connection| {
        let events = page(connection, &folder, &credit, from, limit.saturating_add(1))?;
        let found = !events.is_empty() || !page(connection, &folder, &credit, 0, 1)?.is_empty();
        Ok((events, found))
    };
    let (events, found) = state.store.read(read).await?;
    require_known(&state, &credit, found)?;
    let mut events: Vec<EventView> = events.into_iter().map(view).collect();
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|last| last.seq);
    Ok(Json(EventPage { credit: Address(credit), events, next }))
}
