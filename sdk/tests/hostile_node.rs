//! Nodes that answer too much, too slowly, or ask for patience without an end: a request ends by its deadline, in bounded memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic and wait for the clock"
)]

use {
    blockable_sdk::{
        addresses,
        rpc::{CommitmentConfig, RpcClient, connect, describe},
    },
    blockable_testkit::http::{Reply, Server},
    serde_json::{Value, json},
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
    assert_eq!(describe(&error), "its answer is longer than any that it has a reason to give");
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

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_cannot_be_read_are_errors_and_no_panic() {
    let account = |data: Value, owner: &str| json!({"data": data, "executable": false, "lamports": 1, "owner": owner, "rentEpoch": 0, "space": 1});
    let key = addresses::CLOCK;
    let owner = key.to_string();
    // Compressed, though plain ones were asked for: it could become of any size.
    let compressed = "KLUv/aAAABAAVAAAEAAAAQD7/znAAgIAEAACABAA";
    let bad = [
        account(json!(["not base64!", "base64"]), &owner),
        account(json!([compressed, "base64+zstd"]), &owner),
        account(json!("legacy"), &owner),
        account(json!(["AA==", "base64"]), "no key"),
        json!({"data": ["AA==", "base64"]}),
        json!(7),
    ];
    for bad in bad {
        let answer = bad.clone();
        let server = Server::json_rpc(move |request| {
            assert_eq!(request["params"][1]["encoding"], "base64");
            let value =
                if request["method"] == "getAccountInfo" { answer.clone() } else { json!([answer, null]) };
            let result = match request["method"] == "getProgramAccounts" {
                true => json!([{"pubkey": addresses::CLOCK.to_string(), "account": answer}]),
                false => json!({"context": {"slot": 1}, "value": value}),
            };
            Reply::json_rpc(request, json!({"result": result}))
        });
        let client = client(server.url(), PATIENCE);
        let said = |error| describe(&error);
        let expected = "its answer has an account that cannot be read";
        // The RPC client puts the reason into words of its own here.
        let single = client.get_account(&key).await.unwrap_err().to_string();
        assert!(single.contains(expected), "{bad}: {single}");
        let all = client.get_multiple_accounts(&[key, key]).await;
        assert_eq!(all.map_err(said), Err(expected.to_string()), "{bad}");
        let listed = client.get_program_accounts(&key).await;
        assert_eq!(listed.map_err(said), Err(expected.to_string()), "{bad}");
    }
    let good = account(json!(["AAE=", "base64"]), &owner);
    let server = Server::json_rpc(move |request| {
        Reply::json_rpc(request, json!({"result": {"context": {"slot": 1}, "value": [good, null]}}))
    });
    let read = client(server.url(), PATIENCE).get_multiple_accounts(&[key, key]).await.unwrap();
    assert_eq!(read.iter().flatten().map(|account| account.data.clone()).collect::<Vec<_>>(), [vec![0, 1]]);
}
