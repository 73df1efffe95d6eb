//! Daemons under test as processes of their own.

use {
    std::{
        fs::File,
        path::Path,
        process::{Child, Command, ExitStatus, Stdio},
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Interval at which a process is asked whether it has ended.
const POLL: Duration = Duration::from_millis(20);

/// The process of a daemon; dropping it kills it.
pub struct Daemon {
    process: Child,
    /// Longest time until it has stopped.
    patience: Duration,
}

impl Daemon {
    /// Starts a command; all that it prints goes to the end of a log. It must stop within `patience` when asked to.
    pub fn spawn(command: &mut Command, log: &Path, patience: Duration) -> Daemon {
        let log = File::options().create(true).append(true).open(log).expect("the log opens");
        let output = log.try_clone().expect("a second handle");
        let process = command.stdin(Stdio::null()).stdout(output).stderr(log).spawn();
        Daemon { process: process.expect("the daemon starts"), patience }
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill().expect("the daemon is killed");
        self.process.wait().expect("the daemon ends");
    }

    /// The status it ended with; none while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("the daemon's state is known")
    }

    /// Bounds the size of the files that it writes from now on, in bytes or by the word `unlimited`.
    pub fn limit_files(&self, most: &str) {
        let (id, most) = (self.process.id().to_string(), format!("--fsize={most}:"));
        let limited = Command::new("prlimit").args(["--pid", &id, &most]).status().expect("prlimit runs");
        assert!(limited.success());
    }

    /// Sends it a signal by its name, such as `-HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let signalled = Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(signalled.success());
    }

    /// Ends it as a service manager does, by SIGTERM; it must end with success.
    pub async fn stop(mut self) {
        self.signal("-TERM");
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(status) = self.ended() {
                assert!(status.success(), "the daemon ended with {status}");
                return;
            }
            assert!(Instant::now() < deadline, "the daemon does not end");
            sleep(POLL).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
