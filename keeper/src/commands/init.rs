//! Writes the first `keeper.toml`.

use {
    blockable_service::init_file::{InitFileError, Readers, write_new},
    std::path::{Path, PathBuf},
};

const EXAMPLE: &str = include_str!("../../keeper.example.toml");

/// Writes `keeper.toml` to a folder. Overwrites nothing. Returns its path. Errors: [`InitFileError`].
pub(super) fn init(folder: &Path) -> Result<PathBuf, InitFileError> {
    let path = folder.join("keeper.toml");
    write_new(&path, EXAMPLE, Readers::Everyone)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use {super::*, crate::Config, std::fs};

    #[test]
    fn what_is_written_is_a_configuration_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(&folder.path().join("new")).unwrap();
        Config::FILE.load(&path).unwrap_or_else(|error| panic!("{error}"));
        fs::write(&path, "mine").unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitFileError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
