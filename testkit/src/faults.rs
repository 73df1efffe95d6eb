//! A node that fails: passes JSON-RPC on to a real one, and fails a share of the requests in every way that a network can.

use {
    crate::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        thread::sleep,
        time::{Duration, Instant},
    },
};

/// A way in which a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The node never gets it.
    Before,
    /// The node does it, and its answer is lost.
    After,
    /// The node gets it twice; the second answer is given.
    Twice,
    /// The answer comes late, sometimes after the client has given up.
    Late,
    /// The answer is no answer: a gateway's page, a part of it, another request's.
    Garbage,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 5] = [Fault::Before, Fault::After, Fault::Twice, Fault::Late, Fault::Garbage];
}

/// Delays of late answers, in milliseconds; the last is longer than a look at a transaction waits.
const DELAYS: [u64; 8] = [50, 100, 200, 300, 500, 1_000, 2_000, 9_000];

/// A proxy before a node. It fails requests by numbers drawn from a seed; requests that come at once may swap theirs.
pub struct FaultyNode {
    server: Server,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    /// Microseconds.
    answering: AtomicU64,
    faults: [AtomicU64; Fault::ALL.len()],
}

impl FaultyNode {
    /// Begins before the node at `url`; of a hundred requests `percent` fail.
    pub fn start(url: &str, seed: u64, percent: u64) -> FaultyNode {
        let counts = Arc::new(Counts::default());
        let (url, counted) = (url.to_string(), counts.clone());
        let server = Server::json_rpc(move |request| {
            let (number, began) = (counted.requests.fetch_add(1, Ordering::Relaxed), Instant::now());
            let mut draw = Draw(mix(seed ^ mix(number)));
            if draw.below(100) >= percent {
                let reply = answer(&url, request);
                counted.answering.fetch_add(began.elapsed().as_micros() as u64, Ordering::Relaxed);
                return reply;
            }
            let place = draw.below(Fault::ALL.len() as u64) as usize;
            counted.faults[place].fetch_add(1, Ordering::Relaxed);
            fail(Fault::ALL[place], &mut draw, &url, request)
        });
        FaultyNode { server, counts }
    }

    /// The proxy's address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// Time that the node behind has taken for the requests that did not fail.
    pub fn answering(&self) -> Duration {
        Duration::from_micros(self.counts.answering.load(Ordering::Relaxed))
    }

    /// Requests that have failed in a way.
    pub fn failed(&self, fault: Fault) -> u64 {
        let place = Fault::ALL.iter().position(|known| *known == fault);
        place.map_or(0, |place| self.counts.faults[place].load(Ordering::Relaxed))
    }
}

fn answer(url: &str, request: &Value) -> Reply {
    forward(url, request).map_or(Reply::HangUp, |answer| Reply::Body(answer.to_string()))
}

fn fail(fault: Fault, draw: &mut Draw, url: &str, request: &Value) -> Reply {
    match fault {
        Fault::Before => Reply::HangUp,
        Fault::After => {
            answer(url, request);
            Reply::HangUp
        }
        Fault::Twice => {
            answer(url, request);
            answer(url, request)
        }
        Fault::Late => {
            let reply = answer(url, request);
            sleep(Duration::from_millis(DELAYS[draw.below(DELAYS.len() as u64) as usize]));
            reply
        }
        Fault::Garbage => garbage(draw, answer(url, request), request),
    }
}

/// An answer that says nothing about the request, although the node has done it.
fn garbage(draw: &mut Draw, reply: Reply, request: &Value) -> Reply {
    let page = "<html><body>502 Bad Gateway</body></html>".to_string();
    match (draw.below(6), reply) {
        (0, _) => Reply::Body(page),
        (1, _) => Reply::Status("502 Bad Gateway".to_string(), page),
        (2, _) => Reply::Body(String::new()),
        (3, Reply::Body(body)) => Reply::Body(body.chars().take(body.chars().count() / 2).collect()),
        (4, _) => Reply::json_rpc(request, json!({"error": {"code": -32_603, "message": "internal error"}})),
        _ => Reply::Body(json!({"jsonrpc": "2.0", "id": request["id"]}).to_string()),
    }
}

/// Numbers by splitmix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0) % below
    }
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use {super::*, std::thread};

    #[test]
    fn a_tenth_of_the_requests_fails_in_every_way() {
        let node = Server::json_rpc(|request| Reply::json_rpc(request, json!({"result": 7})));
        let proxy = FaultyNode::start(&node.url(), 11, 10);
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "getSlot"});
        let ask = || {
            (0..15)
                .filter(|_| forward(&proxy.url(), &request).is_some_and(|answer| answer["result"] == 7))
                .count()
        };
        // Late answers hold one thread up, not all.
        let good: usize = thread::scope(|scope| {
            let asking: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asked| asked.join().expect("answers")).sum()
        });
        let good = good as u64;
        let failed: Vec<u64> = Fault::ALL.into_iter().map(|fault| proxy.failed(fault)).collect();
        assert_eq!(proxy.requests(), 300);
        assert!(
            failed.iter().all(|count| *count > 0) && (15..60).contains(&failed.iter().sum::<u64>()),
            "{failed:?}"
        );
        // What comes twice or late is right.
        assert_eq!(300 - good, failed[0] + failed[1] + failed[4], "{failed:?}");
    }
}
