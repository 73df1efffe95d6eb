//! What has become of what was sent: landed, failed, dead, or not known yet.
//!
//! Unknown is not dead. A transaction is dead when its last valid block has passed and it is in no block, on two nodes; only
//! then may its work be signed anew.

use {
    crate::{
        chain::{Node, NodeError},
        land::{
            classify::{Cause, classify},
            faults::Fault,
            flight::{Carried, Flight},
            hints,
            journal::{self, End},
            lander::Lander,
            lanes,
            pack::Version,
            prepare::place_of,
        },
        store::StoreError,
    },
    blockable_sdk::{
        Signature, TransactionError, VersionedMessage,
        rpc::{CommitmentConfig, RpcClientError, TransactionStatus},
    },
    fail::fail_point,
    futures_util::future::join_all,
    std::{
        sync::PoisonError,
        time::{Duration, Instant},
    },
    tokio::{sync::watch, task::JoinSet, time::sleep},
};

/// Most signatures that a node is asked of at once.
pub const STATUSES: usize = 256;
/// How often it is looked at what is in flight.
const LOOK: Duration = Duration::from_millis(500);

/// An end, with the failure as the chain tells it.
struct Ended {
    flight: Flight,
    end: End,
    error: Option<TransactionError>,
}

impl Lander {
    /// Follows what is in flight until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>, beat: crate::health::Beat) {
        // Ends with this.
        let mut listening = JoinSet::new();
        let listener = self.inner.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listener) = listener {
            listening.spawn(hints::run(self.inner.clone(), listener));
        }
        loop {
            if let Err(error) = self.track().await {
                tracing::error!(%error, "the end of transactions could not be recorded");
            }
            beat.beat();
            tokio::select! {
                () = sleep(LOOK) => {}
                () = self.inner.wake.notified() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Looks once. Returns how many are still in flight. Errors: [`StoreError`].
    pub async fn track(&self) -> Result<usize, StoreError> {
        let flights = self.inner.flights().all();
        if flights.is_empty() {
            return Ok(0);
        }
        let (sound, _) = self.inner.nodes.look().await;
        let Some((height, found)) = first_view(&sound, &flights).await else { return Ok(flights.len()) };
        let (mut ended, mut expired, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for (flight, status) in flights.into_iter().zip(found) {
            match status {
                Some(status) => ended.extend(judge(flight, &status)),
                None if height > flight.last_valid_height => expired.push(flight),
                None if self.is_due(&flight) => again.push(flight),
                None => {}
            }
        }
        ended.extend(self.bury(expired).await);
        join_all(again.iter().map(|flight| self.broadcast(&sound, flight))).await;
        self.settle(ended).await?;
        Ok(self.in_flight())
    }

    fn is_due(&self, flight: &Flight) -> bool {
        flight.sent.is_none_or(|sent| sent.elapsed() >= self.inner.settings.rebroadcast)
    }

    /// Asks every node about transactions whose last valid block has passed, through all of its history. Also one that lags
    /// knows what it has seen: where that goes beyond the last valid block, its word counts.
    async fn bury(&self, expired: Vec<Flight>) -> Vec<Ended> {
        if expired.is_empty() {
            return Vec::new();
        }
        let views = join_all(self.inner.nodes.all().iter().map(|node| view(node, &expired))).await;
        let views: Vec<Vec<View>> = views.into_iter().flatten().collect();
        let all = self.inner.nodes.all().len().min(2);
        let mut ended = Vec::new();
        for (place, flight) in expired.into_iter().enumerate() {
            let said: Vec<&View> = views.iter().filter_map(|view| view.get(place)).collect();
            if let Some(status) = said.iter().find_map(|view| view.status.as_ref()) {
                ended.extend(judge(flight, status));
                continue;
            }
            let since = self.expired_since(&flight.signature);
            let needed = if since.elapsed() >= self.inner.settings.doubt { 1 } else { all };
            if said.iter().filter(|view| view.has_expired).count() >= needed.max(1) {
                ended.push(Ended { flight, end: End::Dead, error: None });
            }
        }
        ended
    }

    fn expired_since(&self, signature: &Signature) -> Instant {
        let now = Instant::now();
        match self.inner.flights().get_mut(signature) {
            Some(flight) => *flight.expired_since.get_or_insert(now),
            None => now,
        }
    }

    /// Records ends, then forgets the flights: in this order, so that a restart finds either.
    async fn settle(&self, ended: Vec<Ended>) -> Result<(), StoreError> {
        if ended.is_empty() {
            return Ok(());
        }
        fail_point!("land-before-settle", |_| std::process::abort());
        let (now, retry) = (self.inner.now(), self.inner.settings.retry);
        let ended = std::sync::Arc::new(ended);
        let record = ended.clone();
        self.inner
            .store
            .write(move |connection| {
                for Ended { flight, end, error } in record.iter() {
                    journal::settle(connection, flight, end, now)?;
                    settle_lanes(connection, flight, end, error.as_ref(), retry, now)?;
                }
                Ok(())
            })
            .await?;
        fail_point!("land-after-settle", |_| std::process::abort());
        for Ended { flight, end, error } in ended.iter() {
            self.inner.flights().end(&flight.signature, end.slot());
            self.measure(flight, end);
            self.note_lanes(flight, end);
            match (end, error.as_ref().map(classify)) {
                (End::Landed { .. }, _) => self.inner.faults().clear_all(flight.role),
                (End::Failed { .. }, Some(Cause::Payer(reason))) => {
                    self.inner.faults().set(flight.role, Fault::Pays, reason);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the end of a transaction means for the next one with the same work.
    fn note_lanes(&self, flight: &Flight, end: &End) {
        for Carried { lane, .. } in &flight.carried {
            if !matches!(end, End::Landed { .. }) {
                self.inner.costs().forget(lane);
            }
            let mut deaths = self.inner.deaths();
            match end {
                End::Dead => {
                    let count = deaths.entry(lane.clone()).or_insert(0);
                    *count = count.saturating_add(1);
                }
                End::Landed { .. } | End::Failed { .. } => drop(deaths.remove(lane)),
            }
        }
    }

    fn measure(&self, flight: &Flight, end: &End) {
        let (role, result) = (flight.role.name(), end.name());
        metrics::counter!("blockable_keeper_transactions_total", "role" => role, "result" => result)
            .increment(1);
        match end {
            End::Landed { slot } | End::Failed { slot, .. } => {
                metrics::counter!("blockable_keeper_fees_lamports_total", "role" => role)
                    .increment(flight.lamports);
                if let Some(signed) = flight.signed {
                    metrics::histogram!("blockable_keeper_landing_seconds")
                        .record(signed.elapsed().as_secs_f64());
                }
                metrics::histogram!("blockable_keeper_landing_slots")
                    .record(slot.saturating_sub(flight.from_slot) as f64);
            }
            End::Dead => metrics::counter!("blockable_keeper_expired_transactions_total").increment(1),
        }
        let signature = flight.signature;
        match end {
            End::Landed { slot } => {
                tracing::info!(%signature, role, slot, carried = flight.carried.len(), "landed")
            }
            End::Failed { slot, reason } => {
                tracing::warn!(%signature, role, slot, reason, "landed and failed")
            }
            End::Dead => {
                tracing::warn!(%signature, role, "expired and is in no block; its work is planned anew")
            }
        }
    }
}

/// A failure on the chain counts against the lane of the intent that failed; success clears.
fn settle_lanes(
    connection: &rusqlite::Connection,
    flight: &Flight,
    end: &End,
    error: Option<&TransactionError>,
    retry: Duration,
    now: i64,
) -> Result<(), StoreError> {
    match end {
        End::Dead => Ok(()),
        // Of what it writes, the credits have lanes of their own within that of their chunk.
        End::Landed { .. } => flight
            .carried
            .iter()
            .try_for_each(|carried| lanes::succeed(connection, &carried.lane, &flight.writes)),
        End::Failed { reason, .. } => {
            let Some(error) = error else { return Ok(()) };
            let version = match flight.transaction.message {
                VersionedMessage::V1(_) => Version::V1,
                VersionedMessage::Legacy(_) | VersionedMessage::V0(_) => Version::V0,
            };
            let culprit = place_of(error, version).and_then(|place| flight.carried.get(place));
            match (classify(error), culprit) {
                (Cause::Item { .. }, Some(carried)) => {
                    let of = (carried.lane.as_str(), carried.kind.name(), &carried.subject);
                    lanes::fail(connection, of, reason, retry, now).map(drop)
                }
                _ => Ok(()),
            }
        }
    }
}

/// The end that a status means, once the block it is in stays.
fn judge(flight: Flight, status: &TransactionStatus) -> Option<Ended> {
    if !status.satisfies_commitment(CommitmentConfig::confirmed()) {
        return None;
    }
    let (slot, error) = (status.slot, status.err.clone());
    let end = match &error {
        None => End::Landed { slot },
        Some(error) => End::Failed { slot, reason: error.to_string() },
    };
    Some(Ended { flight, end, error })
}

/// What the first node that answers says of transactions, with its block height from before it was asked: a transaction in
/// its last valid block is not missed then.
async fn first_view(nodes: &[&Node], flights: &[Flight]) -> Option<(u64, Vec<Option<TransactionStatus>>)> {
    let signatures: Vec<Signature> = flights.iter().map(|flight| flight.signature).collect();
    for node in nodes {
        let asked = async {
            let height = node.block_height(CommitmentConfig::confirmed()).await?;
            Ok::<_, NodeError>((height, statuses(node, &signatures, false).await?))
        };
        match asked.await {
            Ok(view) => return Some(view),
            Err(error) => {
                tracing::warn!(node = node.name(), %error, "what is in flight could not be looked at")
            }
        }
    }
    None
}

/// What one node says of an expired transaction.
struct View {
    status: Option<TransactionStatus>,
    has_expired: bool,
}

async fn view(node: &Node, flights: &[Flight]) -> Option<Vec<View>> {
    let height = node.block_height(CommitmentConfig::confirmed()).await.ok()?;
    let signatures: Vec<Signature> = flights.iter().map(|flight| flight.signature).collect();
    let found = statuses(node, &signatures, true).await.ok()?;
    let views = flights
        .iter()
        .zip(found)
        .map(|(flight, status)| View { status, has_expired: height > flight.last_valid_height });
    Some(views.collect())
}

async fn statuses(
    node: &Node,
    signatures: &[Signature],
    with_history: bool,
) -> Result<Vec<Option<TransactionStatus>>, NodeError> {
    let mut all = Vec::with_capacity(signatures.len());
    for page in signatures.chunks(STATUSES) {
        let request = async {
            let answer = match with_history {
                true => node.rpc().get_signature_statuses_with_history(page).await?,
                false => node.rpc().get_signature_statuses(page).await?,
            };
            Ok::<_, RpcClientError>(answer.value)
        };
        let found = node.ask("statuses", request).await?;
        if found.len() != page.len() {
            return Err(NodeError::Unusable("it has another number of statuses than were asked for"));
        }
        all.extend(found);
    }
    Ok(all)
}
