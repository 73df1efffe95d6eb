//! Delivers what is due to one sink: by severity first, then in order for each subject, again and again until the sink takes it or
//! never will.

use {
    crate::{
        alerts::{
            Inner,
            due::{self, Job, Key, Rows, WAIT_MAX},
            entries::DeliveryAttempt,
            sink::Sink,
            sinks::{Pace, Refusal, Retry},
        },
        health::Beat,
        store::StoreError,
    },
    blockable_service::lock::lock,
    futures_util::{
        StreamExt,
        future::{BoxFuture, FutureExt},
        stream::FuturesUnordered,
    },
    std::{
        collections::HashSet,
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::sync::{MutexGuard, watch},
};

/// Pause between two readings of a sink's entries while no alert is raised or cleared.
const POLL: Duration = Duration::from_secs(5);
/// Messages on their way at once that are not critical, and further ones that are. A sink that does not answer holds up no critical
/// message by those that it got before.
const FLIGHTS: usize = 4;
const CRITICAL_FLIGHTS: usize = 16;
/// Most results that wait to be recorded. Beyond it nothing else is taken out of the store: it could not be recorded either.
const UNRECORDED_MAX: usize = 64;
/// Seconds from the first attempt to the second; doubles with each up to [`PAUSE_MAX`].
const PAUSE: i64 = 5;
/// Longest pause between two attempts, in seconds.
const PAUSE_MAX: i64 = 900;
/// Longest reason that is kept, in characters: a mail server may answer with a page.
const REASON_MAX: usize = 300;

/// The state that deliveries to a sink leave to later ones.
#[derive(Default)]
pub(super) struct Turn {
    /// Results that are not recorded: nothing of the same key is sent until they are.
    landed: Vec<Landed>,
    /// Messages that may be sent now, and the time of that figure.
    allowance: Option<(f64, Instant)>,
    /// The end of a wait that the sink asks for.
    paused_until: Option<Instant>,
    /// The same for critical messages: only an answer to one of them has those wait.
    critical_paused_until: Option<Instant>,
}

/// A message that was sent, with the result.
struct Landed {
    job: Job,
    attempt: DeliveryAttempt,
    is_counted: bool,
}

/// The pause after a number of failed attempts, in seconds.
pub(super) fn pause(attempts: u32) -> i64 {
    PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(PAUSE_MAX)
}

/// The deliveries to one sink. It owns the sink's turn, so there is one at a time.
///
/// Everything that is due and allowed is on its way at once, at most one message of a key. A message that fails holds up its own key
/// alone. If the store is full, the result of an attempt stays in the turn and its key is not sent again, so that a sink does not get
/// the same message again and again.
pub(super) struct Courier<'a> {
    alerts: &'a Inner,
    sink: &'a Sink,
    turn: MutexGuard<'a, Turn>,
    busy: HashSet<Key>,
    /// Messages that were read and wait for room. They are read again when something has changed.
    ready: Vec<Job>,
    flights: FuturesUnordered<BoxFuture<'a, (Job, Result<(), Refusal>)>>,
    critical: usize,
}

impl<'a> Courier<'a> {
    /// Waits for the sink's turn.
    pub(super) async fn new(alerts: &'a Inner, sink: &'a Sink) -> Courier<'a> {
        let turn = sink.turn.lock().await;
        let busy = turn.landed.iter().map(|landed| landed.job.key.clone()).collect();
        let (ready, flights) = (Vec::new(), FuturesUnordered::new());
        Courier { alerts, sink, turn, busy, ready, flights, critical: 0 }
    }

    /// Records what has landed, and sends what is due. What is due is read anew where `has_changed`, or where everything that was read
    /// is on its way. Returns the time after which more may be sent, where the sink's rate holds something back. Errors: [`StoreError`];
    /// what is in memory alone is sent all the same.
    pub(super) async fn dispatch(&mut self, has_changed: bool) -> Result<Option<Duration>, StoreError> {
        let recorded = self.record().await;
        let read = if has_changed || self.ready.is_empty() { self.read().await } else { Ok(()) };
        let wait = self.send();
        recorded.and(read).map(|()| wait)
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let now = (self.alerts.clock)();
        self.ready = lock(&self.alerts.memory).due(self.sink.name(), now, &self.alerts.origin);
        let mut read = Ok(());
        if self.turn.landed.len() < UNRECORDED_MAX {
            let (sink, origin) = (self.sink.name().to_string(), self.alerts.origin.clone());
            let due = self.alerts.store.read(move |connection| due::due(connection, &sink, now, &origin));
            match due.await {
                Ok(due) => self.ready.extend(due),
                Err(error) => read = Err(error),
            }
        }
        let busy = &self.busy;
        self.ready.retain(|job| !busy.contains(&job.key));
        self.ready.sort_by_key(|job| !job.is_critical());
        read
    }

    /// Sends the messages that the sink's rate and the room allow. The others stay ready.
    fn send(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let (pace, mut wait) = (self.sink.channel.pace(), None);
        for job in std::mem::take(&mut self.ready) {
            let is_critical = job.is_critical();
            let others = self.flights.len().saturating_sub(self.critical);
            let has_room = if is_critical { self.critical < CRITICAL_FLIGHTS } else { others < FLIGHTS };
            if self.busy.contains(&job.key) {
                continue;
            }
            if !has_room || self.turn.is_paused(is_critical, now) {
                self.ready.push(job);
                continue;
            }
            if let Err(missing) = self.turn.allow(pace, is_critical, now) {
                wait = Some(wait.map_or(missing, |wait: Duration| wait.min(missing)));
                self.ready.push(job);
                continue;
            }
            self.busy.insert(job.key.clone());
            self.critical = self.critical.saturating_add(usize::from(is_critical));
            let channel = &self.sink.channel;
            let flight = async move {
                let result = channel.send(&job.message).await;
                (job, result)
            };
            self.flights.push(flight.boxed());
        }
        wait
    }

    /// Waits for the next result, for ever where nothing is on its way. Nothing is lost if the wait is dropped.
    pub(super) async fn land(&mut self) {
        match self.flights.next().await {
            Some((job, result)) => self.note(job, result),
            None => std::future::pending().await,
        }
    }

    fn note(&mut self, job: Job, result: Result<(), Refusal>) {
        self.critical = self.critical.saturating_sub(usize::from(job.is_critical()));
        let now = (self.alerts.clock)();
        let attempt = match result {
            Ok(()) => DeliveryAttempt::Delivered,
            Err(refusal) => {
                let reason: String = refusal.reason.chars().take(REASON_MAX).collect();
                let is_old = now.saturating_sub(job.written_at) >= self.sink.give_up_after;
                match refusal.retry {
                    Retry::Never => DeliveryAttempt::GivenUp { reason },
                    Retry::Later | Retry::After(_) if is_old => DeliveryAttempt::GivenUp { reason },
                    Retry::Later => {
                        let at = now.saturating_add(pause(job.attempts.saturating_add(1)));
                        DeliveryAttempt::Retry { at, reason }
                    }
                    Retry::After(wait) => {
                        self.turn.pause(job.is_critical(), wait);
                        let wait = i64::try_from(wait.as_secs()).unwrap_or(WAIT_MAX).min(WAIT_MAX);
                        DeliveryAttempt::Retry { at: now.saturating_add(wait), reason }
                    }
                }
            }
        };
        if let Rows::Memory(rule, subject) = job.rows {
            count(self.sink, &attempt);
            lock(&self.alerts.memory).note((rule, subject), self.sink.name(), &attempt);
            self.busy.remove(&job.key);
            return;
        }
        self.turn.landed.push(Landed { job, attempt, is_counted: false });
    }

    /// Records all results that are not. Errors: [`StoreError`], with those kept that are left.
    pub(super) async fn record(&mut self) -> Result<(), StoreError> {
        for landed in &mut self.turn.landed {
            if !landed.is_counted {
                count(self.sink, &landed.attempt);
                landed.is_counted = true;
            }
        }
        while let Some(landed) = self.turn.landed.first() {
            let (sink, rows) = (self.sink.name().to_string(), landed.job.rows.clone());
            let attempt = landed.attempt.clone();
            let write = self.alerts.store.write(move |tx| due::record_attempt(tx, &sink, &rows, &attempt));
            write.await?;
            let landed = self.turn.landed.remove(0);
            self.busy.remove(&landed.job.key);
        }
        Ok(())
    }

    /// Tests whether nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// Counts the results that were not recorded yet and were taken.
    pub(super) fn landed(&self) -> usize {
        let taken = |landed: &&Landed| !landed.is_counted && landed.attempt == DeliveryAttempt::Delivered;
        self.turn.landed.iter().filter(taken).count()
    }
}

impl Turn {
    /// Notes that the sink asks for time, by its answer to a message.
    fn pause(&mut self, is_critical: bool, wait: Duration) {
        let until = Instant::now().checked_add(wait);
        self.paused_until = self.paused_until.max(until);
        if is_critical {
            self.critical_paused_until = self.critical_paused_until.max(until);
        }
    }

    fn is_paused(&self, is_critical: bool, now: Instant) -> bool {
        let until = if is_critical { self.critical_paused_until } else { self.paused_until };
        until.is_some_and(|until| until > now)
    }

    /// Takes one message out of the allowance of a rate. A message that is not critical leaves all but one of a burst to those that
    /// are. Errors: the time until there is one.
    fn allow(&mut self, pace: Pace, is_critical: bool, now: Instant) -> Result<(), Duration> {
        if pace.every.is_zero() {
            return Ok(());
        }
        let burst = f64::from(pace.burst);
        let (left, at) = self.allowance.unwrap_or((burst, now));
        let since = now.saturating_duration_since(at).as_secs_f64();
        let left = (left + since / pace.every.as_secs_f64()).min(burst);
        let needed = if is_critical { 1.0 } else { burst };
        if left < needed {
            self.allowance = Some((left, now));
            return Err(pace.every.mul_f64(needed - left).max(Duration::from_millis(1)));
        }
        self.allowance = Some((left - 1.0, now));
        Ok(())
    }
}

/// Delivers to one sink until the keeper stops. A delivery that has begun is finished.
pub(super) async fn run(alerts: Arc<Inner>, place: usize, mut stop: watch::Receiver<bool>, beat: Beat) {
    let Some(sink) = alerts.sinks.get(place) else { return };
    let mut changed = alerts.changed.subscribe();
    let mut courier = Courier::new(&alerts, sink).await;
    let mut has_changed = true;
    loop {
        beat.beat();
        changed.mark_unchanged();
        let wait = courier.dispatch(has_changed).await.unwrap_or_else(|error| {
            tracing::error!(sink = sink.name(), %error, "the outbox cannot be read or written; trying again");
            None
        });
        has_changed = tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => break,
            () = courier.land() => false,
            _ = changed.changed() => true,
            () = tokio::time::sleep(wait.unwrap_or(POLL).min(POLL)) => true,
        };
    }
    while !courier.is_idle() {
        courier.land().await;
    }
    if let Err(error) = courier.record().await {
        tracing::error!(sink = sink.name(), %error, "results of deliveries are not recorded; they are sent again");
    }
}

/// Delivers to one sink until nothing is due. Returns the number of messages that were taken. Errors: [`StoreError`].
pub(super) async fn drain(alerts: &Inner, sink: &Sink) -> Result<usize, StoreError> {
    let mut courier = Courier::new(alerts, sink).await;
    let mut taken = 0usize;
    loop {
        taken = taken.saturating_add(courier.landed());
        let wait = courier.dispatch(false).await?;
        match (courier.is_idle(), wait) {
            (false, _) => courier.land().await,
            (true, Some(wait)) => tokio::time::sleep(wait).await,
            (true, None) => return Ok(taken),
        }
    }
}

fn count(sink: &Sink, attempt: &DeliveryAttempt) {
    let sink = sink.name().to_string();
    let result = match attempt {
        DeliveryAttempt::Delivered => "delivered",
        DeliveryAttempt::Retry { reason, .. } => {
            tracing::warn!(sink, reason, "an alert was not delivered; it is sent again later");
            "failed"
        }
        DeliveryAttempt::GivenUp { reason } => {
            tracing::error!(sink, reason, "an alert was given up; check the sink's settings");
            "given_up"
        }
    };
    metrics::counter!("blockable_keeper_deliveries_total", "sink" => sink, "result" => result).increment(1);
}
