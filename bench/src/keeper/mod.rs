//! Measures a keeper: its rounds and its parts.

mod alerts;
mod api;
mod child;
mod fleet;
mod large;
mod node;
mod parts;
mod rounds;
mod sizes;

pub use child::ChildArgs;

use super::{
    BenchError, document,
    performance::{Figure, Output},
};

/// Credits of the fleet that the bounds are stated for.
const CREDITS: u32 = 10_000;
/// Providers that they are at.
const PROVIDERS: u32 = 10;

/// Rounds after the first, which reads everything.
const ROUNDS: u64 = 3;

/// Arguments of `bench keeper`.
#[derive(clap::Args, Debug)]
pub struct KeeperArgs {
    /// Measures only a cycle over this many credits on a simulated chain
    #[arg(long, value_name = "CREDITS", conflicts_with = "write")]
    simulated: Option<u32>,
    /// Measures only requests to the API over this many credits
    #[arg(long, value_name = "CREDITS", conflicts_with_all = ["write", "simulated"])]
    api: Option<u32>,
    /// Measures only a cycle on solana-test-validator, as named in SOLANA_TEST_VALIDATOR or found on the path
    #[arg(long, conflicts_with = "simulated")]
    validator: bool,
    /// Measures only the sizes: a day of metering, and a year of the store
    #[arg(long, conflicts_with_all = ["simulated", "validator"])]
    sizes: bool,
    /// Measures only the first cycle on a store of so many gigabytes
    #[arg(long, value_name = "GB", conflicts_with_all = ["simulated", "validator", "sizes"])]
    large: Option<u32>,
    /// Goes so many rounds after the first, to see whether memory grows with them
    #[arg(long, default_value_t = ROUNDS, conflicts_with = "write", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    #[command(flatten)]
    output: Output,
}

/// Runs `bench keeper`. Errors: [`BenchError`].
pub fn keeper(args: &KeeperArgs) -> Result<(), BenchError> {
    if let Some(credits) = args.simulated {
        return args.output.finish("keeper", &rounds::simulated(credits, PROVIDERS, args.rounds)?);
    }
    if let Some(credits) = args.api {
        return args.output.finish("keeper-api", &api::requests(credits, PROVIDERS)?);
    }
    if args.validator {
        return args
            .output
            .finish("keeper-validator", &rounds::on_validator(CREDITS, PROVIDERS, args.rounds)?);
    }
    if args.sizes {
        return measure_sizes(args);
    }
    if let Some(gigabytes) = args.large {
        return args.output.finish("keeper-large", &large::first_cycle(gigabytes)?);
    }
    let mut figures = Vec::new();
    let mut measure = |name: &str, run: &dyn Fn() -> Result<Vec<Figure>, BenchError>| {
        eprintln!("bench: {name} ...");
        figures.extend(run()?);
        Ok::<_, BenchError>(())
    };
    measure("ingest", &|| parts::ingest())?;
    measure("planning", &|| parts::planning())?;
    measure("alerts", &|| alerts::critical())?;
    for credits in [1_000, 10_000, 100_000] {
        measure(&format!("{credits} credits on a simulated chain"), &|| {
            rounds::simulated(credits, PROVIDERS, args.rounds)
        })?;
    }
    measure("requests to the API", &|| api::requests(CREDITS, PROVIDERS))?;
    args.output.finish("keeper", &figures)
}

/// Measures the sizes, and writes their table as well.
fn measure_sizes(args: &KeeperArgs) -> Result<(), BenchError> {
    eprintln!("bench: a day of metering ...");
    let day = sizes::day()?;
    eprintln!("bench: a year of the store ...");
    let year = sizes::year(&day)?;
    let table = sizes::table(&day, &year);
    match &args.output.write {
        Some(path) => document::replace(path, "keeper-sizing", &table)?,
        None => eprintln!("{table}"),
    }
    args.output.finish("keeper-sizes", &sizes::figures(&day, &year))
}

/// Runs the keeper of a bench, as a process of its own. Errors: [`BenchError`].
pub fn child(args: &ChildArgs) -> Result<(), BenchError> {
    child::run(args)
}
