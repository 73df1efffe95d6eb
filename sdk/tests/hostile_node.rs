//! Nodes that answer too much, too slowly, or ask for patience without an end: a request ends by its deadline, in bounded memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic and wait for the clock"
)]

use {
    blockable_sdk::rpc::{CommitmentConfig, RpcClient, connect, describe},
    blockable_testkit::http::{Reply, Server},
    serde_json::json,
    std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        thread,
        time::Duration,
    },
    tokio::time::timeout,
};

/// The time that no request of these tests takes, unless it waits for the node.
const PATIENCE: Duration = Duration::from_secs(60);

fn client(url: impl Into<String>, deadline: Duration) -> RpcClient {
    connect(url, deadline, CommitmentConfig::confirmed())
}

/// A server that answers one request with a head, and then with what `write` sends.
fn raw(write: impl FnOnce(&mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4_096]);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        connection.write_all(head.as_bytes()).unwrap();
        write(&mut connection);
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_node_is_waited_for_no_longer_than_the_deadline() {
    for seconds in [119, u64::MAX] {
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let server = Server::json_rpc(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Reply::Status(format!("429 Too Many Requests\r\nretry-after: {seconds}"), "{}".into())
        });
        let slow = client(server.url(), Duration::from_secs(5));
        let error = timeout(PATIENCE, slow.get_slot()).await.expect("its own deadline").unwrap_err();
        assert_eq!((describe(&error).as_str(), asked.load(Ordering::Relaxed)), ("HTTP status 429", 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_busy_for_a_moment_is_asked_again() {
    let asked = AtomicU32::new(0);
    let server = Server::json_rpc(move |request| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Status("429 Too Many Requests\r\nretry-after: 0".into(), "{}".into()),
        1 => Reply::Status("429 Too Many Requests".into(), "{}".into()),
        _ => Reply::json_rpc(request, json!({"result": 7})),
    });
    assert_eq!(client(server.url(), PATIENCE).get_slot().await.unwrap(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_given_up() {
    let url = raw(|connection| {
        let part = vec![b' '; 1 << 20];
        while connection.write_all(&part).is_ok() {}
    });
    let error = timeout(PATIENCE * 2, client(url, PATIENCE * 2).get_slot()).await.unwrap().unwrap_err();
    assert_eq!(describe(&error), "its answer is longer than 128 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_drips_is_given_up_by_the_deadline() {
    let url = raw(|connection| {
        while connection.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let error = timeout(PATIENCE, client(url, Duration::from_millis(500)).get_slot()).await.unwrap();
    assert_eq!(describe(&error.unwrap_err()), "no answer in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_errors() {
    for body in
        ["", "[]", "null", "7", "\"x\"", "{\"error\": {}}", "{\"error\": {\"code\": \"x\"}}", "{\"resu"]
    {
        let server = Server::json_rpc(move |_| Reply::Body(body.to_string()));
        assert!(client(server.url(), PATIENCE).get_slot().await.is_err(), "{body}");
    }
    let refusal = json!({"error": {"code": -32_005, "message": "behind", "data": {"numSlotsBehind": 5}}});
    let server = Server::json_rpc(move |request| Reply::json_rpc(request, refusal.clone()));
    let error = client(server.url(), PATIENCE).get_slot().await.unwrap_err();
    assert_eq!(describe(&error), "behind (code -32005)");
}
