//! The lender's page in a browser: its bytes, its time on a large market, and the time from a click to a refusal. The browser is
//! driven by `scripts/check-page --measure`, which the bench starts beside a keeper of a large market on a simulated chain.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Durations, Figure, Output},
        },
        CREDITS, PROVIDERS,
        fleet::Fleet,
        node::SimulatedNode,
        rounds,
    },
    blockable_keeper::{Config, Keeper},
    blockable_testkit::{Parties, START},
    serde::Deserialize,
    solana_sdk::signature::write_keypair_file,
    std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration},
    tokio::{
        runtime::Runtime,
        sync::{oneshot, watch},
        task::{JoinHandle, spawn_blocking},
    },
};

/// What runs the browser, from the workspace's folder.
const SCRIPT: &str = "scripts/check-page";
/// Most bytes of the first view, compressed.
const FIRST_VIEW: f64 = 180_000.0;
/// Longest time until a large portfolio can be used, and of the slowest click but one in a hundred until the gate refuses.
const LONGEST_MS: f64 = 1_000.0;

/// Arguments of `bench page`.
#[derive(clap::Args, Debug)]
pub struct PageArgs {
    /// Credits of the portfolio
    #[arg(long, default_value_t = CREDITS, value_parser = clap::value_parser!(u32).range(1..))]
    credits: u32,
    /// Freezes by click
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    #[command(flatten)]
    output: Output,
}

/// What the browser has measured. Times are in milliseconds.
#[derive(Debug, Deserialize)]
struct Measured {
    /// Bytes of all files until the first view, each compressed.
    first_view_bytes: u64,
    /// From opening the page until the table has its first rows and takes a search.
    portfolio_ms: Vec<f64>,
    /// From a key in the search until the table shows the result.
    search_ms: Vec<f64>,
    /// From the click until the gate refuses a job.
    refused_ms: Vec<f64>,
    /// From the click until the wallet is asked.
    asked_ms: Vec<f64>,
}

/// Runs the bench. Errors: [`BenchError`].
pub fn run(args: &PageArgs) -> Result<(), BenchError> {
    let runtime = Runtime::new().map_err(BenchError::setup)?;
    let measured = runtime.block_on(measure(args))?;
    args.output.finish("page", &figures(args.credits, &measured))
}

async fn measure(args: &PageArgs) -> Result<Measured, BenchError> {
    let fleet = Fleet::new(args.credits, PROVIDERS, START);
    let node = SimulatedNode::start(&fleet).await?;
    let folder = tempfile::tempdir().map_err(BenchError::setup)?;
    let (addr, stop, keeper) = serve(&fleet, &node, folder.path()).await?;
    let figures = folder.path().join("figures.json");
    let (to, runs, credits) = (figures.clone(), args.runs, args.credits);
    let ended = spawn_blocking(move || browser(addr, &to, credits, runs)).await.map_err(BenchError::setup)?;
    stop.send_replace(true);
    keeper.await.map_err(BenchError::setup)??;
    ended?;
    let text = fs::read_to_string(&figures).map_err(BenchError::setup)?;
    serde_json::from_str(&text).map_err(BenchError::setup)
}

type Served = (SocketAddr, watch::Sender<bool>, JoinHandle<Result<(), BenchError>>);

/// Starts the keeper with its page.
async fn serve(fleet: &Fleet, node: &SimulatedNode, folder: &Path) -> Result<Served, BenchError> {
    let reporters = fleet.reporters();
    let key = folder.join("key.json");
    write_keypair_file(&Parties::key("keeper"), key).map_err(BenchError::setup)?;
    let page = format!("\n[page]\ncluster = \"localnet\"\nrpc = [{{ http = \"{}\" }}]\n", node.url());
    let file = folder.join("keeper.toml");
    let text = rounds::config(fleet, &node.url(), &reporters) + &page;
    fs::write(&file, text).map_err(BenchError::setup)?;
    let config = Config::FILE.load(&file).map_err(BenchError::setup)?;
    let (stop, stopped) = watch::channel(false);
    let (listening, listens) = oneshot::channel();
    // In a runtime of its own, as in its own process.
    let keeper = spawn_blocking(move || {
        let _reporters = reporters;
        Runtime::new().map_err(BenchError::setup)?.block_on(async {
            let keeper = Keeper::open(config).await.map_err(BenchError::setup)?;
            keeper.serve(stopped, listening).await.map_err(BenchError::setup)
        })
    });
    let addrs = listens.await.map_err(|_| BenchError::setup("the keeper has ended before it served"))?;
    Ok((addrs.api, stop, keeper))
}

/// Runs the browser to its end.
fn browser(keeper: SocketAddr, figures: &Path, credits: u32, runs: u32) -> Result<(), BenchError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let status = Command::new(root.join(SCRIPT))
        .arg("--measure")
        .env("BLOCKABLE_LARGE_MARKET", format!("http://{keeper}"))
        .env("BLOCKABLE_CREDITS", credits.to_string())
        .env("BLOCKABLE_RUNS", runs.to_string())
        .env("BLOCKABLE_FIGURES", figures)
        .status()
        .map_err(BenchError::setup)?;
    match status.success() {
        true => Ok(()),
        false => Err(BenchError::setup(format!("{SCRIPT} has ended with {status}; its error is above"))),
    }
}

fn figures(credits: u32, measured: &Measured) -> Vec<Figure> {
    let durations = |samples: &[f64]| {
        Durations::new(samples.iter().map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1_000.0)).collect())
    };
    let none = Bound::None;
    let within = Bound::AtMost(LONGEST_MS);
    let mut figures = vec![Figure::new(
        "first view, compressed",
        measured.first_view_bytes as f64,
        "bytes",
        Bound::AtMost(FIRST_VIEW),
    )];
    let portfolio = format!("a portfolio of {credits} credits, until it can be used");
    figures.extend(durations(&measured.portfolio_ms).figures(&portfolio, [none, none, none, within]));
    let search = durations(&measured.search_ms).percentile_ms(0.5);
    figures.push(Figure::new("a search in it, p50", search, "ms", none));
    let asked = durations(&measured.asked_ms).percentile_ms(0.5);
    figures.push(Figure::new("from the click until the wallet is asked, p50", asked, "ms", none));
    let refused = "from the click until the gate refuses";
    figures.extend(durations(&measured.refused_ms).figures(refused, [none, none, within, none]));
    figures
}
