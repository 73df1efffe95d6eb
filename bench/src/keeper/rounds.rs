//! Whole rounds of a keeper: read, take in, plan, simulate, sign, send, follow to the end.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Figure},
        },
        CREDITS,
        child::{Process, Round},
        fleet::Fleet,
        node::SimulatedNode,
    },
    blockable_sdk::accounts::CreditFilter,
    blockable_testkit::{
        Chain, Parties, Reporters,
        node::{self as validator, Node as Validator},
    },
    rusqlite::Connection,
    solana_sdk::signature::write_keypair_file,
    std::{
        cell::RefCell,
        fs,
        path::Path,
        time::{Duration, Instant, SystemTime, UNIX_EPOCH},
    },
    tokio::time::sleep,
};

/// Bytes in a mebibyte.
const MIB: f64 = 1_048_576.0;

/// Measures `rounds` rounds after the first one, with so many credits on a `solana-test-validator`. Errors: [`BenchError`].
pub fn on_validator(credits: u32, providers: u32, rounds: u64) -> Result<Vec<Figure>, BenchError> {
    let binary = validator::required_binary().map_err(BenchError::setup)?;
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let issued_at = SystemTime::now().duration_since(UNIX_EPOCH).map_err(BenchError::setup)?.as_secs();
        let fleet = Fleet::new(credits, providers, i64::try_from(issued_at).map_err(BenchError::setup)?);
        let began = Instant::now();
        let validator = Validator::start_with(&binary, &fleet.accounts()).await;
        eprintln!(
            "bench: {credits} credits are on the validator after {:.0} s",
            began.elapsed().as_secs_f64()
        );
        let mut figures = rounds_on(&validator, &fleet, rounds).await?;
        figures.push(units_apart(&validator, &fleet, rounds).await?);
        Ok(figures)
    })
}

async fn rounds_on(validator: &Validator, fleet: &Fleet, rounds: u64) -> Result<Vec<Figure>, BenchError> {
    let client = validator.client();
    Chain::fund(&client, "keeper").await;
    let bench = Bench::new(fleet, &validator.rpc_url(), rounds)?;
    let clock = async || client.chain_time().await.map_err(BenchError::setup);
    bench.measure(fleet, "the validator", clock, true).await
}

/// The units by which use and metering on chain differ after the last round, in either direction, summed over all credits.
async fn units_apart(validator: &Validator, fleet: &Fleet, rounds: u64) -> Result<Figure, BenchError> {
    let of_fleet = [CreditFilter::Market(fleet.market)];
    let metered = validator.client().credits(&of_fleet).await.map_err(BenchError::setup)?;
    let used = 100 * (rounds + 1);
    let missing = fleet.credits.len().abs_diff(metered.len()) as u64 * used;
    let apart =
        metered.iter().map(|(_, credit)| credit.collateral.consumed.abs_diff(used)).sum::<u64>() + missing;
    Ok(Figure::new("the validator: units apart", apart as f64, "units", Bound::AtMost(0.0)))
}

/// Measures `rounds` rounds after the first one, with so many credits on a [`SimulatedNode`]. Errors: [`BenchError`].
pub fn simulated(credits: u32, providers: u32, rounds: u64) -> Result<Vec<Figure>, BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let node = SimulatedNode::start(&Fleet::new(credits, providers, blockable_testkit::START)).await?;
        let fleet = Fleet::new(credits, providers, blockable_testkit::START);
        let bench = Bench::new(&fleet, &node.url(), rounds)?;
        let name = format!("{credits} credits on a simulated chain");
        bench.measure(&fleet, &name, async || Ok(node.clock()), false).await
    })
}

/// Measures the first round with so many credits on a [`SimulatedNode`], after `fill` has filled the folder of the store. Returns its
/// seconds. Errors: [`BenchError`].
pub fn first_on(credits: u32, fill: impl Fn(&Path) -> Result<(), BenchError>) -> Result<f64, BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    let providers = credits.div_ceil(1_000);
    let fleet = Fleet::new(credits, providers, blockable_testkit::START);
    let node = runtime.block_on(SimulatedNode::start(&fleet))?;
    let bench = Bench::new(&fleet, &node.url(), 0)?;
    fill(&bench.folder.path().join("data"))?;
    runtime.block_on(async {
        let figures = bench.measure(&fleet, "a large store", async || Ok(node.clock()), false).await?;
        let first = figures.into_iter().find(|figure| figure.name.contains("the first cycle"));
        first.map(|figure| figure.value).ok_or_else(|| BenchError::Setup("no first cycle".to_string()))
    })
}

/// A keeper's files and its fleet's reporters.
struct Bench {
    folder: tempfile::TempDir,
    reporters: RefCell<Vec<Reporters>>,
    /// Rounds after the first one. The first reads everything and is reported apart.
    later_rounds: u64,
}

impl Bench {
    fn new(fleet: &Fleet, url: &str, rounds: u64) -> Result<Bench, BenchError> {
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let reporters = fleet.reporters();
        write_keypair_file(&Parties::key("keeper"), folder.path().join("key.json"))
            .map_err(BenchError::setup)?;
        fs::write(folder.path().join("keeper.toml"), config(fleet, url, &reporters))
            .map_err(BenchError::setup)?;
        Ok(Bench { folder, reporters: RefCell::new(reporters), later_rounds: rounds })
    }

    async fn measure(
        &self,
        fleet: &Fleet,
        name: &str,
        clock: impl AsyncFn() -> Result<i64, BenchError>,
        is_bound: bool,
    ) -> Result<Vec<Figure>, BenchError> {
        let mut process = Process::start(&self.folder.path().join("keeper.toml"))?;
        let mut rounds: Vec<Round> = Vec::new();
        for number in 0..=self.later_rounds {
            let mut at = clock().await?;
            let last = at;
            while at <= last {
                sleep(Duration::from_millis(200)).await;
                at = clock().await?;
            }
            {
                let mut reporters = self.reporters.borrow_mut();
                fleet.use_units(&mut reporters, 100 * (number + 1));
                reporters.iter().for_each(|reporters| reporters.report(at));
            }
            let round = tokio::task::block_in_place(|| process.round())?;
            eprintln!("bench: {name}: round {number}: {round:?}");
            rounds.push(round);
        }
        let spent = spent(&self.folder.path().join("data/keeper.sqlite"))?;
        let seconds = rounds.iter().skip(1).map(|round| round.seconds).fold(0.0, f64::max);
        let first = rounds.first().map_or(0.0, |round| round.seconds);
        let transactions = rounds.last().map_or(0, |round| round.transactions);
        let left: usize = rounds.iter().map(|round| round.left).sum();
        let peak = rounds.iter().map(|round| round.peak_bytes).max().unwrap_or(0);
        let metered = fleet.credits.len() as f64 * (self.later_rounds + 1) as f64;
        let at_most = |bound| if is_bound { Bound::AtMost(bound) } else { Bound::None };
        // The bound on memory is stated for a market of CREDITS credits.
        let is_stated = fleet.credits.len() <= CREDITS as usize;
        let memory = if is_stated { Bound::AtMost(512.0) } else { Bound::None };
        let figure =
            |what: &str, value, unit, bound| Figure::new(format!("{name}: {what}"), value, unit, bound);
        Ok(vec![
            figure("the first cycle, which simulates all", first, "s", Bound::None),
            figure("a cycle, slowest", seconds, "s", at_most(60.0)),
            figure("transactions in a cycle", transactions as f64, "", Bound::None),
            figure("transactions without an end", left as f64, "", Bound::AtMost(0.0)),
            figure("compute units per credit", spent.compute_units / metered, "CU", Bound::None),
            figure("cost per credit metered", spent.lamports / metered, "lamports", Bound::None),
            figure("most memory of the keeper", peak as f64 / MIB, "MiB", memory),
        ])
    }
}

/// The keeper's transactions, counted from its store.
struct Spent {
    compute_units: f64,
    lamports: f64,
}

fn spent(store: &Path) -> Result<Spent, BenchError> {
    let connection = Connection::open(store).map_err(BenchError::setup)?;
    let sql = "SELECT total(compute_units), total(lamports) FROM transactions WHERE state = 'landed'";
    let read = |row: &rusqlite::Row| Ok(Spent { compute_units: row.get(0)?, lamports: row.get(1)? });
    connection.query_row(sql, [], read).map_err(BenchError::setup)
}

/// The keeper's file.
pub fn config(fleet: &Fleet, url: &str, reporters: &[Reporters]) -> String {
    let mut text = format!(
        "market = \"{}\"\ndata_dir = \"data\"\n\n[keys]\nfees = {{ kind = \"file\", path = \"key.json\" }}\n\n\
         [cycle]\nrequest_timeout_seconds = 60\n\n\
         [metering]\nevery_seconds = 1\nurgent_every_seconds = 1\n\n\
         [api]\nlisten = \"127.0.0.1:0\"\nrequests_per_minute = 1000000\n\n[ops]\nlisten = \"127.0.0.1:0\"\n\n[landing]\nallow_single_rpc = true\nmax_in_flight = 4096\n\n\
         [spending]\nmetering_lamports_per_day = 100000000000\n\n\
         [[rpc]]\nname = \"node\"\nurl = \"{url}\"\n",
        fleet.market
    );
    for ((provider, _), reporters) in fleet.providers.iter().zip(reporters) {
        for url in reporters.urls() {
            text += &format!("\n[[reporter]]\nurl = \"{url}\"\nprovider = \"{provider}\"\n");
        }
    }
    text
}
