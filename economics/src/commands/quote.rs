use {
    super::{CommonArgs, named_presets, progress, share},
    crate::{
        EconomicsError,
        assumptions::Source,
        quote::{MOST_SEARCHED, Quote, Target, quotes},
        results::quotes_table,
        study::StudyPlan,
        usage::OwnUse,
    },
    blockable_service::text::thousands,
    clap::Args,
    serde::Serialize,
    std::{fmt, path::PathBuf},
};

/// Find the terms that reach a target recovery for one borrower's use
#[derive(Debug, Args)]
pub struct QuoteArgs {
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

impl QuoteArgs {
    /// Quotes; shows its progress on a terminal's standard error. Errors: [`EconomicsError`].
    pub fn quote(&self) -> Result<QuoteResults, EconomicsError> {
        let (assumptions, plan) = (self.common.assumptions()?, self.common.plan()?);
        let own = OwnUse::from_file(&self.own_use)?;
        let presets = named_presets(&self.presets)?;
        let target = Target {
            recovery: self.target,
            confidence: self.confidence,
            worlds: self.worlds,
            largest_request: self.largest_request,
        };
        let searches = self.presets.is_empty();
        let bar = progress::bar(presets.len() as u64 + if searches { MOST_SEARCHED } else { 0 });
        bar.set_message("quoting terms");
        let quotes = quotes(&own, &presets, searches, &assumptions, target, &plan, &|| bar.inc(1))?;
        bar.finish_and_clear();
        // A cast of a float saturates.
        let [mean, largest] = [own.mean_units(), own.largest_units()].map(|units| units.round() as u64);
        Ok(QuoteResults {
            plan,
            own_use: self.own_use.display().to_string(),
            mean_units_per_day: mean,
            largest_units_per_day: largest,
            target,
            quotes,
            assumptions: assumptions.sources,
        })
    }
}

/// Everything that a quote rests on and has found; its text is that of the command line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuoteResults {
    /// Seed, paths and threads.
    pub plan: StudyPlan,
    /// The file of the borrower's use.
    pub own_use: String,
    /// Units of its mean day.
    pub mean_units_per_day: u64,
    /// Units of its largest day.
    pub largest_units_per_day: u64,
    /// The recovery that was asked for.
    pub target: Target,
    /// The terms, those that reach the target first.
    pub quotes: Vec<Quote>,
    /// The assumptions of the figures.
    pub assumptions: Vec<Source>,
}

impl fmt::Display for QuoteResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let QuoteResults { plan, target, quotes, .. } = self;
        writeln!(f, "seed {}, {} loan paths a preset, {} worlds", plan.seed, plan.paths, target.worlds)?;
        let [mean, largest] = [self.mean_units_per_day, self.largest_units_per_day].map(thousands);
        writeln!(f, "use: {mean} units a day, on the largest {largest}")?;
        writeln!(
            f,
            "target: mean recovery of {:.1} % in {:.0} % of the worlds; figures without a unit are in percent\n",
            target.recovery * 100.0,
            target.confidence * 100.0
        )?;
        write!(f, "{}", quotes_table(quotes))?;
        writeln!(f, "\n{LEGEND}")?;
        if let Some(advice) = advice(quotes, target) {
            writeln!(f, "\n{advice}")?;
        }
        for quote in quotes {
            for warning in &quote.warnings {
                writeln!(f, "\nwarning for {}: {warning}", quote.preset)?;
            }
        }
        Ok(())
    }
}

/// Advises on the next step where no terms reach the target.
fn advice(quotes: &[Quote], target: &Target) -> Option<String> {
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
        target.recovery * 100.0,
        target.confidence * 100.0,
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
