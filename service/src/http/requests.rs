//! The way of a request from its connection to the router.

use {
    super::{
        ClientNetwork, TrustedProxies,
        connections::{Connections, RequestPlace},
        sending::{AnswerBytes, PIECE, Pieces},
        slot::Slot,
    },
    axum::{
        Router,
        body::Body,
        extract::Request,
        http::{
            HeaderValue, StatusCode, Uri,
            header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER},
            uri::PathAndQuery,
        },
        response::Response,
    },
    bytes::Bytes,
    hyper::{
        body::{Body as HttpBody, Frame, Incoming, SizeHint},
        service::Service,
    },
    hyper_util::service::TowerToHyperService,
    std::{
        convert::Infallible,
        net::IpAddr,
        pin::Pin,
        sync::Arc,
        task::{Context, Poll, ready},
    },
};

/// The answer to a network that has used up its share, in the shape that all servers' errors have. `type` makes it one for
/// clients of Anthropic as well.
pub(super) const SHARE_USED_UP: &str = "{\"type\":\"error\",\"error\":{\"message\":\"too many connections or requests come from your network at once; close some, or wait until some \
     have ended\",\"type\":\"rate_limit_error\",\"param\":null,\"code\":\"too_many_connections\"}}";
/// Seconds after which such a client may try again.
pub(super) const RETRY_SECONDS: u32 = 2;

/// The address of a request's client: of the connection's other end, or as a trusted proxy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Serves the requests of one connection.
pub(super) struct RequestService {
    pub(super) router: TowerToHyperService<Router>,
    pub(super) connections: Arc<Connections>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) slot: Arc<Slot>,
    pub(super) peer: IpAddr,
}

impl Service<Request<Incoming>> for RequestService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (slot, connections, router) = (self.slot.clone(), self.connections.clone(), self.router.clone());
        let client =
            if self.proxies.trusts(self.peer) { self.proxies.client(request.headers()) } else { None };
        request.extensions_mut().insert(ClientAddress(client.unwrap_or(self.peer)));
        strip_trailing_slash(request.uri_mut());
        Box::pin(async move {
            // A client that takes no answer gets no further one.
            slot.until_flushed().await;
            if !slot.begin_request(!request.body().is_end_stream()) {
                return Ok(share_used_up());
            }
            let ends = AnswerGuard(slot.clone());
            let place = match client.map(|client| connections.enter_request(ClientNetwork::new(client))) {
                None => None,
                Some(Ok(place)) => Some(place),
                Some(Err(_)) => {
                    return Ok(share_used_up().map(|body| ends.until_end_of(body, &connections, None)));
                }
            };
            let request = request.map(|inner| RequestBody { inner, slot });
            let mut answer =
                router.call(request).await?.map(|body| ends.until_end_of(body, &connections, place));
            // A connection without a pause between its requests would keep its place for ever.
            if connections.is_waited_for() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}

fn share_used_up() -> Response {
    let mut response = Response::new(Body::from(SHARE_USED_UP));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Makes `/v1/models/` name what `/v1/models` does.
fn strip_trailing_slash(uri: &mut Uri) {
    let path = uri.path();
    let bare = path.trim_end_matches('/');
    if bare.len() == path.len() || bare.is_empty() {
        return;
    }
    let bare = match uri.query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_string(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(bare).ok().or(parts.path_and_query);
    if let Ok(changed) = Uri::from_parts(parts) {
        *uri = changed;
    }
}

/// Notes the end of an answer when it is dropped.
struct AnswerGuard(Arc<Slot>);

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

impl AnswerGuard {
    /// A body whose end is the answer's, and that of its request's place.
    fn until_end_of(self, inner: Body, connections: &Arc<Connections>, place: Option<RequestPlace>) -> Body {
        let bytes = inner.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = bytes.filter(|bytes| *bytes > PIECE);
        let bytes = bytes.map(|bytes| AnswerBytes::sent_on(connections, &self.0, bytes));
        Body::new(AnswerBody { inner, rest: Pieces::default(), _bytes: bytes, _place: place, _end: self })
    }
}

/// The body of a request, whose end is noted.
struct RequestBody {
    inner: Incoming,
    slot: Arc<Slot>,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let poll = Pin::new(&mut self.inner).poll_frame(context);
        if self.inner.is_end_stream() || matches!(poll, Poll::Ready(None | Some(Err(_)))) {
            self.slot.end_body();
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.slot.end_body();
    }
}

/// The body of an answer, which ends with the answer.
struct AnswerBody {
    inner: Body,
    /// The part of its last bytes that has not been taken.
    rest: Pieces,
    _bytes: Option<AnswerBytes>,
    _place: Option<RequestPlace>,
    _end: AnswerGuard,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(piece) = self.rest.next() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        // By the piece, so that it counts until its client has taken it.
        Poll::Ready(frame.map(|frame| match frame?.into_data() {
            Ok(data) => {
                self.rest = Pieces(data);
                Ok(Frame::data(self.rest.next().unwrap_or_default()))
            }
            Err(other) => Ok(other),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.0.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.0.len() as u64);
        let mut both = SizeHint::new();
        both.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            both.set_upper(upper.saturating_add(rest));
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_is_no_part_of_a_path() {
        for (given, expected) in [
            ("/v1/models/", "/v1/models"),
            ("/v1/models//?a=/", "/v1/models?a=/"),
            ("/v1/models", "/v1/models"),
            ("/", "/"),
            ("//", "//"),
            ("http://host/v1/", "http://host/v1"),
        ] {
            let mut uri: Uri = given.parse().unwrap();
            strip_trailing_slash(&mut uri);
            assert_eq!(uri.to_string(), expected, "{given}");
        }
    }
}
