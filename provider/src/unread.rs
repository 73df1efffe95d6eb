//! Bodies of requests that were answered before they were read, such as those of wrong keys.
//!
//! A connection whose request has not been read to its end is closed. A client that got its answer may have sent its next request
//! there by then, and would find the connection broken. So a small rest is read, and a larger one is said in the answer.

use {
    axum::{
        body::{Body, BodyDataStream, Bytes, HttpBody},
        extract::Request,
        http::{
            HeaderValue,
            header::{CONNECTION, EXPECT},
        },
        middleware::Next,
        response::Response,
    },
    blockable_service::lock::lock,
    futures_util::StreamExt,
    hyper::body::{Frame, SizeHint},
    std::{
        pin::Pin,
        sync::{Arc, Mutex},
        task::{Context, Poll, ready},
        time::Duration,
    },
    tokio::time::timeout,
};

/// Bytes that are read for the sake of the connection.
const MOST: u64 = 65_536;
/// Time in which they must come.
const WITHIN: Duration = Duration::from_millis(200);

/// The place to which a body goes back that was dropped before its end.
type Returned = Arc<Mutex<Option<Body>>>;

/// A body that goes back where it is dropped before its end.
struct Lent {
    body: Option<Body>,
    returned: Returned,
}

/// Reads a small rest of a request that was answered early. Where more is left, the answer says that the connection is closed.
pub(crate) async fn read_rest(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Such a client sends nothing before it is asked to.
    let waits = request.headers().contains_key(EXPECT);
    let returned = Returned::default();
    let lend = |body| Body::new(Lent { body: Some(body), returned: returned.clone() });
    let mut response = next.run(request.map(lend)).await;
    let rest = lock(&returned).take();
    if let Some(rest) = rest
        && (waits || rest.size_hint().lower() > MOST || !read(rest.into_data_stream()).await)
    {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads to the end. Returns false where it does not come within the bounds.
async fn read(mut rest: BodyDataStream) -> bool {
    let mut left = MOST;
    let all = async {
        while let Some(piece) = rest.next().await {
            let bytes = piece.map_or(u64::MAX, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
            match left.checked_sub(bytes) {
                Some(less) => left = less,
                None => return false,
            }
        }
        true
    };
    timeout(WITHIN, all).await.unwrap_or(false)
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| !body.is_end_stream());
        *lock(&self.returned) = rest;
    }
}
