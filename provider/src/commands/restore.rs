//! `blockable-provider restore`.

use {
    super::CommandError,
    blockable_provider::{
        Config,
        restore::{LaterKeyChanges, RestoreOutcome, restore},
    },
    blockable_sdk::amounts::{ChainTime, Units},
    blockable_service::text,
    clap::{ArgGroup, Args},
    jiff::Timestamp,
    serde_json::{Value, json},
    std::path::{Path, PathBuf},
};

/// Makes the server's store from a backup, with the use that the chain and signed reports know of
///
/// For a server whose store is lost. A store that exists is never overwritten: it is newer than any backup. Use that was settled
/// after the backup is taken over from the chain and from the reports that you give; what neither knows is your loss. Leases end.
/// API keys that were revoked after the backup stay revoked by the server's file of changes, which must have survived, or by a copy.
#[derive(Args, Debug)]
#[group(skip)]
#[command(group = ArgGroup::new("use_since").args(["reports", "without_reports"]).required(true))]
pub(super) struct RestoreArgs {
    /// A file that `backup` has made
    backup: PathBuf,
    /// The server's file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Signed reports that others have kept, such as a keeper: an answer of GET /v1/reports/latest, or one report a line
    #[arg(long, value_name = "FILE")]
    reports: Vec<PathBuf>,
    /// Restores without reports: one that lands later counts use that the restored store may count again for new jobs
    #[arg(long)]
    without_reports: bool,
    /// The latest copy of the server's file of changes of API keys, where that file is lost too
    #[arg(long, value_name = "FILE", conflicts_with = "without_key_changes")]
    key_changes: Option<PathBuf>,
    /// Restores without that file: API keys that were revoked after the backup are valid again
    #[arg(long)]
    without_key_changes: bool,
    /// Prints what would change, and makes no store
    #[arg(long)]
    dry_run: bool,
    /// Prints one JSON document
    #[arg(long)]
    json: bool,
}

/// Makes the store and prints its changes. Errors: [`CommandError::Config`], [`CommandError::Restore`].
pub(super) async fn run(args: &RestoreArgs) -> Result<(), CommandError> {
    let config = Config::FILE.load(&args.config)?;
    let later = match &args.key_changes {
        Some(copy) => LaterKeyChanges::Copy(copy),
        None if args.without_key_changes => LaterKeyChanges::Lost,
        None => LaterKeyChanges::InPlace,
    };
    let outcome = restore(&config, &args.backup, &args.reports, later, args.dry_run).await?;
    match args.json {
        true => println!("{}", document(&outcome, args.dry_run)),
        false => {
            print(&outcome, args.dry_run);
            println!("{}", said_of_keys(&outcome, args.key_changes.as_deref()));
        }
    }
    Ok(())
}

fn document(outcome: &RestoreOutcome, is_dry_run: bool) -> Value {
    let RestoreOutcome { restored, unused, not_before, key_changes } = outcome;
    let credits = restored.raised.iter().map(|meter| {
        json!({"credit": meter.credit.to_string(), "index": meter.index, "before": meter.before, "after": meter.after})
    });
    let holds = restored.dropped.iter().map(|hold| {
        json!({"hold": hold.id.0, "credit": hold.credit.to_string(), "reference": hold.reference, "units": hold.units})
    });
    let unused =
        unused.iter().map(|report| json!({"reporter": report.reporter.to_string(), "reason": report.reason}));
    json!({
        "dry_run": is_dry_run,
        "taken_ms": restored.taken_ms,
        "credits": credits.collect::<Vec<_>>(),
        "dropped_holds": holds.collect::<Vec<_>>(),
        "unused_reports": unused.collect::<Vec<_>>(),
        "no_report_before": not_before,
        "key_changes": key_changes,
    })
}

fn print(outcome: &RestoreOutcome, is_dry_run: bool) {
    let restored = &outcome.restored;
    let taken = text::time(ChainTime(restored.taken_ms / 1_000));
    println!("{} from the backup of {taken}", if is_dry_run { "would restore" } else { "restored" });
    for meter in &restored.raised {
        let (before, after) = (text::units(meter.before), text::units(meter.after));
        println!("{}: {before} in the backup, {after} now", meter.credit);
    }
    let held = restored.dropped.iter().fold(Units::ZERO, |sum, hold| sum.saturating_add(hold.units));
    if !restored.dropped.is_empty() {
        let (count, held) = (restored.dropped.len(), text::units(held));
        println!(
            "{count} open holds of the backup, {held}, are dropped: what they used since is known from the chain and reports alone"
        );
    }
    for report in &outcome.unused {
        println!("a report of {} is not used: {}", report.reporter, report.reason);
    }
    println!("no report is signed up to {}", to_the_second(outcome.not_before));
}

fn said_of_keys(outcome: &RestoreOutcome, copy: Option<&Path>) -> String {
    match (outcome.key_changes, copy) {
        (None, _) => {
            "API keys that were revoked after the backup are valid again: no file has the changes since"
                .to_string()
        }
        (Some(count), None) => {
            format!("the server takes {count} changes of API keys from its own file: none is taken back")
        }
        (Some(count), Some(copy)) => format!(
            "the server takes {count} changes of API keys from {}: keys that were revoked after that copy was made are valid again",
            copy.display()
        ),
    }
}

/// A time in UTC to the second: reports are signed every few of them.
fn to_the_second(time: ChainTime) -> String {
    match Timestamp::from_second(time.get()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("Unix time {}", time.get()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_up_to_which_no_report_is_signed_has_its_seconds() {
        assert_eq!(to_the_second(ChainTime(1_764_508_567)), "2025-11-30 13:16:07 UTC");
    }
}
