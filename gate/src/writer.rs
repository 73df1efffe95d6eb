//! The one thread that writes to the store. Callers wait for the commit; writes that come together share one.

use {
    crate::store::{Store, StoreError},
    rusqlite::{Connection, TransactionBehavior},
    std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        thread::JoinHandle,
        time::{Duration, Instant},
    },
    tokio::sync::{mpsc, oneshot},
};

/// Writes that may wait; further callers wait until there is room.
const QUEUE: usize = 8_192;
/// Most writes that share a commit.
const BATCH: usize = 512;
/// Interval at which a full store checks for room.
const RECHECK: Duration = Duration::from_millis(500);

/// The failures that a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// The end of the process, however sudden; a loss of power may take the commits of the last moments.
    Process,
    /// A loss of power: each commit is flushed to the disk.
    Power,
}

/// A piece of work inside a transaction. It may run again, alone, where another one of its batch fails.
trait QueuedWrite: Send {
    /// Does the work.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Hands the caller the outcome, after the commit.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
    /// The failures that its commit must survive.
    fn durability(&self) -> Durability;
}

struct WriteRequest<T, F> {
    work: F,
    durability: Durability,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&Connection) -> rusqlite::Result<T> + Send> QueuedWrite for WriteRequest<T, F> {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.result = Some((self.work)(connection)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let WriteRequest { result, reply, .. } = *self;
        // A caller that no longer waits has given up; the write stands.
        let _ = reply.send(outcome.and_then(|()| result.ok_or(StoreError::Closed)));
    }

    fn durability(&self) -> Durability {
        self.durability
    }
}

/// Hands writes to the one thread that owns the [`Store`]. Dropping the last copy ends it once all that waits is written.
///
/// Writes that come together share one transaction and one flush. A caller gets its answer after the commit; where a write
/// of a batch fails, each of the batch runs again on its own. A caller that no longer waits does not undo its write.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Box<dyn QueuedWrite>>,
    full: Arc<AtomicBool>,
    durability: Durability,
}

impl Writer {
    /// Starts the thread. Errors: [`StoreError::Sqlite`] where no thread can be had.
    pub fn start(store: Store, durability: Durability) -> Result<(Writer, JoinHandle<()>), StoreError> {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let full = Arc::new(AtomicBool::new(false));
        let writer = WriterThread { store, receiver, full: full.clone(), checked: Instant::now(), set: None };
        let thread = std::thread::Builder::new()
            .name("writer".to_string())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::Sqlite(error.to_string()))?;
        Ok((Writer { queue, full, durability }, thread))
    }

    /// True while the store is full: what must be recorded still is, new jobs are not.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// The mark of a full store, as it is while a piece of work runs.
    pub(crate) fn full_mark(&self) -> Arc<AtomicBool> {
        self.full.clone()
    }

    /// Runs `work` in a transaction and waits for its commit. It runs again where a write that shares its commit fails.
    /// Errors: [`StoreError`], with nothing written.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_as(self.durability, work).await
    }

    /// As [`Writer::write`], in a commit that survives the named failures. All earlier commits then survive them too.
    pub async fn write_as<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = WriteRequest { work, durability, result: None, reply };
        self.queue.send(Box::new(request)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

struct WriterThread {
    store: Store,
    receiver: mpsc::Receiver<Box<dyn QueuedWrite>>,
    full: Arc<AtomicBool>,
    checked: Instant,
    /// The connection's setting, changed only where another one is needed.
    set: Option<Durability>,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(first) = self.receiver.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = self.receiver.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch);
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn QueuedWrite>>) {
        if self.full.load(Ordering::Relaxed) && self.checked.elapsed() >= RECHECK {
            self.checked = Instant::now();
            self.store.drop_answers();
            let full = !self.store.keep_reserve();
            self.full.store(full, Ordering::Relaxed);
        }
        let mut outcome = self.attempt(&mut batch);
        if matches!(outcome, Err(StoreError::Full)) {
            outcome = self.attempt_when_full(&mut batch);
        }
        if outcome.is_ok() || batch.len() == 1 {
            batch.into_iter().for_each(|work| work.finish(outcome.clone()));
            return;
        }
        // One of them spoils the rest: each on its own.
        for work in batch {
            let mut alone = [work];
            let outcome = self.attempt(&mut alone);
            let [work] = alone;
            work.finish(outcome);
        }
    }

    /// Runs a batch again that found no room. From now on no answer's body is kept, and older ones make room; the reserve is for what
    /// finds none then. Errors: [`StoreError`], with nothing written.
    fn attempt_when_full(&mut self, batch: &mut [Box<dyn QueuedWrite>]) -> Result<(), StoreError> {
        self.full.store(true, Ordering::Relaxed);
        self.checked = Instant::now();
        self.store.drop_answers();
        let outcome = self.attempt(batch);
        if !matches!(outcome, Err(StoreError::Full)) {
            return outcome;
        }
        self.store.give_up_reserve();
        self.attempt(batch)
    }

    /// Runs a batch in one transaction. Errors: [`StoreError`], with nothing written.
    fn attempt(&mut self, batch: &mut [Box<dyn QueuedWrite>]) -> Result<(), StoreError> {
        let power = batch.iter().any(|work| work.durability() == Durability::Power);
        let (wanted, mode) =
            if power { (Durability::Power, "FULL") } else { (Durability::Process, "NORMAL") };
        let connection = self.store.connection();
        if self.set != Some(wanted) {
            connection.pragma_update(None, "synchronous", mode)?;
            self.set = Some(wanted);
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for work in batch.iter_mut() {
            work.run(&transaction)?;
        }
        Ok(transaction.commit()?)
    }
}
