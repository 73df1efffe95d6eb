//! A node behind which several machines answer, each of a slot of its own.

use {
    crate::chain::{Mirror, Node, NodeError, Stalls, slots::REMEMBERED},
    axum::{Json, Router, extract::State, routing::post},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{PROGRAM_ID, Pubkey, accounts::BlockableAccount, program::state::Market},
    bytemuck::Zeroable,
    secrecy::SecretString,
    serde_json::{Value, json},
    std::{
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    tokio::task::JoinHandle,
};

/// The slots that the list of credits, the market with the clock and the list of providers are of.
type Slots = Arc<Mutex<[u64; 3]>>;

struct Pool {
    node: Node,
    slots: Slots,
    server: JoinHandle<()>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pool {
    async fn new() -> Pool {
        let slots = Slots::default();
        let router = Router::new().route("/", post(answer)).with_state(slots.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = SecretString::from(format!("http://{}", listener.local_addr().unwrap()));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Pool { node: Node::new("pool".to_string(), &url, None, Duration::from_secs(5)), slots, server }
    }

    /// Refreshes from answers of these slots.
    async fn refresh(&self, mirror: &mut Mirror, slots: [u64; 3]) -> Result<u64, NodeError> {
        *self.slots.lock().unwrap() = slots;
        mirror.refresh(&self.node, Stalls::default()).await.map(|refreshed| refreshed.snapshot.slot)
    }
}

fn account(owner: &Pubkey, data: &[u8]) -> Value {
    json!({
        "lamports": 1, "owner": owner.to_string(), "executable": false, "rentEpoch": 0, "space": data.len(),
        "data": [BASE64_STANDARD.encode(data), "base64"],
    })
}

fn tag_of<T: BlockableAccount>() -> &'static [u8] {
    T::DISCRIMINATOR
}

async fn answer(State(slots): State<Slots>, Json(request): Json<Value>) -> Json<Value> {
    let [credits, heads, providers] = *slots.lock().unwrap();
    // Credits alone are listed in part.
    let is_of_credits = request["params"][1]["dataSlice"].is_object();
    let (slot, value) = match request["method"].as_str() {
        Some("getVersion") => {
            return Json(json!({"jsonrpc": "2.0", "id": request["id"],
            "result": {"solana-core": "4.2.2", "feature-set": 1}}));
        }
        Some("getProgramAccounts") if is_of_credits => (credits, json!([])),
        Some("getProgramAccounts") => (providers, json!([])),
        _ => {
            let market = [tag_of::<Market>(), bytemuck::bytes_of(&Market::zeroed())].concat();
            let clock = account(&blockable_sdk::addresses::CLOCK, &[0; 40]);
            (heads, json!([account(&PROGRAM_ID, &market), clock]))
        }
    };
    let result = json!({"context": {"slot": slot}, "value": value});
    Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
}

fn stale(slot: u64, highest: u64) -> Result<u64, NodeError> {
    Err(NodeError::Stale { slot, highest })
}

#[tokio::test]
async fn no_answer_of_a_refresh_may_be_older_than_the_one_before_it() {
    let (pool, mut mirror) = (Pool::new().await, Mirror::new(Pubkey::default()));
    assert_eq!(pool.refresh(&mut mirror, [100, 100, 100]).await, Ok(100));
    assert_eq!(pool.refresh(&mut mirror, [99, 101, 101]).await, stale(99, 100), "credits");
    assert_eq!(pool.refresh(&mut mirror, [102, 101, 102]).await, stale(101, 102), "market and clock");
    assert_eq!(pool.refresh(&mut mirror, [102, 102, 101]).await, stale(101, 102), "providers");
    assert_eq!(pool.refresh(&mut mirror, [101, 101, 101]).await, Ok(101), "what failed is not remembered");
}

#[tokio::test]
async fn a_slot_that_no_node_comes_near_to_is_not_held_to_for_ever() {
    let (pool, mut mirror) = (Pool::new().await, Mirror::new(Pubkey::default()));
    assert_eq!(pool.refresh(&mut mirror, [900_000; 3]).await, Ok(900_000));
    assert_eq!(pool.refresh(&mut mirror, [100; 3]).await, stale(100, 900_000));
    mirror.read = Instant::now().checked_sub(REMEMBERED);
    assert!(mirror.read.is_some(), "this machine runs for longer");
    assert_eq!(pool.refresh(&mut mirror, [100; 3]).await, Ok(100));
}
