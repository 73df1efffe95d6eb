//! `once --dry-run`: what would be sent now, simulated, and nothing sent, stored or told.

use crate::{
    commands::{CommandError, beside, show},
    config::Config,
    daemon::CycleError,
    land::confirm::confirm,
};

/// Prints the plan. Returns whether all of it would succeed.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let needed = if config.land.allow_single_node { 1 } else { 2 };
    let settings = config.plan.clone();
    let (mut keeper, _folder) = beside(config).await?;
    let (snapshot, plan) = keeper.plan().await?;
    let parts = keeper.parts();
    let confirmed = confirm(&parts.nodes, needed, plan.intents, &snapshot, &settings).await;
    let rehearsed = parts.lander.rehearse(confirmed.due, confirmed.held, snapshot.clock).await;
    let rehearsal = rehearsed.map_err(CycleError::from)?;
    show(&rehearsal, json)?;
    Ok(rehearsal.failed.is_empty())
}
