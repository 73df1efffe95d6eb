//! Bounds on the requests that run at once, in all and of each credit.

use {
    crate::{
        config::Limits,
        error::ApiError,
        shares::{SharePlace, Shares},
    },
    axum::{body::Body, response::Response},
    blockable_sdk::Pubkey,
    bytes::Bytes,
    hyper::body::{Body as HttpBody, Frame, SizeHint},
    std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Poll},
        time::Duration,
    },
    tokio::sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Requests of one credit whose tokens upstreams count at once.
const TOKENIZING_PER_CREDIT: usize = 4;

/// Requests or bodies of each credit.
pub(crate) type CreditCounts = Shares<Pubkey>;
/// The place of one request or body in its credit's share, until it is dropped.
pub(crate) type CreditPlace = SharePlace<Pubkey>;

/// Counts running requests, and bodies that are received.
///
/// A request runs once its body is there: who sends slowly keeps a place among its own credit's bodies, and none of those that
/// run. Nothing of it is kept over a restart, which ends all requests.
#[derive(Clone)]
pub(crate) struct Running {
    all: Arc<Semaphore>,
    most: u32,
    most_per_credit: usize,
    credits: CreditCounts,
    receiving: CreditCounts,
    /// Requests without an answer.
    unanswered: watch::Sender<usize>,
    /// Bodies that are coming, also without a key.
    bodies: Arc<AtomicUsize>,
    tokenizing: CreditCounts,
    /// True once the requests that run must end.
    cut: watch::Sender<bool>,
}

/// A running request, until it has an answer. It keeps its place until its client has taken that, whole or as a stream.
pub(crate) struct Permit {
    place: Arc<RequestPlace>,
    _unanswered: Unanswered,
    cut: watch::Receiver<bool>,
}

/// The place of a request. It counts until this is dropped.
struct RequestPlace {
    _credit: CreditPlace,
    _all: OwnedSemaphorePermit,
}

/// A request without an answer, until it is dropped.
struct Unanswered(watch::Sender<usize>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// The body of an answer, which keeps its request's place until the client has taken it.
struct PlacedBody {
    inner: Body,
    _place: Arc<RequestPlace>,
}

/// A body that is coming, until it is dropped.
pub(crate) struct ComingBody(Arc<AtomicUsize>);

impl Drop for ComingBody {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HttpBody for PlacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Permit {
    /// Makes the request's answer, whose client keeps the place until it has taken it. The request runs on until this is dropped.
    pub(crate) fn answer(&self, answer: Response) -> Response {
        let _place = self.place.clone();
        answer.map(|inner| Body::new(PlacedBody { inner, _place }))
    }

    /// Returns once the request must end, since the server stops.
    pub(crate) async fn was_cut(&self) {
        if self.cut.clone().wait_for(|cut| *cut).await.is_err() {
            // The server that would cut it is gone.
            std::future::pending().await
        }
    }
}

impl Running {
    /// Starts with no running request.
    pub(crate) fn new(limits: &Limits) -> Running {
        let most = u32::try_from(limits.requests).unwrap_or(u32::MAX);
        Running {
            all: Arc::new(Semaphore::new(limits.requests)),
            most,
            most_per_credit: limits.requests_per_credit,
            credits: CreditCounts::default(),
            receiving: CreditCounts::default(),
            unanswered: watch::Sender::new(0),
            bodies: Arc::default(),
            tokenizing: CreditCounts::default(),
            cut: watch::Sender::new(false),
        }
    }

    /// Begins to receive the body of a credit's request. Errors: 429 where as many of the credit's are coming as may run.
    pub(crate) fn receive(&self, credit: Pubkey) -> Result<CreditPlace, ApiError> {
        self.receiving.enter(credit, self.most_per_credit).ok_or_else(|| {
            let most = self.most_per_credit;
            let message =
                format!("{most} requests of this credit are being sent; wait until one has arrived");
            ApiError::too_many("too_many_requests", message)
        })
    }

    /// Begins to read a body.
    pub(crate) fn read(&self) -> ComingBody {
        self.bodies.fetch_add(1, Ordering::Relaxed);
        ComingBody(self.bodies.clone())
    }

    /// Number of bodies that are coming.
    pub(crate) fn bodies(&self) -> usize {
        self.bodies.load(Ordering::Relaxed)
    }

    /// Begins a request of a credit, whose body is there. Errors: 429 at a bound.
    pub(crate) fn enter(&self, credit: Pubkey) -> Result<Permit, ApiError> {
        let all = self.all.clone().try_acquire_owned().map_err(|_| {
            ApiError::too_many("server_busy", "the server runs as many requests as it may; try again shortly")
        })?;
        let place = self.credits.enter(credit, self.most_per_credit).ok_or_else(|| {
            let most = self.most_per_credit;
            let message = format!("{most} requests of this credit are running; wait until one ends");
            ApiError::too_many("too_many_requests", message)
        })?;
        self.unanswered.send_modify(|count| *count += 1);
        let (_unanswered, cut) = (Unanswered(self.unanswered.clone()), self.cut.subscribe());
        Ok(Permit { place: Arc::new(RequestPlace { _credit: place, _all: all }), _unanswered, cut })
    }

    /// Has an upstream count the tokens of a credit's request, for which nothing is held yet. `None` where it does so for as many of
    /// the credit's requests as it may.
    pub(crate) fn tokenize(&self, credit: Pubkey) -> Option<CreditPlace> {
        self.tokenizing.enter(credit, TOKENIZING_PER_CREDIT)
    }

    /// Number of running requests, with those whose clients have not taken their answers.
    pub(crate) fn count(&self) -> usize {
        (self.most as usize).saturating_sub(self.all.available_permits())
    }

    /// Lets the requests that run end now, with what they have.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Waits until every request has its answer. Returns false where that takes longer than `within`.
    pub(crate) async fn ended(&self, within: Duration) -> bool {
        let mut unanswered = self.unanswered.subscribe();
        tokio::time::timeout(within, unanswered.wait_for(|count| *count == 0)).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_bounded_in_all_and_per_credit() {
        let limits = Limits { requests: 3, requests_per_credit: 2, ..Limits::default() };
        let running = Running::new(&limits);
        let (one, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let first = running.enter(one).ok().unwrap();
        let second = running.enter(one).ok().unwrap();
        assert_eq!(running.enter(one).err().unwrap().code, "too_many_requests");
        let third = running.enter(other).ok().unwrap();
        assert_eq!(running.enter(other).err().unwrap().code, "server_busy");
        assert_eq!(running.count(), 3);
        assert!(!running.ended(Duration::from_millis(1)).await);
        drop((first, second, third));
        assert!(running.ended(Duration::from_secs(5)).await);
        assert!(running.enter(one).is_ok());
        assert!(running.credits.is_empty());
    }

    #[tokio::test]
    async fn a_request_keeps_its_place_until_its_client_has_the_answer() {
        let running = Running::new(&Limits { requests_per_credit: 1, ..Limits::default() });
        let credit = Pubkey::new_unique();
        let answer = running.enter(credit).ok().unwrap().answer(Response::new(Body::from("whole")));
        assert_eq!((running.count(), answer.body().size_hint().exact()), (1, Some(5)));
        assert!(running.ended(Duration::ZERO).await, "a server that stops waits for no reader");
        assert_eq!(running.enter(credit).err().unwrap().code, "too_many_requests");
        let read = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!((read.as_ref(), running.count()), (&b"whole"[..], 0));
        assert!(running.enter(credit).is_ok());
    }

    #[tokio::test]
    async fn a_stream_keeps_its_place_until_its_client_has_all_of_it() {
        let running = Running::new(&Limits { requests_per_credit: 1, ..Limits::default() });
        let credit = Pubkey::new_unique();
        let permit = running.enter(credit).ok().unwrap();
        let events = futures_util::stream::iter(["one", "two"].map(Ok::<_, std::convert::Infallible>));
        let answer = permit.answer(Response::new(Body::from_stream(events)));
        // Its last event was made, and waits for the client.
        drop(permit);
        assert!(running.ended(Duration::ZERO).await, "a server that stops waits for no reader");
        assert_eq!((running.count(), running.enter(credit).is_err()), (1, true));
        let read = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!((read.as_ref(), running.count()), (&b"onetwo"[..], 0));

        // Nor is it free where the client has left and the request still runs.
        let permit = running.enter(credit).ok().unwrap();
        drop(permit.answer(Response::new(Body::empty())));
        assert_eq!(running.count(), 1);
        drop(permit);
        assert_eq!(running.count(), 0);
    }

    #[test]
    fn bodies_that_come_take_no_place_of_requests_that_run() {
        let limits = Limits { requests: 2, requests_per_credit: 1, ..Limits::default() };
        let running = Running::new(&limits);
        let credits: [Pubkey; 4] = std::array::from_fn(|_| Pubkey::new_unique());
        let coming: Vec<_> = credits.iter().map(|credit| running.receive(*credit).ok().unwrap()).collect();
        assert_eq!((running.count(), coming.len()), (0, 4));
        let read = [running.read(), running.read()];
        assert_eq!((running.bodies(), running.count()), (2, 0));
        drop(read);
        assert_eq!(running.bodies(), 0);
        assert_eq!(running.receive(credits[0]).err().unwrap().code, "too_many_requests");
        assert!(running.enter(credits[0]).is_ok());
        drop(coming);
        assert!(running.receive(credits[0]).is_ok());
    }
}
