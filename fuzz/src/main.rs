//! Tries to break the program: random honest and hostile steps in several markets, verified by an independent model.

use {
    blockable_fuzz::{Options, run},
    clap::Parser,
    indicatif::{ProgressBar, ProgressStyle},
    std::{process::ExitCode, time::SystemTime},
};

/// Random honest and hostile steps on the real program, every one of them verified by an independent model.
#[derive(Parser)]
struct Args {
    /// Steps in all.
    #[arg(long, default_value_t = 200_000)]
    steps: u64,
    /// Seed of the run; a random one where none is given.
    #[arg(long)]
    seed: Option<u64>,
    /// Threads; the result does not depend on them.
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// Steps of one episode; each episode starts in a fresh lab.
    #[arg(long, default_value_t = 4_000)]
    length: u64,
    /// Plays one episode alone.
    #[arg(long)]
    episode: Option<u64>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let clock =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let seed = args.seed.unwrap_or_else(clock);
    eprintln!("seed {seed}");
    let bar = ProgressBar::new(args.episode.map_or(args.steps, |_| args.length));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let options =
        Options { seed, steps: args.steps, length: args.length.max(1), jobs: args.jobs, only: args.episode };
    let report = run(options, |done| bar.set_position(done));
    bar.finish_and_clear();
    if args.json {
        println!("{:#}", report.json())
    } else {
        println!("{}", report.text())
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
