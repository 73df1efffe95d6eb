//! `bench payment-latency`: from the moment the borrower's client has signed a payment until the gate admits a job on the units that
//! it opens.

use {
    super::{
        latency::{LOOK, PATIENCE, SEED, SLOT, joined, until_landed},
        site::{Site, Where},
    },
    crate::{
        BenchError,
        performance::{Bound, Durations, Figure, Output},
    },
    blockable_gate::{Gate, Job, Refusal},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_testkit::Parties,
    rand::{Rng, SeedableRng, rngs::StdRng},
    solana_client::rpc_config::{CommitmentConfig, RpcSendTransactionConfig},
    std::time::{Duration, Instant},
    tokio::{
        runtime::Runtime,
        time::{sleep, timeout},
    },
};

/// Loans that are paid in turn, so that no two payments are one transaction.
const CREDITS: usize = 20;
/// Units of each loan that are unlocked ahead.
const AHEAD: Units = Units(1_000_000);
/// Units that each payment opens.
const OPENED: Units = Units(1_000);

#[derive(clap::Args, Debug)]
pub struct PaymentArgs {
    /// Payments
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// On solana-test-validator, as named in SOLANA_TEST_VALIDATOR or found on the path, instead of the embedded cluster
    #[arg(long)]
    validator: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &PaymentArgs) -> Result<(), BenchError> {
    let (place, name) = match args.validator {
        true => (Where::Validator, "payment-latency-validator"),
        false => (Where::Embedded, "payment-latency-embedded"),
    };
    let runtime = Runtime::new().map_err(BenchError::setup)?;
    let samples = runtime.block_on(measure(args.runs as usize, place))?;
    args.output.finish(name, &figures(&samples))
}

/// The moments of one payment, from its signature.
struct Sample {
    /// The node says that it has processed the transaction.
    landed: Duration,
    /// The gate admits a job.
    admitted: Duration,
}

async fn measure(runs: usize, place: Where) -> Result<Vec<Sample>, BenchError> {
    let mut site = Site::open(place, CREDITS, |terms| terms.unlocked_ahead = AHEAD.get()).await?;
    // Anyone may pay, and not all borrowers have a wallet.
    site.chain_mut().borrower = "borrower".to_string();
    let mut random = StdRng::seed_from_u64(SEED);
    let mut samples = Vec::new();
    while samples.len() < runs {
        if samples.len() % CREDITS == 0 {
            eprintln!("bench: {} of {runs} payments ...", samples.len());
        }
        let credit = site.credits[samples.len() % CREDITS];
        sleep(SLOT.mul_f64(random.random())).await;
        samples.push(pay(&site, &credit).await?);
    }
    site.close().await;
    Ok(samples)
}

/// Holds all units that are open, and pays for more.
async fn pay(site: &Site, credit: &Pubkey) -> Result<Sample, BenchError> {
    let (gate, client) = (site.gate(), &site.chain().client);
    let (payer, borrower) = (Parties::key("payer"), Parties::key("borrower"));
    let open = gate.room(credit).map_err(BenchError::setup)?.available;
    let all = gate.admit(credit, Job::new(open, "all", 10 * PATIENCE)).await.map_err(BenchError::setup)?;
    let least = gate.opening_payments(credit, OPENED).and_then(|payments| payments.least);
    let least = least.ok_or_else(|| BenchError::setup("no payment opens more units"))?;
    let payment = site.chain().repay(credit, least.amount.get()).await;
    let (blockhash, _) = client
        .rpc()
        .get_latest_blockhash_with_commitment(CommitmentConfig::processed())
        .await
        .map_err(BenchError::setup)?;
    let transaction = blockable_sdk::transactions::sign_v0(&[payment], &payer, &[&borrower], blockhash)
        .map_err(BenchError::setup)?;
    let clock = Instant::now();
    let admitted = tokio::spawn(until_admitted(gate.clone(), *credit, clock));
    let landed = until_landed(site, transaction.signatures[0], clock);
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    client.rpc().send_transaction_with_config(&transaction, config).await.map_err(BenchError::setup)?;
    let sample = async { Ok(Sample { landed: landed.await?, admitted: joined(admitted).await? }) };
    let sample = timeout(PATIENCE, sample).await.map_err(|_| BenchError::setup("a payment opens nothing"))?;
    gate.release(&all).await.map_err(BenchError::setup)?;
    sample
}

/// Asks the gate over and over; returns the time until it first admits a job.
async fn until_admitted(gate: Gate, credit: Pubkey, clock: Instant) -> Duration {
    loop {
        match gate.admit(&credit, Job::new(Units(1), "bench", PATIENCE)).await {
            Ok(hold) => {
                let admitted = clock.elapsed();
                drop(gate.release(&hold).await);
                return admitted;
            }
            Err(Refusal::Locked { .. }) => sleep(LOOK).await,
            Err(refusal) => {
                eprintln!("bench: {refusal}");
                sleep(SLOT).await;
            }
        }
    }
}

fn figures(samples: &[Sample]) -> Vec<Figure> {
    let of = |part: fn(&Sample) -> Duration| Durations::new(samples.iter().map(part).collect());
    let none = Bound::None;
    let name = "from the signed payment until the gate admits";
    let bounds = [Bound::AtMost(450.0), none, Bound::AtMost(900.0), none];
    let mut figures = of(|sample| sample.admitted).figures(name, bounds);
    let mut median = |name: &str, durations: Durations| {
        figures.push(Figure::new(format!("{name}, p50"), durations.percentile_ms(0.5), "ms", none));
    };
    median("landed", of(|sample| sample.landed));
    median("from landed until the gate admits", of(|sample| sample.admitted.saturating_sub(sample.landed)));
    figures
}
