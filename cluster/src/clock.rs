//! The clock of a cluster: the thread that gives the beat of its blocks, and the hand that moves it.

use {
    crate::ClusterError,
    blockable_sdk::amounts::ChainTime,
    crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded},
    std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        thread,
        time::{Duration, Instant},
    },
    surfpool_core::{surfnet::locker::SurfnetSvmLocker, types::TimeTravelConfig},
    surfpool_types::{BlockProductionMode, ClockCommand, ClockEvent, SimnetCommand},
};

/// Time by which the chain may be late without skipping slots; below it the blocks that are missing are made at once.
const LONGEST_LAG: Duration = Duration::from_secs(10);
/// Longest time until the clock stands still.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hand of a cluster's clock. All calls block, at most for seconds, and must not be made on a runtime's worker.
#[derive(Clone)]
pub struct Clock {
    svm: SurfnetSvmLocker,
    commands: Sender<SimnetCommand>,
    /// True while there is a block per slot.
    beats: Arc<AtomicBool>,
}

impl Clock {
    pub(crate) fn new(svm: SurfnetSvmLocker, commands: Sender<SimnetCommand>, beats: bool) -> Clock {
        Clock { svm, commands, beats: Arc::new(AtomicBool::new(beats)) }
    }

    /// Moves it to a time that it has not reached, and skips the slots between. Errors: [`ClusterError::Failed`].
    pub fn move_to(&self, until: ChainTime) -> Result<(), ClusterError> {
        self.move_to_ms(u64::try_from(until.get()).unwrap_or_default().saturating_mul(1_000))
    }

    fn move_to_ms(&self, millis: u64) -> Result<(), ClusterError> {
        let to = TimeTravelConfig::AbsoluteTimestamp(millis);
        self.svm.time_travel(None, self.commands.clone(), to).map(drop).map_err(ClusterError::failed)
    }

    /// Stops it, and with it the blocks of a cluster that makes one per slot. Errors: [`ClusterError::Failed`].
    pub fn pause(&self) -> Result<(), ClusterError> {
        let (paused, is_paused) = bounded(1);
        self.send(SimnetCommand::CommandClock(None, ClockCommand::PauseWithConfirmation(paused)))?;
        is_paused.recv_timeout(PATIENCE).map(drop).map_err(ClusterError::failed)
    }

    /// Lets it go on. The time that it stood still stays lost. Errors: [`ClusterError::Failed`].
    pub fn resume(&self) -> Result<(), ClusterError> {
        self.send(SimnetCommand::CommandClock(None, ClockCommand::Resume))
    }

    /// Makes a block per slot of a length from now on. Errors: [`ClusterError::Failed`].
    pub(crate) fn beat(&self, slot_ms: u64) -> Result<(), ClusterError> {
        self.beats.store(true, Ordering::Relaxed);
        self.send(SimnetCommand::CommandClock(None, ClockCommand::UpdateSlotInterval(slot_ms)))?;
        self.send(SimnetCommand::UpdateBlockProductionMode(BlockProductionMode::Clock))?;
        // The times of empty blocks are counted from here on, by the new length of slots.
        self.svm.with_svm_writer(|svm| {
            (svm.genesis_slot, svm.genesis_updated_at) =
                (svm.latest_epoch_info.absolute_slot, svm.updated_at);
        });
        Ok(())
    }

    fn send(&self, command: SimnetCommand) -> Result<(), ClusterError> {
        self.commands.send(command).map_err(|_| ClusterError::failed("it has ended"))
    }

    /// Starts the thread that gives the beat, with its two ends for the thread that makes the blocks. It ends with that one.
    /// Errors: [`ClusterError::Failed`].
    pub(crate) fn start(
        &self,
        slot_ms: u64,
    ) -> Result<(Receiver<ClockEvent>, Sender<ClockCommand>), ClusterError> {
        let ((beat, beats), (command, commands)) = (unbounded(), unbounded());
        let clock = self.clone();
        let run = move || clock.run(&beat, &commands, Duration::from_millis(slot_ms));
        let thread = thread::Builder::new().name("cluster-clock".to_string()).spawn(run);
        thread.map(|_| (beats, command)).map_err(ClusterError::failed)
    }

    fn run(&self, beat: &Sender<ClockEvent>, commands: &Receiver<ClockCommand>, mut slot: Duration) {
        let mut is_on = true;
        let mut next = Instant::now() + slot;
        loop {
            match commands.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) if is_on => {
                    next = self.follow(next, slot);
                    if beat.send(ClockEvent::Tick).is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => next = Instant::now() + slot,
                Ok(command) => {
                    match command {
                        ClockCommand::Pause | ClockCommand::PauseWithConfirmation(_) => is_on = false,
                        ClockCommand::Resume => is_on = true,
                        ClockCommand::Toggle => is_on = !is_on,
                        ClockCommand::UpdateSlotInterval(millis) => slot = Duration::from_millis(millis),
                    }
                    next = Instant::now() + slot;
                }
            }
        }
    }

    /// The time of the beat after one that is due. The chain's clock goes as fast as the machine's: blocks that are late are made
    /// at once, and after a longer gap, as when the process was stopped or the machine slept, the clock is moved on.
    fn follow(&self, due: Instant, slot: Duration) -> Instant {
        if !self.beats.load(Ordering::Relaxed) {
            return Instant::now() + slot;
        }
        let lag = due.elapsed();
        if lag <= LONGEST_LAG {
            return due + slot;
        }
        let now = self.svm.with_svm_reader(|svm| svm.updated_at);
        let later = now.saturating_add(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX));
        if let Err(error) = self.move_to_ms(later) {
            tracing::warn!(%error, lag_seconds = lag.as_secs(), "the chain's clock stays behind the machine's");
        }
        Instant::now() + slot
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{Beginning, Cluster, ClusterOptions, ClusterPorts, Pace, SLOT_MS, machine_time},
        tokio::task::spawn_blocking,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn after_a_gap_the_chain_has_caught_up_with_the_machine() {
        let cluster = Cluster::start(ClusterOptions {
            ports: ClusterPorts::free().unwrap(),
            programs: Vec::new(),
            beginning: Beginning::New(machine_time()),
            folder: None,
            pace: Pace::PerSlot { slot_ms: SLOT_MS },
            cheatcodes: false,
        });
        let cluster = cluster.await.unwrap();
        let (rpc, before) = (cluster.client().rpc(), cluster.now().await.unwrap());
        let slot = rpc.get_slot().await.unwrap();
        // As if the process had been stopped for an hour just before a beat.
        let (clock, length) = (cluster.clock().clone(), Duration::from_millis(SLOT_MS));
        let hour = Duration::from_secs(3_600);
        let next = spawn_blocking(move || clock.follow(Instant::now() - hour, length)).await.unwrap();
        assert!(next > Instant::now() && next <= Instant::now() + length, "the beat goes on as before");
        let passed = cluster.now().await.unwrap().seconds_since(before);
        assert!((3_598..3_610).contains(&passed), "{passed} s");
        let slots = rpc.get_slot().await.unwrap() - slot;
        assert!((8_990..9_100).contains(&slots), "{slots} slots");
        // A short lag is made up for by blocks.
        let clock = cluster.clock().clone();
        let due = Instant::now() - 3 * length;
        let next = spawn_blocking(move || clock.follow(due, length)).await.unwrap();
        assert_eq!(next, due + length);
        cluster.stop().await.unwrap();
    }
}
