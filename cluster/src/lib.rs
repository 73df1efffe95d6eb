//! The embedded cluster of sandbox, demo and tests: a Solana VM behind JSON-RPC and WebSocket, on ports of one's own choice.
//!
//! It is put together from the parts beneath surfpool's own servers and commands: those offer neither fixed ports nor a state to
//! begin from, and serve methods of administration to every page of the web. `callers` and `serve` say who may call what.
//!
//! | module | contents |
//! |---|---|
//! | `run` | the threads |
//! | [`Clock`] | the beat of the blocks, and moves of the clock |
//! | `serve`, `callers` | the two servers, and who may call them |
//! | [`Image`], `blocks`, `saver` | the kept state |

mod blocks;
mod callers;
mod clock;
mod error;
mod image;
mod run;
mod saver;
mod serve;

pub use {
    clock::Clock,
    error::ClusterError,
    image::{Image, replace},
    run::require_free,
    saver::{AFTER_KILL_SECONDS, SAVE_EVERY},
};

use {
    blockable_sdk::{Pubkey, amounts::ChainTime, client::Client},
    run::Running,
    saver::Saver,
    solana_account::Account,
    std::{
        io,
        net::Ipv4Addr,
        path::PathBuf,
        process,
        sync::atomic::{AtomicU32, Ordering},
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
    surfpool_core::surfnet::locker::SurfnetSvmLocker,
    surfpool_types::BlockProductionMode,
    tokio::{
        net::TcpSocket,
        sync::watch,
        task::{JoinHandle, spawn_blocking},
        time::{Instant, sleep},
    },
};

/// Milliseconds of a slot, as on real clusters.
pub const SLOT_MS: u64 = 400;
/// Milliseconds of a slot while a block follows each transaction, and some thirty more until it is final: so the clock hardly
/// moves by itself.
pub const QUICK_SLOT_MS: u64 = 1;
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
    /// Finds two free ports. Errors: [`ClusterError::NoPort`].
    pub fn free() -> Result<ClusterPorts, ClusterError> {
        let [rpc, ws] = free_ports()?;
        Ok(ClusterPorts { rpc, ws })
    }
}

/// The first port that [`free_ports`] tries, and the number of those that it tries: below the ports that systems give to connections, and to
/// listeners that name none, and below those of the tests. Between the choice of a port and its use, which may be seconds, nobody is given
/// it.
const FIRST_FREE: u32 = 10_000;
const FREE: u32 = 10_000;
/// Ports that this process has tried, so that none is chosen twice.
static TRIED: AtomicU32 = AtomicU32::new(0);

/// Finds ports of 127.0.0.1 that are free. Errors: [`ClusterError::NoPort`].
pub fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT], ClusterError> {
    let mut ports = [0; COUNT];
    for port in &mut ports {
        *port = free_port()?;
    }
    Ok(ports)
}

/// Finds one port. Processes begin at places of their own. Errors: [`ClusterError::NoPort`].
fn free_port() -> Result<u16, ClusterError> {
    let first = process::id().wrapping_mul(7_919);
    let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..FREE {
        let place = first.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % FREE;
        let Ok(port) = u16::try_from(FIRST_FREE.saturating_add(place)) else { continue };
        // Without the reuse of addresses: a port on which connections have just ended is not free for every server.
        let bound = TcpSocket::new_v4().and_then(|socket| socket.bind((Ipv4Addr::LOCALHOST, port).into()));
        match bound {
            Ok(()) => return Ok(port),
            Err(error) => failure = error,
        }
    }
    Err(ClusterError::no_port(failure))
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
    /// The time of its blocks.
    pub pace: Pace,
    /// True where programs may call surfpool's cheatcodes, `surfnet_...`, which move the clock and replace accounts. Web pages never
    /// may.
    pub cheatcodes: bool,
}

/// The time of a cluster's blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A block for each transaction, by which the clock moves on some milliseconds.
    PerTransaction {
        /// Milliseconds of a slot.
        slot_ms: u64,
    },
    /// A block per slot, as real clusters have. The clock goes with the machine's.
    PerSlot {
        /// Milliseconds of a slot.
        slot_ms: u64,
    },
}

impl Pace {
    fn slot_ms(self) -> u64 {
        match self {
            Pace::PerTransaction { slot_ms } | Pace::PerSlot { slot_ms } => slot_ms,
        }
    }

    fn mode(self) -> BlockProductionMode {
        match self {
            Pace::PerTransaction { .. } => BlockProductionMode::Transaction,
            Pace::PerSlot { .. } => BlockProductionMode::Clock,
        }
    }
}

/// The state that a cluster begins with.
pub enum Beginning {
    /// Nothing but its programs, with this time on its clock.
    New(ChainTime),
    /// The state saved in its folder, with these seconds added on its clock.
    Saved(Image, u32),
}

/// A running cluster in this process. Dropping it ends it; [`Cluster::stop`] also waits until its ports are free.
pub struct Cluster {
    client: Client,
    ports: ClusterPorts,
    svm: SurfnetSvmLocker,
    clock: Clock,
    running: Running,
    saver: Option<Saver>,
}

impl Cluster {
    /// Starts a cluster with its programs loaded. Errors: [`ClusterError`].
    pub async fn start(options: ClusterOptions) -> Result<Cluster, ClusterError> {
        let ports = options.ports;
        let started = spawn_blocking(move || run::start(options)).await.map_err(ClusterError::failed)??;
        let run::Started { svm, clock, running, saver } = started;
        Ok(Cluster { client: Client::new(rpc_url(ports)), ports, svm, clock, running, saver })
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

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Makes a block per slot of [`SLOT_MS`] from now on, whether there are transactions or not. Errors: [`ClusterError::Failed`].
    pub async fn tick(&self) -> Result<(), ClusterError> {
        let clock = self.clock.clone();
        spawn_blocking(move || clock.beat(SLOT_MS)).await.map_err(ClusterError::failed)?
    }

    /// Loads a program. Errors: [`ClusterError::Failed`].
    pub async fn load(&self, program: Program) -> Result<(), ClusterError> {
        run::load(&self.svm, &[program]).await
    }

    /// Replaces an account. Errors: [`ClusterError::Failed`].
    pub async fn set_account(&self, address: &Pubkey, account: Account) -> Result<(), ClusterError> {
        self.svm.0.write().await.set_account(address, account).map_err(ClusterError::failed)
    }

    /// Waits until it has ended, and returns the reason.
    pub fn ended(&self) -> impl Future<Output = String> + Send + use<> {
        let mut ended = self.running.ended.clone();
        async move {
            let reason = ended.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
            reason.unwrap_or_else(|| "its thread panicked".to_string())
        }
    }

    /// Reads the chain's clock. Errors: [`ClusterError::Client`].
    pub async fn now(&self) -> Result<ChainTime, ClusterError> {
        Ok(ChainTime(self.client.chain_time().await?))
    }

    /// Moves the chain's clock to a time, unless it is past it. Returns the time that it shows then.
    /// Errors: [`ClusterError::ClockStalled`], [`ClusterError::Client`].
    pub async fn move_clock(&self, until: ChainTime) -> Result<ChainTime, ClusterError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.now().await?;
            if now >= until {
                return Ok(now);
            }
            if Instant::now() > deadline {
                return Err(ClusterError::ClockStalled);
            }
            let clock = self.clock.clone();
            spawn_blocking(move || clock.move_to(until)).await.map_err(ClusterError::failed)??;
            sleep(POLL).await;
        }
    }

    /// Saves its state to its folder, where it has one. `clean` says that everything else has been stopped in order.
    /// Errors: [`ClusterError::File`], [`ClusterError::Failed`].
    pub async fn save(&self, clean: bool) -> Result<(), ClusterError> {
        match &self.saver {
            Some(saver) => saver.save(&self.svm, clean).await,
            None => Ok(()),
        }
    }

    /// A handle that saves it every `pause` until `stop` is true. `failed` takes the reason of a failure, once for each.
    pub fn save_regularly(
        &self,
        pause: Duration,
        mut stop: watch::Receiver<bool>,
        failed: impl Fn(&ClusterError) + Send + 'static,
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

    /// Ends it without waiting for the end.
    pub fn terminate(&self) {
        self.running.terminate();
    }

    /// Ends the cluster and frees its ports. Errors: [`ClusterError::Failed`].
    pub async fn stop(self) -> Result<(), ClusterError> {
        let running = self.running;
        spawn_blocking(move || running.stop()).await.map_err(ClusterError::failed)?
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
