//! A stand-in for HashiCorp Vault that knows one call: signing by the transit engine.

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    serde_json::{Value, json},
    solana_sdk::{signature::Keypair, signer::Signer},
    std::sync::{Arc, Mutex},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        task::JoinHandle,
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
    server: JoinHandle<()>,
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Vault {
    /// Starts it with one transit key named `reports`.
    pub async fn start(key: Keypair, token: &str, manner: Manner) -> Vault {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let token = Arc::new(Mutex::new(token.to_string()));
        let (key, expected) = (Arc::new(key), token.clone());
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let expected = expected.lock().unwrap().clone();
                tokio::spawn(answer(stream, key.clone(), expected, manner));
            }
        });
        Vault { url, token, server }
    }
}

async fn answer(mut stream: TcpStream, key: Arc<Keypair>, token: String, manner: Manner) {
    let (head, body) = request(&mut stream).await;
    let head = head.to_ascii_lowercase();
    let authorised = head.contains(&format!("x-vault-token: {token}\r\n"));
    let (status, body) = if !head.starts_with("post /v1/transit/sign/reports http/1.1\r\n") {
        ("404 Not Found", json!({ "errors": [] }))
    } else if !authorised {
        ("403 Forbidden", json!({ "errors": ["permission denied"] }))
    } else {
        let input = STANDARD.decode(body["input"].as_str().unwrap()).unwrap();
        let signature = match manner {
            Manner::Honest => key.sign_message(&input),
            Manner::Wrong => key.sign_message(b"something else"),
            Manner::Hangs => return std::future::pending().await,
        };
        let signature = format!("vault:v1:{}", STANDARD.encode(signature));
        ("200 OK", json!({ "data": { "signature": signature } }))
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_string();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap().to_string();
            if body.len() >= length.parse::<usize>().unwrap() {
                return (format!("{head}\r\n"), serde_json::from_str(body).unwrap());
            }
        }
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the request ends early");
        bytes.extend_from_slice(&buffer[..count]);
    }
}
