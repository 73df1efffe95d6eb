//! `store`: examines, saves and takes back the store of a keeper that has been stopped.

use {
    crate::{
        commands::{CommandError, output},
        config::Config,
        history::{archive, verify},
        store::{Salvaged, Store, check, salvage},
    },
    clap::Subcommand,
    serde::Serialize,
    std::path::Path,
};

/// The work on a store.
#[derive(Subcommand)]
pub(super) enum StoreAction {
    /// Examines the database, the archives and the hashes of all event logs
    Check,
    /// Replaces a damaged database by a new one with every row that can be read; the damaged files are kept
    Salvage,
    /// Takes the store back to the layout of the version before, to go back to that keeper
    Back,
}

/// The outcome of `store check`.
#[derive(Serialize)]
struct Checked {
    sound: bool,
    faults: Vec<String>,
}

/// The outcome of `store salvage`.
#[derive(Serialize)]
struct Saved {
    #[serde(flatten)]
    database: Salvaged,
    /// Event logs that were not whole any more; the keeper fetches them anew from the chain.
    logs_to_fetch: usize,
}

/// The outcome of `store back`.
#[derive(Serialize)]
struct TakenBack {
    /// The version of the layout.
    layout: u32,
}

/// Runs the command. Returns whether the store is in order.
pub(super) async fn run(config: &Config, action: StoreAction, json: bool) -> Result<bool, CommandError> {
    let folder = config.data_dir.as_path();
    match action {
        StoreAction::Check => {
            let faults = look_at(folder).await?;
            let checked = Checked { sound: faults.is_empty(), faults };
            output::print(&checked, json)?;
            Ok(checked.sound)
        }
        StoreAction::Salvage => {
            output::print(&save(folder).await?, json)?;
            Ok(true)
        }
        StoreAction::Back => {
            output::print(&TakenBack { layout: take_back(folder).await? }, json)?;
            Ok(true)
        }
    }
}

/// Says what is done next: a large store takes minutes.
fn say(part: &str) {
    eprintln!("{part} ...");
}

async fn look_at(folder: &Path) -> Result<Vec<String>, CommandError> {
    say("examining the database");
    let faults = check(folder)?;
    if !faults.is_empty() {
        return Ok(faults);
    }
    say("examining archives and event logs");
    let (store, archives) = (Store::open(folder)?, folder.to_path_buf());
    Ok(store.read(move |connection| verify::faults(connection, &archives)).await?)
}

async fn save(folder: &Path) -> Result<Saved, CommandError> {
    let database = salvage(folder, &|table| say(&format!("saving the table {table}")))?;
    say("examining archives and event logs");
    let (store, archives) = (Store::open(folder)?, folder.to_path_buf());
    let logs_to_fetch = store.write(move |tx| verify::remove_broken(tx, &archives)).await?;
    Ok(Saved { database, logs_to_fetch })
}

async fn take_back(folder: &Path) -> Result<u32, CommandError> {
    say("putting archived events back");
    let (store, archives) = (Store::open(folder)?, folder.to_path_buf());
    store.write(move |tx| archive::restore(tx, &archives)).await?;
    say("changing the layout");
    Ok(store.take_back()?)
}
