//! An upstream that answers well, or misbehaves by a number that it draws from the request's body.

use {
    super::script::{Act, Received, listen, perform},
    serde_json::{Value, json},
    std::{
        collections::HashSet,
        hash::{DefaultHasher, Hash, Hasher},
        net::SocketAddr,
        sync::{Arc, Mutex},
    },
    tokio::net::TcpStream,
};

/// An upstream, and the ids of the requests at which it misbehaved.
#[derive(Clone)]
pub struct Upstream {
    pub addr: SocketAddr,
    faults: Arc<Mutex<HashSet<String>>>,
}

impl Upstream {
    /// Starts one; it ends with the test's runtime.
    pub async fn start() -> Upstream {
        let faults = Arc::<Mutex<HashSet<String>>>::default();
        let noted = faults.clone();
        let addr = listen(move |stream| serve(stream, noted.clone())).await;
        Upstream { addr, faults }
    }

    /// True where it misbehaved at a request.
    pub fn faulted(&self, id: &str) -> bool {
        self.faults.lock().unwrap().contains(id)
    }
}

async fn serve(mut stream: TcpStream, faults: Arc<Mutex<HashSet<String>>>) -> Option<()> {
    let received = Received::read(&mut stream).await?;
    let mut hasher = DefaultHasher::new();
    received.body.hash(&mut hasher);
    let draw = hasher.finish() % 200;
    let body: Value = serde_json::from_slice(&received.body).unwrap_or_default();
    if received.path().ends_with("/models") {
        let none = Act::Raw(whole(200, "application/json", b"{\"data\":[]}"));
        return perform(stream, &[none]).await.then_some(());
    }
    if draw >= 120 || misfits(&body) {
        // The server has put the number of the hold behind it.
        let id = received.header("x-request-id").and_then(|id| id.rsplit_once('-')).map_or("", |(id, _)| id);
        faults.lock().unwrap().insert(id.to_string());
    }
    perform(stream, &acts(draw, answer(received.path(), &body))).await.then_some(())
}

/// True for a body that a real upstream would refuse: mutations that pass the server are the upstream's to refuse.
fn misfits(body: &Value) -> bool {
    !body.is_object()
}

/// A good answer: its head and its body in parts.
struct Good {
    is_stream: bool,
    parts: Vec<String>,
}

fn data(value: Value) -> String {
    format!("data: {value}\n\n")
}

fn named(name: &str, value: Value) -> String {
    format!("event: {name}\ndata: {value}\n\n")
}

fn answer(path: &str, body: &Value) -> Good {
    let is_stream = body["stream"] == true;
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let newer = json!({"input_tokens": 3, "output_tokens": 2});
    let parts = match (path.rsplit('/').next().unwrap_or_default(), is_stream) {
        ("embeddings", _) => {
            let one = json!({"object": "embedding", "index": 0, "embedding": [0.5]});
            vec![
                json!({"object": "list", "data": [one], "usage": {"prompt_tokens": 3, "total_tokens": 3}})
                    .to_string(),
            ]
        }
        ("responses", false) => {
            let item = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]});
            vec![json!({"id": "r", "object": "response", "status": "completed", "output": [item], "usage": newer}).to_string()]
        }
        ("responses", true) => {
            let whole =
                json!({"id": "r", "object": "response", "status": "completed", "output": [], "usage": newer});
            vec![
                named(
                    "response.output_text.delta",
                    json!({"type": "response.output_text.delta", "delta": "ok"}),
                ),
                named("response.completed", json!({"type": "response.completed", "response": whole})),
            ]
        }
        ("messages", false) => {
            let text = json!([{"type": "text", "text": "ok"}]);
            vec![json!({"id": "m", "type": "message", "role": "assistant", "content": text, "stop_reason": "end_turn", "usage": newer}).to_string()]
        }
        ("messages", true) => {
            let message = json!({"id": "m", "type": "message", "role": "assistant", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}});
            let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ok"}});
            vec![
                named("message_start", json!({"type": "message_start", "message": message})),
                named("content_block_delta", delta),
                named(
                    "message_delta",
                    json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
                ),
                named("message_stop", json!({"type": "message_stop"})),
            ]
        }
        (_, false) => {
            let choice = json!({"index": 0, "text": "ok", "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"});
            vec![json!({"id": "x", "choices": [choice], "usage": usage}).to_string()]
        }
        (_, true) => {
            let choice = json!({"index": 0, "text": "ok", "delta": {"content": "ok"}, "finish_reason": null});
            vec![
                data(json!({"id": "x", "choices": [choice]})),
                data(json!({"id": "x", "choices": [], "usage": usage})),
                "data: [DONE]\n\n".to_string(),
            ]
        }
    };
    Good { is_stream, parts }
}

fn head(status: u16, kind: &str, length: Option<usize>) -> Vec<u8> {
    let length = length.map_or(String::new(), |length| format!("content-length: {length}\r\n"));
    format!("HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\n{length}\r\n").into_bytes()
}

fn whole(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    [&head(status, kind, Some(body.len())), body].concat()
}

fn bytes(bytes: Vec<u8>) -> Vec<Act> {
    vec![Act::Raw(bytes)]
}

fn error(status: u16) -> Vec<Act> {
    let body = b"{\"error\":{\"message\":\"at 10.0.0.7 with sk-secret\",\"type\":\"x\"}}";
    bytes(whole(status, "application/json", body))
}

/// The acts for a draw: below 120 those of the good answer.
fn acts(draw: u64, good: Good) -> Vec<Act> {
    let kind = if good.is_stream { "text/event-stream" } else { "application/json" };
    let text = good.parts.concat();
    let begun = |rest: &[u8]| {
        [
            head(200, kind, None),
            good.parts.first().map_or(Vec::new(), |part| part.clone().into_bytes()),
            rest.to_vec(),
        ]
        .concat()
    };
    match draw {
        0..110 => bytes([head(200, kind, None), text.into_bytes()].concat()),
        110..120 => {
            let (one, two) = text.split_at(text.len() / 2);
            vec![
                Act::Raw([head(200, kind, None), one.as_bytes().to_vec()].concat()),
                Act::Pause(5),
                Act::Raw(two.as_bytes().to_vec()),
            ]
        }
        120..126 => error(500),
        126..130 => error(429),
        130..133 => error(401),
        133..136 => error(400),
        136..138 => bytes(whole(302, "text/html", b"elsewhere")),
        138..141 => bytes(whole(200, kind, b"")),
        141..144 => bytes(whole(200, kind, b"{\"choices\":")),
        144..147 => bytes(whole(200, "text/html", b"<html>502 Bad Gateway</html>")),
        147..150 => bytes(begun(b"data: {\"error\":{\"message\":\"CUDA\"}}\n\n")),
        150..154 => vec![Act::Raw(begun(b"data: {\"half")), Act::Reset],
        154..157 => vec![Act::Reset],
        157..160 => bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()),
        160..163 => bytes(whole(
            200,
            kind,
            text.replace("\"completion_tokens\":2", "\"completion_tokens\":100000000")
                .replace("\"output_tokens\":2", "\"output_tokens\":-7")
                .as_bytes(),
        )),
        163..166 => bytes(whole(200, kind, text.replace("usage", "used").as_bytes())),
        166..169 => bytes(whole(200, kind, text.replace(":2", ":null").replace(":3", ":\"3.5\"").as_bytes())),
        169..172 => bytes(whole(200, kind, &[text.as_bytes(), b"\xff\xfe trailing"].concat())),
        172..174 => bytes([head(200, kind, Some(text.len() + 50)), text.into_bytes()].concat()),
        174..176 => bytes(b"no http at all\r\n\r\n".to_vec()),
        176 => vec![Act::Hang],
        177 => vec![Act::Raw(begun(b"")), Act::Hang],
        178 => vec![Act::Raw(begun(b"")), Act::Flood(b": comment\n\n".to_vec())],
        179 => vec![
            Act::Raw(begun(b"")),
            Act::Flood(good.parts.first().cloned().unwrap_or_default().into_bytes()),
        ],
        _ => bytes([head(200, kind, None), text.repeat(2).into_bytes()].concat()),
    }
}
