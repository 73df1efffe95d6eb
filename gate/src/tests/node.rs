//! A node of the desk's tests: answers JSON-RPC on a port of this machine as it is told to.

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

/// The answers of the node.
#[derive(Default)]
pub struct Says {
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
pub struct Node {
    address: SocketAddr,
    says: Arc<Mutex<Says>>,
    ended: Arc<AtomicBool>,
}

impl Node {
    /// A node at block height 1,000.
    pub fn start() -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let says = Says { height: 1_000, blockhash: Hash::new_from_array([9; 32]), ..Says::default() };
        let node = Node {
            address: listener.local_addr().unwrap(),
            says: Arc::new(Mutex::new(says)),
            ended: Arc::default(),
        };
        let (says, ended) = (node.says.clone(), node.ended.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let says = says.clone();
                thread::spawn(move || serve(connection.unwrap(), &says));
            }
        });
        node
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it says.
    pub fn tell<T>(&self, change: impl FnOnce(&mut Says) -> T) -> T {
        change(&mut self.says.lock().unwrap())
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
fn serve(connection: TcpStream, says: &Mutex<Says>) -> Option<()> {
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
        match answer(&mut says.lock().unwrap(), &request) {
            Some(result) => response["result"] = result,
            None => response["error"] = json!({"code": -32_005, "message": "node is unhealthy"}),
        }
        let body = response.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
        write!(writer, "{head}{}\r\n\r\n{body}", body.len()).ok()?;
    }
}

fn answer(says: &mut Says, request: &Value) -> Option<Value> {
    if says.is_down {
        return None;
    }
    let with_context = |value: Value| json!({"context": {"slot": 1_000_000}, "value": value});
    let params = &request["params"];
    Some(match request["method"].as_str()? {
        "getLatestBlockhash" => with_context(json!({
            "blockhash": says.blockhash.to_string(), "lastValidBlockHeight": says.height + 150,
        })),
        "isBlockhashValid" => {
            let asked = params[0].as_str()?;
            with_context(json!(says.valid.iter().any(|valid| valid.to_string() == asked)))
        }
        "getBlockHeight" => json!(says.height),
        "getSignatureStatuses" => {
            let status = |signature: &Value| {
                let signature: Signature = signature.as_str().unwrap().parse().unwrap();
                let (slot, confirmed, failed) = *says.landed.get(&signature)?;
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
            says.sent.push(params[0].as_str()?.to_string());
            json!(Signature::default().to_string())
        }
        _ => return None,
    })
}
