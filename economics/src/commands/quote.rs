use {
    super::{CommonArgs, presets, progress, share},
    crate::{
        EconomicsError,
        assumptions::Source,
        quote::{MOST_SEARCHED, Quote, Target, quotes},
        results::{json, quotes_table},
        study::StudyPlan,
        usage::OwnUse,
    },
    blockable_service::text::thousands,
    clap::Args,
    serde::Serialize,
    std::path::PathBuf,
};

/// Find the terms that reach a target recovery for one borrower's use
#[derive(Debug, Args)]
pub(super) struct QuoteArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// The borrower's use as CSV with the header day,units: days 0, 1, 2, ..., at least 14 of them; units of a GPU second
    #[arg(long = "use", value_name = "FILE")]
    own_use: PathBuf,
    /// Mean recovery of the debt at default
    #[arg(long, value_parser = share, value_name = "SHARE", default_value = "85%")]
    target: f64,
    /// Share of the worlds (draws of the uncertain assumptions) in which it must be reached
    #[arg(long, value_parser = share, value_name = "SHARE", default_value = "80%")]
    confidence: f64,
    /// Worlds to draw; they share the paths
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    worlds: u32,
    /// Units of the borrower's largest request; what the assumed hours of its largest day use where it is left out
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
    let presets = presets(&args.presets)?;
    let target = Target {
        recovery: args.target,
        confidence: args.confidence,
        worlds: args.worlds,
        largest_request: args.largest_request,
    };
    let searches = args.presets.is_empty();
    let bar = progress::bar(presets.len() as u64 + if searches { MOST_SEARCHED } else { 0 });
    bar.set_message("quoting terms");
    let quotes = quotes(&own, &presets, searches, &assumptions, target, &plan, &|| bar.inc(1))?;
    bar.finish_and_clear();
    if args.common.json {
        let sources = assumptions.sources.clone();
        let own_use = args.own_use.display().to_string();
        let results = QuoteResults { plan, own_use, target, quotes, assumptions: sources };
        println!("{}", json(&results)?);
    } else {
        let (paths, worlds) = (plan.paths, target.worlds);
        println!("seed {}, {paths} loan paths a preset, {worlds} worlds", plan.seed);
        // A cast of a float saturates.
        let [mean, largest] =
            [own.mean_units(), own.largest_units()].map(|units| thousands(units.round() as u64));
        println!("use: {mean} units a day, on the largest {largest}");
        print(&quotes, args);
    }
    Ok(())
}

fn print(quotes: &[Quote], args: &QuoteArgs) {
    println!(
        "target: mean recovery of {:.1} % in {:.0} % of the worlds; figures without a unit are in percent\n",
        args.target * 100.0,
        args.confidence * 100.0
    );
    print!("{}", quotes_table(quotes));
    println!("\n{LEGEND}");
    if let Some(advice) = advice(quotes, args) {
        println!("\n{advice}");
    }
    for quote in quotes.iter().filter(|quote| !quote.warnings.is_empty()) {
        for warning in &quote.warnings {
            println!("\nwarning for {}: {warning}", quote.preset);
        }
    }
}

/// Advises on the next step where no terms reach the target.
fn advice(quotes: &[Quote], args: &QuoteArgs) -> Option<String> {
    if quotes.iter().any(|quote| quote.reaches) {
        return None;
    }
    let best = quotes.iter().max_by(|a, b| {
        let worlds = a.worlds_reached.total_cmp(&b.worlds_reached);
        worlds.then(a.recovery.value.total_cmp(&b.recovery.value))
    })?;
    Some(format!(
        "no terms reach {:.1} % in {:.0} % of the worlds. The nearest are {}: {:.1} % as assumed, the target in {:.0} % of the \
         worlds. Lower --target or --confidence, leave --preset out to look at all terms, or narrow the worlds of your \
         --assumptions",
        args.target * 100.0,
        args.confidence * 100.0,
        best.preset,
        best.recovery.value * 100.0,
        best.worlds_reached * 100.0
    ))
}

const LEGEND: &str = "\
reaches: the target in so many worlds as asked for; worlds: the share of them; mean, p5: recovery of the debt as assumed;
defaults above: share of the defaults that recover the target or more; of list: price of a unit with all interest, of the
list price; APR all in: of the principal, with the reserve that is laid down; on paid out: of what the provider has been paid,
1000.0 for that or more; days off: days that a unit waits on average; down, reserve: paid by the first day, of the principal;
units per dollar: as a multiple of those at list price; principal: of the loan for this use; yield: the lender's a year after
losses, with repaid cash idle. Terms such as 0.5-ahead+30% are between the presets: half an instalment ahead, and the smallest
holdback, here 30 % of the price of the locked units, that reaches the target";

/// Everything that a quote rests on and has found.
#[derive(Serialize)]
struct QuoteResults {
    /// Seed, paths and threads.
    plan: StudyPlan,
    /// The file of the borrower's use.
    own_use: String,
    /// The recovery that was asked for.
    target: Target,
    /// The terms, those that reach the target first.
    quotes: Vec<Quote>,
    /// The assumptions of the figures.
    assumptions: Vec<Source>,
}
