//! A node that fails as nodes do: passes requests on to the cluster, but for what the test has it do otherwise.

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::Pubkey,
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::{
        collections::{BTreeMap, HashMap},
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
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
    /// Answers with HTTP status 403, as to a key that has ended.
    Forbidden,
    /// Answers with bytes that are no JSON.
    Garbage,
    /// Answers with an error of JSON-RPC.
    Error(i64),
    /// Shows these accounts with other data than they have.
    Forged(BTreeMap<Pubkey, Vec<u8>>),
}

/// In front of a node; ends when dropped.
pub struct Proxy {
    server: Server,
    inner: Arc<Inner>,
}

struct Inner {
    target: String,
    faults: Mutex<Vec<(&'static [&'static str], Fault)>>,
    /// The last true answer to each question.
    answers: Mutex<HashMap<String, Value>>,
    /// Requests that met a fault.
    met: AtomicUsize,
}

impl Proxy {
    /// In front of the node at a URL.
    pub fn before(url: &str) -> Proxy {
        let inner = Arc::new(Inner {
            target: url.to_string(),
            faults: Mutex::default(),
            answers: Mutex::default(),
            met: AtomicUsize::new(0),
        });
        let served = inner.clone();
        Proxy { server: Server::json_rpc(move |request| served.reply(request)), inner }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on requests of these methods meet a fault; what was set last counts.
    pub fn set(&self, methods: &'static [&'static str], fault: Fault) {
        self.inner.faults.lock().unwrap().push((methods, fault));
    }

    /// From now on connections are refused.
    pub fn refuse(&self) {
        self.server.refuse();
    }

    /// From now on nothing is wrong. Returns how many requests have met a fault.
    pub fn mend(&self) -> usize {
        self.inner.faults.lock().unwrap().clear();
        self.server.accept();
        self.inner.met.swap(0, Ordering::Relaxed)
    }
}

impl Inner {
    fn reply(&self, request: &Value) -> Reply {
        let fault = self.fault(request);
        if fault.is_some() {
            self.met.fetch_add(1, Ordering::Relaxed);
        }
        match fault {
            Some(Fault::Busy(seconds)) => {
                let status = format!("429 Too Many Requests\r\nretry-after: {seconds}");
                Reply::Status(status, "slow down".to_string())
            }
            Some(Fault::Forbidden) => Reply::Status("403 Forbidden".to_string(), "no".to_string()),
            Some(Fault::Garbage) => Reply::Body("\u{1}\u{2}{\"jsonrpc\": [[[".to_string()),
            Some(Fault::AnswerLost) => {
                forward(&self.target, request);
                Reply::HangUp
            }
            fault => match self.answer(request, fault) {
                Some(answer) => Reply::json_rpc(request, answer),
                None => Reply::HangUp,
            },
        }
    }

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
    json!({"error": {"code": code, "message": "not now"}})
}

fn no_statuses(request: &Value, slot: u64) -> Value {
    let asked = request["params"][0].as_array().map_or(0, Vec::len);
    let result = json!({"context": {"slot": slot}, "value": vec![Value::Null; asked]});
    json!({ "result": result })
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
