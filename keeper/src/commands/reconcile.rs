//! `reconcile`: brings the store in line with the chain after a keeper has ended in any way. Sends nothing new.

use {
    crate::{
        commands::{CommandError, PATIENCE, output},
        config::Config,
        daemon::Keeper,
        history::PassSummary,
    },
    serde::Serialize,
};

#[derive(Serialize)]
struct Reconciled {
    /// Transactions that were in flight.
    in_flight: usize,
    /// Transactions that are still in flight.
    still_in_flight: usize,
    /// Credits of the market.
    credits: usize,
    /// The slot that was read.
    slot: u64,
    /// Records of event logs that were fetched.
    records: usize,
    /// Credits whose logs were proven complete now.
    proven: usize,
    /// Faults of event logs; the next `run` delivers the alerts on them.
    faults: usize,
}

/// Runs the command. Returns whether nothing is in flight any more and all event logs are in order.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let mut keeper = Keeper::open(config).await?;
    let in_flight = keeper.in_flight();
    let still_in_flight = keeper.follow(PATIENCE).await?;
    let snapshot = keeper.gather().await?;
    let proof = match keeper.parts().config.history.enabled {
        true => keeper.prove(&snapshot).await?,
        false => PassSummary::default(),
    };
    let faults = proof.findings.len();
    let reconciled = Reconciled {
        in_flight,
        still_in_flight,
        credits: snapshot.credits.len(),
        slot: snapshot.slot,
        records: proof.records,
        proven: proof.proven,
        faults,
    };
    output::print(&reconciled, json)?;
    Ok(still_in_flight == 0 && faults == 0)
}
