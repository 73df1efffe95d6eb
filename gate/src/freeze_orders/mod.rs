//! Obeys a signed freeze before it lands.
//!
//! A lender or freeze authority signs the transaction as always and posts it to the provider's desk. A transaction that
//! is fully signed, can still land and would be allowed by the program is obeyed at once: new jobs find the units frozen.
//! The desk also sends it to the chain and follows it. Once it has landed, the gate follows the chain. If it fails, expires
//! or does not land within a bounded time, it is lifted. Both parties get a notice.

mod blockhashes;
mod companions;
mod config;
mod desk;
mod intake;
mod open_orders;
mod order;
mod records;
mod refused;
mod state;
mod track;

use {
    crate::{Gate, StoreError, follow::until},
    blockable_sdk::Signature,
    blockable_service::lock::lock,
    desk::DeskCore,
    std::sync::{Arc, Mutex},
    tokio::{sync::watch, task::JoinHandle},
};
pub use {
    config::FreezeDeskConfig, intake::ExaminedOrder, open_orders::ObeyedOrder, order::FreezeOrder,
    refused::OrderRefused, state::OrderState,
};

/// Takes freeze orders for a gate. Cheap to clone; all clones are one desk.
///
/// It has two tasks: one keeps the recent blockhashes, one tracks open orders until each has landed, failed or
/// expired. They end when the desk is stopped or its last clone is dropped. What is open stays recorded and is taken up at
/// the next start.
#[derive(Clone)]
pub struct FreezeDesk {
    core: Arc<DeskCore>,
    tasks: Arc<Tasks>,
}

/// The desk's tasks. Dropping `stop` ends them.
struct Tasks {
    stop: watch::Sender<bool>,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl FreezeDesk {
    /// Opens the desk. Orders that were open before a restart are obeyed again at once. Needs a tokio runtime.
    /// Errors: [`StoreError`].
    pub async fn start(gate: Gate, config: FreezeDeskConfig) -> Result<FreezeDesk, StoreError> {
        let core = DeskCore::open(gate, config).await?;
        let (stop, stopped) = watch::channel(false);
        let running = vec![
            tokio::spawn(until(stopped.clone(), desk::poll_blockhash(Arc::downgrade(&core)))),
            tokio::spawn(until(stopped, track::run(Arc::downgrade(&core)))),
        ];
        Ok(FreezeDesk { core, tasks: Arc::new(Tasks { stop, running: Mutex::new(running) }) })
    }

    /// Obeys a signed freeze, given as a transaction in its wire format. One that is open already gets the same answer
    /// again. Returns once it is recorded; new jobs find the units frozen before that. Errors: [`OrderRefused`], with
    /// nothing changed.
    pub async fn obey(&self, transaction: &[u8]) -> Result<ObeyedOrder, OrderRefused> {
        match self.examine(transaction)? {
            ExaminedOrder::Again(obeyed) => Ok(obeyed),
            ExaminedOrder::New(order) => self.obey_order(order).await,
        }
    }

    /// Reads a signed freeze and checks signatures, signer and credit, without asking the node or writing anything: a server
    /// that takes freezes from anybody bounds the rest by it. Errors: [`OrderRefused`].
    pub fn examine(&self, transaction: &[u8]) -> Result<ExaminedOrder, OrderRefused> {
        intake::examine(&self.core, transaction)
    }

    /// Obeys a freeze that was read, as [`FreezeDesk::obey`] does. Errors: [`OrderRefused`], with nothing changed.
    pub async fn obey_order(&self, order: FreezeOrder) -> Result<ObeyedOrder, OrderRefused> {
        intake::obey(&self.core, order).await
    }

    /// The state of a signed freeze, `None` where it was never obeyed or has been forgotten.
    pub fn state(&self, signature: &Signature) -> Option<OrderState> {
        self.core.orders().state(signature)
    }

    /// The number of orders that are open.
    pub fn open_orders(&self) -> usize {
        self.core.orders().watched().len()
    }

    /// Takes no more orders and ends the desk's tasks. What is open stays recorded, and is taken up at the next start.
    pub async fn stop(&self) {
        self.core.stop_taking();
        self.tasks.stop.send_replace(true);
        let running = std::mem::take(&mut *lock(&self.tasks.running));
        for task in running {
            if task.await.is_err() {
                tracing::error!("a task of the freeze desk ended in a panic");
            }
        }
    }
}
