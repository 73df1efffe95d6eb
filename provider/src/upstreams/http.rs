//! Calls upstreams, and asks again where a kept connection was closed just as a request was sent.
//!
//! A server closes a connection that has been idle for a while. Where it does so while the next request is on its way, nobody
//! has read that request. HTTP cannot tell this from a server that read it and broke down, so the request is sent once more only
//! where nearly nothing can be lost: the connection had answered before, it ended before a head of an answer had come, and
//! within [`RACE`] of the request. Then at most that time of an upstream's work is done twice, and the customer is charged once.

use {
    blockable_service::lock::lock,
    hyper_util::client::legacy::{
        Error as ClientError,
        connect::{Connected, HttpInfo},
    },
    std::{
        collections::HashSet,
        error::Error,
        io::{self, ErrorKind},
        net::SocketAddr,
        sync::Mutex,
        time::Duration,
    },
    tokio::time::Instant,
};

/// Time that an upstream may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for which an idle connection to an upstream is kept.
const POOL_IDLE: Duration = Duration::from_secs(90);
/// Time after a request within which the end of its connection was on its way already, as far as a network is slow.
const RACE: Duration = Duration::from_secs(1);
/// Connections that are remembered.
const REMEMBERED: usize = 16_384;

/// A connection by its two ends.
type Ends = (SocketAddr, SocketAddr);

/// The HTTP client for upstreams.
///
/// Owned by the server's state. The lock guards the connections that have answered, most of which are kept for another request;
/// it is held for single steps. A connection that is forgotten costs one repetition, and one whose port is another's by now costs
/// a needless one.
pub(crate) struct UpstreamHttp {
    /// Keeps connections.
    kept: reqwest::Client,
    /// Makes a connection for each request.
    fresh: reqwest::Client,
    answered: Mutex<HashSet<Ends>>,
}

impl UpstreamHttp {
    /// Makes the clients. Upstreams are the provider's own and are called without a proxy. Errors: those of the system.
    pub(crate) fn new() -> Result<UpstreamHttp, reqwest::Error> {
        let client = || {
            let none = reqwest::redirect::Policy::none();
            let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(none);
            client.tcp_nodelay(true).no_proxy()
        };
        Ok(UpstreamHttp {
            kept: client().pool_idle_timeout(POOL_IDLE).build()?,
            fresh: client().pool_max_idle_per_host(0).build()?,
            answered: Mutex::default(),
        })
    }

    /// Sends the request that `build` makes, and once more on a new connection where its kept one was closed as it was sent:
    /// `again` is called before that. Errors: the connection failed.
    pub(crate) async fn send(
        &self,
        build: impl Fn(&reqwest::Client) -> reqwest::RequestBuilder,
        again: impl FnOnce(),
    ) -> Result<reqwest::Response, SendError> {
        let began = Instant::now();
        match build(&self.kept).send().await {
            Ok(answer) => {
                self.note(&answer);
                Ok(answer)
            }
            Err(error) if began.elapsed() <= RACE && self.was_kept_and_closed(&error) => {
                again();
                let sent = build(&self.fresh).send().await;
                sent.map_err(|error| SendError { error, was_repeated: true })
            }
            Err(error) => Err(SendError { error, was_repeated: false }),
        }
    }

    fn note(&self, answer: &reqwest::Response) {
        if let Some(info) = answer.extensions().get::<HttpInfo>() {
            let mut answered = lock(&self.answered);
            if answered.len() >= REMEMBERED {
                answered.clear();
            }
            answered.insert(ends(info));
        }
    }

    /// True for an error of a connection that had answered before and was closed now. Forgets the connection.
    fn was_kept_and_closed(&self, error: &reqwest::Error) -> bool {
        let Some(client) = find::<ClientError>(error) else { return false };
        let Some(ends) = client.connect_info().and_then(ends_of) else { return false };
        lock(&self.answered).remove(&ends) && !client.is_connect() && is_close(error)
    }
}

/// A request that got no head of an answer.
#[derive(Debug)]
pub(crate) struct SendError {
    /// The failure of the connection.
    pub error: reqwest::Error,
    /// True where the request was sent before, on a connection that was closed.
    pub was_repeated: bool,
}

fn ends(info: &HttpInfo) -> Ends {
    (info.local_addr(), info.remote_addr())
}

fn ends_of(connected: &Connected) -> Option<Ends> {
    let mut extensions = axum::http::Extensions::new();
    connected.get_extras(&mut extensions);
    extensions.get::<HttpInfo>().map(ends)
}

/// True where a connection ended, and not where it brought bytes that are no answer.
fn is_close(error: &reqwest::Error) -> bool {
    let closed = find::<hyper::Error>(error)
        .is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed());
    closed
        || find::<io::Error>(error).is_some_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
            )
        })
}

/// Finds an error among the causes of another.
fn find<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
