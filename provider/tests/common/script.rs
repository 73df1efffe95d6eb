//! Acts of an upstream on plain TCP, and the requests that it reads.

#![allow(dead_code, reason = "each test file uses a part")]

use {
    std::{future::Future, net::SocketAddr, sync::Arc, time::Duration},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::Notify,
        time::{sleep, timeout},
    },
};

/// Time between two pieces of an answer without an end.
const BEAT: Duration = Duration::from_millis(20);

/// One act of an upstream.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Sends a piece of a body whose length is not announced.
    Piece(Vec<u8>),
    /// Waits for so many milliseconds.
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
    /// Sends bytes as they are every 20 ms until the other side closes.
    Flood(Vec<u8>),
    /// Does nothing until the other side closes.
    Hang,
}

/// A request, as an upstream reads it.
pub struct Received {
    head: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl Received {
    /// The path, with its query.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    }

    /// Reads a request with an announced length. `None` where the other side closes before its end.
    pub async fn read(stream: &mut TcpStream) -> Option<Received> {
        let mut bytes = Vec::new();
        loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let mut received = Received { head, body: Vec::new() };
                let length = received.header("content-length").map_or(0, |length| length.parse().unwrap());
                if bytes.len() >= end + 4 + length {
                    received.body = bytes.split_off(end + 4);
                    return Some(received);
                }
            }
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// Serves connections on a free port until the test's runtime ends.
pub async fn listen<F: Future<Output = Option<()>> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    addr
}

/// Performs acts and closes the connection. Returns false where the other side has closed it before.
pub async fn perform(mut stream: TcpStream, acts: &[Act]) -> bool {
    stream.set_nodelay(true).unwrap();
    for act in acts {
        if !perform_one(&mut stream, act).await {
            return false;
        }
        if matches!(act, Act::Reset) {
            stream.set_zero_linger().unwrap();
            return true;
        }
    }
    let _ = stream.shutdown().await;
    // Whatever the other side still sends is read, so that closing resets nothing.
    let _ = timeout(Duration::from_secs(1), stream.read(&mut [0; 1_024])).await;
    true
}

async fn perform_one(stream: &mut TcpStream, act: &Act) -> bool {
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
        Act::Forever(bytes) => repeat(stream, &chunk(bytes)).await,
        Act::Flood(bytes) => repeat(stream, bytes).await,
        Act::Hang => {
            while matches!(stream.read(&mut [0; 64]).await, Ok(read) if read > 0) {}
            false
        }
    }
}

async fn repeat(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    loop {
        let closed = timeout(BEAT, stream.read(&mut [0; 64])).await;
        if closed.is_ok() || stream.write_all(bytes).await.is_err() {
            return false;
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
