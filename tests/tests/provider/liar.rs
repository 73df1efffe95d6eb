//! A node that answers as if the chain had stopped, with HTTP status 200.

use {
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        io::{BufRead, BufReader, Write},
        net::{SocketAddr, TcpListener, TcpStream},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        thread,
    },
};

/// Passes requests on to a node until a test makes it lie; ends when dropped.
pub struct Liar {
    address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    target: String,
    lies: AtomicBool,
    ended: AtomicBool,
    /// The last true answer to each request.
    answers: Mutex<HashMap<String, Value>>,
}

impl Liar {
    /// In front of the node at a URL.
    pub fn before(url: &str) -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inner = Arc::new(Inner {
            target: url.split("://").nth(1).unwrap().trim_end_matches('/').to_string(),
            lies: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            answers: Mutex::default(),
        });
        let liar = Liar { address: listener.local_addr().unwrap(), inner: inner.clone() };
        thread::spawn(move || {
            for connection in listener.incoming() {
                if inner.ended.load(Ordering::Relaxed) {
                    return;
                }
                let inner = inner.clone();
                thread::spawn(move || serve(connection.unwrap(), &inner));
            }
        });
        liar
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every answer is as of now.
    pub fn lie(&self, lies: bool) {
        self.inner.lies.store(lies, Ordering::Relaxed);
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.inner.ended.store(true, Ordering::Relaxed);
        // The listener sees that it has ended when the next connection comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(connection: TcpStream, inner: &Inner) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let body = read_body(&mut reader)?;
        let request: Value = serde_json::from_slice(&body).ok()?;
        let asked = format!("{}{}", request["method"], request["params"]);
        let mut answers = inner.answers.lock().unwrap();
        let answer = match answers.get(&asked).filter(|_| inner.lies.load(Ordering::Relaxed)) {
            Some(old) => old.clone(),
            None if inner.lies.load(Ordering::Relaxed) => Value::Null,
            None => {
                let answer = forward(&inner.target, &body)?;
                answers.insert(asked, answer.clone());
                answer
            }
        };
        drop(answers);
        let mut response = answer;
        match response.as_object_mut() {
            Some(fields) => drop(fields.insert("id".to_string(), request["id"].clone())),
            None => response = json!({"jsonrpc": "2.0", "id": request["id"], "result": Value::Null}),
        }
        respond(&mut writer, &response.to_string())?;
    }
}

fn respond(writer: &mut TcpStream, body: &str) -> Option<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
    write!(writer, "{head}{}\r\n\r\n{body}", body.len()).ok()
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

fn forward(target: &str, body: &[u8]) -> Option<Value> {
    let mut node = TcpStream::connect(target).ok()?;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    node.write_all(&[head.as_bytes(), body].concat()).ok()?;
    serde_json::from_slice(&read_body(&mut BufReader::new(node))?).ok()
}
