//! Keeps a gate's chain view up to date: by a WebSocket stream, and by RPC for changes that the stream missed.
//!
//! A stream can go quiet, drop an update or die without an error, and a node can answer every request with the state of an
//! hour ago. So slots from a stream keep the view fresh only after a reconcile by RPC that began under that stream and has
//! succeeded recently. An answer from an older slot than the view's is not used.

mod account;
mod diff;
mod fault;
mod progress;
mod reconcile;
mod stream;

pub(crate) use fault::node;
use {
    crate::Gate,
    blockable_sdk::{Pubkey, rpc::RpcClient},
    blockable_service::lock::lock,
    progress::SlotProgress,
    std::{
        fmt,
        sync::{Arc, Mutex, MutexGuard},
        time::Duration,
    },
    tokio::{
        sync::{Notify, mpsc, watch},
        task::JoinHandle,
    },
};

/// Accounts that may wait to be asked about; beyond that a reconcile finds them.
const DOUBTS: usize = 1_024;

/// The node that the chain is read from, with deadlines and intervals. `Debug` leaves the URLs out: they may carry keys.
#[derive(Clone)]
pub struct FollowConfig {
    /// The node's JSON-RPC endpoint.
    pub rpc_url: String,
    /// The node's WebSocket endpoint.
    pub ws_url: String,
    /// Deadline of one request, and of opening the stream.
    pub request_timeout: Duration,
    /// Interval of comparisons of the gate's view with the chain while the stream is in order.
    pub reconcile_every: Duration,
    /// Interval of comparisons while the stream is down, or has not been caught up with.
    pub poll_every: Duration,
    /// A stream that reports no slot for this long is dead.
    pub silence: Duration,
    /// Time for which a stream is trusted without a reconcile that succeeds.
    pub trust_stream_for: Duration,
    /// Slots that an answer may lag behind the highest slot seen.
    pub lag_slots: u64,
    /// The first pause before the stream is opened again; doubles up to `backoff_max`.
    pub backoff_min: Duration,
    /// The longest pause before the stream is opened again.
    pub backoff_max: Duration,
}

impl FollowConfig {
    /// The usual settings for a node.
    pub fn new(rpc_url: impl Into<String>, ws_url: impl Into<String>) -> FollowConfig {
        FollowConfig {
            rpc_url: rpc_url.into(),
            ws_url: ws_url.into(),
            request_timeout: Duration::from_secs(5),
            reconcile_every: Duration::from_secs(15),
            poll_every: Duration::from_secs(1),
            silence: Duration::from_secs(5),
            trust_stream_for: Duration::from_secs(60),
            lag_slots: 20,
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for FollowConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowConfig")
            .field("request_timeout", &self.request_timeout)
            .field("reconcile_every", &self.reconcile_every)
            .field("poll_every", &self.poll_every)
            .field("silence", &self.silence)
            .field("trust_stream_for", &self.trust_stream_for)
            .field("lag_slots", &self.lag_slots)
            .finish_non_exhaustive()
    }
}

/// The state of following the chain, for readiness and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowStatus {
    /// The stream is open and has reported a slot.
    pub stream_up: bool,
    /// A reconcile has succeeded since the stream was opened: nothing between the two was missed.
    pub caught_up: bool,
    /// Streams opened after the first one.
    pub reconnects: u64,
    /// Updates that streams have brought.
    pub updates: u64,
    /// Reconciles that have succeeded.
    pub reconciles: u64,
    /// Credits whose change a reconcile found and no stream had shown.
    pub missed: u64,
    /// Time since the last reconcile that succeeded, `None` before the first.
    pub reconcile_age: Option<Duration>,
    /// Requests that failed.
    pub rpc_errors: u64,
    /// Answers that lagged too far behind to be used.
    pub stale_answers: u64,
    /// The highest slot that anything has reported.
    pub slot: u64,
}

/// The tasks that follow the chain for a gate. They end when this is stopped or dropped.
///
/// One task keeps a stream open, one reconciles by RPC, one fetches single accounts whose updates contradict the gate's view.
/// They write to the gate's ledger and chain view alone and keep nothing on disk: after a crash the first reconcile shows the
/// gate all credits again. The chain view is kept fresh by slots of a reconcile, or of a stream that a reconcile has caught
/// up with.
pub struct Follower {
    core: Arc<FollowerCore>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Follower {
    /// Starts following. Needs a tokio runtime. The gate admits jobs once the first reconcile has succeeded.
    pub fn start(gate: Gate, config: FollowConfig) -> Follower {
        let (doubts, asked) = mpsc::channel(DOUBTS);
        let (stop, stopped) = watch::channel(false);
        let rpc = node(&config.rpc_url, config.request_timeout);
        let progress = Mutex::new(SlotProgress::new(config.lag_slots, config.trust_stream_for));
        let core = Arc::new(FollowerCore { gate, config, rpc, progress, wake: Notify::new(), doubts });
        let tasks = vec![
            tokio::spawn(until(stopped.clone(), stream::run(core.clone()))),
            tokio::spawn(until(stopped.clone(), reconcile::run(core.clone()))),
            tokio::spawn(until(stopped, reconcile::fetch_doubts(core.clone(), asked))),
        ];
        Follower { core, stop, tasks }
    }

    /// The state of following the chain.
    pub fn status(&self) -> FollowStatus {
        self.core.progress().status()
    }

    /// Stops following and waits until that is done.
    pub async fn stop(mut self) {
        // The tasks hold a receiver for as long as they run.
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            if task.await.is_err() {
                tracing::error!("a task that follows the chain ended in a panic");
            }
        }
    }
}

/// Runs a task until `stopped` is set or its sender is dropped.
pub(crate) async fn until(mut stopped: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// State that the tasks share.
struct FollowerCore {
    gate: Gate,
    config: FollowConfig,
    rpc: RpcClient,
    progress: Mutex<SlotProgress>,
    /// Wakes the reconciler ahead of its time.
    wake: Notify,
    doubts: mpsc::Sender<Pubkey>,
}

impl FollowerCore {
    fn progress(&self) -> MutexGuard<'_, SlotProgress> {
        lock(&self.progress)
    }

    /// Has an account fetched whose update contradicts the chain view.
    fn doubt(&self, address: Pubkey) {
        if self.doubts.try_send(address).is_err() {
            self.wake.notify_one();
        }
    }
}
