//! Nodes that answer as the test sets them.

use {
    crate::{chain::Node, history::tests::server::event},
    axum::{Json, Router, extract::State, http::StatusCode, routing::post},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::Pubkey,
    secrecy::SecretString,
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::{net::TcpListener, task::JoinHandle},
};

/// The state that a node shows.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub slot: u64,
    pub height: u64,
    /// The slot in which every transaction has landed; `None` where it knows of none.
    pub landed: Option<u64>,
    /// The commitment that the cluster has reached for that slot, as RPC names it.
    pub commitment: &'static str,
    /// The failure of all of them, as RPC encodes it.
    pub error: Value,
    /// The code of JSON-RPC that simulations fail with.
    pub refusal: Option<i64>,
    /// The credits of each instruction that may be simulated, in their order.
    pub work: Vec<Vec<Pubkey>>,
    /// The failure of an instruction in a simulation, by the credit that it names: the whole transaction with a text, and the
    /// instruction with anything else.
    pub faults: HashMap<Pubkey, Value>,
    /// Credits that metering would leave out.
    pub idle: Vec<Pubkey>,
    /// Instructions of the compute budget before the others: two in a transaction of version 0, none in one of version 1.
    pub before: usize,
    /// The hash of its cluster's first block, in base58.
    pub genesis: &'static str,
    /// Requests that it answers with an error.
    pub mute: Vec<&'static str>,
    /// Set, it takes requests and answers none.
    pub black_hole: bool,
}

/// A node of the test's; ends when dropped.
pub(crate) struct Played {
    pub view: Arc<Mutex<View>>,
    /// Transactions it was sent.
    pub sent: Arc<Mutex<Vec<Value>>>,
    /// The methods of the requests that it got.
    pub asked: Arc<Mutex<Vec<String>>>,
    address: String,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    view: Arc<Mutex<View>>,
    sent: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Played {
    /// A node at a block height that knows of no transaction.
    pub(crate) async fn at(height: u64) -> Played {
        let view = View {
            slot: 5_000,
            height,
            landed: None,
            commitment: "finalized",
            error: Value::Null,
            refusal: None,
            work: Vec::new(),
            faults: HashMap::new(),
            idle: Vec::new(),
            before: 2,
            genesis: "11111111111111111111111111111111",
            mute: Vec::new(),
            black_hole: false,
        };
        let shared = Shared { view: Arc::new(Mutex::new(view)), sent: Arc::default(), asked: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(answer)).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Played { view: shared.view, sent: shared.sent, asked: shared.asked, address, server }
    }

    /// Changes what it shows.
    pub(crate) fn show(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.view.lock().unwrap());
    }

    /// The keeper's side of it.
    pub(crate) fn node(&self, name: &str) -> Node {
        self.node_within(name, Duration::from_secs(5))
    }

    /// As [`Played::node`], with a deadline for requests.
    pub(crate) fn node_within(&self, name: &str, deadline: Duration) -> Node {
        let url = SecretString::from(self.address.as_str());
        Node::new(name.to_string(), &url, None, deadline)
    }

    /// Counts the transactions it was sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Simulates a transaction: its failure, and the inner instructions.
fn simulated(view: &View, transaction: &str) -> (Value, Vec<Value>) {
    let bytes = STANDARD.decode(transaction).unwrap();
    let names = |credit: &&Pubkey| bytes.windows(32).any(|window| window == credit.as_ref());
    let carried = view.work.iter().filter(|credits| credits.iter().any(|credit| names(&credit)));
    let mut inner = Vec::new();
    for (place, credits) in carried.enumerate() {
        let place = view.before + place;
        if let Some(fault) = credits.iter().filter(names).find_map(|credit| view.faults.get(credit)) {
            return match fault.is_string() {
                true => (fault.clone(), inner),
                false => (json!({"InstructionError": [place, fault]}), inner),
            };
        }
        if credits.iter().all(|credit| view.idle.contains(credit)) {
            let data = bs58::encode(event(&[], false)).into_string();
            let instruction = json!({"programIdIndex": 1, "accounts": [], "data": data, "stackHeight": 2});
            inner.push(json!({"index": place, "instructions": [instruction]}));
        }
    }
    (Value::Null, inner)
}

async fn answer(State(shared): State<Shared>, Json(request): Json<Value>) -> Result<Json<Value>, StatusCode> {
    let view = shared.view.lock().unwrap().clone();
    let method = request["method"].as_str().unwrap();
    shared.asked.lock().unwrap().push(method.to_string());
    if view.black_hole {
        std::future::pending::<()>().await;
    }
    if view.mute.contains(&method) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if let ("simulateTransaction", Some(code)) = (method, view.refusal) {
        let error = json!({"code": code, "message": "no"});
        return Ok(Json(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})));
    }
    let result = match method {
        "simulateTransaction" => {
            let (error, inner) = simulated(&view, request["params"][0].as_str().unwrap());
            let value = json!({"err": error, "logs": [], "unitsConsumed": 150, "innerInstructions": inner});
            json!({"context": {"slot": view.slot}, "value": value})
        }
        "getSlot" => json!(view.slot),
        "getVersion" => json!({"solana-core": "4.2.2", "feature-set": 1}),
        "getBalance" => json!({"context": {"slot": view.slot}, "value": 1_000_000_000}),
        "getRecentPrioritizationFees" => json!([]),
        "getLatestBlockhash" => {
            // A new one after each sending, as there are new blocks.
            let sent = u8::try_from(shared.sent.lock().unwrap().len() % 256).unwrap();
            let blockhash = Pubkey::new_from_array([sent; 32]).to_string();
            let value = json!({"blockhash": blockhash, "lastValidBlockHeight": view.height + 150});
            json!({"context": {"slot": view.slot}, "value": value})
        }
        "getGenesisHash" => json!(view.genesis),
        "getBlockHeight" => json!(view.height),
        "getSignatureStatuses" => {
            let status = view.landed.map(|slot| {
                let outcome = match view.error.is_null() {
                    true => json!({"Ok": null}),
                    false => json!({"Err": view.error}),
                };
                let confirmations = if view.commitment == "finalized" { Value::Null } else { json!(0) };
                json!({"slot": slot, "confirmations": confirmations, "err": view.error, "status": outcome,
                       "confirmationStatus": view.commitment})
            });
            let asked = request["params"][0].as_array().unwrap().len();
            json!({"context": {"slot": view.slot}, "value": vec![status; asked]})
        }
        "sendTransaction" => {
            shared.sent.lock().unwrap().push(request["params"][0].clone());
            json!("1111111111111111111111111111111111111111111111111111111111111111")
        }
        _ => return Err(StatusCode::NOT_FOUND),
    };
    Ok(Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result})))
}
