//! A node that the test plays: it knows one blockhash, takes transactions and lands none.

use {
    axum::{Json, Router, extract::State, routing::post},
    blockable_sdk::{Hash, Keypair, Signer},
    serde_json::{Value, json},
    std::sync::{Arc, Mutex},
    tokio::net::TcpListener,
};

/// The transactions that the node was sent, in base64.
pub type Sent = Arc<Mutex<Vec<String>>>;

/// The blockhash that the node calls the latest.
pub fn blockhash() -> Hash {
    Hash::new_from_array([9; 32])
}

/// Starts one; it ends with the test's runtime. Returns its URL.
pub async fn node() -> (String, Sent) {
    let sent = Sent::default();
    let router = Router::new().route("/", post(answer)).with_state(sent.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, sent)
}

async fn answer(State(sent): State<Sent>, Json(request): Json<Value>) -> Json<Value> {
    let with_slot = |value: Value| json!({"context": {"slot": 10}, "value": value});
    let result = match request["method"].as_str().unwrap() {
        "getLatestBlockhash" => {
            with_slot(json!({"blockhash": blockhash().to_string(), "lastValidBlockHeight": 1_000}))
        }
        "isBlockhashValid" => with_slot(json!(request["params"][0] == blockhash().to_string())),
        "getSignatureStatuses" => {
            let asked = request["params"][0].as_array().map_or(0, Vec::len);
            with_slot(vec![Value::Null; asked].into())
        }
        "getBlockHeight" => json!(900),
        "sendTransaction" => {
            sent.lock().unwrap().push(request["params"][0].as_str().unwrap().to_string());
            json!(Keypair::new().sign_message(b"any").to_string())
        }
        other => panic!("{other}"),
    };
    Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
}
