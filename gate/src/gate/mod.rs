//! Admits jobs against credits, and counts what they use.

mod answers;
mod checkpoints;
mod config;
mod holds;
mod payments;
mod recorder;
mod records;
mod retention;
mod unwritten;
mod usage;

use {
    crate::{
        chain_view::ChainView,
        hold::{Hold, HoldId, Refusal},
        ledger::{CreditTotals, Ledger, LedgerReading, Room},
        notice::Notice,
        store::{Checkpointer, Store, StoreError, StoreReader},
        writer::Writer,
    },
    blockable_sdk::{
        Pubkey, Signature,
        amounts::{ChainTime, MarketTime, Units},
        program::state::{Credit, Market, Provider},
    },
    blockable_service::lock::{self, lock},
    checkpoints::Checkpoints,
    recorder::Unrecorded,
    retention::Retention,
    std::{
        cmp::Reverse,
        collections::BinaryHeap,
        sync::{
            Arc, Mutex, MutexGuard, RwLock,
            atomic::{AtomicBool, AtomicU64, Ordering},
        },
        thread::JoinHandle,
        time::{Duration, Instant, SystemTime},
    },
    tokio::{
        sync::{broadcast, watch},
        time::interval,
    },
    unwritten::Unwritten,
};
pub use {
    config::GateConfig,
    payments::{OpeningPayment, OpeningPayments, QUOTED_FOR},
};

/// Interval of the search for holds past their deadline.
const SWEEP_EVERY: Duration = Duration::from_millis(200);
/// Notices that a slow listener may be behind; it reads older ones from the store.
const NOTICES: usize = 1_024;
/// Freezes that a slow listener may be behind.
const FREEZES: usize = 1_024;

/// The gate of one provider. Cheap to clone; all clones are one gate.
///
/// The ledger, the chain view and the deadlines of holds have a lock each, held for single steps and never across an
/// `await`; where two are needed, the ledger's comes first. A hold counts in the ledger before its row is written, so that
/// no second job is admitted meanwhile, and its end counts only once its row is written. Use that was settled is never
/// lowered again. All writes go through the one thread of [`crate::writer::Writer`]. A crash leaves every hold whose
/// admission was answered, and every settlement that was; the next [`Gate::open`] takes them up and ends overdue holds.
#[derive(Clone)]
pub struct Gate {
    core: Arc<GateCore>,
}

/// The state that all clones of a [`Gate`] share.
struct GateCore {
    config: GateConfig,
    ledger: Mutex<Ledger>,
    chain_view: Mutex<ChainView>,
    deadlines: Mutex<BinaryHeap<Reverse<(Instant, HoldId)>>>,
    writer: RwLock<Option<Writer>>,
    writer_thread: Mutex<Option<JoinHandle<()>>>,
    reader: StoreReader,
    checkpointer: Arc<Checkpointer>,
    closing: AtomicBool,
    notices: broadcast::Sender<Notice>,
    /// Wakes those who wait for a change of the chain view.
    changed: watch::Sender<u64>,
    /// Passes on every freeze that the chain shows.
    froze: broadcast::Sender<FreezeTime>,
    /// Units that the chain has counted and the store had not.
    behind_chain: AtomicU64,
    /// Changes that the chain has shown and that are not recorded yet.
    unrecorded: Arc<Unrecorded>,
    /// Settlements that the store could not take yet.
    unwritten: Unwritten,
}

/// The time of a credit's latest freeze, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FreezeTime {
    pub chain: ChainTime,
    pub market: MarketTime,
}

impl FreezeTime {
    /// The freezes of a credit that reports can be dated before, the earlier one first. A view of the chain that skips a state
    /// shows two at once.
    fn of_credit(credit: &Credit) -> impl Iterator<Item = FreezeTime> {
        let freezes = credit.freezes().into_iter();
        freezes.filter(|freeze| freeze.at_chain != 0).map(|freeze| FreezeTime {
            chain: ChainTime(freeze.at_chain),
            market: MarketTime(freeze.at_market),
        })
    }
}

/// Milliseconds since 1970 on this machine's clock.
pub fn now_ms() -> i64 {
    now_us() / 1_000
}

/// Microseconds since 1970 on this machine's clock.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl Gate {
    /// Opens the store with the holds and the meters that it has kept. Needs a tokio runtime. The gate refuses every job
    /// until it is shown the chain (see [`crate::follow`]). Errors: [`StoreError`].
    pub fn open(config: GateConfig) -> Result<Gate, StoreError> {
        let mut store = Store::open(&config.store, config.max_store_bytes)?;
        match store.end_jobs_of_dead_process(now_us()) {
            Ok(0) => {}
            Ok(holds) => {
                tracing::warn!(holds, "jobs ended with the process before; their holds are returned")
            }
            Err(error) => {
                tracing::error!(%error, "holds of jobs that ended could not be returned; they end by their deadline")
            }
        }
        let stored = store.load()?;
        let reader = StoreReader::open(&config.store)?;
        let checkpointer = Arc::new(Checkpointer::open(&config.store)?);
        let (writer, writer_thread) = Writer::start(store, config.durability)?;
        let (now, clock) = (Instant::now(), now_ms());
        let deadline = |hold: &Hold| {
            // The clock may have jumped since: no hold runs for longer than it was given.
            let left = u64::try_from(hold.deadline_ms.saturating_sub(clock)).unwrap_or(0);
            Reverse((now + Duration::from_millis(left).min(hold.time_limit()), hold.id))
        };
        let deadlines = stored.holds.iter().map(deadline).collect();
        let core = GateCore {
            ledger: Mutex::new(Ledger::restore(stored.meters, stored.holds, stored.next_hold)),
            chain_view: Mutex::new(ChainView::new(config.max_staleness, config.when_stale)),
            deadlines: Mutex::new(deadlines),
            writer: RwLock::new(Some(writer)),
            writer_thread: Mutex::new(Some(writer_thread)),
            reader,
            checkpointer,
            closing: AtomicBool::new(false),
            notices: broadcast::Sender::new(NOTICES),
            changed: watch::Sender::new(0),
            froze: broadcast::Sender::new(FREEZES),
            behind_chain: AtomicU64::new(0),
            unrecorded: Arc::default(),
            unwritten: Unwritten::default(),
            config,
        };
        let gate = Gate { core: Arc::new(core) };
        tokio::spawn(sweep(Arc::downgrade(&gate.core)));
        tokio::spawn(recorder::run(Arc::downgrade(&gate.core)));
        Ok(gate)
    }

    /// The settings that the gate was opened with.
    pub fn config(&self) -> &GateConfig {
        &self.core.config
    }

    /// The units open at a credit. Errors: [`Refusal`].
    pub fn room(&self, credit: &Pubkey) -> Result<Room, Refusal> {
        let market_time = lock(&self.core.chain_view).market_time();
        self.ledger().room(credit, market_time)
    }

    /// Sums over all credits of the provider: their units, and its money in them.
    pub fn totals(&self) -> CreditTotals {
        let market_time = lock(&self.core.chain_view).market_time();
        self.ledger().totals(market_time)
    }

    /// A credit as the chain last showed it.
    pub fn credit(&self, address: &Pubkey) -> Option<Credit> {
        self.ledger().credit(address).copied()
    }

    /// Units that the chain has counted and the store had not, in this run: a sign of a store that is an old copy.
    pub fn units_behind_chain(&self) -> Units {
        Units(self.core.behind_chain.load(Ordering::Relaxed))
    }

    /// The open holds.
    pub fn holds(&self) -> Vec<Hold> {
        self.ledger().holds().cloned().collect()
    }

    /// One moment's readings of every credit that can be metered, by index.
    pub fn readings(&self) -> Vec<LedgerReading> {
        self.ledger().readings()
    }

    /// One moment's readings for a report that is dated `at`; see [`Ledger::readings_dated`].
    pub(crate) fn readings_dated(&self, at: ChainTime) -> Vec<LedgerReading> {
        let clocks = self.chain_view().clocks();
        self.ledger().readings_dated(at, clocks)
    }

    /// As [`Gate::readings_dated`], dated at the first freeze whose own report is awaited; see [`Ledger::readings_until`].
    pub(crate) fn readings_until(
        &self,
        until: ChainTime,
        after: Option<ChainTime>,
    ) -> (ChainTime, Vec<LedgerReading>) {
        let clocks = self.chain_view().clocks();
        self.ledger().readings_until(until, after, clocks)
    }

    /// The chain view, locked: the follower writes it, all others read it.
    pub fn chain_view(&self) -> MutexGuard<'_, ChainView> {
        lock(&self.core.chain_view)
    }

    /// The market, once it has been seen.
    pub fn market(&self) -> Option<Market> {
        self.chain_view().market().copied()
    }

    /// The provider, once it has been seen.
    pub fn provider(&self) -> Option<Provider> {
        self.chain_view().provider().copied()
    }

    /// True while new jobs are refused because nothing more can be recorded.
    pub fn storage_is_full(&self) -> bool {
        self.writer().is_none_or(|writer| writer.is_full())
    }

    /// Takes a credit's state on chain at a slot, `None` where its account is gone. Credits of other providers are
    /// passed over.
    pub fn observe_credit(&self, address: Pubkey, slot: u64, credit: Option<&Credit>) {
        let ours = |credit: &Credit| {
            credit.provider == self.core.config.provider && credit.market == self.core.config.market
        };
        if credit.is_some_and(|credit| !ours(credit)) {
            return;
        }
        let mut ledger = self.ledger();
        let ahead = credit.filter(|credit| credit.has_index == 1).map_or(Units::ZERO, |credit| {
            let counted = ledger.cumulative(&address, credit.meter.index);
            Units(credit.meter.cumulative).saturating_sub(counted)
        });
        let known = ledger.credit(&address).and_then(|known| FreezeTime::of_credit(known).last());
        if !ledger.observe(address, slot, credit) {
            return;
        }
        drop(ledger);
        if !ahead.is_zero() {
            tracing::error!(
                credit = %address, units = ahead.get(),
                "the chain has counted use that this store has not: it is new, an old copy, or other reporters count more"
            );
            self.core.behind_chain.fetch_add(ahead.get(), Ordering::Relaxed);
        }
        self.core.unrecorded.add(address);
        self.core.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
        let freezes = credit.into_iter().flat_map(FreezeTime::of_credit);
        for freeze in freezes.filter(|freeze| known.is_none_or(|known| freeze.chain > known.chain)) {
            // Nobody may be listening.
            let _ = self.core.froze.send(freeze);
        }
    }

    /// Notes that every credit that the chain has has been shown. Credits that are new from then on are noticed as issued.
    pub fn note_all_observed(&self) {
        self.core.unrecorded.note_all_seen();
    }

    /// True once every credit that the chain has has been shown.
    pub(crate) fn has_observed_all(&self) -> bool {
        self.core.unrecorded.has_seen_all()
    }

    /// Listens to freezes that the chain shows from now on. Returns those that it has shown before as well.
    pub(crate) fn subscribe_freezes(&self) -> (Vec<FreezeTime>, broadcast::Receiver<FreezeTime>) {
        let later = self.core.froze.subscribe();
        let known =
            self.ledger().credits().flat_map(|(_, _, credit)| FreezeTime::of_credit(credit)).collect();
        (known, later)
    }

    /// Waits for changes of the chain view; the number counts them.
    pub fn subscribe_changes(&self) -> watch::Receiver<u64> {
        self.core.changed.subscribe()
    }

    /// The ledger, for the crate's other modules.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.core.ledger)
    }

    /// Obeys a freeze ahead of the chain; see [`Ledger::obey_freeze`].
    pub(crate) fn obey_freeze(&self, credit: Pubkey, signature: Signature, frozen: Units) {
        self.ledger().obey_freeze(credit, signature, frozen);
    }

    /// Stops obeying a freeze ahead of the chain.
    pub(crate) fn lift_freeze(&self, credit: &Pubkey, signature: &Signature) {
        self.ledger().lift_freeze(credit, signature);
    }

    /// Admits no job from now on; running ones can still be ended.
    pub fn stop_admitting(&self) {
        self.core.closing.store(true, Ordering::Relaxed);
    }

    /// Writes all that waits and closes the store. Holds that are open stay recorded. Nothing can be written afterwards.
    pub async fn close(&self) {
        self.stop_admitting();
        self.write_last_unwritten().await;
        self.core.reader.close();
        self.core.checkpointer.close();
        drop(lock::write(&self.core.writer).take());
        let thread = lock(&self.core.writer_thread).take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer's thread ended in a panic");
            }
        }
    }
}

/// Ends overdue holds, lets a full store check for free space, removes what is old, and begins checkpoints, while the gate lives.
async fn sweep(core: std::sync::Weak<GateCore>) {
    let mut ticks = interval(SWEEP_EVERY);
    let (mut retention, mut checkpoints) = (Retention::default(), Checkpoints::default());
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        let gate = Gate { core };
        if gate.writer().is_none() {
            return;
        }
        gate.retry_unwritten().await;
        gate.end_overdue().await;
        if gate.storage_is_full() {
            let _ = gate.write(|_| Ok(())).await;
        }
        retention.prune(&gate).await;
        checkpoints.begin(&gate).await;
    }
}
