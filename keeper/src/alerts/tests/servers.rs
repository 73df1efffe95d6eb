//! Servers that the tests send alerts to. They end with the test.

use {
    axum::{
        Router,
        body::Bytes,
        http::{HeaderMap, Method, StatusCode, Uri},
        response::IntoResponse,
    },
    std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
    },
    tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::{TcpListener, TcpStream},
        sync::mpsc,
    },
};

/// A post that a webhook got.
pub(super) struct Got {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer of a webhook: status, headers and body.
pub(super) type Answer = (u16, Vec<(&'static str, String)>, String);

/// A webhook that answers with the given statuses, then with 200. Returns its URL and what it gets.
pub(super) async fn hook(answers: &[u16]) -> (String, mpsc::UnboundedReceiver<Got>) {
    let answers: Mutex<VecDeque<u16>> = Mutex::new(answers.iter().copied().collect());
    hook_by(move |_| {
        let status = answers.lock().unwrap().pop_front().unwrap_or(200);
        (status, vec![("location", "http://127.0.0.1:1/elsewhere".to_string())], String::new())
    })
    .await
}

/// A status that is never sent: the client waits.
pub(super) const HANGS: u16 = 0;

/// A webhook that answers each request as a function says, at any path. Returns its URL and what it gets.
pub(super) async fn hook_by(
    answer: impl Fn(&Got) -> Answer + Send + Sync + 'static,
) -> (String, mpsc::UnboundedReceiver<Got>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let answer = Arc::new(answer);
    let take = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let (sender, answer) = (sender.clone(), answer.clone());
        async move {
            let got = Got { method, uri, headers, body };
            let (status, headers, body) = answer(&got);
            let _ = sender.send(got);
            if status == HANGS {
                std::future::pending::<()>().await;
            }
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (url, receiver)
}

impl Got {
    /// The body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that takes connections and says nothing. Returns its URL.
pub(super) async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    url
}

/// A mail server without TLS. Returns its port and the messages it takes, each with its envelope; of a connection without a
/// message all that was said.
pub(super) async fn mail() -> (u16, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take_mail(stream, sender.clone()));
        }
    });
    (port, receiver)
}

async fn take_mail(mut stream: TcpStream, sender: mpsc::UnboundedSender<String>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    let (mut message, mut in_data, mut took_any) = (String::new(), false, false);
    writer.write_all(b"220 test ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        message.push_str(&line);
        message.push('\n');
        let answer = match (in_data, line.as_str()) {
            (true, ".") => {
                (in_data, took_any) = (false, true);
                let _ = sender.send(std::mem::take(&mut message));
                "250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                "354 go on\r\n"
            }
            (false, "QUIT") => "221 bye\r\n",
            (false, _) => "250 fine\r\n",
        };
        writer.write_all(answer.as_bytes()).await?;
    }
    if !took_any {
        let _ = sender.send(message);
    }
    Ok(())
}
