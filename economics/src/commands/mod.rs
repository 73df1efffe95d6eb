//! The command line: `simulate`, `quote` and `presets`. `blockable` has the first two as well, by [`SimulateArgs`] and [`QuoteArgs`].

mod presets;
mod progress;
mod quote;
mod simulate;
#[cfg(test)]
mod tests;

pub use {
    quote::{QuoteArgs, QuoteResults},
    simulate::SimulateArgs,
};

use {
    crate::{EconomicsError, assumptions::Assumptions, preset::Preset, results::json, study::StudyPlan},
    clap::{Args, Parser, Subcommand},
    std::path::PathBuf,
};

/// Recovery figures of loans secured by compute credits, and a quote for one borrower
///
/// Every figure is a Monte Carlo estimate on the program's own functions under stated assumptions. The same seed gives
/// the same figures with any number of threads.
#[derive(Debug, Parser)]
#[command(name = "blockable-economics", version)]
pub struct Cli {
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Simulate(SimulateWithFigures),
    Quote(QuoteArgs),
    /// The named terms of an offer with what is expected of each, as JSON: the table of the lender's page
    Presets,
}

/// The arguments of `simulate` with those of this command line alone.
#[derive(Debug, Args)]
struct SimulateWithFigures {
    #[command(flatten)]
    args: SimulateArgs,
    /// Write figures as SVG and PNG into a folder
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
}

/// Arguments of both commands.
#[derive(Debug, Args)]
struct CommonArgs {
    /// Assumptions of your own, in the form of economics/data/assumptions.toml
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,
    /// Loan paths of each preset
    #[arg(long, default_value_t = 20_000)]
    paths: u64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 20_261_129)]
    seed: u64,
    /// Threads; all cores where it is left out
    #[arg(long)]
    threads: Option<usize>,
}

impl CommonArgs {
    /// Our assumptions, or those of the file. Errors: those of [`Assumptions::from_file`].
    fn assumptions(&self) -> Result<Assumptions, EconomicsError> {
        match &self.assumptions {
            Some(path) => Assumptions::from_file(path),
            None => Assumptions::built_in(),
        }
    }

    fn plan(&self) -> Result<StudyPlan, EconomicsError> {
        if self.paths < 10 {
            return Err(EconomicsError::Argument("--paths must be at least 10".to_string()));
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Ok(StudyPlan { paths: self.paths, seed: self.seed, threads: self.threads.unwrap_or(cores).max(1) })
    }
}

/// Runs a command and prints its result. Errors: [`EconomicsError`].
pub fn run(cli: Cli) -> Result<(), EconomicsError> {
    let text = match cli.command {
        Command::Simulate(simulate) => {
            let results = simulate.args.simulate()?;
            #[cfg(feature = "figures")]
            if let Some(folder) = &simulate.figures {
                for file in crate::figures::write_all(&results, folder)? {
                    eprintln!("wrote {}", file.display());
                }
            }
            if cli.json { json(&results)? } else { results.to_string() }
        }
        Command::Quote(args) => {
            let results = args.quote()?;
            if cli.json { json(&results)? } else { results.to_string() }
        }
        Command::Presets => presets::run()?,
    };
    println!("{}", text.trim_end());
    Ok(())
}

/// The presets of some names; all of them for no name. Errors: an unknown name.
fn named_presets(names: &[String]) -> Result<Vec<Preset>, EconomicsError> {
    match names {
        [] => Ok(Preset::all()),
        names => names.iter().map(|name| Preset::named(name)).collect(),
    }
}

/// Parses a share such as `85%` or `0.85`.
fn share(text: &str) -> Result<f64, String> {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 100.0));
    let share = digits.trim().parse::<f64>().ok().map(|number| number / scale);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{text} is no share: write a percentage such as 85%, or a number from 0 to 1"))
}
