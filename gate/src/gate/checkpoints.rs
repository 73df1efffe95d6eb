//! Makes checkpoints of the store, on threads that may wait.

use {
    super::Gate,
    crate::store::StoreError,
    std::time::{Duration, Instant},
    tokio::task::{JoinHandle, spawn_blocking},
};

/// Time from the beginning of one checkpoint to the next.
const EVERY: Duration = Duration::from_secs(2);

/// The checkpoint that was begun last. There is one at a time.
#[derive(Default)]
pub(super) struct Checkpoints {
    begun: Option<Instant>,
    running: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Checkpoints {
    /// Begins a checkpoint where it is time to, and does not wait for it.
    pub(super) async fn begin(&mut self, gate: &Gate) {
        let is_running = self.running.as_ref().is_some_and(|running| !running.is_finished());
        if is_running || self.begun.is_some_and(|begun| begun.elapsed() < EVERY) {
            return;
        }
        if let Some(ended) = self.running.take()
            && let Ok(Err(error)) = ended.await
            && error != StoreError::Closed
        {
            tracing::warn!(%error, "the store's log of writes was not brought into its file; it grows until it is");
        }
        let checkpointer = gate.core.checkpointer.clone();
        self.begun = Some(Instant::now());
        self.running = Some(spawn_blocking(move || checkpointer.run()));
    }
}
