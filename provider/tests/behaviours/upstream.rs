//! An upstream that does what a script says.

use {
    super::script::{Act, Received, listen, perform},
    serde_json::Value,
    std::{
        collections::HashMap,
        net::SocketAddr,
        sync::{Arc, Mutex},
    },
    tokio::net::TcpStream,
};

/// An answer to a probe of an upstream's health.
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

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
        let upstream = Upstream { scripts: Arc::new(scripts), got: Arc::default() };
        let played = upstream.clone();
        let addr = listen(move |stream| played.clone().play(stream)).await;
        (addr, upstream)
    }

    /// The requests of a case that it got.
    pub fn got(&self, number: u64) -> Got {
        self.got.lock().unwrap().get(&number).cloned().unwrap_or_default()
    }

    async fn play(self, mut stream: TcpStream) -> Option<()> {
        let received = Received::read(&mut stream).await?;
        // A probe of its health.
        let Ok(body) = serde_json::from_slice::<Value>(&received.body) else {
            perform(stream, &[Act::Raw(NOT_FOUND.to_vec())]).await;
            return None;
        };
        let number = body["metadata"]["case"].as_str().unwrap().parse().unwrap();
        self.got.lock().unwrap().entry(number).or_default().bodies.push(body);
        if !perform(stream, &self.scripts[&number]).await {
            self.got.lock().unwrap().entry(number).or_default().aborted += 1;
            return None;
        }
        Some(())
    }
}
