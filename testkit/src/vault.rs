//! A stand-in for HashiCorp Vault that knows one call: signing by the transit engine.

use {
    crate::http::{Reply, Request, Server},
    base64::{Engine, engine::general_purpose::STANDARD},
    serde_json::{Value, json},
    solana_sdk::{signature::Keypair, signer::Signer},
    std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    },
};

/// The answers to those who have the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A signature, as Vault answers.
    Honest,
    /// A signature over something else.
    Wrong,
    /// No answer.
    Hangs,
}

/// The stand-in, listening on 127.0.0.1 until it is dropped.
pub struct Vault {
    /// Its address.
    pub url: String,
    /// The token that it accepts.
    pub token: Arc<Mutex<String>>,
    /// Requests that have come.
    pub asked: Arc<AtomicUsize>,
    _server: Server,
}

impl Vault {
    /// Starts it with one transit key named `reports`.
    pub fn start(key: Keypair, token: &str, manner: Manner) -> Vault {
        let token = Arc::new(Mutex::new(token.to_string()));
        let (expected, asked) = (token.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = asked.clone();
        let server = Server::start(move |request| {
            counted.fetch_add(1, Ordering::Relaxed);
            let expected = expected.lock().unwrap().clone();
            reply(request, &key, &expected, manner)
        });
        Vault { url: server.url(), token, asked, _server: server }
    }
}

fn reply(request: &Request, key: &Keypair, token: &str, manner: Manner) -> Reply {
    let head = request.head.to_ascii_lowercase();
    if !head.starts_with("post /v1/transit/sign/reports http/1.1\r\n") {
        return Reply::Status("404 Not Found".to_string(), json!({ "errors": [] }).to_string());
    }
    if !head.contains(&format!("x-vault-token: {token}\r\n")) {
        let errors = json!({ "errors": ["permission denied"] });
        return Reply::Status("403 Forbidden".to_string(), errors.to_string());
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let input = STANDARD.decode(body["input"].as_str().unwrap()).unwrap();
    let signature = match manner {
        Manner::Honest => key.sign_message(&input),
        Manner::Wrong => key.sign_message(b"something else"),
        Manner::Hangs => loop {
            thread::park();
        },
    };
    let signature = format!("vault:v1:{}", STANDARD.encode(signature));
    Reply::Body(json!({ "data": { "signature": signature } }).to_string())
}
