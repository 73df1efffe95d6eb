//! `backup`: a copy of the store, while a keeper runs.

use {
    crate::{commands::CommandError, config::Config, store::Store},
    std::path::Path,
};

/// Copies the store of a configuration to a new file. Returns its size in bytes. Errors: [`CommandError::Store`].
pub(super) fn run(config: &Config, file: &Path) -> Result<u64, CommandError> {
    Ok(Store::back_up(&config.data_dir, file)?)
}
