//! The keeper's API over a market of many credits: the time until an answer has come whole.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Figure},
        },
        fleet::Fleet,
        node::SimulatedNode,
        rounds::config,
    },
    blockable_keeper::{Config, Keeper},
    blockable_testkit::Parties,
    solana_sdk::signature::write_keypair_file,
    std::{
        fs,
        time::{Duration, Instant},
    },
    tokio::{
        runtime::Handle,
        sync::{oneshot, watch},
        task::spawn_blocking,
        time::sleep,
    },
};

/// Requests of each kind.
const REQUESTS: usize = 50;
/// Longest wait until the keeper has read the market.
const PATIENCE: Duration = Duration::from_secs(120);
/// Milliseconds within which a page of the market must have come.
const SOON: f64 = 100.0;

/// Measures requests to a keeper with so many credits on a [`SimulatedNode`]. Errors: [`BenchError`].
pub fn requests(credits: u32, providers: u32) -> Result<Vec<Figure>, BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let node = SimulatedNode::start(&Fleet::new(credits, providers, blockable_testkit::START)).await?;
        let fleet = Fleet::new(credits, providers, blockable_testkit::START);
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        write_keypair_file(&Parties::key("keeper"), folder.path().join("key.json"))
            .map_err(BenchError::setup)?;
        let file = folder.path().join("keeper.toml");
        // Nobody reports, so nothing but the requests moves.
        let reporters = fleet.reporters();
        fs::write(&file, config(&fleet, &node.url(), &reporters)).map_err(BenchError::setup)?;
        let settings = Config::FILE.load(&file).map_err(BenchError::setup)?;
        let keeper = Keeper::open(settings).await.map_err(BenchError::setup)?;
        let (stop, stopped) = watch::channel(false);
        let (listening, listens) = oneshot::channel();
        // On a thread of its own, because the keeper's future stays on the thread that polls it.
        let handle = Handle::current();
        let serving = spawn_blocking(move || handle.block_on(keeper.serve(stopped, listening)));
        let addrs = listens.await.map_err(BenchError::setup)?;
        let api = format!("http://{}", addrs.api);
        until_read(&api).await?;
        let mut figures = Vec::new();
        for (what, path, bound) in [
            ("first page of the credits", "/v1/credits", Bound::AtMost(SOON)),
            ("first page, sorted by debt", "/v1/credits?sort=debt&order=desc", Bound::AtMost(SOON)),
            ("search", "/v1/credits?search=A", Bound::None),
            ("portfolio", "/v1/portfolio", Bound::AtMost(SOON)),
            ("table of all credits", "/v1/credits?format=csv", Bound::None),
        ] {
            let slowest = slowest(&format!("{api}{path}")).await?;
            let name = format!("API over {credits} credits: {what}, slowest of {REQUESTS}");
            figures.push(Figure::new(name, slowest, "ms", bound));
        }
        stop.send_replace(true);
        serving.await.map_err(BenchError::setup)?.map_err(BenchError::setup)?;
        Ok(figures)
    })
}

async fn until_read(api: &str) -> Result<(), BenchError> {
    let began = Instant::now();
    while !reqwest::get(format!("{api}/v1/credits")).await.is_ok_and(|answer| answer.status().is_success()) {
        if began.elapsed() > PATIENCE {
            return Err(BenchError::setup("the keeper has not read the market in time"));
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The longest time of a request and its whole answer, in milliseconds.
async fn slowest(url: &str) -> Result<f64, BenchError> {
    let (http, mut slowest) = (reqwest::Client::new(), 0.0_f64);
    for _ in 0..REQUESTS {
        let began = Instant::now();
        let answer = http.get(url).send().await.map_err(BenchError::setup)?;
        let answer = answer.error_for_status().map_err(BenchError::setup)?;
        answer.bytes().await.map_err(BenchError::setup)?;
        slowest = slowest.max(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(slowest)
}
