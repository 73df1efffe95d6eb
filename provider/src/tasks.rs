//! Tasks that run as long as the server does.

use {
    crate::{app::App, upstreams},
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::broadcast::error::RecvError,
        task::JoinSet,
        time::{interval, timeout},
    },
};

/// Time between two rounds of [`watch`].
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// Longest time that the store's writer may take to answer.
const WRITER_TIMEOUT: Duration = Duration::from_secs(30);

/// Notes the progress of the parts for `/livez` and drops leases that ended a while ago.
pub(crate) async fn watch(app: Arc<App>) {
    let (mut ticks, mut stopping) = (interval(WATCH_INTERVAL), app.stopping.clone());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        // A read goes the way of every write, so its answer shows that the store's writer moves.
        if matches!(timeout(WRITER_TIMEOUT, app.gate.cursor("alive")).await, Ok(Ok(_))) {
            app.progress.writer.set();
        }
        app.prices.note().await;
        app.parts.note_progress();
        app.leases.drop_ended();
        app.metrics.upkeep();
        app.progress.watch.set();
    }
}

/// Counts usage reports as they are signed.
pub(crate) async fn count_reports(app: Arc<App>) {
    let Some(reporters) = &app.parts.reporters else { return };
    let (mut signed, mut stopping) = (reporters.subscribe(), app.stopping.clone());
    loop {
        let count = tokio::select! {
            received = signed.recv() => match received {
                Ok(_) => 1,
                Err(RecvError::Lagged(missed)) => missed,
                Err(RecvError::Closed) => return,
            },
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        app.metrics.add("blockable_provider_reports_signed_total", count);
    }
}

/// Probes the upstreams of all models, also of those that replace them.
pub(crate) async fn probe_upstreams(app: Arc<App>) {
    let (mut lists, mut stopping) = (app.models.subscribe(), app.stopping.clone());
    loop {
        let models = lists.borrow_and_update().clone();
        // The probes end with the set.
        let mut probes = JoinSet::new();
        for (name, model) in models.iter() {
            for place in 0..model.pool.servers().len() {
                let (http, pool) = (app.http.clone(), model.pool.clone());
                probes.spawn(upstreams::probe(http, name.clone(), pool, place, app.config.probes.clone()));
            }
        }
        tokio::select! {
            changed = lists.changed() => if changed.is_err() { return },
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}
