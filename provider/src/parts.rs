//! The parts around the gate that a server may have: follower, freeze desk and reporter.

use {
    crate::metrics::Metrics,
    blockable_gate::{
        FollowStatus, Follower, FreezeDesk, Reporters,
        reporter::{KeyState, KeyStatus},
    },
    blockable_service::lock::lock,
    std::{
        sync::Mutex,
        time::{Duration, Instant},
    },
};

/// Time without work after which the follower counts as stalled. A request that the node does not answer is work.
const FOLLOWER_STALLED: Duration = Duration::from_secs(60);

/// A check by name, with the mistake and its remedy where it fails.
pub(crate) type Check = (&'static str, Result<(), String>);

/// The parts around the gate. Each may be missing where another process does its work.
#[derive(Default)]
pub struct Parts {
    /// Feeds the gate's view of the chain.
    pub follower: Option<Follower>,
    /// Examines and obeys signed freezes.
    pub desk: Option<FreezeDesk>,
    /// Signs usage reports.
    pub reporters: Option<Reporters>,
}

/// The parts of a running server. `stop` takes the follower out, so it sits behind a lock; the others are stopped in place.
pub(crate) struct RunningParts {
    follower: Mutex<Option<Follower>>,
    pub desk: Option<FreezeDesk>,
    pub reporters: Option<Reporters>,
    /// The follower's count of work at its last progress, and the time of that progress.
    progress: Mutex<(u64, Instant)>,
}

impl RunningParts {
    pub(crate) fn new(parts: Parts) -> RunningParts {
        RunningParts {
            follower: Mutex::new(parts.follower),
            desk: parts.desk,
            reporters: parts.reporters,
            progress: Mutex::new((0, Instant::now())),
        }
    }

    fn follow_status(&self) -> Option<FollowStatus> {
        lock(&self.follower).as_ref().map(Follower::status)
    }

    fn key_status(&self) -> Vec<KeyStatus> {
        self.reporters.as_ref().map(Reporters::status).unwrap_or_default()
    }

    /// Notes the time where the follower has worked since the last call.
    pub(crate) fn note_progress(&self) {
        if let Some(status) = self.follow_status() {
            let done = status.reconciles + status.updates + status.rpc_errors + status.stale_answers;
            let mut progress = lock(&self.progress);
            if done != progress.0 {
                *progress = (done, Instant::now());
            }
        }
    }

    /// Checks that their loops make progress. A key that signs may go `silent` without a report.
    pub(crate) fn alive(&self, silent: Duration) -> Vec<Check> {
        let mut checks = Vec::new();
        if self.follow_status().is_some() {
            let idle = lock(&self.progress).1.elapsed();
            let stalled = || {
                Err(format!("the follower has done nothing for {} s; start the server anew", idle.as_secs()))
            };
            checks.push(("follower", if idle < FOLLOWER_STALLED { Ok(()) } else { stalled() }));
        }
        if self.reporters.is_some() {
            let stalled = self.key_status().into_iter().find_map(|key| {
                let age = key.age.filter(|age| key.state == KeyState::Signing && *age > silent)?;
                Some(format!("{} last reported {} s ago; check its key", key.reporter, age.as_secs()))
            });
            checks.push(("reporter", stalled.map_or(Ok(()), Err)));
        }
        checks
    }

    /// Checks that they do their work.
    pub(crate) fn ready(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(status) = self.follow_status() {
            let unread = || Err("the chain has not been read yet; check chain.rpc_url".to_string());
            checks.push(("follower", if status.reconciles > 0 { Ok(()) } else { unread() }));
        }
        if self.reporters.is_some() {
            let silent = self.key_status().into_iter().find(|key| key.state != KeyState::Signing);
            let reason = silent.map(|key| format!("{}: {}", key.reporter, key.state));
            checks.push(("reporter", reason.map_or(Ok(()), Err)));
        }
        checks
    }

    /// Sets their metrics.
    pub(crate) fn measure(&self, metrics: &Metrics) {
        if let Some(status) = self.follow_status() {
            metrics.set("blockable_provider_websocket_up", f64::from(u8::from(status.stream_up)));
            metrics.set_total("blockable_provider_websocket_reconnects_total", status.reconnects);
            metrics.set_total("blockable_provider_rpc_errors_total", status.rpc_errors);
            metrics.set_total("blockable_provider_rpc_stale_answers_total", status.stale_answers);
            metrics.set_total("blockable_provider_reconciles_total", status.reconciles);
            metrics.set_total("blockable_provider_updates_missed_total", status.missed);
        }
        if let Some(desk) = &self.desk {
            metrics.set("blockable_provider_freezes_open", desk.open_orders() as f64);
        }
        for key in self.key_status() {
            let age = key.age.map_or(-1.0, |age| age.as_secs_f64());
            metrics.set_labelled(
                "blockable_provider_report_age_seconds",
                "reporter",
                key.reporter.to_string(),
                age,
            );
        }
    }

    /// Signs the last report and ends the streams of reports.
    pub(crate) async fn stop_reporters(&self) {
        if let Some(reporters) = &self.reporters {
            reporters.stop().await;
        }
    }

    /// Ends all parts, in reverse order of their start.
    pub(crate) async fn stop(&self) {
        self.stop_reporters().await;
        if let Some(desk) = &self.desk {
            desk.stop().await;
        }
        let follower = lock(&self.follower).take();
        if let Some(follower) = follower {
            follower.stop().await;
        }
    }
}
