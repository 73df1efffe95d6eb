//! Listeners of this keeper: that of the API, and that of health and metrics.

use {
    axum::Router,
    blockable_service::http::{self, Bounds, Connections, Deadlines, Limit, Reading, TrustedProxies},
    std::{net::SocketAddr, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::watch, task::JoinHandle},
};

/// Time that a connection gets beyond the deadline of a request, for the request to come in and the answer to go out.
const TRANSFER: Duration = Duration::from_secs(20);
/// Bytes of all large answers that go out at once; past them the longest unread ones end.
const SENDING_BYTES: usize = 256 << 20;
/// Bytes of an answer that a client must take for a second of the time for which it may let it wait.
const READ_PER_SECOND: u64 = 4_096;

/// An address that cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {addr}: {reason}; set {key} to a free address of this machine")]
pub struct ListenError {
    addr: SocketAddr,
    reason: String,
    key: &'static str,
}

/// The bounds of a listener on its clients.
#[derive(Clone, Debug)]
pub(crate) struct ListenerBounds {
    /// Most connections at the same time; one network may take half of them.
    pub(crate) connections: usize,
    /// The longest request.
    pub(crate) deadline: Duration,
    /// Most bytes of a body.
    pub(crate) body_bytes: usize,
    /// Proxies that clients come through.
    pub(crate) proxies: TrustedProxies,
}

/// An address that is listened at.
pub(crate) struct Listening {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Listening {
    /// Listens at an address, which the setting `key` names. Errors: [`ListenError`].
    pub(crate) async fn bind(key: &'static str, addr: SocketAddr) -> Result<Listening, ListenError> {
        let failed = |error: std::io::Error| ListenError { addr, reason: error.to_string(), key };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        Ok(Listening { listener, addr })
    }

    /// Gives the address, with the port that the system has chosen.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` is true or its sender is dropped. The task ends once the answers that are under way have gone out.
    pub(crate) fn serve(
        self,
        router: Router,
        bounds: ListenerBounds,
        mut stop: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let ListenerBounds { connections, deadline, body_bytes, proxies } = bounds;
        let bounds = Bounds {
            // One network may take half of the places: those of the others read while it fails to end its own.
            connections: Connections::new(connections, connections.div_ceil(2), SENDING_BYTES),
            deadlines: Deadlines {
                first_byte: TRANSFER,
                header: TRANSFER,
                keep_alive: deadline.saturating_add(TRANSFER),
                // Streams go on for as long as somebody reads them; other answers have their own deadline.
                serving: Limit::Idle(deadline.saturating_add(TRANSFER)),
                reading: Reading { patience: TRANSFER, bytes_per_second: READ_PER_SECOND },
            },
            body_bytes,
            proxies: Arc::new(proxies),
        };
        let stopped = async move {
            // A sender that is dropped stops the server as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::spawn(http::serve(self.listener, router, bounds, stopped))
    }
}
