//! Checks of this machine: the store's folder and disk, and the secrets.

use {
    crate::{api::check_token as check, config::Config},
    blockable_service::{disk::free_bytes, private_file},
    std::{fs, path::Path},
};

/// Least free space that is no failure: a day of a large market, with room for the write-ahead log.
const FREE_MIN: u64 = 1 << 30;

/// Tests whether the folder of the store can be written, and has room. The folder is not created.
pub(super) fn check_disk(config: &Config) -> Result<String, String> {
    let folder = &config.data_dir;
    // Where the keeper will create the folder, the one above it counts.
    let existing = folder.ancestors().find(|folder| folder.is_dir());
    let Some(existing) = existing else {
        return Err(format!("no folder of {} exists; correct data_dir", folder.display()));
    };
    write_to(existing)
        .map_err(|error| format!("cannot write to {}: {error}; correct data_dir", existing.display()))?;
    let free = free_bytes(existing)
        .map_err(|error| format!("the free space of {} is not known: {error}", existing.display()))?;
    match free < FREE_MIN {
        true => Err(format!("{} has {} MiB free; free 1 GiB at least", existing.display(), free >> 20)),
        false => Ok(format!("{} has {} GiB free", existing.display(), free >> 30)),
    }
}

/// Writes a file and removes it.
fn write_to(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".doctor-{:016x}", rand::random::<u64>()));
    let written = private_file::create(&path).and_then(|file| file.sync_all());
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// Tests whether the API's token can be read and is long enough.
pub(super) fn check_token(config: &Config) -> Result<String, String> {
    check(&config.api).map_err(|error| error.to_string())?;
    Ok(match config.api.token {
        Some(_) => "it can be read".to_string(),
        None => "there is none: programs of this machine may read everything".to_string(),
    })
}
