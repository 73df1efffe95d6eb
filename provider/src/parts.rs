//! The parts beside the gate that a server may have: what follows the chain, takes freezes and signs reports.

use {
    crate::metrics::Metrics,
    blockable_sdk::provider::{
        follow::Follower,
        honor::FreezeDesk,
        reporter::{KeyState, Reporter},
    },
    std::{
        sync::{Mutex, PoisonError},
        time::Duration,
    },
};

/// How long the chain may not have been reconciled before the follower counts as stalled. A node that is down for longer
/// is a reason to look, and starting anew tries its connections afresh.
const FOLLOW_STALLED: Duration = Duration::from_secs(600);

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
    /// Longest time between two reports of one key.
    pub report_interval: Duration,
}

/// The parts of a running server.
pub(crate) struct RunningParts {
    follower: Mutex<Option<Follower>>,
    pub desk: Option<FreezeDesk>,
    pub reporter: Option<Reporter>,
    report_interval: Duration,
}

impl RunningParts {
    pub fn new(parts: Parts) -> RunningParts {
        RunningParts {
            follower: Mutex::new(parts.follower),
            desk: parts.desk,
            reporter: parts.reporter,
            report_interval: parts.report_interval,
        }
    }

    fn follower<T>(&self, read: impl FnOnce(&Follower) -> T) -> Option<T> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }

    /// Whether their loops make progress. `up` is how long the server has run.
    pub fn alive(&self, up: Duration) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(status) = self.follower(Follower::status) {
            let idle = status.reconcile_age.unwrap_or(up);
            let check = match idle < FOLLOW_STALLED {
                true => Ok(()),
                false => Err(format!("the chain was last reconciled {} s ago", idle.as_secs())),
            };
            checks.push(("follower", check));
        }
        checks
    }

    /// Whether they do their work.
    pub fn ready(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(status) = self.follower(Follower::status) {
            let check = match status.reconcile_age {
                Some(_) => Ok(()),
                None => Err("the chain has not been read yet; check chain.rpc_url".to_string()),
            };
            checks.push(("follower", check));
        }
        if let Some(reporter) = &self.reporter {
            let silent = 3 * self.report_interval + Duration::from_secs(5);
            let problem = reporter.status().into_iter().find_map(|key| match (&key.state, key.age) {
                (KeyState::Signing, Some(age)) if age > silent => {
                    Some(format!("{} last reported {} s ago", key.reporter, age.as_secs()))
                }
                (KeyState::Signing, _) => None,
                (state, _) => Some(format!("{} {state}", key.reporter)),
            });
            checks.push(("reporter", problem.map_or(Ok(()), Err)));
        }
        checks
    }

    /// Takes their figures.
    pub fn measure(&self, metrics: &Metrics) {
        if let Some(status) = self.follower(Follower::status) {
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
        if let Some(reporter) = &self.reporter {
            for key in reporter.status() {
                let age = key.age.map_or(-1.0, |age| age.as_secs_f64());
                metrics.set_of("blockable_report_age_seconds", "reporter", key.reporter.to_string(), age);
            }
        }
    }

    /// Signs the last report and ends all parts, in reverse order of their start.
    pub async fn stop(&self) {
        if let Some(reporter) = &self.reporter {
            reporter.stop().await;
        }
        if let Some(desk) = &self.desk {
            desk.stop().await;
        }
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower {
            follower.stop().await;
        }
    }
}
