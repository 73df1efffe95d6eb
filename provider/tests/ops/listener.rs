//! The listener of clients: who may keep it busy and for how long, how bodies come, and who may read the answers.

use {
    crate::common::{Bench, address, chat_body, credit, ours, refused},
    blockable_service::http::AllowedOrigins,
    blockable_service::http::{ForwardedHeader, TrustedProxies},
    flate2::{Compression, write::GzEncoder},
    reqwest::Method,
    serde_json::{Value, json},
    std::{
        collections::BTreeSet,
        io::Write,
        time::{Duration, Instant},
    },
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::{sleep, timeout},
    },
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Reads to the end of a connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Opens a connection and sends bytes.
async fn send(bench: &Bench, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// The head of a chat with a body of so many bytes.
fn head(key: &str, bytes: usize) -> Vec<u8> {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: provider\r\nauthorization: Bearer {key}\r\ncontent-type: \
         application/json\r\ncontent-length: {bytes}\r\n\r\n"
    )
    .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_shut_nobody_out() {
    let bench = Bench::start(|config| {
        let limits = &mut config.limits;
        // None of them ends by its deadline.
        (limits.connections, limits.first_byte_seconds, limits.header_seconds) = (64, 3_600, 3_600);
    })
    .await;
    let mut silent = Vec::new();
    for number in 0..200 {
        // Silent ones, and ones that stop within their head.
        let half = b"POST /v1/chat/completions HTTP/1.1\r\nhost: ";
        silent.push(send(&bench, &half[..if number % 2 == 0 { 0 } else { half.len() }]).await);
    }
    let asked = timeout(6 * PATIENCE, bench.chat("one two", json!({"max_tokens": 3})));
    assert_eq!(asked.await.expect("an answer").status(), 200);
    assert_eq!(rest(&mut silent[0]).await, "", "the first one has given way");
    bench.stop().await;
}

/// Reads until a text has come.
async fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut answer = String::new();
    let mut piece = [0; 4_096];
    while !answer.contains(text) {
        let bytes = timeout(PATIENCE, stream.read(&mut piece)).await.expect("an answer").unwrap();
        assert!(bytes > 0, "closed after {answer}");
        answer += &String::from_utf8_lossy(&piece[..bytes]);
    }
    answer
}

/// A request that is refused before its body is read leaves a connection that is good for the next one, or says that it does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_ahead_of_the_body_breaks_no_later_request() {
    let bench = Bench::start(|_| {}).await;
    let body = chat_body("one two", json!({"max_tokens": 3})).to_string();
    for pause in [0, 50] {
        let mut stream = send(&bench, &head("blk-nobody", body.len())).await;
        sleep(Duration::from_millis(pause)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let refused = until(&mut stream, "invalid_api_key").await;
        assert!(refused.starts_with("HTTP/1.1 401") && !refused.contains("connection: close"), "{refused}");
        stream.write_all(b"GET /v1/prices HTTP/1.1\r\nhost: provider\r\n\r\n").await.unwrap();
        assert!(until(&mut stream, "served").await.starts_with("HTTP/1.1 200"));
    }
    // A body that is large, or does not come, is not waited for.
    for bytes in [1_000_000, 10] {
        let mut stream = send(&bench, &head("blk-nobody", bytes)).await;
        let refused = rest(&mut stream).await;
        assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("connection: close"), "{refused}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_heads_that_drip_end_by_their_deadlines() {
    let bench = Bench::start(|config| {
        let limits = &mut config.limits;
        (limits.first_byte_seconds, limits.header_seconds, limits.keep_alive_seconds) = (1, 1, 1);
    })
    .await;
    let mut silent = send(&bench, b"").await;
    let mut kept = send(&bench, b"GET /v1/models HTTP/1.1\r\nhost: provider\r\n\r\n").await;
    let mut dripping = send(&bench, b"GET /v1/models HTTP/1.1\r\n").await;
    let drip = async {
        while dripping.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, drip).await.expect("a head may not drip for ever");
    assert_eq!(rest(&mut silent).await, "");
    assert!(rest(&mut kept).await.starts_with("HTTP/1.1 401"));
    bench.stop().await;
}

/// Begins bodies that do not go on, of credits that it makes, four in all.
async fn begin_bodies(bench: &Bench) -> Vec<TcpStream> {
    let mut slow = Vec::new();
    for number in 1..=4 {
        bench.server.gate().observe_credit(address(20 + number), 10, Some(&credit(u32::from(number))));
        let mut bytes = head(&bench.key(&address(20 + number)), 1_000);
        bytes.extend([b' '; 900]);
        slow.push(send(bench, &bytes).await);
    }
    slow
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_hold_no_place_of_requests_that_run() {
    let bench = Bench::start(|config| {
        let limits = &mut config.limits;
        (limits.requests, limits.requests_per_credit) = (4, 1);
        (limits.body_seconds, limits.body_bytes_per_second) = (3_600, 1);
    })
    .await;
    let slow = begin_bodies(&bench).await;
    bench.until_figure("blockable_provider_bodies_coming 4").await;
    // One credit's bodies have a share of their own, from the moment that one of them comes.
    for number in 1..=4 {
        let chat =
            bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(&address(20 + number)));
        let answer = chat.json(&chat_body("hi", json!({}))).send().await.unwrap();
        refused(answer, 429, "too_many_requests").await;
    }
    assert_eq!(bench.chat("one two", json!({"max_tokens": 3})).await.status(), 200);
    drop(slow);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_go_on_end_by_their_deadline() {
    let bench = Bench::start(|config| config.limits.body_seconds = 1).await;
    for stream in &mut begin_bodies(&bench).await {
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"), "{answer}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_share_also_behind_a_trusted_proxy() {
    let bench = Bench::start(|config| {
        config.limits.connections_per_address = 2;
        config.http.trusted_proxies = TrustedProxies::default();
        config.models[0].latency_ms = Some(1_500);
    })
    .await;
    let body = chat_body("one", json!({})).to_string();
    let request = [head(&bench.key(&ours()), body.len()), body.into_bytes()].concat();
    let busy = [send(&bench, &request).await, send(&bench, &request).await];
    bench.until_figure("blockable_provider_requests_running 2").await;
    // It is refused before it has sent anything.
    let third = rest(&mut send(&bench, b"").await).await;
    assert!(third.starts_with("HTTP/1.1 429") && third.contains("too_many_connections"), "{third}");
    drop(busy);
    bench.stop().await;

    let bench = Bench::start(|config| {
        config.limits.connections_per_address = 1;
        config.models[0].latency_ms = Some(500);
        let local = TrustedProxies::parse_network("127.0.0.1").unwrap();
        config.http.trusted_proxies = TrustedProxies::new(vec![local], ForwardedHeader::Forwarded);
    })
    .await;
    let chat = |client: &str| {
        let request = bench.post("/v1/chat/completions", &chat_body("one", json!({})));
        // The other header is what the client wrote itself.
        request.header("forwarded", format!("for={client}")).header("x-forwarded-for", "10.1.1.1").send()
    };
    let first = tokio::spawn(chat("203.0.113.7"));
    bench.until_held().await;
    refused(chat("203.0.113.7").await.unwrap(), 429, "too_many_connections").await;
    assert_eq!(chat("\"[2001:db8::1]:9\"").await.unwrap().status(), 200);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_read_and_bombs_are_not() {
    let bench = Bench::start(|_| {}).await;
    let body = chat_body("one two", json!({"max_tokens": 3})).to_string().into_bytes();
    let post = async |encoding: &str, body: Vec<u8>| {
        let request = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(&ours()));
        request.header("content-encoding", encoding).body(body).send().await.unwrap()
    };
    let marked = [&b"\xef\xbb\xbf"[..], &body].concat();
    for (encoding, packed) in [
        ("gzip", gzip(&body)),
        ("zstd", zstd::encode_all(&body[..], 3).unwrap()),
        ("identity", marked.clone()),
        ("gzip", gzip(&marked)),
    ] {
        let answer = post(encoding, packed).await;
        assert_eq!(answer.status(), 200, "{encoding}");
        assert_eq!(answer.headers()["x-blockable-units"], "8", "charged as what was sent plainly");
    }
    let zeros = vec![b' '; 64 << 20];
    for (encoding, packed) in [("gzip", gzip(&zeros)), ("zstd", zstd::encode_all(&zeros[..], 1).unwrap())] {
        refused(post(encoding, packed).await, 413, "body_too_large").await;
    }
    refused(post("br", body.clone()).await, 415, "unsupported_encoding").await;
    refused(post("gzip", body.clone()).await, 400, "invalid_encoding").await;
    let lease = bench.http.post(bench.url("/v1/leases")).bearer_auth(bench.key(&ours()));
    let lease = lease.header("content-encoding", "gzip").body(gzip(br#"{"gpu": "h100"}"#));
    assert_eq!(lease.send().await.unwrap().status(), 201);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_has_a_path_and_a_slash_at_the_end_is_no_other_path() {
    let bench = Bench::start(|config| {
        let echo = config.models[0].clone();
        config
            .models
            .push(blockable_provider::config::ModelConfig { name: "org/model-7b".to_string(), ..echo });
    })
    .await;
    let all: Value = bench.get("/v1/models/").send().await.unwrap().json().await.unwrap();
    let first = &all["data"][0];
    assert_eq!(
        (&first["type"], &first["display_name"], &all["first_id"], &all["has_more"]),
        (&json!("model"), &first["id"], &first["id"], &json!(false)),
        "as Anthropic's clients read it"
    );
    for name in ["echo", "org/model-7b"] {
        let model: Value =
            bench.get(&format!("/v1/models/{name}")).send().await.unwrap().json().await.unwrap();
        assert_eq!((&model["id"], &model["object"]), (&json!(name), &json!("model")));
        assert!(all["data"].as_array().unwrap().contains(&model), "{all}");
    }
    refused(bench.get("/v1/models/other").send().await.unwrap(), 404, "model_not_found").await;
    refused(bench.http.get(bench.url("/v1/models/echo")).send().await.unwrap(), 401, "invalid_api_key").await;
    let body = chat_body("hi", json!({}));
    assert_eq!(bench.post("/v1/chat/completions/", &body).send().await.unwrap().status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_listed_origins_may_read_answers_and_no_others() {
    let app = "https://app.example".to_string();
    let bench =
        Bench::start(|config| config.http.allow_origins = AllowedOrigins::Listed(vec![app.clone()])).await;
    let ask = async |method: Method, path: &str, origin: &str| {
        let request = bench.http.request(method, bench.url(path)).header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization, x-new").send().await.unwrap()
    };
    let described: Value =
        bench.http.get(bench.url("/openapi.json")).send().await.unwrap().json().await.unwrap();
    let paths = described["paths"].as_object().unwrap().values();
    let methods: BTreeSet<String> =
        paths.flat_map(|path| path.as_object().unwrap().keys().cloned()).collect();
    assert!(methods.contains("put"), "{methods:?}");
    for path in ["/v1/chat/completions", "/v1/freezes", "/v1/reports/latest", "/v1/models"] {
        let preflight = ask(Method::OPTIONS, path, &app).await;
        assert_eq!(preflight.status(), 204, "{path}");
        let headers = preflight.headers();
        assert_eq!(headers["access-control-allow-origin"], app.as_str());
        assert_eq!(headers["access-control-allow-headers"], "authorization, x-new");
        let allowed = headers["access-control-allow-methods"].to_str().unwrap().to_lowercase();
        let allowed: Vec<&str> = allowed.split(", ").collect();
        assert!(
            methods.iter().all(|method| allowed.contains(&method.as_str())),
            "{allowed:?}, of {methods:?}"
        );
        // Refusals are read too, or a page could not tell what is wrong.
        let read = ask(Method::GET, path, &app).await;
        assert!(read.status().is_client_error());
        assert_eq!(read.headers()["access-control-allow-origin"], app.as_str());
        let exposed = read.headers()["access-control-expose-headers"].to_str().unwrap().to_string();
        for name in ["x-request-id", "x-blockable-units", "x-blockable-hold", "retry-after"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        for stranger in ["https://app.example.evil", "null", "http://app.example"] {
            let answer = ask(Method::OPTIONS, path, stranger).await;
            assert!(!answer.headers().contains_key("access-control-allow-origin"), "{stranger}");
            let told = refused(answer, 403, "origin_not_allowed").await;
            assert!(told["error"]["message"].as_str().unwrap().contains("allow_origins"));
        }
    }
    bench.stop().await;
    let bench = Bench::start(|_| {}).await;
    let plain = bench.get("/v1/models").header("origin", &app).send().await.unwrap();
    assert!(plain.status() == 200 && !plain.headers().contains_key("access-control-allow-origin"));
    bench.stop().await;
}

/// Headers that every page may read, and those that are the connection's or the browser's.
const OTHERS: [&str; 9] = [
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
    "vary",
];

#[tokio::test(flavor = "multi_thread")]
async fn pages_may_read_every_header_that_answers_have() {
    let bench = Bench::start(|config| config.http.allow_origins = AllowedOrigins::Any).await;
    let chat = |more: Value| {
        let request = bench.post("/v1/chat/completions", &chat_body("one two", more));
        request.header("idempotency-key", "once")
    };
    let messages =
        json!({"model": "echo", "max_tokens": 5, "messages": [{"role": "user", "content": "one"}]});
    let requests = [
        chat(json!({})),
        chat(json!({})),
        bench.post("/v1/chat/completions", &chat_body("one two", json!({}))),
        bench.post("/v1/messages", &messages),
        bench.get("/v1/usage?format=csv&limit=1"),
        bench.get("/v1/keys"),
        bench.http.get(bench.url("/v1/models")),
    ];
    let mut read = BTreeSet::new();
    for request in requests {
        let answer = request.header("origin", "https://app.example").send().await.unwrap();
        let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_string();
        let exposed: Vec<&str> = exposed.split(", ").collect();
        for name in answer.headers().keys().map(|name| name.as_str()) {
            assert!(OTHERS.contains(&name) || exposed.contains(&name), "{name} of {exposed:?}");
            read.insert(name.to_string());
        }
    }
    for name in ["idempotent-replayed", "x-blockable-next", "x-blockable-more", "traceparent", "request-id"] {
        assert!(read.contains(name), "{name} is in no answer here: {read:?}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_so_until_its_last_answer_has_gone_out() {
    let bench = Bench::start(|config| config.models[0].latency_ms = Some(1_500)).await;
    let running = tokio::spawn(bench.post("/v1/chat/completions", &chat_body("one", json!({}))).send());
    bench.until_held().await;
    let (addr, ops, http, key) =
        (bench.server.addr(), bench.server.ops_addr(), bench.http.clone(), bench.key(&ours()));
    let stopping = tokio::spawn(bench.stop());
    let body = chat_body("two", json!({}));
    let deadline = Instant::now() + PATIENCE;
    let late = loop {
        assert!(Instant::now() < deadline, "it does not stop");
        let late = http.post(format!("http://{addr}/v1/chat/completions")).bearer_auth(&key).json(&body);
        let late = late.send().await.unwrap();
        // The signal may not have come yet.
        if late.status() == 503 {
            break late;
        }
    };
    assert!(late.headers().contains_key("retry-after"));
    assert_eq!(late.headers()["connection"], "close");
    refused(late, 503, "shutting_down").await;
    let ready = http.get(format!("http://{ops}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503, "health is served to the end");
    assert_eq!(running.await.unwrap().unwrap().status(), 200);
    drop(stopping.await.unwrap());
    assert!(TcpStream::connect(addr).await.is_err() && TcpStream::connect(ops).await.is_err());
}
