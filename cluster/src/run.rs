//! The threads of a cluster: one makes blocks, runs transactions and owns the servers; one gives the beat; one reads events.

use {
    crate::{
        Beginning, ClusterError, ClusterOptions, ClusterPorts, Pace, Program, SLOT_MS,
        blocks::{self, BlockLog},
        clock::Clock,
        image::Accounts,
        saver::Saver,
        serve::Servers,
    },
    crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded},
    std::{
        net::{Ipv4Addr, TcpListener},
        path::PathBuf,
        thread::{self, JoinHandle},
        time::Duration,
    },
    surfpool_core::{
        runloops::start_block_production_runloop,
        surfnet::{
            locker::SurfnetSvmLocker,
            svm::{SurfnetSvm, SurfnetSvmConfig},
        },
    },
    surfpool_types::{SimnetCommand, SimnetConfig},
    tokio::{
        runtime::{Builder, Runtime},
        sync::watch,
    },
};

/// Longest time of a start, and of a stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster that has started.
pub(crate) struct Started {
    pub(crate) svm: SurfnetSvmLocker,
    pub(crate) clock: Clock,
    pub(crate) running: Running,
    pub(crate) saver: Option<Saver>,
}

/// The threads of a running cluster. Dropping it ends them, and the ports are free a moment later.
pub(crate) struct Running {
    commands: Sender<SimnetCommand>,
    /// Disconnected once the thread has ended.
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    /// The reason of its end, once it has ended.
    pub(crate) ended: watch::Receiver<Option<String>>,
}

/// Starts a cluster and waits until it answers. Errors: [`ClusterError`].
pub(crate) fn start(options: ClusterOptions) -> Result<Started, ClusterError> {
    let ClusterOptions { ports, programs, beginning, folder, pace, cheatcodes } = options;
    require_free(&[ports.rpc, ports.ws])?;
    let settings = SurfnetSvmConfig {
        slot_time: pace.slot_ms(),
        instruction_profiling_enabled: false,
        ..SurfnetSvmConfig::default()
    };
    let (svm, events, geyser) = SurfnetSvm::new(settings).map_err(ClusterError::failed)?;
    // Without plugins nobody wants to know of accounts.
    drop(geyser);
    let svm = SurfnetSvmLocker::new(svm);
    // The cluster blocks threads of a runtime with several workers, and this runtime is its own.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(ClusterError::failed)?;
    runtime.block_on(load(&svm, &programs))?;
    let saver = begin(&svm, beginning, folder)?;
    // Without a reader the cluster would stand still once the queue of events is full.
    let drain = move || events.iter().for_each(drop);
    named("cluster-events").spawn(drain).map_err(ClusterError::failed)?;
    let (commands, received) = unbounded();
    let clock = Clock::new(svm.clone(), commands.clone(), matches!(pace, Pace::PerSlot { .. }));
    let parts = Parts {
        runtime,
        svm: svm.clone(),
        clock: clock.clone(),
        commands: commands.clone(),
        received,
        ports,
        pace,
        cheatcodes,
    };
    let running = parts.spawn()?;
    Ok(Started { svm, clock, running, saver })
}

/// Loads programs. Errors: [`ClusterError::Failed`].
pub(crate) async fn load(svm: &SurfnetSvmLocker, programs: &[Program]) -> Result<(), ClusterError> {
    for Program { address, elf } in programs {
        let written = svm.write_program(*address, None, 0, elf, &None).await;
        written
            .map_err(|error| ClusterError::failed(format!("cannot load the program {address}: {error}")))?;
    }
    Ok(())
}

/// Sets the state that a cluster begins with. Returns its saver where it has a folder.
fn begin(
    svm: &SurfnetSvmLocker,
    beginning: Beginning,
    folder: Option<PathBuf>,
) -> Result<Option<Saver>, ClusterError> {
    let mut svm = svm.0.blocking_write();
    let accounts = svm.get_all_accounts().map_err(ClusterError::failed)?;
    let before: Accounts = accounts.into_iter().collect();
    let slot = match &beginning {
        Beginning::New(_) => 0,
        Beginning::Saved(image, _) => image.slot,
    };
    let mut saver = None;
    if let Some(folder) = folder {
        let (log, saved) = BlockLog::open(&folder, slot)?;
        blocks::restore(saved, &mut svm).map_err(ClusterError::failed)?;
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

/// Requires that ports of 127.0.0.1 can be listened at. Errors: [`ClusterError::PortTaken`].
pub fn require_free(ports: &[u16]) -> Result<(), ClusterError> {
    for port in ports.iter().copied() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map_err(|source| ClusterError::PortTaken { port, source })?;
    }
    Ok(())
}

/// All that the thread of blocks needs.
struct Parts {
    runtime: Runtime,
    svm: SurfnetSvmLocker,
    clock: Clock,
    commands: Sender<SimnetCommand>,
    received: Receiver<SimnetCommand>,
    ports: ClusterPorts,
    pace: Pace,
    cheatcodes: bool,
}

impl Parts {
    /// Starts the thread, and waits until its servers answer. Errors: [`ClusterError::Failed`].
    fn spawn(self) -> Result<Running, ClusterError> {
        let commands = self.commands.clone();
        let (started, starts) = bounded(1);
        let (running, done) = bounded(0);
        let (end, ended) = watch::channel(None);
        let run = move || {
            // A panic drops both without a word.
            let _running: Sender<()> = running;
            let reason = match self.run(&started) {
                Ok(()) => "it was told to stop".to_string(),
                Err(error) => error,
            };
            end.send_replace(Some(reason));
        };
        let thread = named("cluster").spawn(run).map_err(ClusterError::failed)?;
        let running = Running { commands, done, thread: Some(thread), ended };
        match starts.recv_timeout(PATIENCE) {
            Ok(()) => Ok(running),
            Err(RecvTimeoutError::Timeout) => Err(ClusterError::failed("it did not start within 30 s")),
            Err(RecvTimeoutError::Disconnected) => {
                let reason = running.reason();
                Err(ClusterError::failed(reason.unwrap_or_else(|| "its thread panicked".to_string())))
            }
        }
    }

    /// Serves and makes blocks until it is told to stop. Errors: the reason of another end.
    fn run(self, started: &Sender<()>) -> Result<(), String> {
        let Parts { runtime, svm, clock, commands, received, ports, pace, cheatcodes } = self;
        let servers = Servers::start(&svm, &commands, ports, cheatcodes)?;
        let (beats, beat_commands) = clock.start(pace.slot_ms()).map_err(|error| error.to_string())?;
        svm.seal_startup_plan(Vec::new()).map_err(|error| error.to_string())?;
        let config = SimnetConfig {
            offline_mode: true,
            remote_rpc_url: None,
            slot_time: pace.slot_ms(),
            block_production_mode: pace.mode(),
            instruction_profiling_enabled: false,
            ..SimnetConfig::default()
        };
        let _ = started.send(());
        let made = runtime.block_on(start_block_production_runloop(
            beats,
            beat_commands,
            received,
            commands,
            svm,
            pace.mode(),
            &None,
            None,
            &config,
            None,
        ));
        let made = made.map_err(|error| error.to_string());
        servers.close();
        made
    }
}

impl Running {
    fn reason(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Ends the threads, or does nothing where they have ended.
    pub(crate) fn terminate(&self) {
        let _ = self.commands.send(SimnetCommand::Terminate(None));
    }

    /// Ends the threads and waits until the ports are free. Errors: [`ClusterError::Failed`], also where it had ended by itself.
    pub(crate) fn stop(mut self) -> Result<(), ClusterError> {
        let had_ended = self.commands.send(SimnetCommand::Terminate(None)).is_err();
        if self.done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            return Err(ClusterError::failed("it did not end within 30 s"));
        }
        let joined = self.thread.take().map_or(Ok(()), JoinHandle::join);
        joined.map_err(|_| ClusterError::failed("its thread panicked"))?;
        match self.reason() {
            Some(reason) if had_ended => Err(ClusterError::failed(reason)),
            _ => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.terminate();
    }
}
