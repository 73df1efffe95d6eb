//! `once --dry-run`: simulates what is due, and sends, stores and delivers nothing.

use crate::{
    commands::{CommandError, observer::Observer, output},
    config::Config,
};

/// Prints the simulated plan. Returns whether all of it would succeed.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let mut observer = Observer::open(config).await?;
    let (snapshot, plan) = observer.keeper.plan().await?;
    let rehearsal = observer.keeper.rehearse(plan, &snapshot).await?;
    output::print(&rehearsal, json)?;
    Ok(rehearsal.failed.is_empty())
}
