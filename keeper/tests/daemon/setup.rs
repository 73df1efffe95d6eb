//! A cluster with credits on it, their reporters, and keepers as processes.

use {
    crate::books::seen,
    blockable_sdk::{
        Pubkey, Signer,
        amounts::LAMPORTS_PER_SOL,
        instructions::{self, Payment},
        program::{instructions::OfferArgs, transitions::Status},
        write_keypair_file,
    },
    blockable_testkit::{Cluster, Daemon, Loan, Parties, Reporters, USDC},
    std::{
        fs,
        path::PathBuf,
        process::{Command, Output},
        time::{Duration, Instant},
    },
    tempfile::TempDir,
    tokio::time::sleep,
};

/// The daemon under test.
pub const KEEPER: &str = env!("CARGO_BIN_EXE_blockable-keeper");
/// Longest wait for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Milliseconds per block.
pub const SLOT_MS: u64 = 100;

/// A cluster with credits, reporters, and a folder for keepers' files.
pub struct Setup {
    pub cluster: Cluster,
    pub credits: Vec<Pubkey>,
    /// Places of the credits in the provider's reports.
    pub indices: Vec<u32>,
    pub reporters: Reporters,
    folder: TempDir,
}

impl Setup {
    /// Starts the cluster, issues credits of 1,000,000,000 units, and starts three reporters.
    pub async fn new(credits: usize) -> Setup {
        Setup::on(Cluster::ticking(SLOT_MS).await, credits).await
    }

    /// As [`Setup::new`], on a cluster of one's own.
    pub async fn on(cluster: Cluster, credits: usize) -> Setup {
        let args = Loan::new(1).with(|terms| terms.offer_expires_at = 0).args;
        Setup::lend(cluster, credits, &args).await
    }

    /// As [`Setup::on`], with credits of one's own terms.
    pub async fn lend(mut cluster: Cluster, credits: usize, args: &OfferArgs) -> Setup {
        let mut reporters = Reporters::start(cluster.chain.scope().await, 32, 3);
        let (mut addresses, mut indices) = (Vec::new(), Vec::new());
        for number in 0..credits {
            cluster.chain.borrower = format!("borrower {number}");
            let credit = cluster.chain.active(args.clone()).await;
            let index = cluster.chain.credit(&credit).await.meter.index;
            reporters.set(index, credit, 0, 0);
            addresses.push(credit);
            indices.push(index);
        }
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup { cluster, credits: addresses, indices, reporters, folder };
        for name in ["metering", "enforcement"] {
            setup.add_key(name, 10 * LAMPORTS_PER_SOL).await;
        }
        setup
    }

    /// As [`Setup::on`], with one credit and the file of a keeper named "keeper", changed as [`Setup::edit_config`] does.
    /// Returns the credit's first due date as well.
    pub async fn with_keeper(cluster: Cluster, changes: &[(&str, &str)]) -> (Setup, i64) {
        let setup = Setup::on(cluster, 1).await;
        let nodes = [setup.cluster.rpc_url(), setup.cluster.rpc_url()];
        setup.write_config("keeper", &nodes, "");
        setup.edit_config("keeper", changes);
        let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
        let due = credit.schedule().due_date(0).unwrap().unwrap();
        (setup, due)
    }

    /// Moves the chain's clock on to a Unix time, and waits until the keeper named "keeper" has seen it.
    pub async fn go_to(&self, unix: i64) {
        self.cluster.chain.wait_until(unix).await;
        let store = self.store("keeper");
        self.until("the keeper sees the clock", async |_: &Setup| seen(&store) >= unix).await;
    }

    /// Writes a key to `NAME.json`, with so many lamports.
    pub async fn add_key(&self, name: &str, lamports: u64) {
        let key = Parties::key(&format!("keeper {name}"));
        write_keypair_file(&key, self.folder.path().join(format!("{name}.json"))).unwrap();
        if lamports > 0 {
            self.cluster.chain.client.rpc().request_airdrop(&key.pubkey(), lamports).await.unwrap();
        }
    }

    /// Sets the units that the credit of a number has used.
    pub async fn set_used(&mut self, number: usize, units: u64) {
        let credit = self.credits[number];
        let index = self.cluster.chain.credit(&credit).await.meter.index;
        self.reporters.set(index, credit, units, 0);
    }

    /// The chain's clock.
    pub async fn clock(&self) -> i64 {
        self.cluster.chain.client.chain_time().await.unwrap()
    }

    /// Changes the file of a keeper; each replaced text must be in it once.
    pub fn edit_config(&self, name: &str, changes: &[(&str, &str)]) {
        let mut text = fs::read_to_string(self.config(name)).unwrap();
        for (from, to) in changes {
            assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
            text = text.replace(from, to);
        }
        fs::write(self.config(name), text).unwrap();
    }

    /// Writes the file of a keeper with a name, that reads these nodes; `more` is added to its end.
    pub fn write_config(&self, name: &str, nodes: &[String], more: &str) {
        let mut text = format!(
            "market = \"{}\"\ndata_dir = \"data-{name}\"\n\n[keys]\n\
             fees = {{ kind = \"file\", path = \"metering.json\" }}\n\
             enforcement = {{ kind = \"file\", path = \"enforcement.json\" }}\n\n\
             [cycle]\nseconds = 1\nlag_slots = 50\n\n[metering]\nevery_seconds = 2\nurgent_every_seconds = 1\n\n\
             [enforcement]\nextra_grace_seconds = 0\n\n[landing]\nretry_seconds = 1\n\n\
             [api]\nlisten = \"127.0.0.1:0\"\n\n[ops]\nlisten = \"127.0.0.1:0\"\n",
            self.cluster.chain.keys.market
        );
        for (number, url) in nodes.iter().enumerate() {
            // Two entries of one node are refused: the cluster answers at any path.
            let is_again = nodes.iter().take(number).any(|earlier| earlier == url);
            let url = if is_again { format!("{url}/{number}") } else { url.clone() };
            text += &format!("\n[[rpc]]\nname = \"node {number}\"\nurl = \"{url}\"\n");
        }
        for url in self.reporters.urls() {
            let provider = self.cluster.chain.provider;
            text +=
                &format!("\n[[reporter]]\nurl = \"{url}\"\nprovider = \"{provider}\"\nevery_seconds = 1\n");
        }
        fs::write(self.config(name), text + more).unwrap();
    }

    /// The file of a keeper.
    pub fn config(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.toml"))
    }

    /// The store of a keeper.
    pub fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("data-{name}")).join("keeper.sqlite")
    }

    /// Log of a keeper, over all its lives.
    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Starts a keeper; `failpoints` as `fail` reads them.
    pub fn spawn(&self, name: &str, failpoints: &str) -> Daemon {
        self.spawn_with(name, &[("FAILPOINTS", failpoints)])
    }

    /// Starts a keeper with variables of its environment.
    pub fn spawn_with(&self, name: &str, environment: &[(&str, &str)]) -> Daemon {
        let mut command = Command::new(KEEPER);
        command.args(["run", "--config"]).arg(self.config(name)).envs(environment.iter().copied());
        Daemon::spawn(&mut command, &self.folder.path().join(format!("{name}.log")), PATIENCE)
    }

    /// Starts a keeper whose files take no more than so many bytes, as on a full disk, until [`Daemon::limit_files`] lifts that.
    pub fn spawn_on_full_disk(&self, name: &str, blocks: u32) -> Daemon {
        let mut command = Command::new("sh");
        // Blocks of 512 bytes. Writing beyond them fails, and does not end the process.
        command.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$@\""), "sh", KEEPER]);
        command.args(["run", "--config"]).arg(self.config(name));
        Daemon::spawn(&mut command, &self.folder.path().join(format!("{name}.log")), PATIENCE)
    }

    /// Runs a command of the keeper to its end.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Output {
        self.command_with(name, arguments, &[])
    }

    /// As [`Setup::command`], with variables of its environment.
    pub fn command_with(&self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(KEEPER);
        command.args(arguments).arg("--config").arg(self.config(name)).envs(environment.iter().copied());
        command.output().unwrap()
    }

    /// Has the reporters sign as of the chain's clock until `done` holds.
    pub async fn until(&self, what: &str, done: impl AsyncFn(&Setup) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.reporters.report(self.clock().await);
            if done(self).await {
                return;
            }
            assert!(Instant::now() < deadline, "not in time: {what}\n{}", self.logs());
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Has the reporters sign for a while, in which the keepers run some cycles.
    pub async fn stay(&self, seconds: u64) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end {
            self.reporters.report(self.clock().await);
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// The last lines of all logs.
    pub fn logs(&self) -> String {
        let mut all = String::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let text = fs::read_to_string(&path).unwrap();
                let last: Vec<&str> = text.lines().rev().take(60).collect();
                all += &format!(
                    "{}:\n{}\n",
                    path.display(),
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
        }
        all
    }

    /// Pays the arrears of the credit of a number, and a little more for the interest until the payment lands.
    pub async fn pay_arrears(&mut self, number: usize) {
        let (credit, chain) = (self.credits[number], &mut self.cluster.chain);
        let state = chain.client.credit_now(&credit).await.unwrap();
        let payment = Payment::in_any_status(state.arrears() + USDC, state.offer_slot);
        let (buyer, source) = (Parties::address("buyer"), chain.wallet("buyer"));
        let pay = instructions::credit_repay(&chain.keys, &buyer, &source, &credit, payment);
        chain.send(&[pay], &["buyer"]).await;
    }

    /// Units consumed by the credit of a number.
    pub async fn consumed(&self, number: usize) -> u64 {
        self.cluster.chain.credit(&self.credits[number]).await.collateral.consumed
    }

    /// The status of the credit of a number.
    pub async fn status(&self, number: usize) -> Status {
        Status::from_byte(self.cluster.chain.credit(&self.credits[number]).await.status).unwrap()
    }
}
