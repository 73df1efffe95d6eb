//! Heartbeats: messages and requests after good cycles, so that somebody outside notices when they end.

use {
    crate::alerts::{Inner, sinks::Pinger},
    blockable_sdk::amounts::ChainTime,
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::sync::watch,
};

/// Shortest pause before a heartbeat that failed is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// A cycle in which the keeper has read the chain and written its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GoodCycle {
    pub(super) slot: u64,
    pub(super) clock: ChainTime,
}

/// The destination of heartbeats.
enum Beating {
    /// The sink at a place.
    Sink(usize, Duration),
    /// The URL at a place.
    Ping(usize, Duration),
}

/// Sends the heartbeats of every sink that wants them and asks for every URL, each in a loop of its own, until the keeper stops.
pub(super) fn start(alerts: &Arc<Inner>, stop: &watch::Receiver<bool>) -> Vec<tokio::task::JoinHandle<()>> {
    let sinks = alerts.sinks.iter().enumerate();
    let sinks = sinks.filter_map(|(place, sink)| Some(Beating::Sink(place, sink.subscription.heartbeat()?)));
    let pings = alerts.pingers.iter().enumerate().map(|(place, pinger)| Beating::Ping(place, pinger.every));
    let all: Vec<Beating> = sinks.chain(pings).collect();
    let spawn = |beating| tokio::spawn(run(alerts.clone(), alerts.good.subscribe(), beating, stop.clone()));
    all.into_iter().map(spawn).collect()
}

async fn run(
    alerts: Arc<Inner>,
    mut good: watch::Receiver<Option<GoodCycle>>,
    beating: Beating,
    mut stop: watch::Receiver<bool>,
) {
    let (Beating::Sink(_, every) | Beating::Ping(_, every)) = beating;
    let mut next: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            changed = good.changed() => if changed.is_err() { return },
        }
        let Some(cycle) = *good.borrow_and_update() else { continue };
        if next.is_some_and(|next| Instant::now() < next) {
            continue;
        }
        let pause = if send(&alerts, &beating, cycle).await { every } else { RETRY.min(every) };
        next = Instant::now().checked_add(pause);
    }
}

/// Sends one heartbeat. Returns whether it was taken.
async fn send(alerts: &Inner, beating: &Beating, cycle: GoodCycle) -> bool {
    let (name, sent) = match beating {
        Beating::Sink(place, _) => {
            let Some(sink) = alerts.sinks.get(*place) else { return false };
            let message = alerts.origin.heartbeat(cycle.slot, cycle.clock);
            let sent = sink.channel.send(&message).await.map_err(|refusal| refusal.reason);
            (sink.name().to_string(), sent)
        }
        Beating::Ping(place, _) => {
            let Some(pinger) = alerts.pingers.get(*place) else { return false };
            (pinger.name.clone(), Pinger::ping(pinger).await)
        }
    };
    let result = if sent.is_ok() { "taken" } else { "failed" };
    if let Err(reason) = &sent {
        tracing::warn!(sink = name, reason, "a heartbeat was not taken");
    }
    metrics::counter!("blockable_keeper_heartbeats_total", "sink" => name, "result" => result).increment(1);
    sent.is_ok()
}
