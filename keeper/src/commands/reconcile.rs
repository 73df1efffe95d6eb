//! `reconcile`: brings the store in line with the chain after an end of any kind. Sends nothing new.

use {
    crate::{
        alert::Level,
        commands::{CommandError, PATIENCE, show},
        config::Config,
        daemon::Keeper,
        history::Passed,
    },
    serde::Serialize,
};

#[derive(Serialize)]
struct Reconciled {
    /// Transactions that were in flight.
    in_flight: usize,
    /// Transactions whose end is still not known.
    left: usize,
    /// Credits of the market.
    credits: usize,
    /// The slot that was read.
    slot: u64,
    /// Records of event logs that were fetched.
    records: usize,
    /// Credits whose logs were proven complete now.
    proven: usize,
    /// Findings against event logs.
    wrong: usize,
}

/// Runs the command. Returns whether nothing is left open.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let mut keeper = Keeper::open(config).await?;
    let in_flight = keeper.parts().lander.in_flight();
    let left = keeper.settle(PATIENCE).await?;
    let snapshot = keeper.gather().await?;
    let proof = match keeper.parts().config.history.enabled {
        true => keeper.prove(&snapshot).await?,
        false => Passed::default(),
    };
    let wrong = proof.signals.iter().filter(|signal| signal.level == Level::Raise).count();
    let reconciled = Reconciled {
        in_flight,
        left,
        credits: snapshot.credits.len(),
        slot: snapshot.slot,
        records: proof.records,
        proven: proof.proven,
        wrong,
    };
    show(&reconciled, json)?;
    Ok(left == 0 && wrong == 0)
}
