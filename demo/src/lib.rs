//! The demo: a borrower that stops paying, on standard terms and on prepaid ones, and the recoveries of simulated loans on both,
//! on a cluster of its own or on a running node. And `--serve`: a whole market to try, until Ctrl-C.

mod books;
mod cast;
mod cluster;
mod demand;
mod distribution;
mod error;
mod loan;
mod market;
mod metering;
mod narrator;
mod pace;
mod serve;
mod story;
#[cfg(test)]
mod tests;

pub use error::DemoError;
use {
    blockable_economics::{assumptions::Assumptions, study::StudyPlan},
    blockable_service::text,
    blockable_testkit::trace,
    cast::Cast,
    clap::Parser,
    cluster::Cluster,
    demand::Demand,
    distribution::Distribution,
    loan::Loan,
    narrator::{Fact, Narrator, Step, fact, number, words},
    pace::Pace,
    serde_json::json,
    serve::ServeArgs,
    std::path::PathBuf,
    story::{Outcome, Stage, play},
};

/// Runs a sandbox to try everything (--serve), or plays a loan that defaults on two kinds of terms and simulates many more
#[derive(Parser, Debug)]
#[command(name = "blockable-demo", version)]
pub struct DemoArgs {
    /// Run against this node, which must have the program, instead of a cluster inside this process
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    rpc: Option<url::Url>,
    /// Replay this trace (CSV: TIMESTAMP,ContextTokens,GeneratedTokens) instead of generated requests
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Seed of the generated requests
    #[arg(long, default_value_t = 1, conflicts_with = "trace")]
    seed: u64,
    /// Print one JSON object per step and a summary; with --serve, one JSON document once it is ready
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

fn parse_url(text: &str) -> Result<url::Url, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("give the node's address as http://HOST:PORT".to_string()),
    }
}

/// Runs the demo. Returns true where every check of the books held. Errors: [`DemoError`].
pub async fn run(args: DemoArgs) -> Result<bool, DemoError> {
    if args.serve.serve {
        serve::run(&args.serve, args.json).await?;
        return Ok(true);
    }
    let narrator = Narrator::new(args.json, Box::new(std::io::stdout()));
    let played = play_both(&args, &narrator, distribution::PLAN).await?;
    played.print(&narrator);
    played.cast.cluster.stop().await?;
    Ok(played.ok)
}

/// A demo that has been played, with its cluster still running.
struct Played {
    cast: Cast,
    loans: [Loan; 2],
    outcomes: [Outcome; 2],
    distribution: Distribution,
    ok: bool,
}

async fn play_both(args: &DemoArgs, narrator: &Narrator, plan: StudyPlan) -> Result<Played, DemoError> {
    let (requests, source) = match &args.trace {
        Some(path) => (trace::read(path)?, "trace file".to_string()),
        None => (trace::generate(args.seed), format!("generator, seed {}", args.seed)),
    };
    // The first line comes before the cluster, which takes a moment to start.
    let place = if args.rpc.is_some() { "a running node" } else { "a cluster inside this process" };
    narrator.chapter("A market and a GPU provider");
    let step = Step::new("cluster", format!("The demo runs on {place}."));
    narrator.step(step.fact(words("cluster", place)));
    let assumptions = Assumptions::built_in()?;
    let simulation = distribution::begin(&assumptions, plan);
    let cluster = match &args.rpc {
        Some(url) => Cluster::remote(url).await?,
        None => Cluster::embedded().await?,
    };
    let pace = if cluster.is_embedded() { Pace::MONTHS } else { Pace::SECONDS };
    let (cast, loans) = (Cast::new(cluster), Loan::both(&assumptions, pace)?);
    market::open(&cast, narrator, pace, &loans).await?;
    let demand = Demand::new(&loans[0], &assumptions, &requests, source, pace.windows);
    let stage = Stage { cast: &cast, narrator, pace, demand: &demand, assumptions: &assumptions };
    let (first, first_holds) = tell(&stage, &loans[0], "Story 1: standard terms, with a reserve").await?;
    let (second, second_holds) =
        tell(&stage, &loans[1], "Story 2: the same borrower on prepaid terms").await?;
    let distribution = simulation.join().map_err(|_| DemoError::amount("the simulation ended early"))??;
    let ok = first_holds && second_holds;
    Ok(Played { cast, loans, outcomes: [first, second], distribution, ok })
}

impl Played {
    /// Prints the distribution for people, and the summary for machines.
    fn print(&self, narrator: &Narrator) {
        let recovered = |outcome: &Outcome| outcome.share(outcome.recovered());
        self.distribution.print(narrator, self.outcomes.each_ref().map(recovered));
        narrator.summary(self.ok, summary(&self.loans, &self.outcomes, &self.distribution));
    }
}

/// Plays a story, prints what it recovered and checks its books. Returns whether every check held.
async fn tell(stage: &Stage<'_>, loan: &Loan, title: &str) -> Result<(Outcome, bool), DemoError> {
    let narrator = stage.narrator;
    narrator.begin_story(loan.name, title);
    narrator.paragraph(&loan.description());
    narrator.line("");
    let bought = books::bought(stage.cast).await?;
    let outcome = play(stage, loan).await?;
    print_recovery(narrator, &outcome);
    let holds = books::check(stage.cast, narrator, loan, &outcome, bought).await?;
    narrator.end_story();
    Ok((outcome, holds))
}

/// Prints the recovery of a story, for people.
fn print_recovery(narrator: &Narrator, outcome: &Outcome) {
    let share = |part| text::percent(outcome.share(part));
    let recovered = outcome.recovered();
    narrator.line(&format!("\nIn this story {} of the debt at default is recovered.", share(recovered)));
    let debt = text::usd_owed(outcome.debt);
    narrator.line(&format!("  {:<36}{debt:>12}", "debt at default"));
    for (label, amount) in [
        ("from the vault, which it never left", outcome.from_holdback),
        ("from the borrower's reserve", outcome.from_reserve),
        ("from the sale, after the fee", outcome.from_sales),
        ("not recovered", outcome.debt.saturating_sub(recovered)),
    ] {
        let amount_text = text::usd_received(amount);
        narrator.line(&format!("  {label:<36}{amount_text:>12}{:>10}", share(amount)));
    }
}

fn summary(loans: &[Loan; 2], outcomes: &[Outcome; 2], distribution: &Distribution) -> Vec<Fact> {
    let story = |(loan, outcome): (&Loan, &Outcome)| {
        json!({
            "story": loan.name,
            "preset": loan.preset.name,
            "debt_at_default": outcome.debt,
            "from_holdback": outcome.from_holdback,
            "from_reserve": outcome.from_reserve,
            "from_sales": outcome.from_sales,
            "recovered": outcome.recovered(),
            "recovery_in_this_story_bps": outcome.share(outcome.recovered()),
            "sold_for": outcome.sold_for,
            "fee": outcome.fee,
            "written_off": outcome.written_off,
            "units_frozen": outcome.frozen,
            "units_seized": outcome.seized,
            "freeze_ms": outcome.freeze_ms,
        })
    };
    let stories: Vec<_> = loans.iter().zip(outcomes).map(story).collect();
    let [first, _] = outcomes;
    vec![fact("stories", json!(stories)), number("freeze_ms", first.freeze_ms), distribution.fact()]
}
