//! Settings of the freeze desk.

use std::{fmt, time::Duration};

/// Where signed freezes are sent, and how long one is obeyed. `Debug` leaves the URL out: it may carry a key.
#[derive(Clone)]
pub struct FreezeDeskConfig {
    /// The node's JSON-RPC endpoint.
    pub rpc_url: String,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// The longest that an order is obeyed without having landed.
    pub obey_for: Duration,
    /// How long an order may wait for the node where something must be asked before it can be obeyed.
    pub ask_within: Duration,
    /// How often an open order is looked for on the chain, and sent again.
    pub track_every: Duration,
    /// How often the latest blockhash is asked for.
    pub poll_blockhash_every: Duration,
    /// Most orders that are obeyed at once; at most 256, which is as many as a node tells the status of at once.
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
