//! `/v1/events`: events across credits, newest first.

use {
    crate::{
        api::{
            error::{ApiError, MarketRefusals},
            events::{EventView, view},
            query::{AddressParam, StrictQuery, default_limit, event_kind, limit},
            state::ApiState,
        },
        history::log::online_record,
        store::{StoreError, addresses, columns::key},
        values::Address,
    },
    axum::{Json, extract::State},
    blockable_sdk::Pubkey,
    rusqlite::{Connection, params},
    serde::{Deserialize, Deserializer, Serialize, de::Error},
    std::{collections::HashSet, fmt, str::FromStr, sync::Arc},
    utoipa::{IntoParams, ToSchema},
};

/// Most events that one request looks at: a filter may fit few of many.
const LOOKED_AT: usize = 20_000;

/// Filters of events, and the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// Events of credits that this key lends on today.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Events of credits that this key borrows on today.
    #[param(value_type = Option<Address>)]
    borrower: Option<AddressParam>,
    /// Events of credits at this provider's account.
    #[param(value_type = Option<Address>)]
    provider: Option<AddressParam>,
    /// Events of this kind.
    #[serde(default, deserialize_with = "event_kind")]
    #[param(value_type = Option<String>, pattern = "^[a-z_]{1,32}$")]
    kind: Option<String>,
    /// Events before this place: `next` of the page before.
    #[param(value_type = Option<String>, pattern = "^-?[0-9]{1,15}-[1-9A-HJ-NP-Za-km-z]{32,44}-[0-9]{1,15}$")]
    before: Option<Place>,
    /// Most events of the page, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

/// A page of events, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedPage {
    /// The events. A page can have fewer than it may, and still not be the last.
    pub(crate) events: Vec<FeedEvent>,
    /// `before` of the next page; none on the last.
    pub(crate) next: Option<String>,
}

/// An event and its credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedEvent {
    /// The credit.
    pub(crate) credit: Address,
    /// The event.
    #[serde(flatten)]
    pub(crate) event: EventView,
}

/// The place of an event: its time, its credit and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: i64,
    credit: Pubkey,
    seq: i64,
}

impl Place {
    /// The place as the index has it, by the number that stands for the credit. Errors: [`StoreError`].
    fn in_index(&self, connection: &Connection) -> Result<[i64; 3], StoreError> {
        // No event is of a credit without a number, so nothing at that time comes before it.
        let credit = addresses::find(connection, &self.credit)?.unwrap_or(0);
        Ok([self.at, credit, self.seq])
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.at, self.credit, self.seq)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Place, ()> {
        let (rest, seq) = text.rsplit_once('-').ok_or(())?;
        let (at, credit) = rest.rsplit_once('-').ok_or(())?;
        Ok(Place {
            at: at.parse().map_err(drop)?,
            credit: credit.parse().map_err(drop)?,
            seq: seq.parse().map_err(drop)?,
        })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("it is no place; use `next` of the page before"))
    }
}

/// The events that a request asks for.
struct Wanted {
    /// Credits that pass the filters; `None` where there are none.
    credits: Option<HashSet<Pubkey>>,
    kind: Option<String>,
    before: Option<Place>,
    limit: usize,
}

/// Finds events, newest first, with the place that the next page begins before. Errors: [`StoreError`].
fn list(connection: &Connection, wanted: &Wanted) -> Result<(Vec<FeedEvent>, Option<Place>), StoreError> {
    // The index has all that the filters need; of the events that fit the rest is read.
    let mut places = connection.prepare_cached(
        "SELECT at, credit, seq, kind, address FROM events INDEXED BY events_by_time
         CROSS JOIN addresses ON addresses.id = credit
         WHERE (at, credit, seq) < (?1, ?2, ?3) ORDER BY at DESC, credit DESC, seq DESC LIMIT ?4",
    )?;
    let before = wanted.before.map(|place| place.in_index(connection)).transpose()?;
    let [at, credit, seq] = before.unwrap_or([i64::MAX; 3]);
    let most = i64::try_from(LOOKED_AT).unwrap_or(i64::MAX);
    let mut rows = places.query(params![at, credit, seq, most])?;
    let (mut events, mut last, mut looked_at) = (Vec::new(), None, 0_usize);
    while let Some(row) = rows.next()? {
        if events.len() >= wanted.limit {
            return Ok((events, last));
        }
        looked_at = looked_at.saturating_add(1);
        let number: i64 = row.get(1)?;
        let place = Place { at: row.get(0)?, credit: key(row, 4)?, seq: row.get(2)? };
        let is_kind = wanted.kind.is_none() || wanted.kind == Some(row.get::<_, String>(3)?);
        if is_kind && wanted.credits.as_ref().is_none_or(|credits| credits.contains(&place.credit)) {
            let event = online_record(connection, number, place.seq.cast_unsigned())?;
            events.push(FeedEvent { credit: Address(place.credit), event: view(event) });
        }
        last = Some(place);
    }
    // Where the search has ended by its bound, it goes on from there.
    Ok((events, last.filter(|_| looked_at >= LOOKED_AT)))
}

/// Lists events across credits, newest first, as far as the audit log has them. Readings of more than some weeks ago are in
/// archives, and under the events of their credit alone.
#[utoipa::path(
    get, path = "/v1/events", tag = "credits", params(FeedQuery),
    responses((status = 200, body = FeedPage), MarketRefusals)
)]
pub(super) async fn feed(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<FeedQuery>,
) -> Result<Json<FeedPage>, ApiError> {
    state.require_snapshot()?;
    let filters = [query.lender, query.borrower, query.provider];
    let credits = filters.iter().any(Option::is_some).then(|| {
        let measures = state.watch.measures();
        let passes = measures.values().filter(|measure| {
            let parties = [measure.lender, measure.borrower, measure.provider];
            filters.iter().zip(parties).all(|(filter, party)| filter.is_none_or(|filter| filter.is(party)))
        });
        passes.map(|measure| measure.credit).collect()
    });
    let wanted = Wanted { credits, kind: query.kind, before: query.before, limit: query.limit };
    let (events, next) = state.store.read(move |connection| list(connection, &wanted)).await?;
    Ok(Json(FeedPage { events, next: next.map(|place| place.to_string()) }))
}
