//! The folder of a sandbox: keys, settings and stores.

use {
    crate::SandboxError,
    std::path::{Path, PathBuf},
    tempfile::TempDir,
};

/// Places in a sandbox's folder.
pub(crate) struct Folder {
    path: PathBuf,
    /// Removes the folder with everything in it once it is dropped; none for one that is kept.
    _temporary: Option<TempDir>,
}

impl Folder {
    /// A folder that goes with the sandbox. Errors: [`SandboxError::File`].
    pub(crate) fn temporary() -> Result<Folder, SandboxError> {
        let made = tempfile::Builder::new().prefix("blockable-sandbox-").tempdir();
        let folder = made.map_err(|error| SandboxError::file(&std::env::temp_dir(), error))?;
        Ok(Folder { path: folder.path().to_path_buf(), _temporary: Some(folder) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the parties' keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// The folder of the provider's server.
    pub(crate) fn provider(&self) -> PathBuf {
        self.path.join("provider")
    }

    /// The folder of the keeper.
    pub(crate) fn keeper(&self) -> PathBuf {
        self.path.join("keeper")
    }
}
