//! `quarantine`: work that keeps failing is listed, tried again or given up. Works while a keeper runs.

use {
    crate::{
        commands::CommandError,
        config::Config,
        land::lanes::{self, Lane},
        store::Store,
    },
    clap::Subcommand,
};

/// The part of the command that changes or lists lanes.
#[derive(Subcommand)]
pub(super) enum QuarantineAction {
    /// Lists work that has failed
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Has work tried again at the next cycle
    Retry {
        /// Its name
        lane: String,
    },
    /// Gives work up until it is retried
    Drop {
        /// Its name
        lane: String,
    },
}

/// Runs the command. Returns true. Errors: [`CommandError::NoLane`], [`CommandError::Store`].
pub(super) async fn run(config: &Config, action: QuarantineAction) -> Result<bool, CommandError> {
    let store = Store::open_unlocked(&config.data_dir)?;
    match action {
        QuarantineAction::List { json } => {
            let failed = store.read(|connection| lanes::list(connection, 1)).await?;
            let after = config.land.quarantine_after;
            match json {
                true => println!("{}", serde_json::to_string(&failed)?),
                false => print(&failed, after),
            }
            Ok(true)
        }
        QuarantineAction::Retry { lane } => {
            let name = lane.clone();
            let found = store.write(move |connection| lanes::retry(connection, &name)).await?;
            confirm(found, lane, "is tried again at the next cycle")
        }
        QuarantineAction::Drop { lane } => {
            let name = lane.clone();
            let found = store.write(move |connection| lanes::drop_lane(connection, &name)).await?;
            confirm(found, lane, "is given up until it is retried")
        }
    }
}

fn confirm(found: bool, lane: String, change: &str) -> Result<bool, CommandError> {
    if !found {
        return Err(CommandError::NoLane(lane));
    }
    println!("{lane} {change}");
    Ok(true)
}

fn print(failed: &[Lane], after: u32) {
    if failed.is_empty() {
        println!("no work has failed");
    }
    for lane in failed {
        let state = match (lane.dropped, lane.failures >= after) {
            (true, _) => "given up",
            (false, true) => "in quarantine",
            (false, false) => "tried again soon",
        };
        println!("{}: {state}, failed {} times: {}", lane.lane, lane.failures, lane.reason);
    }
}
