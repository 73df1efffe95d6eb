//! The threads of a cluster: one makes blocks and runs transactions, one reads its events.

use {
    super::{
        Beginning, ClusterOptions, ClusterPorts, Program, QUICK_SLOT_MS, SLOT_MS,
        blocks::{self, BlockLog},
        image::Accounts,
        saver::Saver,
    },
    crate::SandboxError,
    blockable_sdk::amounts::ChainTime,
    crossbeam_channel::{Receiver, Sender, bounded, unbounded},
    std::{
        net::{Ipv4Addr, TcpListener},
        path::PathBuf,
        thread::{self, JoinHandle},
        time::Duration,
    },
    surfpool_core::{
        runloops::start_local_surfnet_runloop,
        surfnet::{
            locker::SurfnetSvmLocker,
            svm::{SurfnetSvm, SurfnetSvmConfig},
        },
        types::TimeTravelConfig,
    },
    surfpool_types::{
        BlockProductionMode, ClockCommand, RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent,
        SurfpoolConfig,
    },
    tokio::runtime::Builder,
};

/// Longest time of a start, and of a stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Servers of a cluster that report their end.
const SERVERS: usize = 2;

/// The state of a cluster that its events show.
enum Phase {
    Started,
    Failed(String),
    Stopped,
}

/// A cluster that has started.
pub(super) struct Started {
    pub(super) commands: Sender<SimnetCommand>,
    pub(super) svm: SurfnetSvmLocker,
    pub(super) running: Running,
    pub(super) saver: Option<Saver>,
}

/// The threads of a running cluster.
pub(super) struct Running {
    phases: Receiver<Phase>,
    blocks: JoinHandle<()>,
}

/// Starts a cluster and waits until it answers. Errors: [`SandboxError::Cluster`], [`SandboxError::PortTaken`],
/// [`SandboxError::File`].
pub(super) fn start(options: ClusterOptions) -> Result<Started, SandboxError> {
    let ClusterOptions { ports, programs, beginning, folder } = options;
    require_free(&[ports.rpc, ports.ws])?;
    let is_new = matches!(beginning, Beginning::New(_));
    let slot_ms = if is_new { QUICK_SLOT_MS } else { SLOT_MS };
    let settings = SurfnetSvmConfig {
        slot_time: slot_ms,
        instruction_profiling_enabled: false,
        ..SurfnetSvmConfig::default()
    };
    let (svm, events, geyser) = SurfnetSvm::new(settings).map_err(SandboxError::cluster)?;
    let svm = SurfnetSvmLocker::new(svm);
    // The cluster blocks threads of a runtime with several workers, and this runtime is its own.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(SandboxError::cluster)?;
    runtime.block_on(load(&svm, &programs))?;
    let saver = begin(&svm, beginning, folder)?;
    // Both are drained for as long as the cluster runs.
    let (commands, received) = unbounded();
    let (phase, phases) = bounded(8);
    let failures = phase.clone();
    named("cluster-events").spawn(move || watch(&events, &phase)).map_err(SandboxError::cluster)?;
    let (sender, locker) = (commands.clone(), svm.clone());
    let blocks = move || {
        let config = config(ports, is_new, slot_ms);
        let served = start_local_surfnet_runloop(locker, config, sender, received, geyser);
        if let Err(error) = runtime.block_on(served) {
            let _ = failures.send(Phase::Failed(error.to_string()));
        }
    };
    let blocks = named("cluster").spawn(blocks).map_err(SandboxError::cluster)?;
    match phases.recv_timeout(PATIENCE) {
        Ok(Phase::Started) => Ok(Started { commands, svm, running: Running { phases, blocks }, saver }),
        Ok(Phase::Failed(reason)) => Err(SandboxError::cluster(reason)),
        Ok(Phase::Stopped) => Err(SandboxError::cluster("it ended while it started")),
        Err(_) => Err(SandboxError::cluster("it did not start within 30 s")),
    }
}

async fn load(svm: &SurfnetSvmLocker, programs: &[Program]) -> Result<(), SandboxError> {
    for Program { address, elf } in programs {
        let written = svm.write_program(*address, None, 0, elf, &None).await;
        written
            .map_err(|error| SandboxError::cluster(format!("cannot load the program {address}: {error}")))?;
    }
    Ok(())
}

/// Sets the state that a cluster begins with. Returns its saver where it has a folder.
fn begin(
    svm: &SurfnetSvmLocker,
    beginning: Beginning,
    folder: Option<PathBuf>,
) -> Result<Option<Saver>, SandboxError> {
    let mut svm = svm.0.blocking_write();
    let accounts = svm.get_all_accounts().map_err(SandboxError::cluster)?;
    let before: Accounts = accounts.into_iter().collect();
    let slot = match &beginning {
        Beginning::New(_) => 0,
        Beginning::Saved(image, _) => image.slot,
    };
    let mut saver = None;
    if let Some(folder) = folder {
        let (log, saved) = BlockLog::open(&folder, slot)?;
        blocks::restore(saved, &mut svm).map_err(SandboxError::cluster)?;
        saver = Some(Saver::new(&folder, before, log));
    }
    match beginning {
        Beginning::New(time) => {
            let millis = u64::try_from(time.get()).unwrap_or_default().saturating_mul(1_000);
            (svm.updated_at, svm.genesis_updated_at) = (millis, millis);
            svm.reconstruct_sysvars();
        }
        Beginning::Saved(image, seconds) => image.later(seconds, SLOT_MS).restore(&mut svm)?,
    }
    Ok(saver)
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_string())
}

/// Requires that ports of 127.0.0.1 can be listened at. Errors: [`SandboxError::PortTaken`].
pub(crate) fn require_free(ports: &[u16]) -> Result<(), SandboxError> {
    for port in ports.iter().copied() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|source| SandboxError::PortTaken { port, source })?;
    }
    Ok(())
}

fn config(ports: ClusterPorts, is_new: bool, slot_ms: u64) -> SurfpoolConfig {
    let simnet = SimnetConfig {
        offline_mode: true,
        remote_rpc_url: None,
        slot_time: slot_ms,
        block_production_mode: if is_new {
            BlockProductionMode::Transaction
        } else {
            BlockProductionMode::Clock
        },
        instruction_profiling_enabled: false,
        ..SimnetConfig::default()
    };
    let rpc = RpcConfig {
        bind_host: Ipv4Addr::LOCALHOST.to_string(),
        bind_port: ports.rpc,
        ws_port: ports.ws,
        ..RpcConfig::default()
    };
    SurfpoolConfig { simnets: vec![simnet], rpc, ..SurfpoolConfig::default() }
}

/// Reads events until both servers have ended. Without a reader the cluster would stand still once its queue is full.
fn watch(events: &Receiver<SimnetEvent>, phase: &Sender<Phase>) {
    let mut ended = 0;
    for event in events {
        match event {
            SimnetEvent::CoreStarted(_) => drop(phase.send(Phase::Started)),
            SimnetEvent::Aborted(reason) => drop(phase.send(Phase::Failed(reason))),
            SimnetEvent::Shutdown => ended += 1,
            _ => {}
        }
        if ended == SERVERS {
            let _ = phase.send(Phase::Stopped);
            return;
        }
    }
}

impl Running {
    /// Ends the threads and waits until the ports are free. Errors: [`SandboxError::Cluster`].
    pub(super) fn stop(self, commands: &Sender<SimnetCommand>) -> Result<(), SandboxError> {
        commands.send(SimnetCommand::Terminate(None)).map_err(SandboxError::cluster)?;
        loop {
            match self.phases.recv_timeout(PATIENCE) {
                Ok(Phase::Stopped) => break,
                Ok(_) => {}
                Err(_) => return Err(SandboxError::cluster("its servers did not end within 30 s")),
            }
        }
        self.blocks.join().map_err(|_| SandboxError::cluster("its thread failed"))
    }
}

/// Moves the clock to a time that it has not reached. Errors: [`SandboxError::Cluster`].
pub(super) fn move_clock(
    svm: &SurfnetSvmLocker,
    commands: Sender<SimnetCommand>,
    until: ChainTime,
) -> Result<(), SandboxError> {
    let millis = u64::try_from(until.get()).unwrap_or_default().saturating_mul(1_000);
    let moved = svm.time_travel(None, commands, TimeTravelConfig::AbsoluteTimestamp(millis));
    moved.map(drop).map_err(SandboxError::cluster)
}

/// Makes blocks by the clock, a slot apart. Errors: [`SandboxError::Cluster`].
pub(super) fn tick(svm: &SurfnetSvmLocker, commands: &Sender<SimnetCommand>) -> Result<(), SandboxError> {
    let interval = ClockCommand::UpdateSlotInterval(SLOT_MS);
    let by_clock = SimnetCommand::UpdateBlockProductionMode(BlockProductionMode::Clock);
    for command in [SimnetCommand::CommandClock(None, interval), by_clock] {
        commands.send(command).map_err(SandboxError::cluster)?;
    }
    // The times of empty blocks are counted from here on, by the new length of slots.
    svm.with_svm_writer(|svm| {
        (svm.genesis_slot, svm.genesis_updated_at) = (svm.latest_epoch_info.absolute_slot, svm.updated_at);
    });
    Ok(())
}
