//! Follows transactions in flight until they have landed, failed or died.
//!
//! Unknown is not dead. A transaction is dead when its last valid block has passed and it is in no block, on two nodes; only
//! then may its work be signed anew.

use {
    crate::{
        chain::Node,
        health::Beat,
        land::{
            ends::{self, Ended},
            flight::Flight,
            send::broadcast,
            shared::Shared,
            statuses::{NodeStatus, is_confirmed, read_statuses},
        },
        store::StoreError,
    },
    futures_util::future::join_all,
    std::{sync::Arc, time::Duration},
    tokio::{sync::watch, task::JoinSet, time::sleep},
};

/// Pause between two rounds, where no hint comes.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows transactions in flight until `stop` becomes true.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>, beat: Beat) {
    // Dropped with this function, which ends the listener.
    let mut listening = JoinSet::new();
    if let Some(listener) = shared.take_listener() {
        listening.spawn(listener.run(shared.nodes.clone()));
    }
    loop {
        if let Err(error) = track(&shared).await {
            tracing::error!(%error, "the end of transactions could not be recorded");
        }
        beat.beat();
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = shared.hints.woken() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Runs one round: reads statuses, sends again those in no block, and records ends before it forgets the transactions, so
/// that a restart finds either. Returns the number that is still in flight. Errors: [`StoreError`], with nothing forgotten.
pub(super) async fn track(shared: &Shared) -> Result<usize, StoreError> {
    let flights = shared.flights().to_vec();
    if flights.is_empty() {
        return Ok(0);
    }
    let (usable, _) = shared.nodes.probe().await;
    let Some(statuses) = first_statuses(&usable, &flights).await else { return Ok(flights.len()) };
    let Parted { mut ended, expired, pending } = part(flights, statuses);
    ended.extend(verify_expired(shared, expired).await);
    let unsent = pending.iter().filter(|flight| is_unsent(flight, shared.settings.rebroadcast));
    join_all(unsent.map(|flight| send_again(shared, &usable, flight))).await;
    let ended = ends::record(&shared.store, ended, shared.settings.retry, shared.now()).await?;
    ends::apply(shared, &ended);
    Ok(shared.flights().len())
}

/// Transactions in flight, parted by their statuses.
#[derive(Default)]
struct Parted {
    ended: Vec<Ended>,
    /// In no block that this node knows of, and too late for a further one.
    expired: Vec<Flight>,
    /// May still land.
    pending: Vec<Flight>,
}

fn part(flights: Vec<Flight>, statuses: Vec<NodeStatus>) -> Parted {
    let mut parted = Parted::default();
    for (flight, answer) in flights.into_iter().zip(statuses) {
        let NodeStatus { status, has_expired } = answer;
        match status {
            Some(status) if is_confirmed(&status) => parted.ended.push(Ended::from_status(flight, &status)),
            // A node may show a transaction as processed for ever, in a block that the cluster has left.
            _ if has_expired => parted.expired.push(flight),
            Some(_) => {}
            None => parted.pending.push(flight),
        }
    }
    parted
}

/// Reads statuses from the first node that answers.
async fn first_statuses(nodes: &[&Node], flights: &[Flight]) -> Option<Vec<NodeStatus>> {
    for node in nodes {
        match read_statuses(node, flights, false).await {
            Ok(statuses) => return Some(statuses),
            Err(error) => {
                tracing::warn!(node = node.name(), %error, "statuses of transactions could not be read");
            }
        }
    }
    None
}

/// Asks every node that answers about transactions whose last valid block has passed, through all of its history. A node that lags counts as
/// well: it knows what has landed, and where it has seen the last valid block pass, it knows what has not.
async fn verify_expired(shared: &Shared, expired: Vec<Flight>) -> Vec<Ended> {
    if expired.is_empty() {
        return Vec::new();
    }
    let nodes = shared.nodes.answering(shared.nodes.all().len().clamp(1, 2));
    let answers = join_all(nodes.iter().map(|node| read_statuses(node, &expired, true))).await;
    let answers: Vec<Vec<NodeStatus>> = answers.into_iter().filter_map(Result::ok).collect();
    let mut ended = Vec::new();
    for (place, flight) in expired.into_iter().enumerate() {
        let known: Vec<&NodeStatus> = answers.iter().filter_map(|answer| answer.get(place)).collect();
        let mut shown = known.iter().filter_map(|answer| answer.status.as_ref());
        if let Some(status) = shown.find(|status| is_confirmed(status)) {
            ended.push(Ended::from_status(flight, status));
            continue;
        }
        let since = shared.flights().note_expired(&flight.signature);
        let has_waited = since.elapsed() >= shared.settings.doubt;
        let needed = if has_waited { 1 } else { shared.nodes.all().len().clamp(1, 2) };
        // A node that shows it in a block that is not confirmed does not say that it is in none. Once there was time to doubt, it does:
        // its confirmed blocks go beyond the last one that could have it.
        let is_in_none =
            |answer: &&&NodeStatus| answer.has_expired && (answer.status.is_none() || has_waited);
        if known.iter().filter(is_in_none).count() >= needed {
            ended.push(Ended::dead(flight));
        }
    }
    ended
}

/// True for a transaction that is to be sent now: never sent by this process, or longer ago than `pause`.
fn is_unsent(flight: &Flight, pause: Duration) -> bool {
    flight.sent.is_none_or(|sent| sent.elapsed() >= pause)
}

async fn send_again(shared: &Shared, nodes: &[&Node], flight: &Flight) {
    broadcast(nodes, flight).await;
    shared.flights().note_sent(&flight.signature);
}
