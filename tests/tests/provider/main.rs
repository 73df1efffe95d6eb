//! A provider's gate and its freeze desk on a cluster inside this process, and nodes that fail them.

mod follow;
mod freeze_orders;
mod liar;
mod locks;

use {
    blockable_gate::{Gate, GateConfig, Job, Refusal},
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::Units,
        instructions,
        program::{
            instructions::{FreezeAmount, OfferArgs, ThawBounds},
            state::{FreezePolicy, FreezeReason},
        },
    },
    blockable_testkit::{Cluster, Loan, Parties},
    std::{
        future::Future,
        path::Path,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Milliseconds per block: a blockhash lives for 15 s.
const SLOT_MS: u64 = 100;
/// Longest wait in these tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster with an active credit that its lender may freeze at will.
async fn cluster() -> (Cluster, Pubkey) {
    let mut cluster = Cluster::ticking(SLOT_MS).await;
    let credit = cluster.chain.active(loan(1)).await;
    (cluster, credit)
}

/// The offer of a loan that may be frozen at will.
fn loan(nonce: u64) -> OfferArgs {
    let mut args = Loan::new(nonce).args;
    args.terms.offer_expires_at = 0;
    args.terms.freeze_policy = FreezePolicy::AtWill as u8;
    args
}

/// The gate of the cluster's provider, which is stale after two seconds.
fn gate(cluster: &Cluster, folder: &Path) -> Gate {
    let mut config =
        GateConfig::new(cluster.chain.keys.market, cluster.chain.provider, folder.join("gate.db"));
    config.max_staleness = Duration::from_secs(2);
    Gate::open(config).unwrap()
}

/// The instruction by which a party freezes a credit.
fn freeze(cluster: &Cluster, by: &str, credit: &Pubkey, amount: FreezeAmount) -> Instruction {
    let by = Parties::address(by);
    instructions::credit_freeze(&cluster.chain.keys.market, &by, credit, amount, FreezeReason::Risk)
}

/// The instruction by which the lender thaws a credit.
fn thaw(cluster: &Cluster, credit: &Pubkey) -> Instruction {
    let lender = Parties::address("lender");
    instructions::credit_thaw(&cluster.chain.keys.market, &lender, credit, ThawBounds::ALL)
}

/// Admits a job of one unit and releases it again.
async fn admits(gate: &Gate, credit: &Pubkey) -> Result<(), Refusal> {
    let hold = gate.admit(credit, Job::new(Units(1), "job", PATIENCE)).await?;
    gate.release(&hold).await.unwrap();
    Ok(())
}

/// Waits until a condition holds; returns how long that took.
async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}
