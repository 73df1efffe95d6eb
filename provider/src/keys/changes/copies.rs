//! Copies of the file of changes, for backups and restores.

use {
    super::{Changes, read_file, write_anew},
    blockable_gate::StoreError,
    std::path::Path,
};

/// Counts the changes of some files together, and changes none of them. Errors: [`StoreError::File`].
pub(crate) fn count_changes(files: &[&Path]) -> Result<usize, StoreError> {
    Ok(united(files)?.all().len())
}

/// Writes the changes of some files, which stay as they are, to one file: also to one of them. Errors: [`StoreError::File`].
pub(crate) fn write_changes(files: &[&Path], to: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::File {
        path: to.display().to_string(),
        reason: error.to_string(),
    };
    write_anew(to, &united(files)?.all()).map_err(failed)
}

fn united(files: &[&Path]) -> Result<Changes, StoreError> {
    let mut all = Changes::default();
    for file in files {
        read_file(file)?.changes.all().iter().for_each(|change| all.take(change));
    }
    Ok(all)
}
