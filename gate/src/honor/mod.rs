//! Obeys a signed freeze before it lands.
//!
//! Whoever may freeze a credit signs the transaction as always and shows it to the provider's desk, beside sending it. A
//! transaction that is fully signed, can still land and would be allowed by the program is obeyed at once: new jobs find
//! the units frozen. The desk sends it as well and watches it. Once it has landed, the gate goes by the chain; where it
//! fails, expires or has not landed within a bounded time, the block is lifted. Both parties are told.

mod blockhashes;
mod desk;
mod ledger;
mod order;
mod records;
mod refused;
mod track;

use {
    crate::{Gate, StoreError},
    blockable_sdk::{Pubkey, Signature},
    desk::Desk,
    std::{fmt, sync::Arc, time::Duration},
};
pub use {order::FreezeOrder, records::OrderState, refused::OrderRefused};

/// Where signed freezes are sent, and how long one is obeyed. `Debug` leaves the URL out: it may carry a key.
#[derive(Clone)]
pub struct DeskConfig {
    /// The node's JSON-RPC endpoint.
    pub rpc_url: String,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// The longest that an order is obeyed without having landed.
    pub honor_for: Duration,
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

impl DeskConfig {
    /// The usual settings for a node: an order is obeyed for at most two minutes.
    pub fn new(rpc_url: impl Into<String>) -> DeskConfig {
        DeskConfig {
            rpc_url: rpc_url.into(),
            request_timeout: Duration::from_secs(5),
            honor_for: Duration::from_secs(120),
            ask_within: Duration::from_millis(500),
            track_every: Duration::from_millis(500),
            poll_blockhash_every: Duration::from_millis(400),
            max_open: 256,
            max_open_per_credit: 8,
        }
    }
}

impl fmt::Debug for DeskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskConfig")
            .field("request_timeout", &self.request_timeout)
            .field("honor_for", &self.honor_for)
            .field("ask_within", &self.ask_within)
            .field("track_every", &self.track_every)
            .field("max_open", &self.max_open)
            .field("max_open_per_credit", &self.max_open_per_credit)
            .finish_non_exhaustive()
    }
}

/// A signed freeze that is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obeyed {
    /// The transaction.
    pub signature: Signature,
    /// The credit.
    pub credit: Pubkey,
    /// Units closed to new jobs in all.
    pub frozen: u64,
    /// Who ordered it.
    pub by: Pubkey,
    /// The last block height at which it can land.
    pub last_valid_height: u64,
}

/// Takes signed freezes for a gate. Cheap to clone; all clones are one desk. Its tasks end when it is stopped or the last
/// clone is dropped.
#[derive(Clone)]
pub struct FreezeDesk {
    desk: Arc<Desk>,
}

impl FreezeDesk {
    /// Opens the desk; what was obeyed before a restart and is still open is obeyed again at once. Needs a tokio runtime.
    /// Errors: [`StoreError`].
    pub async fn start(gate: Gate, config: DeskConfig) -> Result<FreezeDesk, StoreError> {
        Ok(FreezeDesk { desk: Desk::start(gate, config).await? })
    }

    /// Obeys a signed freeze, given as a transaction in its wire format. One that is open already gets the same answer
    /// again. Returns once it is recorded; new jobs find the units frozen before that. Errors: [`OrderRefused`], with
    /// nothing changed.
    pub async fn honor(&self, transaction: &[u8]) -> Result<Obeyed, OrderRefused> {
        desk::honor(&self.desk, transaction).await
    }

    /// Where a signed freeze stands, `None` where it was never obeyed or has been forgotten.
    pub fn state(&self, signature: &Signature) -> Option<OrderState> {
        self.desk.ledger().state(signature)
    }

    /// How many orders are open.
    pub fn open(&self) -> usize {
        self.desk.ledger().watched().len()
    }

    /// Takes no more orders and ends the desk's tasks. What is open stays recorded, and is taken up at the next start.
    pub async fn stop(&self) {
        self.desk.stop().await;
    }
}
