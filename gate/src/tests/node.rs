//! A node for the tests of freeze orders: answers JSON-RPC on a port of this machine from a state that the test sets.

use {
    blockable_sdk::{Hash, Signature},
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        io::{BufRead, BufReader, Read, Write},
        net::{SocketAddr, TcpListener, TcpStream},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        thread,
    },
};

/// The state that the node answers from.
#[derive(Default)]
pub(super) struct NodeState {
    /// The block height.
    pub height: u64,
    /// The latest blockhash; valid for 150 blocks from the height.
    pub blockhash: Hash,
    /// Further blockhashes that are valid.
    pub valid: Vec<Hash>,
    /// Transactions in a block: slot, whether it is confirmed, whether the transaction failed.
    pub landed: HashMap<Signature, (u64, bool, bool)>,
    /// Transactions that were sent to it, in base 64.
    pub sent: Vec<String>,
    /// The node answers every request with an error.
    pub is_down: bool,
}

/// The node; ends when dropped.
pub(super) struct Node {
    address: SocketAddr,
    state: Arc<Mutex<NodeState>>,
    ended: Arc<AtomicBool>,
}

impl Node {
    /// A node at block height 1,000.
    pub(super) fn start() -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state =
            NodeState { height: 1_000, blockhash: Hash::new_from_array([9; 32]), ..NodeState::default() };
        let node = Node {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(state)),
            ended: Arc::default(),
        };
        let (state, ended) = (node.state.clone(), node.ended.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = state.clone();
                thread::spawn(move || serve(connection.unwrap(), &state));
            }
        });
        node
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Reads or changes the state.
    pub(super) fn with_state<T>(&self, change: impl FnOnce(&mut NodeState) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // The listener sees that it has ended when the next connection comes.
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers the requests of a connection until it is closed.
fn serve(connection: TcpStream, state: &Mutex<NodeState>) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let request: Value = serde_json::from_slice(&body).ok()?;
        let mut response = json!({"jsonrpc": "2.0", "id": request["id"]});
        match answer(&mut state.lock().unwrap(), &request) {
            Some(result) => response["result"] = result,
            None => response["error"] = json!({"code": -32_005, "message": "node is unhealthy"}),
        }
        let body = response.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        write!(writer, "{head}{}\r\n\r\n{body}", body.len()).ok()?;
    }
}

fn answer(state: &mut NodeState, request: &Value) -> Option<Value> {
    if state.is_down {
        return None;
    }
    let with_context = |value: Value| json!({"context": {"slot": 1_000_000}, "value": value});
    let params = &request["params"];
    Some(match request["method"].as_str()? {
        "getLatestBlockhash" => with_context(json!({
            "blockhash": state.blockhash.to_string(), "lastValidBlockHeight": state.height + 150,
        })),
        "isBlockhashValid" => {
            let asked = params[0].as_str()?;
            with_context(json!(state.valid.iter().any(|valid| valid.to_string() == asked)))
        }
        "getBlockHeight" => json!(state.height),
        "getSignatureStatuses" => {
            let status = |signature: &Value| {
                let signature: Signature = signature.as_str().unwrap().parse().unwrap();
                let (slot, confirmed, failed) = *state.landed.get(&signature)?;
                let err = if failed { json!("InsufficientFundsForFee") } else { Value::Null };
                let status = if failed { json!({"Err": err}) } else { json!({"Ok": null}) };
                let level = if confirmed { "confirmed" } else { "processed" };
                Some(json!({
                    "slot": slot, "confirmations": 0, "status": status, "err": err, "confirmationStatus": level,
                }))
            };
            with_context(params[0].as_array()?.iter().map(status).collect())
        }
        "sendTransaction" => {
            state.sent.push(params[0].as_str()?.to_string());
            json!(Signature::default().to_string())
        }
        _ => return None,
    })
}
