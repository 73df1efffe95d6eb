//! An upstream that does what a script says, on plain TCP.

use {
    serde_json::Value,
    std::{
        collections::HashMap,
        net::SocketAddr,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::Notify,
        time::{sleep, timeout},
    },
};

/// One act of an upstream.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Sends a piece of a body whose length is not announced.
    Piece(Vec<u8>),
    /// Waits.
    Pause(u64),
    /// Waits for a sign of the test's.
    Wait(Arc<Notify>),
    /// Ends the body.
    End,
    /// Closes the connection in the middle of the body.
    Close,
    /// Resets the connection.
    Reset,
    /// Sends a piece every 20 ms until the other side closes.
    Forever(Vec<u8>),
    /// Does nothing until the other side closes.
    Hang,
}

/// The requests that an upstream got, and the ends that it saw.
#[derive(Clone, Debug, Default)]
pub struct Got {
    /// The bodies of requests.
    pub bodies: Vec<Value>,
    /// Number of connections that the other side closed before the script's end.
    pub aborted: usize,
}

/// The scripts of all cases, by the number that their requests carry in `metadata`.
#[derive(Clone, Default)]
pub struct Upstream {
    scripts: Arc<HashMap<u64, Vec<Act>>>,
    got: Arc<Mutex<HashMap<u64, Got>>>,
}

impl Upstream {
    /// Starts one; it ends with the test's runtime.
    pub async fn start(scripts: HashMap<u64, Vec<Act>>) -> (SocketAddr, Upstream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let upstream = Upstream { scripts: Arc::new(scripts), got: Arc::default() };
        let played = upstream.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let played = played.clone();
                tokio::spawn(async move { played.play(stream).await });
            }
        });
        (addr, upstream)
    }

    /// The requests of a case that it got.
    pub fn got(&self, number: u64) -> Got {
        self.got.lock().unwrap().get(&number).cloned().unwrap_or_default()
    }

    async fn play(self, mut stream: TcpStream) -> Option<()> {
        let body = read_request(&mut stream).await?;
        // A probe of its health.
        let Ok(body) = serde_json::from_slice::<Value>(&body) else {
            let _ = stream.write_all(&closing(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")).await;
            return None;
        };
        let number = body["metadata"]["case"].as_str().unwrap().parse().unwrap();
        self.got.lock().unwrap().entry(number).or_default().bodies.push(body);
        stream.set_nodelay(true).unwrap();
        for act in &self.scripts[&number] {
            if !perform(&mut stream, act).await {
                self.got.lock().unwrap().entry(number).or_default().aborted += 1;
                return None;
            }
            if matches!(act, Act::Reset) {
                stream.set_zero_linger().unwrap();
                return None;
            }
        }
        let _ = stream.shutdown().await;
        // Whatever the other side still sends is read, so that closing resets nothing.
        let _ = timeout(Duration::from_secs(1), stream.read(&mut [0; 1_024])).await;
        Some(())
    }
}

/// Returns false where the other side has closed.
async fn perform(stream: &mut TcpStream, act: &Act) -> bool {
    match act {
        Act::Raw(bytes) => stream.write_all(&closing(bytes)).await.is_ok(),
        Act::Piece(bytes) => stream.write_all(&chunk(bytes)).await.is_ok(),
        Act::Pause(ms) => {
            sleep(Duration::from_millis(*ms)).await;
            true
        }
        Act::Wait(sign) => {
            sign.notified().await;
            true
        }
        Act::End => stream.write_all(b"0\r\n\r\n").await.is_ok(),
        Act::Close | Act::Reset => true,
        Act::Forever(bytes) => loop {
            let closed = timeout(Duration::from_millis(20), stream.read(&mut [0; 64])).await;
            if closed.is_ok() || stream.write_all(&chunk(bytes)).await.is_err() {
                return false;
            }
        },
        Act::Hang => {
            while matches!(stream.read(&mut [0; 64]).await, Ok(read) if read > 0) {}
            false
        }
    }
}

/// Says in the head of an answer that its connection closes afterwards, as every script's does: the next request would else
/// now and then be sent on it.
fn closing(bytes: &[u8]) -> Vec<u8> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n").filter(|_| bytes.starts_with(b"HTTP/1.1 "));
    match line {
        Some(end) => [&bytes[..end + 2], b"connection: close\r\n", &bytes[end + 2..]].concat(),
        None => bytes.to_vec(),
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Reads a request with an announced length; returns its body.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(bytes[end + 4..].to_vec());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
