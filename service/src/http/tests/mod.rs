//! The listener, over sockets of this machine.

mod unread;

use {
    super::*,
    axum::{
        Extension, Json, Router,
        body::Body,
        extract::State,
        http::HeaderMap,
        routing::{get, post},
    },
    std::{
        net::SocketAddr,
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::{Semaphore, oneshot},
        task::JoinHandle,
        time::{sleep, timeout},
    },
};

const PATIENCE: Duration = Duration::from_secs(10);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: daemon\r\n\r\n";

/// Bytes of an answer that no buffer of a connection holds.
const LARGE: usize = 32 << 20;

/// Half of a request's head.
const HALF: &[u8] = b"GET / HTTP/1.1\r\nhost: ";

struct Case {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    connections: Arc<Connections>,
}

/// Deadlines that no test comes near to, but for those that it sets.
fn patient() -> Deadlines {
    let serving = Limit::Idle(6 * PATIENCE);
    let reading = Reading { patience: 6 * PATIENCE, bytes_per_second: 1_000 };
    Deadlines { first_byte: 6 * PATIENCE, header: 6 * PATIENCE, keep_alive: 6 * PATIENCE, serving, reading }
}

fn body_bounds() -> BodyBounds {
    BodyBounds {
        bytes: 100,
        time: Duration::from_secs(2),
        grace: Duration::from_millis(200),
        bytes_per_second: 1_000,
        memory: Arc::new(Semaphore::new(16)),
    }
}

async fn take_body(State(bounds): State<BodyBounds>, headers: HeaderMap, body: Body) -> String {
    match read_body(&headers, body, &bounds).await {
        Ok(body) => body.len().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

async fn start(most: usize, most_per_network: usize, deadlines: Deadlines, proxies: &[&str]) -> Case {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let slow = get(|| async {
        sleep(Duration::from_millis(200)).await;
        "slow"
    });
    let client =
        get(|Extension(ClientAddress(client)): Extension<ClientAddress>| async move { Json(client) });
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/client", client)
        .route("/slow", slow)
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/forever", get(std::future::pending::<&'static str>))
        .route("/extracted", post(|body: bytes::Bytes| async move { body.len().to_string() }))
        .route("/body", post(take_body))
        .with_state(body_bounds());
    let connections = Connections::new(most, most_per_network, 64 << 20);
    let networks = proxies.iter().map(|text| TrustedProxies::parse_network(text).unwrap()).collect();
    let bounds = Bounds {
        connections: connections.clone(),
        deadlines,
        body_bytes: 100,
        proxies: Arc::new(TrustedProxies::new(networks, ForwardedHeader::XForwardedFor)),
    };
    let task = tokio::spawn(serve(listener, router, bounds, async { stopped.await.unwrap_or_default() }));
    Case { addr, stop, task, connections }
}

fn request(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: daemon\r\n{more}\r\n").into_bytes()
}

/// Sends bytes. Returns the connection.
async fn send(addr: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client
}

/// Reads the first bytes of an answer.
async fn status(client: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    timeout(PATIENCE, client.read_exact(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

/// Sends a request. Returns the connection and the first bytes of the answer.
async fn ask(addr: SocketAddr, request: &[u8]) -> (TcpStream, String) {
    let mut client = send(addr, request).await;
    let answer = status(&mut client).await;
    (client, answer)
}

/// Sends a request and reads all of its answer.
async fn whole(addr: SocketAddr, request: &[u8]) -> String {
    let mut client = send(addr, request).await;
    rest(&mut client).await
}

/// Reads to the end of a connection.
async fn rest(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is dropped may be reset.
    let _ = timeout(PATIENCE, client.read_to_end(&mut answer)).await.expect("the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_full_server_closes_idle_connections_for_new_ones_and_none_that_serves() {
    let case = start(2, 2, patient(), &[]).await;
    let (mut kept, answer) = ask(case.addr, REQUEST).await;
    assert_eq!(answer, "HTTP/1.1 200");
    let mut silent = TcpStream::connect(case.addr).await.unwrap();
    while case.connections.open() < 2 {
        sleep(Duration::from_millis(1)).await;
    }
    let busy = send(case.addr, &request("/forever", "")).await;
    assert!(rest(&mut kept).await.ends_with("here"), "the one that was idle first is closed first");
    let also_busy = send(case.addr, &request("/forever", "")).await;
    assert_eq!(rest(&mut silent).await, "");
    let third = ask(case.addr, REQUEST);
    tokio::pin!(third);
    // Of one network no more may come, of the others they would wait.
    assert_eq!(timeout(PATIENCE, &mut third).await.unwrap().1, "HTTP/1.1 429");
    drop(busy);
    while case.connections.open() > 1 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(ask(case.addr, REQUEST).await.1, "HTTP/1.1 200");
    drop(also_busy);
}

#[tokio::test]
async fn connections_wait_while_all_places_serve() {
    // Connections of a proxy have no share.
    let case = start(1, 1, patient(), &["127.0.0.1"]).await;
    let busy = send(case.addr, &request("/forever", "")).await;
    while case.connections.open() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    let second = ask(case.addr, REQUEST);
    tokio::pin!(second);
    assert!(timeout(Duration::from_millis(100), &mut second).await.is_err(), "the second waits");
    drop(busy);
    assert_eq!(second.await.1, "HTTP/1.1 200");
}

#[tokio::test]
async fn silent_dripping_and_idle_connections_end_by_their_deadlines() {
    let short = Duration::from_millis(150);
    let silence = start(64, 64, Deadlines { first_byte: short, ..patient() }, &[]).await;
    let mut silent = TcpStream::connect(silence.addr).await.unwrap();
    assert_eq!(rest(&mut silent).await, "");

    let heads = start(64, 64, Deadlines { header: short, ..patient() }, &[]).await;
    for first in [&[][..], REQUEST] {
        let mut client = send(heads.addr, first).await;
        let began = Instant::now();
        for byte in HALF.iter().chain([b'x'; 4_000].iter()) {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(3)).await;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "a head may not come for ever");
    }
    assert_eq!(ask(heads.addr, REQUEST).await.1, "HTTP/1.1 200");

    let idle = start(64, 64, Deadlines { keep_alive: short, ..patient() }, &[]).await;
    let (mut kept, _) = ask(idle.addr, REQUEST).await;
    let began = Instant::now();
    rest(&mut kept).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(ask(idle.addr, &request("/slow", "")).await.1, "HTTP/1.1 200", "an answer may take longer");
}

#[tokio::test]
async fn one_connection_serves_many_requests_in_turn() {
    let case = start(1, 1, Deadlines { header: Duration::from_secs(2), ..patient() }, &[]).await;
    let mut client = TcpStream::connect(case.addr).await.unwrap();
    for _ in 0..20 {
        client.write_all(HALF).await.unwrap();
        sleep(Duration::from_millis(2)).await;
        client.write_all(b"daemon\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 512];
        let bytes = timeout(PATIENCE, client.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..bytes].ends_with(b"here"));
    }
    // Two heads at once, and a half one behind them.
    client.write_all(&[REQUEST, REQUEST, HALF].concat()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    client.write_all(b"daemon\r\nconnection: close\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut client).await.matches("here").count(), 3);
}

#[tokio::test]
async fn requests_through_a_proxy_count_for_their_clients() {
    let case = start(64, 2, patient(), &["127.0.0.0/8"]).await;
    let through =
        |path: &str, client: &str| request(path, &format!("x-forwarded-for: 1.1.1.1, {client}\r\n"));
    let close =
        |client: &str| request("/client", &format!("x-forwarded-for: {client}\r\nconnection: close\r\n"));
    assert!(whole(case.addr, &close("203.0.113.7")).await.ends_with("\"203.0.113.7\""));
    assert!(whole(case.addr, &close("garbage")).await.ends_with("\"127.0.0.1\""));
    let busy = [
        send(case.addr, &through("/forever", "203.0.113.7")).await,
        send(case.addr, &through("/forever", "203.0.113.7, 127.0.0.9")).await,
    ];
    sleep(Duration::from_millis(100)).await;
    let refused = whole(case.addr, &through("/", "203.0.113.7")).await;
    assert!(refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after: 2"), "{refused}");
    let body: serde_json::Value = serde_json::from_str(refused.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["error"]["code"], "too_many_connections");
    assert_eq!(ask(case.addr, &through("/", "203.0.113.8")).await.1, "HTTP/1.1 200");
    drop(busy);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(ask(case.addr, &through("/", "203.0.113.7")).await.1, "HTTP/1.1 200");

    let direct = start(64, 2, patient(), &[]).await;
    let spoofed = whole(direct.addr, &close("203.0.113.7")).await;
    assert!(
        spoofed.ends_with("\"127.0.0.1\""),
        "the header of a client that is no proxy is its own claim: {spoofed}"
    );
}

#[tokio::test]
async fn bodies_are_bounded_in_bytes_rate_and_time() {
    let case = start(64, 64, patient(), &[]).await;
    let head = |path: &str, bytes: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: daemon\r\nconnection: close\r\ncontent-length: {bytes}\r\n\r\n"
        )
        .into_bytes()
    };
    for (bytes, extracted, read) in [(100, "200", "100"), (101, "413", "TooLarge { most: 100 }")] {
        let of = |path| [head(path, bytes), vec![b'x'; bytes]].concat();
        assert_eq!(ask(case.addr, &of("/extracted")).await.1, format!("HTTP/1.1 {extracted}"));
        assert!(whole(case.addr, &of("/body")).await.ends_with(read));
    }
    // 10 bytes a second, where 1,000 are asked for.
    let mut client = send(case.addr, &head("/body", 90)).await;
    let began = Instant::now();
    let drip = async {
        while client.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let _ = timeout(Duration::from_millis(600), drip).await;
    assert!(rest(&mut client).await.ends_with("TooSlow"));
    assert!(began.elapsed() < Duration::from_millis(1_800), "before the time that a whole body has");
    // Nothing at all.
    let mut client = send(case.addr, &head("/body", 90)).await;
    assert!(rest(&mut client).await.ends_with("TooSlow"));
}

#[tokio::test]
async fn bodies_that_are_being_read_share_a_room() {
    let bounds = BodyBounds { memory: Arc::new(Semaphore::new(3)), bytes: 8_000, ..body_bounds() };
    let read = async |bytes: usize| read_body(&HeaderMap::new(), vec![b'x'; bytes].into(), &bounds).await;
    assert_eq!(read(3_072).await.unwrap().len(), 3_072);
    assert_eq!(read(3_073).await, Err(BodyError::NoRoom));
    assert_eq!(bounds.memory.available_permits(), 3, "all of it is given back");
}

#[tokio::test]
async fn answers_end_before_the_server_does() {
    let case = start(8, 8, patient(), &[]).await;
    let (idle, _) = ask(case.addr, REQUEST).await;
    let slow = tokio::spawn(async move { ask(case.addr, &request("/slow", "")).await.1 });
    sleep(Duration::from_millis(50)).await;
    case.stop.send(()).unwrap();
    timeout(PATIENCE, case.task).await.unwrap().unwrap();
    assert_eq!(slow.await.unwrap(), "HTTP/1.1 200");
    assert!(TcpStream::connect(case.addr).await.is_err());
    drop(idle);
}

mod turns {
    //! The limit of a connection that serves: without movement, or by turns.

    use super::*;

    /// Sends a head and then a byte of the body every 5 ms. Returns the answer.
    async fn trickle(serving: Limit, bytes: usize) -> String {
        let case = start(8, 8, Deadlines { serving, ..patient() }, &[]).await;
        let head = format!(
            "POST /extracted HTTP/1.1\r\nhost: daemon\r\nconnection: close\r\ncontent-length: {bytes}\r\n\r\n"
        );
        let mut client = send(case.addr, head.as_bytes()).await;
        for _ in 0..bytes {
            if client.write_all(b"x").await.is_err() {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        rest(&mut client).await
    }

    #[tokio::test]
    async fn a_client_that_sends_a_byte_now_and_then_loses_its_turn() {
        let ended = trickle(Limit::Turn(Duration::from_millis(100)), 90).await;
        assert!(ended.is_empty() || ended.starts_with("HTTP/1.1 400"), "{ended}");
        assert!(trickle(Limit::Idle(Duration::from_secs(2)), 30).await.ends_with("30"));
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_moves_is_ended() {
        for limit in [Limit::Idle, Limit::Turn] {
            let serving = limit(Duration::from_millis(50));
            let case = start(8, 8, Deadlines { serving, ..patient() }, &[]).await;
            let mut client = send(case.addr, &request("/forever", "")).await;
            assert_eq!(rest(&mut client).await, "");
        }
    }
}
