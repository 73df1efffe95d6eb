//! Serves a router on a listener, within bounds.

use {
    super::{
        ClientNetwork, Connections, Deadlines, TrustedProxies,
        connection::Connection,
        connections::{Place, ShareUsedUp},
        requests::{RETRY_SECONDS, RequestService, SHARE_USED_UP},
    },
    axum::{Router, extract::DefaultBodyLimit},
    hyper::server::conn::http1,
    hyper_util::{
        rt::{TokioIo, TokioTimer},
        service::TowerToHyperService,
    },
    std::{io, net::IpAddr, pin::pin, sync::Arc, time::Duration},
    tokio::{
        net::{TcpListener, TcpStream},
        sync::watch,
        time::sleep,
    },
};

/// Pause after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Bounds on the clients of a listener.
#[derive(Clone)]
pub struct Bounds {
    /// The open connections; listeners that share them share the limit.
    pub connections: Arc<Connections>,
    /// The longest times of a connection.
    pub deadlines: Deadlines,
    /// Bytes of a body that is read by an extractor; handlers that read bodies by themselves have their own limit.
    pub body_bytes: usize,
    /// Proxies that clients come through.
    pub proxies: Arc<TrustedProxies>,
}

/// Serves a router by HTTP/1 until `stop` is done. Then accepts nothing more, closes connections without a request and
/// returns once all answers have been sent. Callers that cannot wait for that put a limit on this.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: impl Future<Output = ()>) {
    let router = router.layer(DefaultBodyLimit::max(bounds.body_bytes));
    // True once the connections are to end; every one of them holds a receiver for as long as it is open.
    let ending = watch::Sender::new(false);
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        // A proxy's connections are those of many clients.
        let network = (!bounds.proxies.trusts(peer)).then(|| ClientNetwork::new(peer));
        let place = tokio::select! {
            place = bounds.connections.admit(network) => place,
            () = &mut stop => break,
        };
        match place {
            Ok(place) => {
                let ends = ending.subscribe();
                tokio::spawn(serve_connection(stream, peer, place, router.clone(), bounds.clone(), ends));
            }
            Err(ShareUsedUp) => refuse(&stream),
        }
    }
    drop(listener);
    ending.send_replace(true);
    ending.closed().await;
}

/// Serves a connection until its client closes it, a deadline passes, its place is given away, or the server ends.
async fn serve_connection(
    stream: TcpStream,
    peer: IpAddr,
    place: Place,
    router: Router,
    bounds: Bounds,
    mut ends: watch::Receiver<bool>,
) {
    let slot = place.slot.clone();
    let service = RequestService {
        router: TowerToHyperService::new(router),
        connections: bounds.connections,
        proxies: bounds.proxies,
        slot: slot.clone(),
        peer,
    };
    let connection = Connection::new(stream, bounds.deadlines, place);
    let mut http = http1::Builder::new();
    // The connection itself has deadlines.
    http.timer(TokioTimer::new()).header_read_timeout(None);
    let mut served = pin!(http.serve_connection(TokioIo::new(connection), service));
    let mut is_ending = false;
    let result = loop {
        tokio::select! {
            result = served.as_mut() => break result,
            () = slot.closed.notified() => return,
            _ = ends.wait_for(|ends| *ends), if !is_ending => {
                is_ending = true;
                served.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = result {
        tracing::trace!(%error, "a connection broke off");
    }
}

/// Says to a client that its network has too many connections, as far as that is possible without waiting for it.
fn refuse(stream: &TcpStream) {
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: {RETRY_SECONDS}\r\nconnection: \
         close\r\ncontent-length: {}\r\n\r\n{SHARE_USED_UP}",
        SHARE_USED_UP.len()
    );
    let _ = stream.try_write(answer.as_bytes());
}

/// Waits for a client.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Without it the end of an answer waits for an acknowledgement; a failure costs that wait alone.
                let _ = stream.set_nodelay(true);
                return (stream, peer.ip());
            }
            // The client is gone already.
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted; raise the limit on open files");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
