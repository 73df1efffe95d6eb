//! Requests that one client sends without end, and the others.

use {
    crate::common::{Bench, credit, ours},
    crate::keys::sign_in,
    blockable_sdk::{Keypair, Signer},
    futures_util::future::join_all,
    reqwest::StatusCode,
    serde_json::json,
    std::time::Duration,
    tokio::{
        io::AsyncWriteExt,
        net::{TcpSocket, TcpStream},
        time::timeout,
    },
};

/// Asks for an answer without a key, many times at once, and reads none of them.
async fn ask_unread(bench: &Bench) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut stream = socket.connect(bench.server.addr()).await.unwrap();
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: provider\r\n\r\n".repeat(200);
    stream.write_all(&request).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_no_answers_shut_nobody_out() {
    let bench = Bench::start(|config| config.limits.connections = 64).await;
    let deaf = join_all((0..128).map(|_| ask_unread(&bench))).await;
    let key = bench.key(&ours());
    for number in 0..5 {
        let asked = bench.http.get(bench.url("/v1/models")).bearer_auth(&key).send();
        let answer = timeout(Duration::from_secs(10), asked).await.expect("an answer").unwrap();
        assert_eq!(answer.status(), 200, "request {number}");
    }
    drop(deaf);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_keeps_no_borrower_from_signing_in() {
    let bench = Bench::start(|_| {}).await;
    let borrower = Keypair::new();
    let mut lent = credit(0);
    (lent.borrower, lent.event_seq) = (borrower.pubkey(), 1);
    bench.server.gate().observe_credit(ours(), 11, Some(&lent));
    let post = |body| {
        let request = bench.http.post(bench.url("/v1/keys")).header("x-forwarded-for", "203.0.113.7");
        request.json(&body).send()
    };
    let flood = join_all((0..400).map(|_| post(json!({})))).await;
    let refusals = flood.into_iter().filter(|answer| {
        answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS)
    });
    assert!(refusals.count() > 200);
    sign_in(&bench, &borrower, false).await;
    // Nor do bodies that do not come take places.
    let head = "POST /v1/keys HTTP/1.1\r\nhost: provider\r\ncontent-length: 100\r\n\r\n{";
    let slow = join_all((0..40).map(async |_| {
        let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }));
    let slow = slow.await;
    bench.until_figure("blockable_provider_bodies_coming 40").await;
    sign_in(&bench, &borrower, false).await;
    drop(slow);
    bench.stop().await;
}
