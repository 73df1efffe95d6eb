//! The keeper in a process of its own, so that its memory can be measured: runs a round on request and reports it.

use {
    super::super::BenchError,
    blockable_keeper::{Config, Keeper},
    blockable_service::memory,
    serde::{Deserialize, Serialize},
    std::{
        fs,
        io::{BufRead, BufReader, Write},
        path::{Path, PathBuf},
        process::{Child, ChildStdin, ChildStdout, Command, Stdio},
        time::{Duration, Instant},
    },
};

/// Longest time of a round.
const PATIENCE: Duration = Duration::from_secs(300);

/// Arguments of the hidden command.
#[derive(clap::Args, Debug)]
pub struct ChildArgs {
    /// The keeper's file
    config: PathBuf,
}

/// The time, memory and work of one round.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Round {
    /// From the first read to the last transaction's end.
    pub seconds: f64,
    /// Transactions sent.
    pub transactions: usize,
    /// Transactions left in flight.
    pub left: usize,
    /// Most memory that the process has had, in bytes.
    pub peak_bytes: u64,
}

/// Runs one round for each line on standard input and prints its [`Round`] as JSON. Errors: [`BenchError`].
pub fn run(args: &ChildArgs) -> Result<(), BenchError> {
    memory::share_arenas();
    let config = Config::FILE.load(&args.config).map_err(BenchError::setup)?;
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    let began = Instant::now();
    let mut keeper = runtime.block_on(Keeper::open(config)).map_err(BenchError::setup)?;
    // The start is part of the first round.
    let mut opening = began.elapsed();
    for line in std::io::stdin().lines() {
        line.map_err(BenchError::setup)?;
        let began = Instant::now();
        let summary = runtime.block_on(keeper.round(PATIENCE)).map_err(BenchError::setup)?;
        let round = Round {
            seconds: (began.elapsed() + std::mem::take(&mut opening)).as_secs_f64(),
            transactions: summary.landing.transactions,
            left: keeper.in_flight(),
            peak_bytes: peak_bytes(),
        };
        println!("{}", serde_json::to_string(&round).map_err(BenchError::setup)?);
    }
    Ok(())
}

/// Peak memory of this process, from Linux; 0 elsewhere.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1_024
}

/// The child process, which ends when this handle is dropped.
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the process. Errors: [`BenchError::Setup`].
    pub fn start(config: &Path) -> Result<Process, BenchError> {
        let program = std::env::current_exe().map_err(BenchError::setup)?;
        let mut child = Command::new(program)
            .arg("keeper-child")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::setup)?;
        let no_pipes = || BenchError::Setup("the keeper has no pipes".to_string());
        let input = child.stdin.take().ok_or_else(no_pipes)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(no_pipes)?);
        Ok(Process { child, input, output })
    }

    /// Has the process run one round. Errors: [`BenchError::Setup`].
    pub fn round(&mut self) -> Result<Round, BenchError> {
        self.input.write_all(b"\n").and_then(|()| self.input.flush()).map_err(BenchError::setup)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(BenchError::setup)?;
        serde_json::from_str(&line)
            .map_err(|_| BenchError::Setup("the keeper's process ended; its error is above".to_string()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
