use {
    super::{CommonArgs, share},
    crate::{
        EconomicsError,
        preset::Preset,
        quote::{Quote, Target, quotes},
        report::{json, quotes_table},
        usage::OwnUse,
    },
    clap::Args,
    std::path::PathBuf,
};

/// Find the terms that reach a target recovery for one borrower's use
#[derive(Debug, Args)]
pub(super) struct QuoteArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// The borrower's use as CSV with the header day,units
    #[arg(long = "use", value_name = "FILE")]
    own_use: PathBuf,
    /// Mean recovery of the debt at default
    #[arg(long, value_parser = share, default_value = "85%")]
    target: f64,
    /// Share of the worlds in which it must be reached
    #[arg(long, value_parser = share, default_value = "80%")]
    confidence: f64,
    /// Worlds to draw; they share the paths
    #[arg(long, default_value_t = 50)]
    worlds: u32,
    /// Units of the borrower's largest request
    #[arg(long, value_name = "UNITS")]
    largest_request: Option<u64>,
    /// A preset; again for more; all where it is left out
    #[arg(long = "preset", value_name = "NAME")]
    presets: Vec<String>,
}

/// Quotes and prints. Errors: [`EconomicsError`].
pub(super) fn run(args: &QuoteArgs) -> Result<(), EconomicsError> {
    let (assumptions, plan) = (args.common.assumptions()?, args.common.plan()?);
    let own = OwnUse::from_file(&args.own_use)?;
    let presets: Vec<Preset> = match args.presets.as_slice() {
        [] => Preset::all(),
        names => names.iter().map(|name| Preset::named(name)).collect::<Result<_, _>>()?,
    };
    let target = Target {
        recovery: args.target,
        confidence: args.confidence,
        worlds: args.worlds,
        largest_request: args.largest_request,
    };
    let quotes = quotes(&own, &presets, args.presets.is_empty(), &assumptions, target, &plan)?;
    if args.common.json {
        println!("{}", json(&quotes)?);
    } else {
        println!("seed {}, {} loan paths a preset, {} worlds", plan.seed, plan.paths, target.worlds);
        print(&quotes, args);
    }
    Ok(())
}

fn print(quotes: &[Quote], args: &QuoteArgs) {
    println!(
        "target: mean recovery of {:.0} % in {:.0} % of the worlds; everything but days and units per dollar in percent\n",
        args.target * 100.0,
        args.confidence * 100.0
    );
    print!("{}", quotes_table(quotes));
    for quote in quotes.iter().filter(|quote| !quote.warnings.is_empty()) {
        for warning in &quote.warnings {
            println!("\nwarning for {}: {warning}", quote.preset);
        }
    }
}
