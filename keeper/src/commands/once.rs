//! `once`: a single cycle, whose transactions are followed to their end.

use crate::{
    commands::{CommandError, PATIENCE, output},
    config::Config,
    daemon::Keeper,
};

/// Runs a cycle and prints its summary. Returns true if no transaction failed and every key could pay.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let summary = Keeper::open(config).await?.once(PATIENCE).await?;
    output::print(&summary, json)?;
    Ok(summary.landing.failed == 0 && summary.landing.unfunded == 0)
}
