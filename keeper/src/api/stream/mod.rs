//! `/v1/stream`: changes as they come, by server-sent events.
//!
//! | event | data |
//! |---|---|
//! | `hello` | the state of the chain, and whether the client has missed nothing; also where there are too many changes to be told one by one |
//! | `credit`, `freeze`, `lot`, `alert` | a change that passes the filters |
//! | `slot` | the end of a reading. It alone has an id: who goes on after it gets all of the next one |

pub(in crate::api) mod batch;
pub(crate) mod hub;
mod message;
pub(in crate::api) mod places;

#[cfg(test)]
mod tests;

pub(crate) use hub::Hub;

use {
    crate::api::{
        access::{Access, Anybody, Caller},
        error::{ApiError, ErrorBody},
        query::{AddressParam, StrictQuery},
        session::now_ms,
        state::{ApiState, AsOf},
    },
    crate::{limits::network, values::Address},
    axum::{
        Extension,
        extract::{Request, State},
        http::{HeaderMap, HeaderValue, header},
        response::{
            IntoResponse, Response,
            sse::{Event, KeepAlive, Sse},
        },
    },
    batch::Batch,
    blockable_sdk::Pubkey,
    futures_util::{StreamExt, stream},
    hub::Subscription,
    places::Place,
    serde::Deserialize,
    std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration},
    tokio::sync::broadcast,
    utoipa::IntoParams,
};

/// Pause after which a silent stream gets a comment, so that proxies keep it open.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Most characters of an id.
const ID_MAX: usize = 64;

/// Filters of changes.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Changes of credits and lots of this lender.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Changes of credits of this borrower.
    #[param(value_type = Option<Address>)]
    borrower: Option<AddressParam>,
    /// Changes of this credit.
    #[param(value_type = Option<Address>)]
    credit: Option<AddressParam>,
}

impl StreamQuery {
    fn passes(&self, credit: Pubkey, lender: Pubkey, borrower: Option<Pubkey>) -> bool {
        self.credit.is_none_or(|filter| filter.is(credit))
            && self.lender.is_none_or(|filter| filter.is(lender))
            && self.borrower.is_none_or(|filter| borrower.is_some_and(|borrower| filter.is(borrower)))
    }
}

/// A stream of one client.
struct Client {
    state: Arc<ApiState>,
    access: Arc<Access>,
    query: StreamQuery,
    caller: Caller,
    /// The token of its session, which may end before the stream does.
    token: Option<String>,
    /// Batches that the client has missed and not been told yet.
    missed: VecDeque<Arc<Batch>>,
    batches: broadcast::Receiver<Arc<Batch>>,
    _place: Place,
}

impl Client {
    /// Waits for the next batch, as messages. `None` at the end: the keeper stops, the session has ended, or the client is too
    /// slow and should begin anew.
    async fn next(&mut self) -> Option<Vec<Event>> {
        let batch = match self.missed.pop_front() {
            Some(batch) => batch,
            None => self.batches.recv().await.ok()?,
        };
        self.is_allowed().then_some(())?;
        Some(self.messages(&batch).await)
    }

    /// Returns false once the session that opened the stream has ended.
    fn is_allowed(&self) -> bool {
        match (&self.caller, &self.token) {
            (Caller::Wallet(_), Some(token)) => self.access.sessions.find(token, now_ms()).is_some(),
            _ => true,
        }
    }

    async fn messages(&self, batch: &Batch) -> Vec<Event> {
        let mut messages = message::changes(batch, &self.query);
        messages.extend(message::alerts(&self.state, batch, &self.query, self.caller).await);
        messages.push(message::slot(&batch.as_of, &self.state.hub.id(batch.number)));
        messages
    }
}

/// Tells changes as they come, by server-sent events: of credits, freezes and lots to everybody, of alerts to the parties. An
/// `EventSource` sends no token; read the stream with `fetch`. `Last-Event-ID` goes on after the reading that it names.
#[utoipa::path(
    get, path = "/v1/stream", tag = "stream",
    params(
        StreamQuery,
        ("last-event-id" = Option<String>, Header, description = "The id of the last event", pattern = "^[0-9a-f]{12}-[0-9]{1,19}$")
    ),
    security((), ("token" = [])),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"), (status = 400, body = ErrorBody),
        (status = 401, description = "The token is wrong", body = ErrorBody),
        (status = 429, description = "There are too many streams", body = ErrorBody), (status = 503, body = ErrorBody)
    )
)]
pub(super) async fn stream(
    Anybody(caller): Anybody,
    State(state): State<Arc<ApiState>>,
    Extension(access): Extension<Arc<Access>>,
    StrictQuery(query): StrictQuery<StreamQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let snapshot = state.require_snapshot()?;
    let place = access.streams.take(network(&request)).ok_or_else(ApiError::too_many_streams)?;
    let headers = request.headers();
    let last_id = text(headers, "last-event-id").filter(|id| id.len() <= ID_MAX);
    let begun = state.hub.subscribe(last_id).ok_or_else(ApiError::not_read_yet)?;
    let Subscription { missed, resumed, last, batches } = begun;
    let token = text(headers, "authorization").and_then(|value| value.split_once(' '));
    let token = token.map(|(_, token)| token.trim().to_string());
    let hello = message::hello(AsOf::new(&snapshot), resumed, &state.hub.id(last));
    let client =
        Client { state, access, query, caller, token, missed: missed.into(), batches, _place: place };
    let rest = stream::unfold(client, |mut client| async move { Some((client.next().await?, client)) });
    let messages = stream::iter([vec![hello]]).chain(rest).flat_map(stream::iter).map(Ok::<_, Infallible>);
    let mut response = Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers an answer would hold every event back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
