//! The command line.

mod alert;
mod backup;
mod doctor;
mod dry_run;
mod exit;
mod explain;
mod init;
mod keys;
mod observer;
mod once;
mod output;
mod page;
mod quarantine;
mod reconcile;
mod run;
mod store;

use {
    crate::{
        config::{Config, ConfigError},
        daemon::{CycleError, OpenError},
        page::export::ExportError,
        store::StoreError,
    },
    blockable_sdk::{Pubkey, amounts::MicroUsd},
    blockable_service::{
        address::address,
        init_file::InitFileError,
        log::{LogFormat, log_to_stderr},
        shutdown::SignalError,
    },
    clap::{Parser, Subcommand},
    std::{io, path::PathBuf, process::ExitCode, time::Duration},
};

/// Longest time for which commands follow the transactions that they send.
const PATIENCE: Duration = Duration::from_secs(90);

/// Watches the usage reports and repayment schedules of a market, submits what falls due, and alerts the parties.
#[derive(Parser)]
#[command(name = "blockable-keeper", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes keeper.toml, with a comment on every key, to a folder; overwrites nothing
    Init {
        /// The folder
        folder: PathBuf,
    },
    /// Runs until SIGTERM or SIGINT
    ///
    /// RUST_LOG sets what is logged, to stderr [default: info].
    Run {
        #[command(flatten)]
        file: FileArgs,
        /// Format of log lines
        #[arg(long, value_enum, default_value_t = LogFormat::Text)]
        log: LogFormat,
    },
    /// Runs one cycle: reads the chain, plans, submits and alerts
    Once {
        #[command(flatten)]
        file: FileArgs,
        /// Simulates and prints the plan; sends, stores and delivers nothing
        #[arg(long)]
        dry_run: bool,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Explains what is due on a credit and what is not; sends nothing
    Explain {
        #[command(flatten)]
        file: FileArgs,
        /// The credit's address
        #[arg(value_parser = address)]
        credit: Pubkey,
        /// Shows what a payment of so many micro-USDC would open; without it, the payment that makes the loan current, or the next
        /// instalment
        #[arg(long, value_name = "MICRO_USDC", value_parser = clap::value_parser!(u64).range(1..))]
        payment: Option<u64>,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Follows transactions that an ended keeper left in flight, and compares the store with the chain; sends nothing new
    Reconcile {
        #[command(flatten)]
        file: FileArgs,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists, retries or gives up work that keeps failing
    Quarantine {
        #[command(flatten)]
        file: FileArgs,
        #[command(subcommand)]
        action: quarantine::QuarantineAction,
    },
    /// Exports the page
    Page {
        #[command(flatten)]
        file: FileArgs,
        #[command(subcommand)]
        action: page::PageAction,
    },
    /// Examines the store, saves what can be read of a damaged one, or takes it back to the layout of the version before
    ///
    /// The keeper must have been stopped.
    Store {
        #[command(flatten)]
        file: FileArgs,
        /// Prints JSON
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        action: store::StoreAction,
    },
    /// Tests the way to the sinks of alerts
    Alert {
        #[command(flatten)]
        file: FileArgs,
        #[command(subcommand)]
        action: alert::AlertAction,
    },
    /// Makes keys and secrets, in files of their own
    Keys {
        #[command(subcommand)]
        action: keys::KeysAction,
    },
    /// Copies the store to a new file; works while a keeper runs
    Backup {
        #[command(flatten)]
        file: FileArgs,
        /// The copy; overwrites nothing
        copy: PathBuf,
    },
    /// Checks configuration, keys, balances, nodes, clocks, reporters, the program, sinks, secrets and the disk
    Doctor {
        #[command(flatten)]
        file: FileArgs,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct FileArgs {
    /// The keeper's file; keeper.example.toml explains every key
    #[arg(long, value_name = "FILE", default_value = "keeper.toml", global = true)]
    config: PathBuf,
}

impl FileArgs {
    /// Reads the file, then starts logging: mistakes in the file are printed without log lines before them.
    fn load_and_log(&self, format: LogFormat) -> Result<Config, ConfigError> {
        let config = Config::FILE.load(&self.config)?;
        log_to_stderr(format);
        Ok(config)
    }
}

/// A fault that stops a command.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// The file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The keeper does not start.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A cycle failed.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first file was not written.
    #[error(transparent)]
    Init(#[from] InitFileError),
    /// The market has no such credit.
    #[error("the market has no credit at {0}; check the address and the market")]
    NoCredit(Pubkey),
    /// No work of this name has failed.
    #[error("no work of this name has failed: {0}; `quarantine list` lists all that has")]
    NoLane(String),
    /// The file turns no page on.
    #[error("the file has no [page]; add one, with the nodes that browsers may use")]
    NoPage,
    /// A local cluster whose nodes do not answer.
    #[error("no node of [[rpc]] names the cluster's first block; start the cluster, or correct the URLs")]
    NoGenesis,
    /// The page was not exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// No sink has this name.
    #[error(
        "no sink has the name {0:?}; [[webhook]], [[slack]] and the other lists in the file have the names"
    )]
    NoSink(String),
    /// A temporary folder cannot be created.
    #[error("cannot create a temporary folder: {0}; make room in it, or set TMPDIR to another")]
    Folder(io::Error),
    /// A signal cannot be listened for.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The result cannot be printed.
    #[error("cannot write the result as JSON: {0}")]
    Output(#[from] serde_json::Error),
}

/// Runs the command line. Returns its exit code: 0 for a success, 1 for a failure or a fault found, 64
/// for a wrong configuration.
pub async fn run_command_line() -> ExitCode {
    if fail::has_failpoints() {
        // Kept for as long as the process lives.
        std::mem::forget(fail::FailScenario::setup());
    }
    let code = match execute(Cli::parse().command).await {
        Ok(true) => exit::OK,
        Ok(false) => exit::FAILED,
        Err(error) => {
            eprintln!("error: {error}");
            if matches!(error, CommandError::Config(_)) { exit::CONFIG } else { exit::FAILED }
        }
    };
    ExitCode::from(code)
}

/// Runs a command. Returns false if it found a fault or left work undone.
async fn execute(command: Command) -> Result<bool, CommandError> {
    match command {
        Command::Init { folder } => {
            println!("wrote {}; set market, rpc, keys and reporters in it", init::init(&folder)?.display());
            Ok(true)
        }
        Command::Run { file, log } => run::run(file.load_and_log(log)?).await,
        Command::Once { file, dry_run: true, json } => {
            dry_run::run(file.load_and_log(LogFormat::Text)?, json).await
        }
        Command::Once { file, dry_run: false, json } => {
            once::run(file.load_and_log(LogFormat::Text)?, json).await
        }
        Command::Explain { file, credit, payment, json } => {
            let payment = payment.map(MicroUsd);
            explain::run(file.load_and_log(LogFormat::Text)?, credit, payment, json).await
        }
        Command::Reconcile { file, json } => reconcile::run(Config::FILE.load(&file.config)?, json).await,
        Command::Quarantine { file, action } => {
            quarantine::run(&Config::FILE.load(&file.config)?, action).await
        }
        Command::Page { file, action } => page::run(&Config::FILE.load(&file.config)?, action).await,
        Command::Store { file, json, action } => {
            store::run(&Config::FILE.load(&file.config)?, action, json).await
        }
        Command::Alert { file, action } => alert::run(&Config::FILE.load(&file.config)?, action).await,
        Command::Keys { action } => keys::run(action),
        Command::Backup { file, copy } => {
            let bytes = backup::run(&Config::FILE.load(&file.config)?, &copy)?;
            println!("wrote {}, {bytes} bytes", copy.display());
            Ok(true)
        }
        Command::Doctor { file, json } => doctor::run(Config::FILE.load(&file.config)?, json).await,
    }
}
