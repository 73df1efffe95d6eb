//! A cluster with a provider's credits on it, and the server as a process.

use {
    blockable_sdk::{
        Pubkey,
        program::state::{FreezePolicy, Terms},
    },
    blockable_testkit::{Cluster, Daemon, Loan, ServerFile, free_ports},
    std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
        time::{Duration, Instant},
    },
    tempfile::TempDir,
    tokio::time::sleep,
};

/// The server under test.
pub const SERVER: &str = env!("CARGO_BIN_EXE_blockable-provider");
/// Time in which the server must be ready, or must end.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Milliseconds per block, as on a local validator.
const SLOT_MS: u64 = 400;
/// Seconds that a job may run in these tests.
const JOB_SECONDS: u64 = 10;
/// Settings that these tests add to the server's file.
const SECTIONS: &str = r#"
[limits]
client_patience_seconds = 1

[[gpu]]
name = "h100"
units_per_second = 10
count = 64
"#;

/// A cluster with one credit per borrower, and a folder for the server's files.
pub struct Setup {
    pub cluster: Cluster,
    pub credits: Vec<Pubkey>,
    folder: TempDir,
    port: u16,
    ops_port: u16,
}

impl Setup {
    /// Starts the cluster, issues a credit of 1,000,000,000 units to each borrower, and writes the server's files.
    pub async fn new(borrowers: usize) -> Setup {
        Setup::with_terms(borrowers, |_| {}).await
    }

    /// The same with a change of the loans' terms.
    pub async fn with_terms(borrowers: usize, change: impl Fn(&mut Terms)) -> Setup {
        let mut cluster = Cluster::ticking(SLOT_MS).await;
        let mut credits = Vec::new();
        for number in 0..borrowers {
            cluster.chain.borrower = format!("borrower {number}");
            let mut args = Loan::new(1).with(|terms| terms.offer_expires_at = 0).args;
            args.terms.freeze_policy = FreezePolicy::AtWill as u8;
            change(&mut args.terms);
            credits.push(cluster.chain.active(args).await);
        }
        let folder = tempfile::tempdir().unwrap();
        ServerFile::write_reporter_keys(folder.path());
        let init = Command::new(SERVER).arg("init").arg(folder.path()).output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let [port, ops_port] = Setup::free_ports();
        let setup = Setup { cluster, credits, folder, port, ops_port };
        setup.write_config(&setup.cluster.rpc_url(), &setup.cluster.ws_url(), "");
        setup
    }

    /// Writes the server's file with its nodes and more keys for its section `[gate]`.
    pub fn write_config(&self, rpc_url: &str, ws_url: &str, gate: &str) {
        let file = ServerFile {
            port: self.port,
            ops_port: self.ops_port,
            urls: (rpc_url, ws_url),
            job_seconds: JOB_SECONDS,
            gate,
            sections: SECTIONS,
        };
        fs::write(self.config(), file.text(&self.cluster.chain)).unwrap();
    }

    /// The server's file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("provider.toml")
    }

    /// The gate's store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("gate.db")
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of the server's health and metrics.
    pub fn ops_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ops_port)
    }

    /// The log of all runs of the server so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The API key of a credit, as its operator makes one.
    pub fn key(&self, credit: &Pubkey) -> String {
        let output = Command::new(SERVER)
            .args(["key", "--config"])
            .arg(self.config())
            .args(["--credit", &credit.to_string()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    }

    /// The API keys of all credits.
    pub fn keys(&self) -> Vec<String> {
        self.credits.iter().map(|credit| self.key(credit)).collect()
    }

    /// Starts the server.
    pub fn spawn(&self) -> Server {
        self.spawn_from(&self.config(), self.ops_url())
    }

    /// Starts a server with a file of its own, whose health is at a URL. It logs where the others do.
    pub fn spawn_from(&self, config: &Path, ops_url: String) -> Server {
        let mut command = Command::new(SERVER);
        command.args(["serve", "--config"]).arg(config);
        let process = Daemon::spawn(&mut command, &self.folder.path().join("log"), PATIENCE);
        Server { process, ops_url }
    }

    /// Two ports that are free, and that nobody is given meanwhile.
    pub fn free_ports() -> [u16; 2] {
        let first = free_ports(2);
        [first, first + 1]
    }

    /// Starts the server and waits until it is ready.
    pub async fn serve(&self) -> Server {
        let mut server = self.spawn();
        server.ready().await.unwrap_or_else(|problem| panic!("{problem}:\n{}", self.log()));
        server
    }
}

/// The server's process; dropping it kills it.
pub struct Server {
    process: Daemon,
    ops_url: String,
}

impl Server {
    /// Waits until the server says that it is ready.
    pub async fn ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.ended() {
                return Err(format!("the server ended with {status}"));
            }
            let answer = reqwest::get(format!("{}/readyz", self.ops_url)).await;
            match answer {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                _ if Instant::now() > deadline => return Err(format!("not ready: {answer:?}")),
                _ => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Sends the server a signal by its name, such as `-HUP`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Ends the server as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends the server as a service manager does, by SIGTERM; it must end well.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}
