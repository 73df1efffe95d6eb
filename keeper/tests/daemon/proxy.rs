//! A node that fails as nodes do: passes requests on to the cluster, but for what the test has it do otherwise.

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::Pubkey,
    serde_json::{Value, json},
    std::{
        collections::{BTreeMap, HashMap},
        io::{BufRead, BufReader, Write},
        net::{Shutdown, SocketAddr, TcpListener, TcpStream},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, AtomicUsize, Ordering},
        },
        thread::{self, JoinHandle},
    },
};

/// Every method, for [`Proxy::set`].
pub const ALL: &[&str] = &[];
/// Requests on the state of the chain, without those on transactions.
pub const ACCOUNTS: &[&str] = &["getMultipleAccounts", "getProgramAccounts", "getAccountInfo"];
/// Sends a transaction.
pub const SEND: &[&str] = &["sendTransaction"];
/// Answers requests for the statuses of transactions.
pub const STATUSES: &[&str] = &["getSignatureStatuses"];

/// Behaviour of a node on a request.
#[derive(Clone)]
pub enum Fault {
    /// Answers as it did last, with HTTP status 200: the chain has stopped for it. It knows of no transaction since then, and
    /// passes transactions on.
    Frozen,
    /// As [`Fault::Frozen`], and its slot goes on so many slots behind.
    Behind(u64),
    /// Does what it is asked to, and hangs up before the answer.
    AnswerLost,
    /// Does what it is asked to twice.
    Twice,
    /// Knows of no transaction.
    NoStatuses,
    /// Answers with HTTP status 429 and the seconds to wait.
    Busy(u32),
    /// Answers with bytes that are no JSON.
    Garbage,
    /// Answers with an error of JSON-RPC.
    Error(i64),
    /// Shows these accounts with other data than they have.
    Forged(BTreeMap<Pubkey, Vec<u8>>),
}

/// In front of a node; ends when dropped.
pub struct Proxy {
    inner: Arc<Inner>,
    address: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    target: String,
    refuses: AtomicBool,
    faults: Mutex<Vec<(&'static [&'static str], Fault)>>,
    /// The last true answer to each question.
    answers: Mutex<HashMap<String, Value>>,
    open: Mutex<Vec<TcpStream>>,
    /// Requests that met a fault.
    met: AtomicUsize,
}

impl Proxy {
    /// In front of the node at a URL.
    pub fn before(url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inner = Arc::new(Inner {
            target: url.split("://").nth(1).unwrap().trim_end_matches('/').to_string(),
            refuses: AtomicBool::new(false),
            faults: Mutex::default(),
            answers: Mutex::default(),
            open: Mutex::default(),
            met: AtomicUsize::new(0),
        });
        let address = listener.local_addr().unwrap();
        let listening = Mutex::new(Some(listen(listener, inner.clone())));
        Proxy { inner, address, listening }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests of these methods meet a fault; what was set last counts.
    pub fn set(&self, methods: &'static [&'static str], fault: Fault) {
        self.inner.faults.lock().unwrap().push((methods, fault));
    }

    /// From now on connections are refused.
    pub fn refuse(&self) {
        self.inner.refuses.store(true, Ordering::Relaxed);
        // The listener sees it when the next connection comes.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.lock().unwrap().take() {
            listening.join().unwrap();
        }
        for connection in self.inner.open.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// From now on nothing is wrong. Returns how many requests have met a fault.
    pub fn mend(&self) -> usize {
        self.inner.faults.lock().unwrap().clear();
        let mut listening = self.listening.lock().unwrap();
        if listening.is_none() {
            self.inner.refuses.store(false, Ordering::Relaxed);
            *listening = Some(listen(TcpListener::bind(self.address).unwrap(), self.inner.clone()));
        }
        self.inner.met.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
    }
}

fn listen(listener: TcpListener, inner: Arc<Inner>) -> JoinHandle<()> {
    thread::spawn(move || {
        for connection in listener.incoming() {
            if inner.refuses.load(Ordering::Relaxed) {
                return;
            }
            let (connection, inner) = (connection.unwrap(), inner.clone());
            inner.open.lock().unwrap().push(connection.try_clone().unwrap());
            thread::spawn(move || serve(connection, &inner));
        }
    })
}

fn serve(connection: TcpStream, inner: &Inner) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let body = read_body(&mut reader)?;
        let request: Value = serde_json::from_slice(&body).ok()?;
        let fault = inner.fault(&request);
        if fault.is_some() {
            inner.met.fetch_add(1, Ordering::Relaxed);
        }
        let (status, body) = match fault {
            Some(Fault::Busy(seconds)) => {
                (format!("429 Too Many Requests\r\nretry-after: {seconds}"), "slow down".to_string())
            }
            Some(Fault::Garbage) => ("200 OK".to_string(), "\u{1}\u{2}{\"jsonrpc\": [[[".to_string()),
            Some(Fault::AnswerLost) => {
                forward(&inner.target, &request);
                let _ = writer.shutdown(Shutdown::Both);
                return None;
            }
            fault => {
                let mut answer = inner.answer(&request, fault)?;
                answer["id"] = request["id"].clone();
                ("200 OK".to_string(), answer.to_string())
            }
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: ");
        write!(writer, "{head}{}\r\n\r\n{body}", body.len()).ok()?;
    }
}

impl Inner {
    fn fault(&self, request: &Value) -> Option<Fault> {
        let method = request["method"].as_str().unwrap_or_default();
        let faults = self.faults.lock().unwrap();
        let met = |methods: &[&str]| methods.is_empty() || methods.contains(&method);
        faults.iter().rev().find(|(methods, _)| met(methods)).map(|(_, fault)| fault.clone())
    }

    fn answer(&self, request: &Value, fault: Option<Fault>) -> Option<Value> {
        match fault {
            Some(Fault::Frozen) => self.old(request),
            Some(Fault::Behind(slots)) => {
                let mut answer = self.old(request)?;
                let slot = self.slot()?.saturating_sub(slots);
                if request["method"] == "getSlot" {
                    answer["result"] = json!(slot);
                } else if answer["result"]["context"]["slot"].is_u64() {
                    answer["result"]["context"]["slot"] = json!(slot);
                }
                Some(answer)
            }
            Some(Fault::Error(code)) => Some(error(code)),
            Some(Fault::NoStatuses) => Some(no_statuses(request, self.slot()?)),
            Some(Fault::Twice) => {
                forward(&self.target, request);
                forward(&self.target, request)
            }
            Some(Fault::Forged(accounts)) => {
                let mut answer = forward(&self.target, request)?;
                accounts.iter().for_each(|(address, data)| forge(request, &mut answer, address, data));
                Some(answer)
            }
            _ => {
                let answer = forward(&self.target, request)?;
                self.answers.lock().unwrap().insert(question(request), answer.clone());
                Some(answer)
            }
        }
    }

    /// Latest good answers, by request.
    fn old(&self, request: &Value) -> Option<Value> {
        match request["method"].as_str()? {
            "sendTransaction" => return forward(&self.target, request),
            "getSignatureStatuses" => return Some(no_statuses(request, 0)),
            _ => {}
        }
        Some(self.answers.lock().unwrap().get(&question(request)).cloned().unwrap_or_else(|| error(-32_004)))
    }

    fn slot(&self) -> Option<u64> {
        let params = json!([{"commitment": "confirmed"}]);
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": params});
        forward(&self.target, &request)?["result"].as_u64()
    }
}

fn question(request: &Value) -> String {
    format!("{}{}", request["method"], request["params"])
}

fn error(code: i64) -> Value {
    json!({"jsonrpc": "2.0", "error": {"code": code, "message": "not now"}})
}

fn no_statuses(request: &Value, slot: u64) -> Value {
    let asked = request["params"][0].as_array().map_or(0, Vec::len);
    let result = json!({"context": {"slot": slot}, "value": vec![Value::Null; asked]});
    json!({"jsonrpc": "2.0", "result": result})
}

/// Puts data in the place of an account's, where an answer has that, cut as the request asks for.
fn forge(request: &Value, answer: &mut Value, address: &Pubkey, data: &[u8]) {
    let (address, slice) = (address.to_string(), &request["params"][1]["dataSlice"]);
    let number = |name: &str| slice[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let from = number("offset").unwrap_or(0).min(data.len());
    let to = number("length").map_or(data.len(), |length| (from + length).min(data.len()));
    let forged = json!([STANDARD.encode(&data[from..to]), "base64"]);
    let listed = request["method"] == "getProgramAccounts";
    let Some(values) = answer["result"]["value"].as_array_mut() else { return };
    for (place, value) in values.iter_mut().enumerate() {
        let (is_it, account) = match listed {
            true => (value["pubkey"] == address, &mut value["account"]),
            false => (request["params"][0][place] == address, value),
        };
        if is_it && account.is_object() {
            account["data"] = forged.clone();
        }
    }
}

/// The body of a request or a response.
fn read_body(reader: &mut impl BufRead) -> Option<Vec<u8>> {
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
    Some(body)
}

fn forward(target: &str, request: &Value) -> Option<Value> {
    let (mut node, body) = (TcpStream::connect(target).ok()?, request.to_string());
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    node.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    serde_json::from_slice(&read_body(&mut BufReader::new(node))?).ok()
}
