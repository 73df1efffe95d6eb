//! Paths that are no text, and bytes that are no HTTP.

use {
    super::{
        common::{Bench, ours},
        seed,
    },
    rand::{Rng, SeedableRng, rngs::StdRng},
    serde_json::{Value, json},
    std::time::Duration,
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_text_is_answered_as_every_other_mistake() {
    let bench = Bench::start(|_| {}).await;
    let key = bench.key(&ours());
    for path in ["/v1/credits/%ff%fe", "/v1/freezes/%ff", "/v1/leases/%ff"] {
        let answer = bench.http.get(bench.url(path)).bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], "invalid_path", "{path}: {body}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_http_stop_nothing() {
    let mut random = StdRng::seed_from_u64(seed());
    let bench = Bench::start(|_| {}).await;
    for _ in 0..300 {
        let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
        let mut bytes =
            b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 9\r\nauthorization: Bearer x\r\n\r\n{"
                .to_vec();
        for _ in 0..random.random_range(1..20) {
            let place = random.random_range(0..bytes.len());
            bytes[place] = random.random();
        }
        bytes.truncate(random.random_range(1..=bytes.len()));
        // The server may have closed the connection already.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("it hangs");
    }
    assert_eq!(bench.chat("still there", json!({})).await.status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_list_that_no_answer_names_is_refused() {
    let bench = Bench::start(|_| {}).await;
    let key = bench.key(&ours());
    for path in ["/v1/notices?after=", "/v1/reports?after="] {
        for (place, status) in [(u64::MAX, 400), (1 << 63, 400), ((1 << 63) - 1, 0)] {
            let url = bench.url(&format!("{path}{place}"));
            let answer = bench.http.get(url).bearer_auth(&key).send().await.unwrap();
            let found = answer.status().as_u16();
            // This server has no reporters.
            let good = if path.starts_with("/v1/reports") { 404 } else { 200 };
            assert_eq!(found, if status == 0 { good } else { status }, "{path}{place}");
        }
    }
    bench.stop().await;
}
