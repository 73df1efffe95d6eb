//! `bench replay`: a trace through the gateway loses no token on its way from the client to the chain.

use {
    super::site::{Site, Where},
    crate::{
        BenchError,
        performance::{Bound, Durations, Figure, Output},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        instructions,
        reports::ReportRecord,
    },
    blockable_testkit::{
        replay::{ReplayConfig, Replayed, Reply, replay},
        trace::{self, Request},
    },
    indicatif::ProgressBar,
    serde::Deserialize,
    std::{
        collections::HashMap,
        path::PathBuf,
        time::{Duration, Instant},
    },
    tokio::{runtime::Runtime, time::sleep},
};

const BORROWERS: usize = 8;
/// Longest wait for the last reports.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args, Debug)]
pub struct ReplayArgs {
    /// The trace (CSV: TIMESTAMP,ContextTokens,GeneratedTokens) instead of generated requests
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Seed of the generated requests
    #[arg(long, default_value_t = 1, conflicts_with = "trace")]
    seed: u64,
    /// Speed as a multiple of the recorded one
    #[arg(long, default_value_t = 20.0)]
    speed: f64,
    #[command(flatten)]
    output: Output,
}

#[derive(Deserialize)]
struct Reports {
    reports: Vec<ReportRecord>,
}

pub fn run(args: &ReplayArgs) -> Result<(), BenchError> {
    let requests = match &args.trace {
        Some(path) => trace::read(path).map_err(BenchError::setup)?,
        None => trace::generate(args.seed),
    };
    let runtime = Runtime::new().map_err(BenchError::setup)?;
    let figures = runtime.block_on(measure(&requests, args.speed))?;
    args.output.finish("replay", &figures)
}

async fn measure(requests: &[Request], speed: f64) -> Result<Vec<Figure>, BenchError> {
    let mut site = Site::open(Where::Embedded, BORROWERS, |_| {}).await?;
    let config = ReplayConfig { url: site.url(), keys: site.keys(), model: "echo".to_string(), speed };
    let bar = ProgressBar::new(requests.len() as u64);
    let start = Instant::now();
    let replies = replay(&config, requests, "bench", |done| bar.set_position(done as u64)).await;
    let took = start.elapsed();
    bar.finish_and_clear();
    let expected = expected(&site.credits, requests);
    let answered = answered(&site.credits, &replies);
    if let Some(cluster) = site.cluster() {
        // So that the provider's bound on units per second is no limit.
        cluster.pass(86_400).await;
    }
    let now = site.chain().client.chain_time().await.map_err(BenchError::setup)?;
    let reports = last_reports(&site, ChainTime(now).plus_seconds(-60)).await?;
    let reported = reported(&reports);
    let metered = meter(&mut site, &reports).await?;
    let sum = |units: &HashMap<Pubkey, Units>| units.values().copied().sum::<Units>().get() as f64;
    let lost = |units: &HashMap<Pubkey, Units>| {
        let of = |units: &HashMap<Pubkey, Units>, credit| units.get(credit).map_or(0, |units| units.get());
        let apart = |credit| of(&expected, credit).abs_diff(of(units, credit));
        site.credits.iter().map(apart).sum::<u64>() as f64
    };
    let latency = Durations::new(replies.iter().map(|reply| reply.took).collect());
    let refused = replies.iter().filter(|reply| !matches!(reply.reply, Reply::Answered { .. })).count();
    let none = Bound::AtMost(0.0);
    let mut figures = vec![
        Figure::new("requests", requests.len() as f64, "", Bound::None),
        Figure::new("requests per second", requests.len() as f64 / took.as_secs_f64(), "", Bound::None),
        Figure::new("requests that were not answered", refused as f64, "", none),
        Figure::new("units of the trace", sum(&expected), "units", Bound::None),
        Figure::new("units settled that the trace has not, or the reverse", lost(&answered), "units", none),
        Figure::new("units apart in the last signed reports", lost(&reported), "units", none),
        Figure::new("units apart on the chain", lost(&metered), "units", none),
    ];
    figures.extend(latency.figures("answer", [Bound::None; 4]));
    site.close().await;
    Ok(figures)
}

/// The cost of each borrower's part of the trace: a unit per prompt token, four per generated one.
fn expected(credits: &[Pubkey], requests: &[Request]) -> HashMap<Pubkey, Units> {
    let mut units = HashMap::new();
    for (number, request) in requests.iter().enumerate() {
        let cost = Units(request.context + 4 * request.generated);
        let sum: &mut Units = units.entry(credits[number % credits.len()]).or_default();
        *sum = sum.saturating_add(cost);
    }
    units
}

fn answered(credits: &[Pubkey], replies: &[Replayed]) -> HashMap<Pubkey, Units> {
    let mut charged: HashMap<Pubkey, Units> = HashMap::new();
    for reply in replies {
        if let Reply::Answered { units, .. } = reply.reply {
            let sum = charged.entry(credits[reply.borrower]).or_default();
            *sum = sum.saturating_add(units);
        }
    }
    charged
}

/// The reports of both reporters from a time on.
async fn last_reports(site: &Site, from: ChainTime) -> Result<Vec<ReportRecord>, BenchError> {
    let url = format!("{}/v1/reports/latest?fresh=true", site.url());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = site.http.get(&url).send().await.map_err(BenchError::setup)?;
        let Reports { reports } = answer.json().await.map_err(BenchError::setup)?;
        if reports.len() == 2 && reports.iter().all(|report| ChainTime(report.reported_at) >= from) {
            return Ok(reports);
        }
        if Instant::now() > deadline {
            return Err(BenchError::setup("no report knows the chain's clock"));
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// The units in the reports; the smaller value where reports differ.
fn reported(reports: &[ReportRecord]) -> HashMap<Pubkey, Units> {
    let mut units: HashMap<Pubkey, Units> = HashMap::new();
    for reading in reports.iter().flat_map(|report| &report.readings) {
        let known = units.entry(reading.credit).or_insert(Units(reading.cumulative));
        *known = Units(reading.cumulative).min(*known);
    }
    units
}

/// Submits the reports. Returns the units consumed, as metered on chain.
async fn meter(site: &mut Site, reports: &[ReportRecord]) -> Result<HashMap<Pubkey, Units>, BenchError> {
    let provider = site.chain().provider;
    let account = site.chain().client.provider(&provider).await.map_err(BenchError::setup)?;
    let signed = reports.iter().map(|report| report.verify(&provider, &account));
    let signed = signed.collect::<Result<Vec<_>, _>>().map_err(BenchError::setup)?;
    let market = site.chain().keys.market;
    let meter = instructions::usage_meter(&market, &provider, 0, signed, &site.credits);
    site.chain_mut().send_v1(&[meter], &[]).await;
    let mut consumed = HashMap::new();
    for credit in site.credits.clone() {
        consumed.insert(credit, Units(site.chain().credit(&credit).await.collateral.consumed));
    }
    Ok(consumed)
}
