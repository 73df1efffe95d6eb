//! Files that a command writes.

use {
    crate::error::CliError,
    std::{fs::OpenOptions, io::Write, path::Path},
};

/// Writes a file that is not there yet. Errors: it exists, or the system fails.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CliError::Refused(format!("{shown} exists; name a file that is not there yet"))
        }
        _ => CliError::Failed(format!("{shown} cannot be written: {error}; name another file")),
    })
}
