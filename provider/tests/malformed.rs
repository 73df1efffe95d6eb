//! Thousands of requests that are not as they must be: the server lives on and nothing stays held.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod common;

use {
    common::{Bench, chat_body, ours},
    rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom},
    serde_json::{Value, json},
    std::{env, time::Duration},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    },
};

const REQUESTS: usize = 4_000;
const PATHS: &[&str] = &[
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/responses/%ff",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/leases",
    "/v1/leases/00/heartbeat",
    "/v1/freezes",
    "/v1/freezes/1111",
    "/v1/notices?after=x",
    "/v1/usage?after=x",
    "/v1/usage/totals?limit=-1&limit=2",
    "/admin/usage?credit=%ff",
    "/v1/reports?after=-1",
    "/v1/reports/latest?fresh=2",
    "/v1/credits/11111111111111111111111111111111",
    "/v1/credits/%ff%fe",
    "/v1/freezes/%ff",
    "/v1/leases/%ff",
    "/livez",
    "/%00%ff/../..",
];

fn seed() -> u64 {
    let seed = env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    println!("seed {seed}; run again with SEED={seed}");
    seed
}

/// A JSON value of any shape.
fn value(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random::<i64>()),
        3 => json!(random.random::<f64>()),
        4 => json!(["", "text", "\u{0}", "é🦀", "image_url"].choose(random)),
        5 => json!(random.random_range(-1..3)),
        6 => (0..random.random_range(0..4)).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let names = ["role", "content", "type", "text", "n", "x"];
            let member =
                |random: &mut StdRng| (names.choose(random).unwrap().to_string(), value(random, depth - 1));
            Value::Object((0..random.random_range(0..4)).map(|_| member(random)).collect())
        }
    }
}

/// A body that was good once.
fn body(random: &mut StdRng) -> Vec<u8> {
    let mut body = chat_body("one two", json!({"max_tokens": 2}));
    let names = [
        "model",
        "messages",
        "max_tokens",
        "n",
        "stream",
        "stream_options",
        "best_of",
        "prompt",
        "input",
        "instructions",
        "system",
        "tools",
        "gpu",
        "transaction",
    ];
    for _ in 0..random.random_range(0..3) {
        body[*names.choose(random).unwrap()] = value(random, 3);
    }
    let mut bytes = body.to_string().into_bytes();
    for _ in 0..random.random_range(0..3) {
        let place = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes[place] = random.random(),
            1 => bytes.truncate(place + 1),
            2 => bytes.insert(place, random.random()),
            _ => drop(bytes.remove(place)),
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_stops_the_server_or_leaves_anything_held() {
    let mut random = StdRng::seed_from_u64(seed());
    let bench = Bench::start(|config| config.freezes.burst = 100_000).await;
    let key = bench.key(&ours());
    let (mut charged, mut refused) = (0, 0);
    for _ in 0..REQUESTS {
        let path = PATHS.choose(&mut random).unwrap();
        let method = ["GET", "POST", "POST", "POST", "DELETE"].choose(&mut random).unwrap();
        let mut request =
            bench.http.request(method.parse().unwrap(), bench.url(path)).body(body(&mut random));
        if random.random_ratio(9, 10) {
            request = request.bearer_auth(&key);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let units = answer
            .headers()
            .get("x-blockable-units")
            .map(|units| units.to_str().unwrap().parse::<u64>().unwrap());
        charged += units.unwrap_or(0);
        let text = answer.text().await.unwrap();
        assert_ne!(status, 500, "{method} {path}: {text}");
        if status >= 400 {
            refused += 1;
            let body: Value =
                serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {path}: {text}"));
            assert!(body["error"]["message"].is_string(), "{status} {path}: {text}");
        }
    }
    assert!(refused > REQUESTS / 2, "{refused}");
    let used = bench.used().await;
    assert!(used >= charged, "{used} of {charged}");
    assert!(bench.server.gate().holds().is_empty());
    assert_eq!(bench.chat("still there", json!({})).await.status(), 200);
    bench.stop().await;
}

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
