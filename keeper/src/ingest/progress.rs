//! The state of the endpoints, for health.

use {
    super::settings::{Mode, SourceSettings},
    crate::health::{Beat, Health},
    blockable_service::lock::lock,
    std::{
        sync::{Arc, Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// Longest pause between two checks of the endpoints.
const CHECK: Duration = Duration::from_secs(1);
/// Time for storing a page on a slow disk.
const SLACK: Duration = Duration::from_secs(60);

/// The state of one endpoint.
pub(super) struct EndpointProgress {
    host: String,
    every: Duration,
    /// Longest time of one round of its loop.
    round_limit: Duration,
    /// Longest time between two readings while all is well.
    read_limit: Duration,
    inner: Mutex<Inner>,
}

struct Inner {
    began: Instant,
    round: Instant,
    read: Option<Instant>,
    error: Option<String>,
}

impl EndpointProgress {
    pub(super) fn new(settings: &SourceSettings) -> Arc<EndpointProgress> {
        let limits = settings.limits;
        let quiet = if settings.mode == Mode::Stream { limits.idle } else { Duration::ZERO };
        let read_limit =
            settings.every.saturating_mul(4).saturating_add(limits.deadline).saturating_add(quiet);
        let pause = limits.pause_max.max(settings.every);
        let round_limit = pause.saturating_add(read_limit).saturating_add(SLACK);
        let now = Instant::now();
        let inner = Mutex::new(Inner { began: now, round: now, read: None, error: None });
        Arc::new(EndpointProgress {
            host: settings.host(),
            every: settings.every,
            round_limit,
            read_limit,
            inner,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Notes that the endpoint was read.
    pub(super) fn note_read(&self) {
        let mut inner = self.lock();
        (inner.round, inner.read, inner.error) = (Instant::now(), Some(Instant::now()), None);
    }

    /// Notes that the endpoint could not be read.
    pub(super) fn note_failure(&self, error: &str) {
        let mut inner = self.lock();
        (inner.round, inner.error) = (Instant::now(), Some(error.to_string()));
    }

    fn goes_round(&self) -> bool {
        self.lock().round.elapsed() <= self.round_limit
    }

    /// The reason for which it is not read; `None` while it is.
    fn trouble(&self) -> Option<String> {
        let inner = self.lock();
        if inner.read.is_some_and(|read| read.elapsed() <= self.read_limit) {
            return None;
        }
        let age = inner.read.unwrap_or(inner.began).elapsed().as_secs();
        let why = inner.error.as_deref().unwrap_or("it has not been read yet");
        Some(format!("{} for {age} s: {why}", self.host))
    }
}

/// Reports the state of the endpoints to health: the loop `ingest` is alive while all loops of the endpoints are, and the part
/// `oracles` is well while one endpoint is read. Runs until it is dropped.
pub(super) async fn supervise(sources: Vec<Arc<EndpointProgress>>, beat: Beat, health: Health) {
    let pause = sources.iter().map(|source| source.every).min().unwrap_or(CHECK).min(CHECK);
    loop {
        if sources.iter().all(|source| source.goes_round()) {
            beat.beat();
        }
        health.set("oracles", oracles(&sources));
        tokio::time::sleep(pause).await;
    }
}

fn oracles(sources: &[Arc<EndpointProgress>]) -> Result<(), String> {
    let troubles: Vec<String> = sources.iter().filter_map(|source| source.trouble()).collect();
    if troubles.len() < sources.len() {
        return Ok(());
    }
    Err(format!("no endpoint of reports can be read ({}); check [[reporter]]", troubles.join(", ")))
}
