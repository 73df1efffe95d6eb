//! A cluster as its callers meet it: closed to web pages, without methods of administration, and gone once it is dropped.

// Tests may end by a panic, wait for the clock and need no deadline.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use {
    blockable_cluster::{
        Beginning, Cluster, ClusterOptions, ClusterPorts, Pace, QUICK_SLOT_MS, SLOT_MS, machine_time,
        require_free,
    },
    serde_json::{Value, json},
    std::{
        io::{Read, Write},
        net::TcpStream,
        time::{Duration, Instant},
    },
    tokio::time::{sleep, timeout},
};

/// Longest wait for what follows by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// Methods that must not exist: they load native code, end the process, or tell of it.
const ADMINISTRATION: [&str; 6] =
    ["loadPlugin", "reloadPlugin", "unloadPlugin", "listPlugins", "exit", "startTime"];
const CHEATCODES: [&str; 5] = [
    "surfnet_timeTravel",
    "surfnet_resetNetwork",
    "surfnet_setTokenAccount",
    "surfnet_setAccount",
    "surfnet_getSurfnetInfo",
];

async fn start(pace: Pace, cheatcodes: bool) -> (Cluster, ClusterPorts) {
    let ports = ClusterPorts::free().unwrap();
    let beginning = Beginning::New(machine_time());
    let options = ClusterOptions { ports, programs: Vec::new(), beginning, folder: None, pace, cheatcodes };
    (Cluster::start(options).await.unwrap(), ports)
}

const QUICK: Pace = Pace::PerTransaction { slot_ms: QUICK_SLOT_MS };

/// Sends a request as it is, and returns the whole answer.
fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut some) = (Vec::new(), [0; 4_096]);
    // A WebSocket stays open: its head is all.
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") || answer.starts_with(b"HTTP/1.1 200") {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&some[..length]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status and the answer of a JSON-RPC request with these headers.
fn post(port: u16, headers: &[&str], body: &Value) -> (u16, String) {
    let (headers, body) = (headers.concat(), body.to_string());
    let request = format!(
        "POST / HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(port, &request);
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// The status of a WebSocket's handshake with these headers.
fn shake(port: u16, headers: &[&str]) -> u16 {
    let request = format!(
        "GET / HTTP/1.1\r\n{}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        headers.concat()
    );
    raw(port, &request).split(' ').nth(1).unwrap().parse().unwrap()
}

fn call(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_hosts_are_refused_on_both_servers() {
    let (cluster, ports) = start(QUICK, true).await;
    let foreign =
        ["Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: http://localhost.evil.example\r\n"];
    let own = ["Origin: http://127.0.0.1:8902\r\n", "Origin: http://localhost:5173\r\n", ""];
    for (port, is_http) in [(ports.rpc, true), (ports.ws, false)] {
        let status = |headers: &[&str]| match is_http {
            true => post(port, headers, &call("getSlot")).0,
            false => shake(port, headers),
        };
        let accepted = if is_http { 200 } else { 101 };
        for host in [format!("Host: 127.0.0.1:{port}\r\n"), format!("Host: localhost:{port}\r\n")] {
            for origin in own {
                assert_eq!(status(&[&host, origin]), accepted, "{host} {origin}");
            }
            for origin in foreign {
                assert_eq!(status(&[&host, origin]), 403, "{host} {origin}");
            }
        }
        // A name of the attacker's that resolves to 127.0.0.1: its page and the server seem to be of one origin.
        for host in ["Host: evil.example\r\n".to_string(), format!("Host: evil.example:{port}\r\n")] {
            assert_eq!(status(&[&host]), 403, "{host}");
            assert_eq!(status(&[&host, &host.replace("Host: ", "Origin: http://")]), 403, "{host}");
        }
    }
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_this_machine_gets_the_headers_it_needs_to_read_the_answer() {
    let (cluster, ports) = start(QUICK, false).await;
    let host = format!("Host: localhost:{}\r\n", ports.rpc);
    let origin = "http://localhost:8902";
    let preflight = format!(
        "OPTIONS / HTTP/1.1\r\n{host}Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: content-type,solana-client\r\nConnection: close\r\n\r\n"
    );
    let (_, answer) = post(ports.rpc, &[&host, &format!("Origin: {origin}\r\n")], &call("getSlot"));
    for answer in [raw(ports.rpc, &preflight), answer] {
        let answer = answer.to_lowercase();
        assert!(answer.starts_with("http/1.1 200"), "{answer}");
        assert!(answer.contains(&format!("access-control-allow-origin: {origin}\r\n")), "{answer}");
    }
    let answer = raw(ports.rpc, &preflight).to_lowercase();
    assert!(answer.contains("access-control-allow-headers: content-type, solana-client"), "{answer}");
    let refused = raw(ports.rpc, &preflight.replace(origin, "http://evil.example"));
    assert!(
        refused.starts_with("HTTP/1.1 403") && !refused.to_lowercase().contains("allow-origin"),
        "{refused}"
    );
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn administration_does_not_exist_and_cheatcodes_only_for_programs_where_they_are_asked_for() {
    for cheatcodes in [false, true] {
        let (cluster, ports) = start(QUICK, cheatcodes).await;
        let host = format!("Host: 127.0.0.1:{}\r\n", ports.rpc);
        let page = "Origin: http://127.0.0.1:8902\r\n";
        let error = |headers: &[&str], body: &Value| {
            let (_, answer) = post(ports.rpc, headers, body);
            let body = answer.split_once("\r\n\r\n").unwrap().1;
            let body = body[body.find(['{', '[']).unwrap()..=body.rfind(['}', ']']).unwrap()].to_string();
            let value: Value = serde_json::from_str(&body).unwrap();
            let first = value.get(0).unwrap_or(&value).clone();
            first["error"]["code"].clone()
        };
        for method in ADMINISTRATION {
            for headers in [vec![host.as_str()], vec![&host, page]] {
                assert_eq!(error(&headers, &call(method)), json!(-32601), "{method}");
                assert_eq!(error(&headers, &json!([call(method)])), json!(-32601), "{method} in a batch");
            }
        }
        for method in CHEATCODES {
            let by_program = error(&[&host], &call(method));
            assert_eq!(by_program == json!(-32601), !cheatcodes, "{method} by a program: {by_program}");
            let refused = json!(-32600);
            assert_eq!(error(&[&host, page], &call(method)), refused, "{method} by a page");
            assert_eq!(
                error(&[&host, page], &json!([call(method)])),
                refused,
                "{method} by a page in a batch"
            );
        }
        // Neither by a notification, which has no answer.
        let before = cluster.now().await.unwrap();
        let later = (before.get() + 1_000_000) * 1_000;
        let travel = json!({"jsonrpc": "2.0", "method": "surfnet_timeTravel", "params": [{"absoluteTimestamp": later}]});
        for body in [travel.clone(), json!([travel])] {
            post(ports.rpc, &[&host, page], &body);
        }
        assert!(cluster.now().await.unwrap().seconds_since(before) < 1_000);
        post(ports.rpc, &[&host], &travel);
        assert_eq!(cluster.now().await.unwrap().seconds_since(before) > 999_000, cheatcodes);
        cluster.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_end_is_noticed_and_a_dropped_one_frees_its_ports() {
    let (cluster, ports) = start(QUICK, false).await;
    let ended = cluster.ended();
    assert!(timeout(Duration::from_millis(300), cluster.ended()).await.is_err(), "it runs");
    cluster.terminate();
    assert_eq!(timeout(PATIENCE, ended).await.unwrap(), "it was told to stop");
    assert!(require_free(&[ports.rpc, ports.ws]).is_ok());
    let error = cluster.stop().await.unwrap_err().to_string();
    assert!(!error.contains("disconnected channel"), "{error}");

    let (cluster, ports) = start(Pace::PerSlot { slot_ms: SLOT_MS }, false).await;
    assert!(require_free(&[ports.rpc, ports.ws]).is_err());
    drop(cluster);
    let began = Instant::now();
    while require_free(&[ports.rpc, ports.ws]).is_err() {
        assert!(began.elapsed() < PATIENCE, "a dropped cluster keeps its ports");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_goes_as_fast_as_the_machines() {
    // So short a slot that making its block takes longer than the slot, now and then.
    let (cluster, _) = start(Pace::PerSlot { slot_ms: 20 }, false).await;
    let (began, first) = (Instant::now(), cluster.now().await.unwrap());
    sleep(Duration::from_secs(4)).await;
    // A clock that is slower or faster gets ever farther away; a machine that was busy for a while lets it catch up.
    loop {
        let (passed, now) = (began.elapsed().as_secs_f64(), cluster.now().await.unwrap());
        #[allow(clippy::cast_precision_loss)]
        let shown = now.seconds_since(first) as f64;
        // Both times of the clock are whole seconds.
        if (shown - passed).abs() < 2.0 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{shown} s shown after {passed} s");
        sleep(Duration::from_millis(20)).await;
    }
    cluster.stop().await.unwrap();
}
