//! The demo: two loans from offer to end, on a cluster of its own or on a running node.

mod cast;
mod cluster;
mod default;
mod metering;
mod narrator;
mod repayment;
mod summary;
mod usage;

use {
    blockable_sdk::{
        InstructionError, amounts::Units, errors::ClientError, events::LogError, reports::ReportError,
    },
    blockable_testkit::{
        ElfError,
        trace::{self, TraceError},
    },
    cast::{Cast, Pace},
    clap::Parser,
    cluster::Cluster,
    narrator::{Narrator, money, number, units, words},
    std::path::PathBuf,
    usage::Usage,
};

/// Runs two loans from offer to end: one is repaid, the other is frozen, seized and sold.
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
    /// Print one JSON object per step and a summary
    #[arg(long)]
    json: bool,
}

fn parse_url(text: &str) -> Result<url::Url, String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("give the node's address as http://HOST:PORT".to_string()),
    }
}

/// A reason for which a demo stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No node answers at this host.
    #[error("no node answers at {0}; start one with `solana-test-validator`, or leave --rpc out")]
    Unreachable(String),
    /// The node at this host does not have the program.
    #[error(
        "the node at {0} does not have the program; start it with `solana-test-validator --bpf-program {id} \
         app-idl/blockable_credits.so`",
        id = blockable_sdk::PROGRAM_ID
    )]
    NoProgram(String),
    /// The embedded cluster failed.
    #[error(
        "the cluster inside this process failed: {0}; run the demo again, or on a node of yours with --rpc URL"
    )]
    Embedded(String),
    /// The program's file cannot be used.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The faucet gave no SOL.
    #[error("the node gave no SOL: {0}; name a node with a faucet, such as `solana-test-validator`")]
    Airdrop(String),
    /// The chain's clock has stopped.
    #[error("the chain's clock has not moved for a minute; check that the node produces blocks")]
    ClockStalled,
    /// The trace cannot be replayed.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A transaction or a read failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The event log of a credit is not complete.
    #[error("the event log does not prove the credit's state: {0}; please report this as a fault")]
    Log(#[from] LogError),
    /// A token instruction could not be built.
    #[error("cannot build a token instruction: {0}; please report this as a fault")]
    Token(InstructionError),
}

impl DemoError {
    fn embedded(error: impl std::fmt::Display) -> DemoError {
        DemoError::Embedded(error.to_string())
    }

    fn airdrop(error: impl std::fmt::Display) -> DemoError {
        DemoError::Airdrop(error.to_string())
    }

    fn token(error: InstructionError) -> DemoError {
        DemoError::Token(error)
    }
}

/// Part of a credit's units that all requests of the replay use, in percent.
const REPLAY_USES_PERCENT: u64 = 50;
/// One request in this many is Borrower 1's, the others are Borrower 2's.
const BORROWER_1_EVERY: usize = 4;

/// Runs the demo. Returns true where every check at its end held. Errors: [`DemoError`].
pub async fn run(args: DemoArgs) -> Result<bool, DemoError> {
    let narrator = Narrator::new(args.json);
    let requests = match &args.trace {
        Some(path) => trace::read(path)?,
        None => trace::generate(args.seed),
    };
    // The first line comes before the cluster, which takes a moment to start.
    let place = if args.rpc.is_some() { "a running node" } else { "a cluster inside this process" };
    narrator.chapter("A market and a GPU provider");
    narrator.step("cluster", &format!("The demo runs on {place}."), None, vec![words("cluster", place)]);
    let cluster = match &args.rpc {
        Some(url) => Cluster::remote(url).await?,
        None => Cluster::embedded().await?,
    };
    let pace = if cluster.is_embedded() { Pace::MONTHS } else { Pace::SECONDS };
    let is_test = !cluster.is_embedded();
    let cast = Cast::new(cluster);

    set_up(&cast, &narrator, &pace, is_test).await?;
    narrator.chapter("Two loans");
    originate(&cast, &narrator, &pace).await?;
    narrator.chapter("Compute is used");
    let source = match &args.trace {
        Some(_) => "trace file".to_string(),
        None => format!("generator, seed {}", args.seed),
    };
    let used = replay(&cast, &narrator, &pace, &requests, source).await?;
    narrator.chapter("One borrower pays");
    repayment::first_instalment(&cast, &narrator, &pace).await?;
    narrator.chapter("The other does not");
    let frozen = default::miss_and_freeze(&cast, &narrator, &pace, used).await?;
    repayment::pay_off(&cast, &narrator, &pace).await?;
    narrator.chapter("The lender recovers");
    let recovery = default::seize_and_sell(&cast, &narrator, &pace).await?;
    let ok = summary::print(&cast, &narrator, &frozen, &recovery).await?;
    cast.cluster.stop()?;
    Ok(ok)
}

async fn set_up(cast: &Cast, narrator: &Narrator, pace: &Pace, is_test: bool) -> Result<(), DemoError> {
    let landed = cast.fund().await?;
    let facts = vec![words("mint", cast.keys.mint.to_string())];
    narrator.step(
        "mint",
        "A payment token with six decimals is created, and dollars are handed out.",
        Some(&landed),
        facts,
    );
    let landed = cast.create_market(pace, is_test).await?;
    let kind = if is_test { "test market" } else { "production bounds" };
    let facts = vec![words("market", cast.keys.market.to_string()), words("kind", kind)];
    narrator.step("market", "A market opens.", Some(&landed), facts);
    let landed = cast.register_provider(pace).await?;
    let facts = vec![
        words("provider", cast.provider.to_string()),
        units("capacity", cast::CAPACITY),
        number("reporters", 3),
        number("quorum", 2),
    ];
    narrator.step("provider", "A GPU provider registers with three usage reporters.", Some(&landed), facts);
    Ok(())
}

async fn originate(cast: &Cast, narrator: &Narrator, pace: &Pace) -> Result<(), DemoError> {
    for (borrower, name) in [(&cast.good, "Borrower 1"), (&cast.bad, "Borrower 2")] {
        let landed = cast.offer(pace, borrower).await?;
        let facts = vec![
            words("credit", cast.credit_of(borrower).to_string()),
            money("principal", cast::PRINCIPAL),
            units("units", cast::UNITS),
            words("terms", "4 instalments, 14 % APR, freeze from delinquency on"),
        ];
        let sentence = format!("The lender offers {name} a loan; the principal goes into escrow.");
        narrator.step("offer", &sentence, Some(&landed), facts);
        let landed = cast.accept(borrower).await?;
        narrator.step("accept", &format!("{name} accepts by the hash of the terms."), Some(&landed), vec![]);
    }
    // Both at once, since due dates count from the issue.
    for (borrower, name) in [(&cast.good, "Borrower 1"), (&cast.bad, "Borrower 2")] {
        let landed = cast.issue(borrower).await?;
        let lien = Units(cast.credit(&cast.credit_of(borrower)).await?.collateral.lien());
        let facts = vec![money("paid_to_provider", cast::PRINCIPAL), units("lien", lien)];
        let sentence = format!("The provider issues the units to {name} and is paid.");
        narrator.step("issue", &sentence, Some(&landed), facts);
    }
    Ok(())
}

/// Replays the requests, split between the borrowers. Returns the units that Borrower 2 has used.
async fn replay(
    cast: &Cast,
    narrator: &Narrator,
    pace: &Pace,
    requests: &[trace::Request],
    source: String,
) -> Result<Units, DemoError> {
    let (good, bad) = (cast.credit_of(&cast.good), cast.credit_of(&cast.bad));
    let [first, second] = shares(requests, pace.windows);
    // Both credits are live from the later issue on; the last window ends before the first due date.
    let start = cast.issued_at(&bad).await?;
    let bar = narrator.progress(pace.windows as u64, "replaying usage");
    let mut landed = None;
    for (number, (first, second)) in (1i64..).zip(first.iter().zip(&second)) {
        let span = i64::from(pace.interval) * number / (pace.windows as i64 + 1);
        cast.cluster.wait_until(start.plus_seconds(span), |_| {}).await?;
        landed = Some(metering::meter(cast, &[(good, *first), (bad, *second)]).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let used = [
        Units(cast.credit(&good).await?.collateral.consumed),
        Units(cast.credit(&bad).await?.collateral.consumed),
    ];
    let facts = vec![
        number("requests", requests.len() as u64),
        words("source", source),
        number("reports", 3 * pace.windows as u64),
        units("used_by_borrower_1", used[0]),
        units("used_by_borrower_2", used[1]),
        words("third_reporter", "reads 3 % high; the lower median ignores it"),
    ];
    let sentence =
        format!("Requests are replayed and metered in {} reports by three reporters.", pace.windows);
    narrator.step("replay", &sentence, landed.as_ref(), facts);
    Ok(used[1])
}

/// Splits the usage between the borrowers, window by window. All requests together use [`REPLAY_USES_PERCENT`].
fn shares(requests: &[trace::Request], count: usize) -> [Vec<Usage>; 2] {
    let total = u128::from(cast::UNITS.get() * REPLAY_USES_PERCENT / 100);
    let weight =
        |part: &[trace::Request]| part.iter().map(|request| u128::from(request.weight())).sum::<u128>();
    let all = weight(requests).max(1);
    let part = |mine: bool| {
        let numbered = requests.iter().enumerate();
        let chosen = numbered.filter(|(index, _)| index.is_multiple_of(BORROWER_1_EVERY) == mine);
        let chosen: Vec<_> = chosen.map(|(_, request)| *request).collect();
        usage::windows(&chosen, Units((total * weight(&chosen) / all) as u64), count)
    };
    [part(true), part(false)]
}
