//! `bench freeze-latency`: from the moment the lender's client has signed until the gate refuses a new job.

use {
    super::site::{Site, Where},
    crate::{
        BenchError,
        performance::{Bound, Durations, Figure, Output},
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_gate::{Gate, Job, Refusal},
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::Units,
        instructions,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::FreezeReason,
        },
    },
    blockable_testkit::Parties,
    rand::{Rng, SeedableRng, rngs::StdRng},
    serde_json::json,
    solana_client::rpc_config::{CommitmentConfig, RpcSendTransactionConfig},
    solana_sdk::{signature::Signature, transaction::VersionedTransaction},
    std::time::{Duration, Instant},
    tokio::{
        runtime::Runtime,
        task::JoinHandle,
        time::{sleep, timeout},
    },
};

/// Credits that are frozen in turn, so that a run need not wait for the thaw of the last.
const CREDITS: usize = 20;
/// Longest pause before a run: a slot of a local validator, so that runs begin at any moment of one.
pub(super) const SLOT: Duration = Duration::from_millis(400);
/// Pause between two looks at a transaction's status.
pub(super) const LOOK: Duration = Duration::from_millis(1);
/// Longest time of a freeze or a payment; the bench gives up after it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Seed of the pauses.
pub(super) const SEED: u64 = 7;

#[derive(clap::Args, Debug)]
pub struct LatencyArgs {
    /// Freezes per way
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// On solana-test-validator, as named in SOLANA_TEST_VALIDATOR or found on the path, instead of the embedded cluster
    #[arg(long)]
    validator: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &LatencyArgs) -> Result<(), BenchError> {
    let (place, name) = match args.validator {
        true => (Where::Validator, "freeze-latency-validator"),
        false => (Where::Embedded, "freeze-latency-embedded"),
    };
    let runtime = Runtime::new().map_err(BenchError::setup)?;
    let figures = runtime.block_on(measure(args.runs as usize, place))?;
    args.output.finish(name, &figures)
}

async fn measure(runs: usize, place: Where) -> Result<Vec<Figure>, BenchError> {
    let mut site = Site::open(place, CREDITS, |_| {}).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut signed, mut chain) = (Vec::new(), Vec::new());
    for way in [Way::SignedTransaction, Way::Chain] {
        let samples = if way == Way::Chain { &mut chain } else { &mut signed };
        while samples.len() < runs {
            eprintln!("bench: {way:?}, {} of {runs} freezes ...", samples.len());
            let round = CREDITS.min(runs - samples.len());
            for credit in site.credits.clone().iter().take(round) {
                sleep(SLOT.mul_f64(random.random())).await;
                samples.push(freeze(&site, credit, way).await?);
            }
            thaw(&mut site, round).await?;
        }
    }
    site.close().await;
    Ok(figures(&signed, &chain))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    SignedTransaction,
    Chain,
}

/// The moments of one freeze. All but `sign` count from the signature.
struct Sample {
    sign: Duration,
    /// The server has answered, or the node has taken the transaction.
    sent: Duration,
    /// The node says that it has processed the transaction.
    landed: Duration,
    /// The gate has the freeze in its chain view.
    noticed: Duration,
    /// The gate refuses a new job.
    refused: Duration,
}

async fn freeze(site: &Site, credit: &Pubkey, way: Way) -> Result<Sample, BenchError> {
    let (client, lender) = (&site.chain().client, Parties::key("lender"));
    let freeze = freeze_all(site, credit);
    let (blockhash, _) = client
        .rpc()
        .get_latest_blockhash_with_commitment(CommitmentConfig::processed())
        .await
        .map_err(BenchError::setup)?;
    let signing = Instant::now();
    let transaction = blockable_sdk::transactions::sign_v0(&[freeze], &lender, &[], blockhash)
        .map_err(BenchError::setup)?;
    let clock = Instant::now();
    let sign = clock - signing;
    let refused = tokio::spawn(until_refused(site.gate().clone(), *credit, clock));
    let noticed = tokio::spawn(until_noticed(site.gate().clone(), *credit, clock));
    let landed = until_landed(site, transaction.signatures[0], clock);
    match way {
        Way::SignedTransaction => post(site, &transaction).await?,
        Way::Chain => {
            let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
            client
                .rpc()
                .send_transaction_with_config(&transaction, config)
                .await
                .map_err(BenchError::setup)?;
        }
    }
    let sent = clock.elapsed();
    let sample = async {
        let (landed, refused, noticed) = (landed.await?, joined(refused).await?, joined(noticed).await?);
        Ok(Sample { sign, sent, landed, noticed, refused })
    };
    timeout(PATIENCE, sample).await.map_err(|_| BenchError::setup("a freeze did not land"))?
}

pub(super) async fn joined<T>(task: JoinHandle<T>) -> Result<T, BenchError> {
    task.await.map_err(BenchError::setup)
}

fn freeze_all(site: &Site, credit: &Pubkey) -> Instruction {
    let lender = Parties::address("lender");
    let (amount, reason) = (FreezeAmount::All, FreezeReason::Risk);
    instructions::credit_freeze(&site.chain().keys.market, &lender, credit, amount, reason)
}

/// Asks the gate to admit a job over and over; returns when it first refuses.
async fn until_refused(gate: Gate, credit: Pubkey, clock: Instant) -> Duration {
    loop {
        match gate.admit(&credit, Job::new(Units(1), "bench", PATIENCE)).await {
            Err(Refusal::Frozen { .. }) => return clock.elapsed(),
            Err(_) => {}
            Ok(hold) => drop(gate.release(&hold).await),
        }
    }
}

/// Waits until the gate's view of the credit is frozen.
async fn until_noticed(gate: Gate, credit: Pubkey, clock: Instant) -> Duration {
    let mut changes = gate.subscribe_changes();
    while gate.credit(&credit).is_none_or(|credit| credit.collateral.frozen() == 0) {
        if changes.changed().await.is_err() {
            break;
        }
    }
    clock.elapsed()
}

/// Looks until the node has processed a transaction.
pub(super) async fn until_landed(
    site: &Site,
    signature: Signature,
    clock: Instant,
) -> Result<Duration, BenchError> {
    loop {
        let statuses = site.chain().client.rpc().get_signature_statuses(&[signature]).await;
        let found = statuses.map_err(BenchError::setup)?.value.into_iter().flatten().next();
        match found.map(|status| status.err) {
            Some(None) => return Ok(clock.elapsed()),
            Some(Some(error)) => return Err(BenchError::setup(error)),
            None => sleep(LOOK).await,
        }
    }
}

async fn post(site: &Site, transaction: &VersionedTransaction) -> Result<(), BenchError> {
    let bytes = blockable_sdk::transactions::encode(transaction);
    let body = json!({ "transaction": BASE64_STANDARD.encode(bytes) });
    let sent = site.http.post(format!("{}/v1/freezes", site.url())).json(&body).send().await;
    let answer = sent.map_err(BenchError::setup)?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(BenchError::setup(answer.text().await.unwrap_or_default())),
    }
}

/// Thaws the credits of a round, and waits until the gate admits jobs on them again.
async fn thaw(site: &mut Site, round: usize) -> Result<(), BenchError> {
    let (market, lender) = (site.chain().keys.market, Parties::address("lender"));
    let credits: Vec<Pubkey> = site.credits.iter().take(round).copied().collect();
    let thaws: Vec<Instruction> = credits
        .iter()
        .map(|credit| instructions::credit_thaw(&market, &lender, credit, ThawBounds::ALL))
        .collect();
    site.chain_mut().send_v1(&thaws, &["lender"]).await;
    let deadline = Instant::now() + PATIENCE;
    for credit in &credits {
        while site.gate().room(credit).is_ok_and(|room| room.available.is_zero()) {
            if Instant::now() > deadline {
                return Err(BenchError::setup("a thaw does not reach the gate"));
            }
            sleep(LOOK).await;
        }
    }
    Ok(())
}

fn figures(signed: &[Sample], chain: &[Sample]) -> Vec<Figure> {
    let of = |samples: &[Sample], part: fn(&Sample) -> Duration| {
        Durations::new(samples.iter().map(part).collect())
    };
    let none = Bound::None;
    let mut figures = Vec::new();
    let refused = "until the gate refuses";
    figures.extend(
        of(signed, |sample| sample.refused)
            .figures(&format!("by signed transaction, {refused}"), [none, none, Bound::AtMost(25.0), none]),
    );
    figures.extend(
        of(chain, |sample| sample.refused).figures(
            &format!("by chain, {refused}"),
            [Bound::AtMost(450.0), none, Bound::AtMost(900.0), none],
        ),
    );
    let mut median = |name: &str, durations: Durations| {
        figures.push(Figure::new(format!("{name}, p50"), durations.percentile_ms(0.5), "ms", none));
    };
    median("signing", of(chain, |sample| sample.sign));
    median("by signed transaction, the server has answered", of(signed, |sample| sample.sent));
    median("by signed transaction, landed", of(signed, |sample| sample.landed));
    median("by chain, the node has taken it", of(chain, |sample| sample.sent));
    median("by chain, landed", of(chain, |sample| sample.landed));
    median("by chain, in the chain view", of(chain, |sample| sample.noticed));
    median(
        "by chain, from landed to chain view",
        of(chain, |sample| sample.noticed.saturating_sub(sample.landed)),
    );
    median(
        "by chain, from chain view to refused",
        of(chain, |sample| sample.refused.saturating_sub(sample.noticed)),
    );
    figures
}
