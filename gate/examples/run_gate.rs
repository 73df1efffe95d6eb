//! Runs a gate before a provider's machines: it follows the chain, and a job begins only on units that are open.
//!
//! ```text
//! cargo run -p blockable-gate --example run_gate -- http://127.0.0.1:8899 ws://127.0.0.1:8900 MARKET PROVIDER CREDIT gate.db
//! ```

use {
    blockable_gate::{FollowConfig, Follower, Gate, GateConfig, Job},
    blockable_sdk::{Pubkey, amounts::Units},
    std::{env, error::Error, time::Duration},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, ws_url, market, provider, credit, store] = arguments.as_slice() else {
        return Err(
            "name a node's URL, its WebSocket URL, the market, the provider, a credit and a file".into()
        );
    };
    let gate = Gate::open(GateConfig::new(market.parse()?, provider.parse()?, store))?;
    // Until the gate has been shown the chain it refuses every job.
    let mut shown = gate.subscribe_changes();
    let follower = Follower::start(gate.clone(), FollowConfig::new(url, ws_url));
    shown.changed().await?;
    let done = run_a_job(&gate, &credit.parse()?).await;
    follower.stop().await;
    gate.close().await;
    println!("{}", done?);
    Ok(())
}

/// Admits one job on the units of a credit and counts what it used. Returns what came of it.
async fn run_a_job(gate: &Gate, credit: &Pubkey) -> Result<String, Box<dyn Error>> {
    let job = Job::new(Units(1_000), "/example/1", Duration::from_secs(60));
    let hold = match gate.admit(credit, job).await {
        Ok(hold) => hold,
        Err(refusal) => return Ok(format!("no job may begin: {refusal}")),
    };
    // The machine works here. What it used is counted; the rest is open again.
    let counted = gate.settle(&hold, Units(400)).await?;
    Ok(format!("counted {} units", counted.get()))
}
