//! A node for the tests of freeze orders: answers JSON-RPC on a port of this machine from a state that the test sets.

use {
    blockable_sdk::{Hash, Signature},
    blockable_testkit::http::{Reply, Server},
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        sync::{Arc, Mutex},
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
    server: Server,
    state: Arc<Mutex<NodeState>>,
}

impl Node {
    /// A node at block height 1,000.
    pub(super) fn start() -> Node {
        let state =
            NodeState { height: 1_000, blockhash: Hash::new_from_array([9; 32]), ..NodeState::default() };
        let state = Arc::new(Mutex::new(state));
        let served = state.clone();
        let server = Server::json_rpc(move |request| {
            let answer = match answer(&mut served.lock().unwrap(), request) {
                Some(result) => json!({ "result": result }),
                None => json!({"error": {"code": -32_005, "message": "node is unhealthy"}}),
            };
            Reply::json_rpc(request, answer)
        });
        Node { server, state }
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Reads or changes the state.
    pub(super) fn with_state<T>(&self, change: impl FnOnce(&mut NodeState) -> T) -> T {
        change(&mut self.state.lock().unwrap())
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
