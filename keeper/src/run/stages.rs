//! Stages of tasks that start in order and stop in reverse.

use {
    std::time::Duration,
    tokio::{
        sync::watch,
        task::JoinHandle,
        time::{Instant, timeout_at},
    },
};

/// Tasks that are told to stop together.
pub(super) struct Stage {
    name: &'static str,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Stage {
    /// A stage, and what tells its tasks to stop.
    pub fn new(name: &'static str) -> (Stage, watch::Receiver<bool>) {
        let (stop, stopped) = watch::channel(false);
        (Stage { name, stop, tasks: Vec::new() }, stopped)
    }

    /// Adds tasks.
    pub fn with(mut self, tasks: Vec<JoinHandle<()>>) -> Stage {
        self.tasks.extend(tasks);
        self
    }

    /// Tells the tasks to stop, and ends those that have not by `deadline`.
    async fn end(self, deadline: Instant) {
        self.stop.send_replace(true);
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

/// Ends stages in reverse order of their start, all within `bound`.
pub(super) async fn end(stages: Vec<Stage>, bound: Duration) {
    let deadline = Instant::now() + bound;
    for stage in stages.into_iter().rev() {
        stage.end(deadline).await;
    }
}
