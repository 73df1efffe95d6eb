//! The parts beside the gate that a server may have: what follows the chain, takes freezes and signs reports.

use {
    crate::metrics::Metrics,
    blockable_gate::{
        FollowStatus, Follower, FreezeDesk, Reporter,
        reporter::{KeyState, KeyStatus},
    },
    blockable_service::lock::lock,
    std::{
        sync::{Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// How long the follower may do nothing before it counts as stalled. A node that does not answer is something to do.
const FOLLOWER_STALLED: Duration = Duration::from_secs(60);

/// A check by name, and what is wrong where it fails.
pub(crate) type Check = (&'static str, Result<(), String>);

/// The parts beside the gate; each may be missing where somebody else does its work.
#[derive(Default)]
pub struct Parts {
    /// Shows the gate the chain.
    pub follower: Option<Follower>,
    /// Takes signed freezes.
    pub desk: Option<FreezeDesk>,
    /// Signs usage reports.
    pub reporter: Option<Reporter>,
}

/// The parts of a running server.
pub(crate) struct RunningParts {
    follower: Mutex<Option<Follower>>,
    pub desk: Option<FreezeDesk>,
    pub reporter: Option<Reporter>,
    /// What the follower had done when it was last looked at and had done more, and when that was.
    moved: Mutex<(u64, Instant)>,
}

impl RunningParts {
    pub fn new(parts: Parts) -> RunningParts {
        RunningParts {
            follower: Mutex::new(parts.follower),
            desk: parts.desk,
            reporter: parts.reporter,
            moved: Mutex::new((0, Instant::now())),
        }
    }

    fn follow_status(&self) -> Option<FollowStatus> {
        lock(&self.follower).as_ref().map(Follower::status)
    }

    fn key_status(&self) -> Vec<KeyStatus> {
        self.reporter.as_ref().map(Reporter::status).unwrap_or_default()
    }

    /// Notes whether the follower has done anything since the last look.
    pub fn look(&self) {
        if let Some(status) = self.follow_status() {
            let done = status.reconciles + status.updates + status.rpc_errors + status.stale_answers;
            let mut moved = lock(&self.moved);
            if done != moved.0 {
                *moved = (done, Instant::now());
            }
        }
    }

    /// Whether their loops make progress. `silent` is how long a key that signs may go without a report.
    pub fn alive(&self, silent: Duration) -> Vec<Check> {
        let mut checks = Vec::new();
        if self.follow_status().is_some() {
            let idle = lock(&self.moved).1.elapsed();
            let stalled = || Err(format!("the follower has done nothing for {} s", idle.as_secs()));
            checks.push(("follower", if idle < FOLLOWER_STALLED { Ok(()) } else { stalled() }));
        }
        if self.reporter.is_some() {
            let stalled = self.key_status().into_iter().find_map(|key| {
                let age = key.age.filter(|age| key.state == KeyState::Signing && *age > silent)?;
                Some(format!("{} last reported {} s ago", key.reporter, age.as_secs()))
            });
            checks.push(("reporter", stalled.map_or(Ok(()), Err)));
        }
        checks
    }

    /// Whether they do their work.
    pub fn ready(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(status) = self.follow_status() {
            let unread = || Err("the chain has not been read yet; check chain.rpc_url".to_string());
            checks.push(("follower", if status.reconciles > 0 { Ok(()) } else { unread() }));
        }
        if self.reporter.is_some() {
            let silent = self.key_status().into_iter().find(|key| key.state != KeyState::Signing);
            let reason = silent.map(|key| format!("{}: {}", key.reporter, key.state));
            checks.push(("reporter", reason.map_or(Ok(()), Err)));
        }
        checks
    }

    /// Takes their figures.
    pub fn measure(&self, metrics: &Metrics) {
        if let Some(status) = self.follow_status() {
            metrics.set("blockable_websocket_up", f64::from(u8::from(status.stream_up)));
            metrics.set("blockable_websocket_reconnects", status.reconnects as f64);
            metrics.set("blockable_rpc_errors", status.rpc_errors as f64);
            metrics.set("blockable_rpc_stale_answers", status.stale_answers as f64);
            metrics.set("blockable_reconciles", status.reconciles as f64);
            metrics.set("blockable_updates_missed", status.missed as f64);
        }
        if let Some(desk) = &self.desk {
            metrics.set("blockable_freezes_open", desk.open() as f64);
        }
        for key in self.key_status() {
            let age = key.age.map_or(-1.0, |age| age.as_secs_f64());
            metrics.set_of("blockable_report_age_seconds", "reporter", key.reporter.to_string(), age);
        }
    }

    /// Signs the last report and ends the streams of reports.
    pub async fn stop_reporter(&self) {
        if let Some(reporter) = &self.reporter {
            reporter.stop().await;
        }
    }

    /// Ends all parts, in reverse order of their start.
    pub async fn stop(&self) {
        self.stop_reporter().await;
        if let Some(desk) = &self.desk {
            desk.stop().await;
        }
        let follower = lock(&self.follower).take();
        if let Some(follower) = follower {
            follower.stop().await;
        }
    }
}
