//! Faults around a server: in the network, the disk and its clients.

use {
    super::setup::Setup,
    blockable_sdk::{
        Pubkey, instructions,
        program::{instructions::FreezeAmount, state::FreezeReason},
    },
    blockable_testkit::Parties,
    serde_json::{Value, json},
    std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::{Duration, Instant},
    },
    tokio::{
        io::copy_bidirectional,
        net::{TcpListener, TcpStream},
        task::{JoinHandle, JoinSet},
        time::sleep,
    },
};

const PATIENCE: Duration = Duration::from_secs(180);

/// A line to a node that can be cut.
struct Line {
    address: String,
    open: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Line {
    /// A line to `target`, a URL of the node's.
    async fn to(target: &str) -> Line {
        let target = target.split("://").last().unwrap().trim_end_matches('/').to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let open = Arc::new(AtomicBool::new(true));
        let gate = open.clone();
        let task = tokio::spawn(async move {
            let mut calls = JoinSet::new();
            loop {
                tokio::select! {
                    call = listener.accept() => {
                        let (mut client, _) = call.unwrap();
                        if gate.load(Ordering::Relaxed) {
                            let target = target.clone();
                            calls.spawn(async move {
                                if let Ok(mut node) = TcpStream::connect(target).await {
                                    let _ = copy_bidirectional(&mut client, &mut node).await;
                                }
                            });
                        }
                    }
                    () = sleep(Duration::from_millis(20)) => {}
                }
                if !gate.load(Ordering::Relaxed) {
                    calls.abort_all();
                }
            }
        });
        Line { address, open, task }
    }

    fn set(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks for a completion of ten words; returns the status and the body.
async fn ask(setup: &Setup, key: &str) -> (u16, Value) {
    let body = json!({
        "model": "echo",
        "max_tokens": 10,
        "messages": [{ "role": "user", "content": "one two three four five six seven eight nine ten" }],
    });
    let url = format!("{}/v1/chat/completions", setup.url());
    let answer = reqwest::Client::new().post(url).bearer_auth(key).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Asks until the answer has a status; returns how long that took.
async fn until(setup: &Setup, key: &str, status: u16) -> Duration {
    let start = Instant::now();
    loop {
        let (found, body) = ask(setup, key).await;
        if found == status {
            return start.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "{found} and not {status}: {body}\n{}", setup.log());
        sleep(Duration::from_millis(50)).await;
    }
}

async fn freeze(setup: &mut Setup, credit: &Pubkey) {
    let (market, lender) = (setup.cluster.chain.keys.market, Parties::address("lender"));
    let freeze = instructions::credit_freeze(&market, &lender, credit, FreezeAmount::All, FreezeReason::Risk);
    setup.cluster.chain.send(&[freeze], &["lender"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_the_websocket_missed_is_found_and_a_lost_node_admits_nothing() {
    let mut setup = Setup::new(2).await;
    let rpc = Line::to(&setup.cluster.rpc_url()).await;
    let ws = Line::to(&setup.cluster.ws_url()).await;
    let (rpc_url, ws_url) = (format!("http://{}", rpc.address), format!("ws://{}", ws.address));
    setup.write_config(&rpc_url, &ws_url, "max_staleness_seconds = 4");
    let server = setup.serve().await;
    let keys = setup.keys();
    until(&setup, &keys[0], 200).await;

    ws.set(false);
    let credit = setup.credits[0];
    freeze(&mut setup, &credit).await;
    let found = until(&setup, &keys[0], 402).await;
    println!("a freeze behind a cut stream: found after {} ms", found.as_millis());
    let (_, body) = ask(&setup, &keys[0]).await;
    assert_eq!(body["error"]["code"], "credit_frozen", "{body}");
    until(&setup, &keys[1], 200).await;

    // The node is gone altogether: nobody knows what is frozen.
    rpc.set(false);
    until(&setup, &keys[1], 503).await;
    let credit = setup.credits[1];
    freeze(&mut setup, &credit).await;
    rpc.set(true);
    ws.set(true);
    until(&setup, &keys[1], 402).await;
    server.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_refuses_new_jobs_and_says_why() {
    let setup = Setup::new(1).await;
    let (rpc_url, ws_url) = (setup.cluster.rpc_url(), setup.cluster.ws_url());
    setup.write_config(&rpc_url, &ws_url, "max_store_bytes = 300000");
    let server = setup.serve().await;
    let key = setup.keys().remove(0);
    let deadline = Instant::now() + PATIENCE;
    let mut answered = 0;
    let body = loop {
        match ask(&setup, &key).await {
            (200, _) => answered += 1,
            (503, body) => break body,
            other => panic!("{other:?}"),
        }
        assert!(Instant::now() < deadline, "the limit does nothing");
    };
    assert_eq!(body["error"]["code"], "storage_unavailable");
    assert!(body["error"]["message"].as_str().unwrap().contains("storage is full"), "{body}");
    let ready = reqwest::get(format!("{}/readyz", setup.ops_url())).await.unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    server.stop().await;
    let store = rusqlite::Connection::open(setup.store()).unwrap();
    let settled: i64 =
        store.query_row("SELECT count(*) FROM usage WHERE settled", [], |row| row.get(0)).unwrap();
    assert_eq!(settled, answered, "what was answered is settled");
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_serves_its_own_credit_alone() {
    let mut setup = Setup::new(2).await;
    let server = setup.serve().await;
    let keys = setup.keys();
    let credit = setup.credits[0];
    freeze(&mut setup, &credit).await;
    until(&setup, &keys[0], 402).await;
    assert_eq!(ask(&setup, &keys[1]).await.0, 200);
    // The second credit's name with the first one's proof.
    let forged = keys[1].replace(keys[1].rsplit('-').next().unwrap(), keys[0].rsplit('-').next().unwrap());
    assert_eq!(ask(&setup, &forged).await.0, 401);
    let other = format!("{}/v1/credits/{}", setup.url(), setup.credits[0]);
    let answer = reqwest::Client::new().get(other).bearer_auth(&keys[1]).send().await.unwrap();
    assert!(matches!(answer.status().as_u16(), 403 | 404), "{}", answer.status());
    server.stop().await;
    setup.cluster.stop();
}
