//! The threads of a cluster: one makes blocks and runs transactions, one reads its events.

use {
    super::{ClusterOptions, ClusterPorts, Program, QUICK_SLOT_MS, SLOT_MS},
    crate::SandboxError,
    blockable_sdk::amounts::ChainTime,
    crossbeam_channel::{Receiver, Sender, bounded, unbounded},
    std::{
        net::{Ipv4Addr, TcpListener},
        thread::{self, JoinHandle},
        time::Duration,
    },
    surfpool_core::{
        runloops::start_local_surfnet_runloop,
        surfnet::{
            GeyserEvent,
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
}

/// The threads of a running cluster.
pub(super) struct Running {
    phases: Receiver<Phase>,
    blocks: JoinHandle<()>,
}

/// Starts a cluster and waits until it answers. Errors: [`SandboxError::Cluster`], [`SandboxError::PortTaken`].
pub(super) fn start(options: ClusterOptions) -> Result<Started, SandboxError> {
    require_free(options.ports)?;
    let settings = SurfnetSvmConfig {
        slot_time: QUICK_SLOT_MS,
        instruction_profiling_enabled: false,
        ..SurfnetSvmConfig::default()
    };
    let (mut svm, events, geyser) = SurfnetSvm::new(settings).map_err(SandboxError::cluster)?;
    if let Some(time) = options.begins_at {
        let millis = u64::try_from(time.get()).unwrap_or_default().saturating_mul(1_000);
        (svm.updated_at, svm.genesis_updated_at) = (millis, millis);
        svm.reconstruct_sysvars();
    }
    let svm = SurfnetSvmLocker::new(svm);
    // Both are drained for as long as the cluster runs.
    let (commands, received) = unbounded();
    let (phase, phases) = bounded(8);
    let failures = phase.clone();
    named("cluster-events").spawn(move || watch(&events, &phase)).map_err(SandboxError::cluster)?;
    let (sender, locker) = (commands.clone(), svm.clone());
    let blocks = move || {
        if let Err(error) = serve(locker, options, sender, received, geyser) {
            let _ = failures.send(Phase::Failed(error));
        }
    };
    let blocks = named("cluster").spawn(blocks).map_err(SandboxError::cluster)?;
    match phases.recv_timeout(PATIENCE) {
        Ok(Phase::Started) => Ok(Started { commands, svm, running: Running { phases, blocks } }),
        Ok(Phase::Failed(reason)) => Err(SandboxError::cluster(reason)),
        Ok(Phase::Stopped) => Err(SandboxError::cluster("it ended while it started")),
        Err(_) => Err(SandboxError::cluster("it did not start within 30 s")),
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_string())
}

/// Requires that both ports can be listened at. Errors: [`SandboxError::PortTaken`].
fn require_free(ports: ClusterPorts) -> Result<(), SandboxError> {
    for port in [ports.rpc, ports.ws] {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|error| SandboxError::PortTaken { port, reason: error.to_string() })?;
    }
    Ok(())
}

/// Loads the programs, then serves until it is told to end.
fn serve(
    svm: SurfnetSvmLocker,
    options: ClusterOptions,
    commands: Sender<SimnetCommand>,
    received: Receiver<SimnetCommand>,
    geyser: Receiver<GeyserEvent>,
) -> Result<(), String> {
    // The cluster blocks threads of a runtime with several workers, and this runtime is its own.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        for Program { address, elf } in &options.programs {
            let written = svm.write_program(*address, None, 0, elf, &None).await;
            written.map_err(|error| format!("cannot load the program {address}: {error}"))?;
        }
        let config = config(options.ports);
        let served = start_local_surfnet_runloop(svm, config, commands, received, geyser).await;
        served.map_err(|error| error.to_string())
    })
}

fn config(ports: ClusterPorts) -> SurfpoolConfig {
    let simnet = SimnetConfig {
        offline_mode: true,
        remote_rpc_url: None,
        slot_time: QUICK_SLOT_MS,
        block_production_mode: BlockProductionMode::Transaction,
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
