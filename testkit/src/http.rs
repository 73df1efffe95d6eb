//! HTTP servers for tests: stand-ins for nodes and reporters on a port of this machine, and requests to a real node.

use {
    serde_json::{Value, json},
    std::{
        collections::HashMap,
        io::{BufRead, BufReader, Write},
        net::{Shutdown, SocketAddr, TcpListener, TcpStream},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        thread::{self, JoinHandle},
    },
};

/// A request: its head and its body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The first line and the headers, each with its line end.
    pub head: String,
    /// The body; empty where the request has none.
    pub body: Vec<u8>,
}

/// The reply to a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// HTTP status 200 with a body.
    Body(String),
    /// Another status, with further header lines behind it, and a body.
    Status(String, String),
    /// No reply: the connection is closed.
    HangUp,
}

impl Reply {
    /// Answers a request of JSON-RPC with an object that holds `result` or `error`.
    pub fn json_rpc(request: &Value, mut answer: Value) -> Reply {
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = request["id"].clone();
        Reply::Body(answer.to_string())
    }
}

/// A server with a thread per connection. It owns its listener and ends with all its connections when dropped.
pub struct Server {
    address: SocketAddr,
    inner: Arc<Inner>,
    /// The thread that accepts connections; none while they are refused.
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    reply: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
    refuses: AtomicBool,
    /// Open connections by the client's address.
    open: Mutex<HashMap<SocketAddr, TcpStream>>,
}

impl Server {
    /// Starts a server on a free port.
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            reply: Box::new(reply),
            refuses: AtomicBool::new(false),
            open: Mutex::default(),
        });
        Server { address, listening: Mutex::new(Some(listen(listener, inner.clone()))), inner }
    }

    /// As [`Server::start`], for a node of JSON-RPC; it hangs up on a request that is no JSON.
    pub fn json_rpc(reply: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Server {
        Server::start(move |request| {
            serde_json::from_slice(&request.body).map_or(Reply::HangUp, |request| reply(&request))
        })
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes all connections, and refuses new ones.
    pub fn refuse(&self) {
        self.refuse_new();
        for (_, connection) in self.inner.open.lock().expect("no panic").drain() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Refuses new connections, and serves those that are open.
    pub fn refuse_new(&self) {
        self.inner.refuses.store(true, Ordering::Relaxed);
        // The listener sees it when the next connection comes.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.lock().expect("no panic").take() {
            let _ = listening.join();
        }
    }

    /// Accepts connections again.
    pub fn accept(&self) {
        let mut listening = self.listening.lock().expect("no panic");
        if listening.is_none() {
            self.inner.refuses.store(false, Ordering::Relaxed);
            let listener = TcpListener::bind(self.address).expect("the port is still free");
            *listening = Some(listen(listener, self.inner.clone()));
        }
    }
}

impl Drop for Server {
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
            let (Ok(connection), inner) = (connection, inner.clone()) else { continue };
            let (Ok(handle), Ok(client)) = (connection.try_clone(), connection.peer_addr()) else { continue };
            inner.open.lock().expect("no panic").insert(client, handle);
            thread::spawn(move || {
                serve(&connection, &inner);
                inner.open.lock().expect("no panic").remove(&client);
                let _ = connection.shutdown(Shutdown::Both);
            });
        }
    })
}

/// Replies to the requests of a connection until one side closes it.
fn serve(connection: &TcpStream, inner: &Inner) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    loop {
        let request = read(&mut reader)?;
        let (status, body) = match (inner.reply)(&request) {
            Reply::Body(body) => ("200 OK".to_string(), body),
            Reply::Status(status, body) => (status, body),
            Reply::HangUp => return None,
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: ");
        write!(writer, "{head}{}\r\n\r\n{body}", body.len()).ok()?;
    }
}

/// Reads a request or a response; none at the end of the connection.
fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body })
}

/// Passes a request of JSON-RPC on to the node at a URL; none where it does not answer with JSON.
pub fn forward(url: &str, request: &Value) -> Option<Value> {
    let host = url.split("://").nth(1)?.trim_end_matches('/');
    let (mut node, body) = (TcpStream::connect(host).ok()?, request.to_string());
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    node.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    serde_json::from_slice(&read(&mut BufReader::new(node))?.body).ok()
}
