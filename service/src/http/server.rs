//! Serves a router on a listener, within bounds.

use {
    super::{Connection, Limit},
    axum::{Router, extract::DefaultBodyLimit},
    hyper::server::conn::http1,
    hyper_util::{
        rt::{TokioIo, TokioTimer},
        service::TowerToHyperService,
    },
    std::{io, pin::pin, sync::Arc, time::Duration},
    tokio::{
        net::{TcpListener, TcpStream},
        sync::{Semaphore, watch},
        time::sleep,
    },
};

/// Pause after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Bounds on the clients of a listener.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Permits for open connections. A connection is accepted only while there is one and holds it until it is closed;
    /// further clients wait in the system's queue. Listeners that share the semaphore share the limit.
    pub connections: Arc<Semaphore>,
    /// Time in which the header of a request must arrive. A connection that is kept open between requests is closed after
    /// it too.
    pub header: Duration,
    /// The longest time of a connection without movement, or of a turn on it.
    pub limit: Limit,
    /// Bytes of a body that is read by an extractor; handlers that read bodies by themselves have their own limit.
    pub body_bytes: usize,
}

/// Serves a router by HTTP/1 until `stop` is done. Then accepts nothing more, closes connections without a request and
/// returns once all answers have been sent. Callers that cannot wait for that put a limit on this.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: impl Future<Output = ()>) {
    let router = router.layer(DefaultBodyLimit::max(bounds.body_bytes));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.header);
    // True once the connections are to end; every one of them holds a receiver for as long as it is open.
    let ending = watch::Sender::new(false);
    let mut stop = pin!(stop);
    loop {
        let connection = tokio::select! {
            connection = accept(&listener, &bounds) => connection,
            () = &mut stop => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let served = http.serve_connection(TokioIo::new(connection), service);
        let mut ends = ending.subscribe();
        tokio::spawn(async move {
            let mut served = pin!(served);
            let ends = async { drop(ends.wait_for(|ends| *ends).await) };
            let ended = tokio::select! {
                result = served.as_mut() => Some(result),
                () = ends => None,
            };
            let result = match ended {
                Some(result) => result,
                None => {
                    served.as_mut().graceful_shutdown();
                    served.await
                }
            };
            if let Err(error) = result {
                tracing::trace!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    ending.send_replace(true);
    ending.closed().await;
}

/// Waits for a permit and then for a client.
async fn accept(listener: &TcpListener, bounds: &Bounds) -> Connection {
    // The semaphore is never closed; without a permit the connection would not be counted, and is still served.
    let permit = bounds.connections.clone().acquire_owned().await.ok();
    let stream = accept_stream(listener).await;
    // Without it the end of an answer waits for an acknowledgement; a failure costs that wait alone.
    let _ = stream.set_nodelay(true);
    Connection::new(stream, bounds.limit, permit)
}

async fn accept_stream(listener: &TcpListener) -> TcpStream {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
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

#[cfg(test)]
mod tests {
    use {
        super::*,
        axum::{
            body::Bytes,
            routing::{get, post},
        },
        std::net::SocketAddr,
        tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            sync::oneshot,
            task::JoinHandle,
            time::timeout,
        },
    };

    const PATIENCE: Duration = Duration::from_secs(10);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: daemon\r\n\r\n";

    struct Case {
        addr: SocketAddr,
        stop: oneshot::Sender<()>,
        task: JoinHandle<()>,
    }

    async fn start(connections: usize, header: Duration) -> Case {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let slow = get(|| async {
            sleep(Duration::from_millis(200)).await;
            "slow"
        });
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/slow", slow)
            .route("/body", post(|body: Bytes| async move { body.len().to_string() }));
        let bounds = Bounds {
            connections: Arc::new(Semaphore::new(connections)),
            header,
            limit: Limit::Idle(Duration::from_secs(60)),
            body_bytes: 100,
        };
        let task = tokio::spawn(serve(listener, router, bounds, async { stopped.await.unwrap_or_default() }));
        Case { addr, stop, task }
    }

    /// Sends a request. Returns the connection and the first bytes of the answer.
    async fn ask(addr: SocketAddr, request: &[u8]) -> (TcpStream, String) {
        let mut client = TcpStream::connect(addr).await.unwrap();
        client.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        timeout(PATIENCE, client.read_exact(&mut answer)).await.unwrap().unwrap();
        (client, String::from_utf8(answer.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn no_more_connections_are_served_than_there_are_permits() {
        let case = start(1, PATIENCE).await;
        let (first, answer) = ask(case.addr, REQUEST).await;
        assert_eq!(answer, "HTTP/1.1 200");
        let second = ask(case.addr, REQUEST);
        tokio::pin!(second);
        assert!(
            timeout(Duration::from_millis(100), &mut second).await.is_err(),
            "the second waits for the first"
        );
        drop(first);
        assert_eq!(second.await.1, "HTTP/1.1 200");
    }

    #[tokio::test]
    async fn a_header_that_does_not_arrive_in_time_closes_the_connection() {
        let case = start(8, Duration::from_millis(100)).await;
        let mut client = TcpStream::connect(case.addr).await.unwrap();
        let trickle = async {
            for byte in REQUEST.iter().cycle() {
                if client.write_all(&[*byte | 1]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, trickle).await.unwrap();
        assert_eq!(ask(case.addr, REQUEST).await.1, "HTTP/1.1 200");
    }

    #[tokio::test]
    async fn bodies_have_a_limit() {
        let case = start(8, PATIENCE).await;
        for (bytes, expected) in [(100, "HTTP/1.1 200"), (101, "HTTP/1.1 413")] {
            let head = format!("POST /body HTTP/1.1\r\nhost: daemon\r\ncontent-length: {bytes}\r\n\r\n");
            let request = [head.as_bytes(), &vec![b'x'; bytes]].concat();
            assert_eq!(ask(case.addr, &request).await.1, expected);
        }
    }

    #[tokio::test]
    async fn answers_end_before_the_server_does() {
        let case = start(8, PATIENCE).await;
        let (idle, _) = ask(case.addr, REQUEST).await;
        let request = String::from_utf8_lossy(REQUEST).replace("GET /", "GET /slow");
        let slow = tokio::spawn(async move { ask(case.addr, request.as_bytes()).await.1 });
        sleep(Duration::from_millis(50)).await;
        case.stop.send(()).unwrap();
        timeout(PATIENCE, case.task).await.unwrap().unwrap();
        assert_eq!(slow.await.unwrap(), "HTTP/1.1 200");
        assert!(TcpStream::connect(case.addr).await.is_err());
        drop(idle);
    }
}
