//! The embedded cluster: a Solana VM behind JSON-RPC and WebSocket, on ports of one's own choice.
//!
//! It is started on the parts beneath `surfpool-sdk`, which itself offers neither fixed ports nor a state to begin from.

mod blocks;
mod image;
mod run;
mod saver;

pub use image::Image;
pub(crate) use {image::replace, run::require_free};

use {
    crate::SandboxError,
    blockable_sdk::{Pubkey, amounts::ChainTime, client::Client},
    crossbeam_channel::Sender,
    run::Running,
    saver::Saver,
    std::{
        net::{Ipv4Addr, TcpListener},
        path::PathBuf,
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
    surfpool_core::surfnet::locker::SurfnetSvmLocker,
    surfpool_types::SimnetCommand,
    tokio::{
        sync::watch,
        task::{JoinHandle, spawn_blocking},
        time::{Instant, sleep},
    },
};

/// Milliseconds of a slot, as on real clusters.
pub const SLOT_MS: u64 = 400;
/// Milliseconds of a slot while a block follows each transaction, and some thirty more until it is final: so the clock hardly
/// moves by itself.
const QUICK_SLOT_MS: u64 = 1;
/// Time within which the clock must move.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two reads of the chain.
const POLL: Duration = Duration::from_millis(5);

/// The two ports of a cluster on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterPorts {
    /// JSON-RPC over HTTP.
    pub rpc: u16,
    /// WebSocket.
    pub ws: u16,
}

impl ClusterPorts {
    /// Finds two free ports. Errors: [`SandboxError::NoPort`].
    pub fn free() -> Result<ClusterPorts, SandboxError> {
        // Both are held until both are known, so that they differ.
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(SandboxError::no_port);
        let (rpc, ws) = (bind()?, bind()?);
        let port = |listener: &TcpListener| {
            listener.local_addr().map(|addr| addr.port()).map_err(SandboxError::no_port)
        };
        Ok(ClusterPorts { rpc: port(&rpc)?, ws: port(&ws)? })
    }
}

/// A program that a cluster has from its start.
#[derive(Clone)]
pub struct Program {
    /// Its address.
    pub address: Pubkey,
    /// The ELF.
    pub elf: Vec<u8>,
}

/// The settings of a cluster.
pub struct ClusterOptions {
    /// Its ports.
    pub ports: ClusterPorts,
    /// The programs.
    pub programs: Vec<Program>,
    /// The state that it begins with.
    pub beginning: Beginning,
    /// The folder that it can be saved to.
    pub folder: Option<PathBuf>,
}

/// The state that a cluster begins with.
pub enum Beginning {
    /// Nothing but its programs, with this time on its clock.
    New(ChainTime),
    /// What was saved to its folder, with these seconds added on its clock.
    Saved(Image, u32),
}

/// A running cluster in this process. It makes a block for each transaction until [`Cluster::tick`], and from then on one per
/// slot as real clusters do; one that begins with a saved state does so at once.
pub struct Cluster {
    client: Client,
    ports: ClusterPorts,
    commands: Sender<SimnetCommand>,
    svm: SurfnetSvmLocker,
    running: Running,
    saver: Option<Saver>,
}

impl Cluster {
    /// Starts a cluster with its programs loaded. Errors: [`SandboxError::Cluster`], [`SandboxError::PortTaken`].
    pub async fn start(options: ClusterOptions) -> Result<Cluster, SandboxError> {
        let ports = options.ports;
        let started = spawn_blocking(move || run::start(options)).await.map_err(SandboxError::cluster)??;
        let client = Client::new(rpc_url(ports));
        let run::Started { commands, svm, running, saver } = started;
        Ok(Cluster { client, ports, commands, svm, running, saver })
    }

    /// A client of it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its JSON-RPC.
    pub fn rpc_url(&self) -> String {
        rpc_url(self.ports)
    }

    /// Its WebSocket.
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.ports.ws)
    }

    /// Makes a block per slot from now on, whether there are transactions or not. Errors: [`SandboxError::Cluster`].
    pub async fn tick(&self) -> Result<(), SandboxError> {
        let (svm, commands) = (self.svm.clone(), self.commands.clone());
        spawn_blocking(move || run::tick(&svm, &commands)).await.map_err(SandboxError::cluster)?
    }

    /// Reads the chain's clock. Errors: [`SandboxError::Client`].
    pub async fn now(&self) -> Result<ChainTime, SandboxError> {
        Ok(ChainTime(self.client.chain_time().await?))
    }

    /// Moves the chain's clock to a time, unless it is past it. Returns the time that it shows then.
    /// Errors: [`SandboxError::ClockStalled`], [`SandboxError::Client`].
    pub async fn move_clock(&self, until: ChainTime) -> Result<ChainTime, SandboxError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.now().await?;
            if now >= until {
                return Ok(now);
            }
            if Instant::now() > deadline {
                return Err(SandboxError::ClockStalled);
            }
            let (svm, commands) = (self.svm.clone(), self.commands.clone());
            let moved = spawn_blocking(move || run::move_clock(&svm, commands, until)).await;
            moved.map_err(SandboxError::cluster)??;
            sleep(POLL).await;
        }
    }

    /// Saves its state to its folder, where it has one. `clean` says that everything else has been stopped in order.
    /// Errors: [`SandboxError::File`], [`SandboxError::Cluster`].
    pub async fn save(&self, clean: bool) -> Result<(), SandboxError> {
        match &self.saver {
            Some(saver) => saver.save(&self.svm, clean).await,
            None => Ok(()),
        }
    }

    /// A handle that saves it every `pause` until `stop` is true. `failed` takes the reason of a failure, once for each.
    pub(crate) fn save_regularly(
        &self,
        pause: Duration,
        mut stop: watch::Receiver<bool>,
        failed: impl Fn(&SandboxError) + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let (saver, svm) = (self.saver.clone()?, self.svm.clone());
        Some(tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                if let Err(error) = saver.save(&svm, false).await {
                    failed(&error);
                }
            }
        }))
    }

    /// Ends the cluster and frees its ports. Errors: [`SandboxError::Cluster`].
    pub async fn stop(self) -> Result<(), SandboxError> {
        let Cluster { commands, running, .. } = self;
        spawn_blocking(move || running.stop(&commands)).await.map_err(SandboxError::cluster)?
    }
}

fn rpc_url(ports: ClusterPorts) -> String {
    format!("http://127.0.0.1:{}", ports.rpc)
}

/// The time that this machine's clock shows.
pub fn machine_time() -> ChainTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ChainTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
