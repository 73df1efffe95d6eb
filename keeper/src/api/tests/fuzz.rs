//! Requests at random, good ones and bad ones, to every described route: no answer is a fault of the server.

use {
    super::*,
    crate::api::openapi::openapi,
    blockable_testkit::openapi::Description,
    rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom},
    reqwest::Method,
};

/// Requests of a run.
const REQUESTS: usize = 2_000;
/// The seed without `BLOCKABLE_FUZZ_SEED`.
const SEED: u64 = 19;

/// Texts that parameters, headers and members get.
fn text(random: &mut StdRng) -> String {
    let known = [
        "",
        "0",
        "1",
        "-1",
        "200",
        "201",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "1e9",
        "0x10",
        "true",
        "false",
        "null",
        "asc",
        "desc",
        "debt",
        "due",
        "coverage",
        "csv",
        "json",
        "active",
        "defaulted",
        "green",
        "300",
        "3600",
        "86400",
        "2027-01-15T08:00:00Z",
        "9999-12-31T23:59:59Z",
        "-9999-01-01T00:00:00Z",
        "paid",
        "metered",
        "{}",
        "[]",
        "'",
        "\"",
        "' OR 1=1 --",
        "../../etc/passwd",
        "<script>",
        "=1+1",
        "\u{0}",
        "\u{7f}",
        "\u{202e}",
        "💥",
        "a b",
        "Bearer",
        "*",
    ];
    match random.random_range(0..10) {
        0..5 => known.choose(random).unwrap().to_string(),
        5..8 => key(random.random_range(0..16)).to_string(),
        8 => format!("{:x}-{}", random.random::<u64>(), key(random.random_range(0..16))),
        _ => {
            let length = random.random_range(0..300);
            (0..length).map(|_| char::from(random.random_range(32..127_u8))).collect()
        }
    }
}

/// A text as a part of a URL: most bytes escaped, some as they are.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The parameters of an operation in one place.
fn names<'a>(operation: &'a Value, place: &str) -> Vec<&'a str> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let here = parameters.iter().filter(|parameter| parameter["in"] == place);
    here.filter_map(|parameter| parameter["name"].as_str()).collect()
}

fn query(operation: &Value, random: &mut StdRng) -> String {
    let mut known = names(operation, "query");
    known.push("unknown");
    let count = random.random_range(0..4);
    let pairs: Vec<String> =
        (0..count).map(|_| format!("{}={}", known.choose(random).unwrap(), escaped(&text(random)))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn body(random: &mut StdRng) -> String {
    let members = ["wallet", "challenge", "signature", "transaction", "other"];
    let count = random.random_range(0..4);
    let pairs: serde_json::Map<String, Value> = (0..count)
        .map(|_| (members.choose(random).unwrap().to_string(), Value::from(text(random))))
        .collect();
    let whole = Value::from(pairs).to_string();
    match random.random_range(0..4) {
        0 => whole.chars().take(random.random_range(0..20)).collect(),
        1 => text(random),
        _ => whole,
    }
}

#[tokio::test]
async fn no_request_is_answered_with_a_fault_of_the_server() {
    let seed = std::env::var("BLOCKABLE_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("seed {seed}; set BLOCKABLE_FUZZ_SEED for another one");
    let mut random = StdRng::seed_from_u64(seed);
    let api = Api::empty(|settings, _| settings.requests_per_minute = 1_000_000).await;
    api.show(START + DAY, &credits()).await;
    for node in api.state.nodes.all() {
        node.know_genesis(blockable_sdk::Hash::new_from_array([7; 32]));
    }
    let description = Description(serde_json::to_value(openapi()).unwrap());
    let operations: Vec<_> = description
        .operations()
        .into_iter()
        .filter(|(path, ..)| !["/livez", "/readyz", "/metrics", "/page.json"].contains(path))
        // Links read the chain, and refuse in another form: a test of their own sends them what is malformed.
        .filter(|(path, ..)| !crate::links::PATHS.contains(path))
        .collect();
    assert!(operations.len() > 15);
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::PATCH,
        Method::OPTIONS,
    ];
    let mut seen = BTreeMap::<u16, usize>::new();
    for number in 0..REQUESTS {
        let (path, method, operation) = operations.choose(&mut random).unwrap();
        let method = match random.random_bool(0.8) {
            true => method.to_uppercase().parse().unwrap(),
            false => methods.choose(&mut random).unwrap().clone(),
        };
        let address = match random.random_bool(0.6) {
            true => key(random.random_range(9..15)).to_string(),
            false => escaped(&text(&mut random)),
        };
        let path = path.replace("{address}", &address);
        let url = format!("{}{path}{}", api.url, query(operation, &mut random));
        let http = if random.random_bool(0.5) { api.http.clone() } else { client(None) };
        let mut asked = http.request(method.clone(), &url);
        for name in ["if-none-match", "accept", "origin", "last-event-id", "x-forwarded-for", "content-type"]
        {
            let value = reqwest::header::HeaderValue::from_bytes(text(&mut random).as_bytes());
            if let (true, Ok(value)) = (random.random_bool(0.15), value) {
                asked = asked.header(name, value);
            }
        }
        if method == Method::POST {
            if random.random_bool(0.8) {
                asked = asked.header("content-type", "application/json");
            }
            asked = asked.body(body(&mut random));
        }
        let response =
            asked.send().await.unwrap_or_else(|error| panic!("seed {seed}, request {number}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        *seen.entry(status.as_u16()).or_default() += 1;
        assert!(!status.is_server_error(), "seed {seed}, request {number}: {method} {url}: {status}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{method} {url}");
        if status.is_client_error() && method != Method::HEAD {
            let body: Value = response.json().await.unwrap();
            let code = body["error"]["code"].as_str().is_some_and(|code| !code.is_empty());
            assert!(code && body["error"]["message"].as_str().is_some(), "{method} {url}: {body}");
            assert_eq!(headers["cache-control"], "no-store", "a refusal is not kept: {method} {url}");
        }
    }
    println!("{seen:?}");
    for status in [200, 400, 401, 404, 405] {
        assert!(seen.contains_key(&status), "no request was answered with {status}: {seen:?}");
    }
    assert_eq!(api.get("/v1/credits").await.status(), StatusCode::OK);
}
