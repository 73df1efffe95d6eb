//! The loop of one key: reports on the interval, on a new epoch and on freezes.

use {
    super::{POLL_EVERY, Reporters, ReportersCore, round, rows, status::KeyState},
    crate::{Gate, StoreError, gate::FreezeTime, reporter::round::ReportingKey},
    blockable_sdk::program::metering::LATE_REPORT_SECONDS,
    blockable_service::lock::lock,
    std::{
        collections::BTreeSet,
        time::{Duration, Instant},
    },
    tokio::{sync::broadcast::error::RecvError, time::sleep},
};

/// Time between two removals of reports on chunks that are no longer reported on.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// Pause before a report of a freeze is tried again.
const FREEZE_RETRY: Duration = Duration::from_secs(1);

/// Reports with one key whenever the interval has passed, the provider's epoch has changed or units were frozen, until the
/// reporter stops.
///
/// Each freeze gets a report dated at its own instant. Until that report is stored, the loop signs no later one: the instants of
/// a key's reports only rise, so a later report would rule out the one for the freeze. A freeze that is too old for the
/// program's rule on late reports gets none. A gate that starts sees all such freezes of the past at once.
pub(super) async fn run(reporters: Reporters, number: usize) {
    let core = &reporters.core;
    let signer = &core.signers[number];
    let mut stopping = core.stopping.subscribe();
    let (known, mut freezes) = core.gate.subscribe_freezes();
    let mut unanswered = BTreeSet::from_iter(known);
    let (mut due, mut prune_at, mut retry_at) = (Instant::now(), Instant::now(), Instant::now());
    let mut epoch = None;
    loop {
        while let Some(freeze) = unanswered.first().copied()
            && Instant::now() >= retry_at
        {
            match core.report_freeze(signer, freeze).await {
                Err(KeyState::Store(StoreError::Closed)) => return,
                Err(KeyState::Key(_) | KeyState::NoChain | KeyState::Store(_)) => {
                    retry_at = Instant::now() + FREEZE_RETRY;
                }
                // Done, or impossible: a later report has been drafted, or the key may sign nothing at all.
                Ok(()) | Err(_) => drop(unanswered.pop_first()),
            }
        }
        let current = core.gate.provider().map(|provider| provider.epoch);
        let waits = lock(&signer.last).state == KeyState::NoChain;
        if unanswered.is_empty() && (Instant::now() >= due || current != epoch || waits) {
            due = Instant::now() + core.config.interval;
            epoch = current;
            if let Err(KeyState::Store(StoreError::Closed)) = core.report(signer).await {
                return;
            }
        }
        if number == 0 && Instant::now() >= prune_at {
            prune_at = Instant::now() + PRUNE_EVERY;
            core.prune().await;
        }
        tokio::select! {
            () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => return,
            frozen = freezes.recv() => match frozen {
                Ok(freeze) => drop(unanswered.insert(freeze)),
                Err(RecvError::Lagged(missed)) => tracing::error!(missed, "freezes were not reported on"),
                // Not reached: this loop keeps the gate alive.
                Err(RecvError::Closed) => return,
            },
            () = sleep(POLL_EVERY) => {}
        }
    }
}

impl ReportersCore {
    /// Reports the jobs that ran when units were frozen, as of the freeze. The program compares such a report with the units
    /// that were open before the freeze, so jobs that no earlier report has named keep their promise.
    async fn report_freeze(&self, signer: &ReportingKey, freeze: FreezeTime) -> Result<(), KeyState> {
        let now = self.gate.chain_view().market_time();
        if now.is_some_and(|now| now > freeze.market.plus_seconds(LATE_REPORT_SECONDS)) {
            return Ok(());
        }
        let frozen_at = freeze.chain;
        if self.last_instant(signer).is_some_and(|reported| reported >= frozen_at) {
            return Ok(());
        }
        // The chain has shown the freeze, so its clock has come that far, though the gate's may lag a little.
        let as_of = |gate: &Gate| {
            let (now, provider) = round::clock_and_provider(gate)?;
            Ok((now.plus_seconds(super::REPORT_LAG_SECONDS).min(frozen_at), provider))
        };
        self.report_as_of(signer, as_of).await.map(|_| ())
    }

    async fn prune(&self) {
        let now = self.gate.chain_view().chain_time();
        let Some(now) = now else { return };
        let keep_from = round::keep_from(now, self.config.keep);
        let pruned = self.gate.write(move |connection| rows::prune(connection, keep_from)).await;
        if let Err(error) = pruned {
            tracing::error!(%error, "old reports could not be removed");
        }
    }
}
