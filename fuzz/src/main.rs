//! Tries to break the program: random honest and hostile steps in several markets, verified by an independent model.

use {
    blockable_fuzz::{Options, run, run_coalitions},
    blockable_testkit::read_elf,
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
    /// Steps of one episode; each episode starts in a fresh lab. 4,000, with --coalitions 1,000.
    #[arg(long)]
    length: Option<u64>,
    /// Plays one episode alone.
    #[arg(long)]
    episode: Option<u64>,
    /// Plays one honest lender, borrower or provider against everyone else, instead of everyone against the model.
    #[arg(long)]
    coalitions: bool,
    /// With --coalitions: no game begins with a known attack.
    #[arg(long, requires = "coalitions")]
    unaided: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = read_elf() {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let clock =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let seed = args.seed.unwrap_or_else(clock);
    eprintln!("seed {seed}");
    let length = args.length.unwrap_or(if args.coalitions { 1_000 } else { 4_000 }).max(1);
    let bar = ProgressBar::new(args.episode.map_or(args.steps, |_| length));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    let options = Options { seed, steps: args.steps, length, jobs: args.jobs, only: args.episode };
    if args.coalitions {
        let report = run_coalitions(&options, !args.unaided, |done| bar.set_position(done));
        bar.finish_and_clear();
        return finish(args.json, report.json(), report.text(), report.is_good());
    }
    let report = run(options, |done| bar.set_position(done));
    bar.finish_and_clear();
    finish(args.json, report.json(), report.text(), report.is_good())
}

fn finish(as_json: bool, json: serde_json::Value, text: String, is_good: bool) -> ExitCode {
    if as_json {
        println!("{json:#}")
    } else {
        println!("{text}")
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
