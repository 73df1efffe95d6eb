//! What an operator calls.

mod doctor;
mod exit;
mod init;
mod quarantine;
mod reconcile;
mod rehearse;
mod run;

use {
    crate::{
        config::{Config, ConfigError},
        daemon::{CycleError, Keeper, OpenError},
        store::{Store, StoreError},
    },
    blockable_sdk::Pubkey,
    clap::{Parser, Subcommand, ValueEnum},
    serde::Serialize,
    std::{io, path::PathBuf, process::ExitCode, time::Duration},
};

/// How long commands follow what they send.
const PATIENCE: Duration = Duration::from_secs(90);

/// Watches the usage oracles and repayment schedules of a market, submits what falls due, warns whom it concerns.
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
        file: File,
        /// How log lines are written
        #[arg(long, value_enum, default_value_t = LogFormat::Text)]
        log: LogFormat,
    },
    /// Goes round once: reads, plans, lands, alerts
    Once {
        #[command(flatten)]
        file: File,
        /// Simulates and prints the plan; sends, stores and tells nothing
        #[arg(long)]
        dry_run: bool,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Says what is due on a credit, what is not and why; sends nothing
    Explain {
        #[command(flatten)]
        file: File,
        /// The credit's address
        credit: Pubkey,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Follows what an ended keeper left in flight to its end, and compares the store with the chain; sends nothing new
    Reconcile {
        #[command(flatten)]
        file: File,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Work that keeps failing
    Quarantine {
        #[command(flatten)]
        file: File,
        #[command(subcommand)]
        action: quarantine::Action,
    },
    /// Checks configuration, keys, balances, nodes, clocks, reporters and the program
    Doctor {
        #[command(flatten)]
        file: File,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct File {
    /// The keeper's file; keeper.example.toml explains every key
    #[arg(long, value_name = "FILE", default_value = "keeper.toml", global = true)]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The keeper does not start.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A cycle did nothing.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was written.
    #[error(transparent)]
    Init(#[from] blockable_service::init_file::InitFileError),
    /// No such credit.
    #[error("the market has no credit at {0}; check the address and the market")]
    NoCredit(Pubkey),
    /// No such lane.
    #[error("no work of this name has failed: {0}; `quarantine list` names what has")]
    NoLane(String),
    /// A folder for a while.
    #[error("no temporary folder can be made: {0}")]
    Folder(io::Error),
    /// Signals.
    #[error("the system tells of no signals: {0}")]
    Signals(io::Error),
    /// Output.
    #[error("the result cannot be written: {0}")]
    Output(#[from] serde_json::Error),
}

/// Runs the command line. Returns its exit code: 0 when all is as it should be, 1 when not, 64 for a wrong configuration.
pub async fn main() -> ExitCode {
    if fail::has_failpoints() {
        // Kept for as long as the process lives.
        std::mem::forget(fail::FailScenario::setup());
    }
    let code = match run(Cli::parse().command).await {
        Ok(true) => exit::GOOD,
        Ok(false) => exit::BAD,
        Err(error) => {
            eprintln!("error: {error}");
            if matches!(error, CommandError::Config(_)) { exit::CONFIG } else { exit::BAD }
        }
    };
    ExitCode::from(code)
}

async fn run(command: Command) -> Result<bool, CommandError> {
    match command {
        Command::Init { folder } => {
            println!("wrote {}; set market, rpc, keys and reporters in it", init::init(&folder)?.display());
            Ok(true)
        }
        Command::Run { file, log } => {
            let config = Config::load(&file.config)?;
            run::log(log);
            run::run(config).await
        }
        Command::Once { file, dry_run: true, json } => {
            let config = Config::load(&file.config)?;
            run::log(LogFormat::Text);
            rehearse::run(config, json).await
        }
        Command::Once { file, dry_run: false, json } => {
            let config = Config::load(&file.config)?;
            run::log(LogFormat::Text);
            let report = Keeper::open(config).await?.once(PATIENCE).await?;
            show(&report, json)?;
            Ok(report.landing.failed == 0 && report.landing.unfunded == 0)
        }
        Command::Explain { file, credit, json } => {
            let config = Config::load(&file.config)?;
            run::log(LogFormat::Text);
            let (mut keeper, _folder) = beside(config).await?;
            let explanation = keeper.explain(&credit).await?.ok_or(CommandError::NoCredit(credit))?;
            match json {
                true => println!("{}", serde_json::to_string(&explanation)?),
                false => println!("{explanation}"),
            }
            Ok(true)
        }
        Command::Reconcile { file, json } => reconcile::run(Config::load(&file.config)?, json).await,
        Command::Quarantine { file, action } => quarantine::run(&Config::load(&file.config)?, action).await,
        Command::Doctor { file, json } => doctor::run(Config::load(&file.config)?, json).await,
    }
}

/// A keeper on a store of its own that ends with the command: it may look while another keeper runs. It knows what that one
/// has heard and seen.
async fn beside(config: Config) -> Result<(Keeper, Scratch), CommandError> {
    let folder = Scratch::new().map_err(CommandError::Folder)?;
    let store = Store::open(&folder.0)?;
    store.copy_tables(&config.data_dir, &SEEN)?;
    Ok((Keeper::on(config, store).await?, folder))
}

/// What a look at what is due needs of the store: the stalls, what reporters have said, and what was put
/// aside.
const SEEN: [&str; 5] = ["stalls", "last_reading", "reports", "cursors", "lanes"];

/// A folder that goes with whoever holds it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Scratch> {
        let path = std::env::temp_dir().join(format!("blockable-keeper-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path)?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Prints a result: JSON for machines, its fields for people.
fn show(result: &impl Serialize, json: bool) -> Result<(), CommandError> {
    if json {
        println!("{}", serde_json::to_string(result)?);
        return Ok(());
    }
    let value = serde_json::to_value(result)?;
    print_fields(&value, "");
    Ok(())
}

fn print_fields(value: &serde_json::Value, indent: &str) {
    let Some(fields) = value.as_object() else {
        println!("{indent}{value}");
        return;
    };
    for (name, value) in fields {
        let name = name.replace('_', " ");
        match value {
            serde_json::Value::Object(inner) if inner.is_empty() => println!("{indent}{name}: none"),
            serde_json::Value::Object(_) => {
                println!("{indent}{name}:");
                print_fields(value, &format!("{indent}  "));
            }
            serde_json::Value::String(text) => println!("{indent}{name}: {text}"),
            other => println!("{indent}{name}: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{
            chain::{SlotTime, StallLog},
            land::lanes,
        },
        blockable_sdk::amounts::ChainTime,
    };

    #[tokio::test]
    async fn a_look_knows_when_the_cluster_stood_still_and_what_was_put_aside() {
        let (running, looking) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keeper = Store::open(running.path()).unwrap();
        let mut stall_log = StallLog::open(keeper.clone(), 60).await.unwrap();
        for (slot, clock) in [(1_000, 50_000), (1_010, 53_606)] {
            stall_log.record(SlotTime { slot, clock: ChainTime(clock) }).await.unwrap();
        }
        let fail = |tx: &rusqlite::Transaction| {
            let lane = ("meter/p/1", "meter", &Pubkey::default());
            lanes::fail(tx, lane, "no", PATIENCE, ChainTime(53_606))
        };
        keeper.write(fail).await.unwrap();

        let look = Store::open(looking.path()).unwrap();
        look.copy_tables(running.path(), &SEEN).unwrap();
        let seen = StallLog::open(look.clone(), 60).await.unwrap();
        assert_eq!(seen.stalls().lost_since(ChainTime(0)), 3_600);
        let blocked = look.read(|connection| lanes::blocked(connection, ChainTime(53_607))).await.unwrap();
        assert!(blocked.contains("meter/p/1"));
    }
}
