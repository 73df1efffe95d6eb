//! Signals to stop, and stages of tasks that start in order and stop in reverse.

use {
    std::{io, time::Duration},
    tokio::{
        signal::unix::{Signal, SignalKind, signal},
        sync::watch,
        task::JoinHandle,
        time::{Instant, timeout_at},
    },
};

/// A signal that cannot be listened for.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for {name}: {source}; raise the limit of open files")]
pub struct SignalError {
    /// The signal.
    name: &'static str,
    /// The system's reason.
    source: io::Error,
}

/// SIGTERM and SIGINT, which ask a daemon to stop.
#[derive(Debug)]
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens from now on. To be called before anything runs, so that no signal is missed. Errors: [`SignalError`].
    pub fn listen() -> Result<StopSignals, SignalError> {
        let listen = |kind, name| signal(kind).map_err(|source| SignalError { name, source });
        Ok(StopSignals {
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
        })
    }

    /// Waits for the first of them.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// SIGHUP, which asks a daemon to read its file anew.
#[derive(Debug)]
pub struct ReloadSignal(Signal);

impl ReloadSignal {
    /// Listens from now on; without it the signal ends the process. Errors: [`SignalError`].
    pub fn listen() -> Result<ReloadSignal, SignalError> {
        let failed = |source| SignalError { name: "SIGHUP", source };
        signal(SignalKind::hangup()).map(ReloadSignal).map_err(failed)
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Tasks that stop together.
pub struct Stage {
    name: &'static str,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Stage {
    /// An empty stage, and the signal at which its tasks stop.
    pub fn new(name: &'static str) -> (Stage, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Stage { name, stop, tasks: Vec::new() }, stopped)
    }

    /// True while all of its tasks run.
    pub fn is_running(&self) -> bool {
        !self.tasks.iter().any(JoinHandle::is_finished)
    }

    /// Adds tasks. Each must end by itself once the signal is true.
    #[must_use]
    pub fn with(mut self, tasks: Vec<JoinHandle<()>>) -> Stage {
        self.tasks.extend(tasks);
        self
    }

    /// Signals the tasks to stop and does not wait for them: what they need to end may still be stopped before [`stop`].
    pub fn signal(&self) {
        self.stop.send_replace(true);
    }

    /// Signals the tasks to stop, and aborts those that have not ended by `deadline`.
    async fn stop(self, deadline: Instant) {
        self.signal();
        for mut task in self.tasks {
            match timeout_at(deadline, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.is_panic() => {
                    tracing::error!(stage = self.name, "a task ended in a panic")
                }
                Ok(Err(_)) => {}
                Err(_) => {
                    tracing::warn!(stage = self.name, "a task did not end in time and was ended");
                    task.abort();
                }
            }
        }
        tracing::debug!(stage = self.name, "stopped");
    }
}

/// Stops stages in the reverse order of their start, each after the last, all within `bound`. Tasks that take longer are
/// aborted.
pub async fn stop(stages: Vec<Stage>, bound: Duration) {
    let deadline = Instant::now() + bound;
    for stage in stages.into_iter().rev() {
        stage.stop(deadline).await;
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        std::sync::{Arc, Mutex},
    };

    /// A stage whose only task notes its name when it is signalled to stop.
    fn noting(name: &'static str, order: &Arc<Mutex<Vec<&'static str>>>) -> Stage {
        let (stage, mut stopped) = Stage::new(name);
        let order = order.clone();
        stage.with(vec![tokio::spawn(async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            order.lock().unwrap().push(name);
        })])
    }

    #[tokio::test]
    async fn stages_stop_in_reverse_order_each_after_the_last() {
        let order = Arc::default();
        let stages = ["api", "alerts", "landing"].map(|name| noting(name, &order));
        stop(stages.into(), Duration::from_secs(10)).await;
        assert_eq!(*order.lock().unwrap(), ["landing", "alerts", "api"]);
    }

    #[tokio::test]
    async fn a_signalled_stage_stops_before_it_is_waited_for() {
        let order = Arc::default();
        let stage = noting("listeners", &order);
        stage.signal();
        while order.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        stop(vec![stage], Duration::from_secs(10)).await;
        assert_eq!(*order.lock().unwrap(), ["listeners"]);
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_is_ended_at_the_bound() {
        let (stage, _stopped) = Stage::new("deaf");
        let deaf = tokio::spawn(std::future::pending::<()>());
        let handle = deaf.abort_handle();
        let began = Instant::now();
        stop(vec![stage.with(vec![deaf])], Duration::from_millis(100)).await;
        assert!(began.elapsed() < Duration::from_secs(5));
        while !handle.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}
