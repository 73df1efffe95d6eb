//! `blockable-bench`: figures that are measured and held against bounds.
//!
//! `cu`: what every instruction costs in compute units, on the real ELF. A scenario drives a [`Lab`] through
//! part of the lifecycle with varied inputs; every instruction it measures adds a sample to the row of its name. The others measure speed.

mod agreements;
mod bounds;
mod document;
mod endings;
mod enforcement;
mod figures;
mod keeper;
mod lab;
mod locked;
mod metering;
mod origination;
mod performance;
mod provider;
mod recovery;
mod riders;
mod roles;
mod servicing;
mod settings;

use {
    blockable_sdk::{program::state::Credit, tokens},
    blockable_testkit::{ElfError, read_elf},
    clap::Parser,
    figures::{Figures, Row},
    lab::Lab,
    std::{path::PathBuf, process::ExitCode},
};

/// Measures the program on its real ELF, and the speed of provider and keeper.
#[derive(Parser, Debug)]
#[command(name = "blockable-bench")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Compute units of every instruction; exits with 1 when a figure passes its bound
    Cu(CuArgs),
    /// Admissions per second, in memory and durable, and what the gateway adds to a call
    Gate(provider::GateArgs),
    /// From the lender's signature until the gate refuses a new job: by signed transaction, and by chain
    FreezeLatency(provider::LatencyArgs),
    /// From the borrower's signature on a payment until the gate admits a job on the units that it opens
    PaymentLatency(provider::PaymentArgs),
    /// Measures a keeper's intake, planning and landing, and its costs
    Keeper(keeper::KeeperArgs),
    /// The lender's page in a browser: its bytes, a large portfolio, and the time from a click until the gate refuses
    Page(keeper::PageArgs),
    /// The keeper of a bench
    #[command(hide = true)]
    KeeperChild(keeper::ChildArgs),
    /// A trace through the gateway to the chain: is every token counted?
    Replay(provider::ReplayArgs),
}

#[derive(clap::Args, Debug)]
struct CuArgs {
    /// Print one JSON object per line instead of a Markdown table
    #[arg(long)]
    json: bool,
    /// Replace the table in this Markdown file
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    write: Option<PathBuf>,
    /// Exit with 1 when the table in this Markdown file is out of date (more than 2 % off, or a row is missing)
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// A reason for which the bench fails.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    /// Figures beyond their bounds.
    #[error("past the bound: {}", .0.join("; "))]
    PastBound(Vec<String>),
    /// Rows that no scenario measured, or samples that have no row.
    #[error("{0}; bring bench/src/bounds.rs and the scenarios into line")]
    Uneven(String),
    /// Instructions of the program that no row is of.
    #[error("no row for {}; give each a bound in bench/src/bounds.rs and a scenario", .0.join(", "))]
    NoRow(Vec<String>),
    /// The committed table is not what was measured.
    #[error("{path} is out of date ({}); run `blockable-bench cu --write {path}`", .differences.join("; "))]
    Stale {
        /// The file.
        path: String,
        /// One entry per row that differs.
        differences: Vec<String>,
    },
    /// No table in the file.
    #[error(
        "{path} has no lines `<!-- bench {bench}: begin -->` and `<!-- bench {bench}: end -->`; the table belongs between them"
    )]
    NoMarkers {
        /// The file.
        path: String,
        /// The bench whose table it is.
        bench: String,
    },
    /// The setup of a measurement failed.
    #[error("cannot set up the measurement: {0}")]
    Setup(String),
    /// No program to measure.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A file that cannot be read or written.
    #[error("cannot use {path}: {source}; name a Markdown file with the table")]
    File {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
}

impl BenchError {
    /// Wraps a failure of the setup.
    fn setup(error: impl std::fmt::Display) -> BenchError {
        BenchError::Setup(error.to_string())
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the chosen bench. Errors: [`BenchError`].
fn run(args: &Args) -> Result<(), BenchError> {
    read_elf()?;
    match &args.command {
        Command::Cu(args) => compute_units(args),
        Command::Gate(args) => provider::gate(args),
        Command::FreezeLatency(args) => provider::freeze_latency(args),
        Command::PaymentLatency(args) => provider::payment_latency(args),
        Command::Keeper(args) => keeper::keeper(args),
        Command::Page(args) => keeper::page(args),
        Command::KeeperChild(args) => keeper::child(args),
        Command::Replay(args) => provider::replay(args),
    }
}

fn compute_units(args: &CuArgs) -> Result<(), BenchError> {
    let without_row = bounds::without_row();
    if !without_row.is_empty() {
        return Err(BenchError::NoRow(without_row));
    }
    let rows = measure().rows()?;
    print(&rows, args.json);
    if let Some(path) = &args.write {
        document::write(path, &rows)?;
    }
    let past: Vec<String> = rows.iter().filter(|row| !row.ok).map(Row::complaint).collect();
    if !past.is_empty() {
        return Err(BenchError::PastBound(past));
    }
    match &args.check {
        Some(path) => document::check(path, &rows),
        None => Ok(()),
    }
}

/// A part of the lifecycle, driven with varied inputs.
type Scenario = fn(&mut Lab);

const SCENARIOS: [(&str, Scenario); 11] = [
    ("settings", settings::measure),
    ("roles", roles::measure),
    ("origination", origination::measure),
    ("servicing", servicing::measure),
    ("agreements", agreements::measure),
    ("riders", riders::measure),
    ("enforcement", enforcement::measure),
    ("recovery", recovery::measure),
    ("lock and holdback", locked::measure),
    ("endings", endings::measure),
    ("metering", metering::measure),
];

fn measure() -> Figures {
    let mut figures = Figures::new();
    for (token, program) in [("SPL Token", tokens::TOKEN_PROGRAM), ("Token-2022", tokens::TOKEN_2022_PROGRAM)]
    {
        for (name, scenario) in SCENARIOS {
            figures.progress(&format!("{name}, {token}"));
            scenario(&mut Lab::new(program, &mut figures));
        }
    }
    figures.add("ELF, bytes", blockable_testkit::ELF.len() as u64);
    figures.add("Credit account, bytes", Credit::SPACE as u64);
    figures
}

fn print(rows: &[Row], json: bool) {
    if json {
        rows.iter().for_each(|row| println!("{}", row.json()));
    } else {
        print!("{}", document::table(rows));
    }
}
