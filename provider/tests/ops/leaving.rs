//! Clients that leave while their key is changed.

use {
    crate::common::{Bench, ours, refused},
    crate::keys::{call, chat, json_of, make},
    futures_util::future::join_all,
    reqwest::Method,
    serde_json::json,
    std::time::{Duration, Instant},
    tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep},
};

/// Clients that leave, at ever later moments.
const CLIENTS: u64 = 60;

/// Sends a request and leaves after some microseconds.
async fn leave(bench: &Bench, key: &str, head: &str, after: u64) {
    let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
    let request =
        format!("{head} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    sleep(Duration::from_micros(after)).await;
}

/// A revocation is recorded in several steps: what a client left half done would stop all others, or leave a revoked key good.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_stops_no_revocation_and_leaves_none_half_done() {
    let bench = Bench::start(|_| {}).await;
    let first = bench.key(&ours());
    let mut made = Vec::new();
    for number in 0..CLIENTS {
        made.push(make(&bench, &first, &format!("app{number}"), json!({})).await);
    }
    for number in 0..CLIENTS {
        leave(&bench, &first, &format!("DELETE /v1/keys/app{number}"), number * 100).await;
    }
    // Each is revoked soon, or as if nobody had asked; and it can be revoked.
    for (number, key) in made.iter().enumerate() {
        let path = format!("/v1/keys/app{number}");
        let text = key["key"].as_str().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let shown = json_of(call(&bench, &first, Method::GET, &path, json!({})).await).await;
            let answer = chat(&bench, text, json!({"max_tokens": 1})).await;
            match (shown["revoked"].as_bool().unwrap(), answer.status().as_u16()) {
                (true, 401) | (false, 200) => break,
                // It may have been revoked between the two.
                found => {
                    assert!(found == (false, 401) && Instant::now() < deadline, "app{number}: {found:?}")
                }
            }
        }
        json_of(call(&bench, &first, Method::DELETE, &path, json!({})).await).await;
        refused(chat(&bench, key["key"].as_str().unwrap(), json!({})).await, 401, "invalid_api_key").await;
    }
    bench.stop().await;
}

/// Revoking a key that another request revokes in this moment is no mistake.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_revoked_by_many_at_once() {
    let bench = Bench::start(|_| {}).await;
    let first = bench.key(&ours());
    for number in 0..20 {
        let path = format!("/v1/keys/app{number}");
        make(&bench, &first, &format!("app{number}"), json!({})).await;
        let revoke = || async { call(&bench, &first, Method::DELETE, &path, json!({})).await.status() };
        let statuses = join_all((0..8).map(|_| revoke())).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    }
    bench.stop().await;
}
