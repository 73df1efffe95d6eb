//! Settings of the freeze desk.

use std::{fmt, time::Duration};

/// The node that signed freezes are sent to, with deadlines and limits. `Debug` leaves the URL out: it may carry a key.
#[derive(Clone)]
pub struct FreezeDeskConfig {
    /// The node's JSON-RPC endpoint.
    pub rpc_url: String,
    /// Deadline of one request.
    pub request_timeout: Duration,
    /// The longest that an order is obeyed without having landed.
    pub obey_for: Duration,
    /// Time that an order may wait for an answer of the node before it is refused.
    pub ask_within: Duration,
    /// Interval at which the chain is asked for open orders, and those it lacks are sent again.
    pub track_every: Duration,
    /// Interval of requests for the latest blockhash.
    pub poll_blockhash_every: Duration,
    /// Most orders that are obeyed at once; at most 256, the most statuses that a node returns at once.
    pub max_open: usize,
    /// Most orders that are obeyed at once for one credit.
    pub max_open_per_credit: usize,
}

impl FreezeDeskConfig {
    /// The usual settings for a node: an order is obeyed for at most two minutes.
    pub fn new(rpc_url: impl Into<String>) -> FreezeDeskConfig {
        FreezeDeskConfig {
            rpc_url: rpc_url.into(),
            request_timeout: Duration::from_secs(5),
            obey_for: Duration::from_secs(120),
            ask_within: Duration::from_millis(500),
            track_every: Duration::from_millis(500),
            poll_blockhash_every: Duration::from_millis(400),
            max_open: 256,
            max_open_per_credit: 8,
        }
    }
}

impl fmt::Debug for FreezeDeskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreezeDeskConfig")
            .field("request_timeout", &self.request_timeout)
            .field("obey_for", &self.obey_for)
            .field("ask_within", &self.ask_within)
            .field("track_every", &self.track_every)
            .field("max_open", &self.max_open)
            .field("max_open_per_credit", &self.max_open_per_credit)
            .finish_non_exhaustive()
    }
}
