//! The embedded cluster: a Solana VM behind JSON-RPC and WebSocket, on ports of one's own choice.
//!
//! It is started on the parts beneath `surfpool-sdk`, which itself offers neither fixed ports nor a state to begin from.

mod run;

use {
    crate::SandboxError,
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, LAMPORTS_PER_SOL},
        client::Client,
    },
    crossbeam_channel::Sender,
    run::Running,
    std::{
        net::{Ipv4Addr, TcpListener},
        time::Duration,
    },
    surfpool_core::surfnet::locker::SurfnetSvmLocker,
    surfpool_types::SimnetCommand,
    tokio::{
        task::spawn_blocking,
        time::{Instant, sleep},
    },
};

/// Milliseconds of a slot, as on real clusters.
pub const SLOT_MS: u64 = 400;
/// Milliseconds of a slot while a block follows each transaction, and some thirty more until it is final: so the clock hardly
/// moves by itself.
const QUICK_SLOT_MS: u64 = 1;
/// Time within which SOL must arrive, and the clock must move.
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
    /// The time that its clock shows first; that of this machine where it is not set.
    pub begins_at: Option<ChainTime>,
}

/// A running cluster in this process. It makes a block for each transaction until [`Cluster::tick`], and from then on one per
/// slot as real clusters do. Nothing of it is kept when it stops.
pub struct Cluster {
    client: Client,
    ports: ClusterPorts,
    commands: Sender<SimnetCommand>,
    svm: SurfnetSvmLocker,
    running: Running,
}

impl Cluster {
    /// Starts a cluster with its programs loaded. Errors: [`SandboxError::Cluster`], [`SandboxError::PortTaken`].
    pub async fn start(options: ClusterOptions) -> Result<Cluster, SandboxError> {
        let ports = options.ports;
        let started = spawn_blocking(move || run::start(options)).await.map_err(SandboxError::cluster)??;
        let client = Client::new(rpc_url(ports));
        Ok(Cluster { client, ports, commands: started.commands, svm: started.svm, running: started.running })
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

    /// Gives accounts SOL for fees and rent, and waits for it. Errors: [`SandboxError::Airdrop`].
    pub async fn airdrop(&self, addresses: &[Pubkey], sol: u64) -> Result<(), SandboxError> {
        let rpc = self.client.rpc();
        for address in addresses {
            let asked = rpc.request_airdrop(address, sol.saturating_mul(LAMPORTS_PER_SOL)).await;
            asked.map_err(SandboxError::airdrop)?;
        }
        let deadline = Instant::now() + PATIENCE;
        for address in addresses {
            while rpc.get_balance(address).await.map_err(SandboxError::airdrop)? == 0 {
                if Instant::now() > deadline {
                    return Err(SandboxError::airdrop("it did not arrive within a minute"));
                }
                sleep(POLL).await;
            }
        }
        Ok(())
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

    /// Ends the cluster and frees its ports. Errors: [`SandboxError::Cluster`].
    pub async fn stop(self) -> Result<(), SandboxError> {
        let Cluster { commands, running, .. } = self;
        spawn_blocking(move || running.stop(&commands)).await.map_err(SandboxError::cluster)?
    }
}

fn rpc_url(ports: ClusterPorts) -> String {
    format!("http://127.0.0.1:{}", ports.rpc)
}
