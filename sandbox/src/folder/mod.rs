//! The folder of a sandbox: keys, settings and stores.
//!
//! | place | contents |
//! |---|---|
//! | `sandbox.json` | the version of the folder, and whether the first start came to its end |
//! | `sandbox.lock` | locked while a sandbox runs on it |
//! | `keys/` | a file for each key |
//! | `cluster/` | accounts and blocks |
//! | `provider/`, `keeper/` | settings and store of each |

mod abandoned;

use {
    crate::{Keyring, SandboxError, disk::replace_json},
    blockable_sdk::Signer,
    serde::{Deserialize, Serialize},
    std::{
        collections::BTreeMap,
        fs::{self, DirBuilder, File, OpenOptions, Permissions},
        io,
        os::unix::fs::{DirBuilderExt, PermissionsExt},
        path::{Path, PathBuf},
    },
    tempfile::TempDir,
};

/// The version of the layout; a change of the loans, of the accounts or of a store needs a higher one.
const VERSION: u32 = 3;
/// Permissions of its folders.
const OWNER_ALONE: u32 = 0o700;
/// The beginning of the name of a temporary folder.
const TEMPORARY: &str = "blockable-sandbox-";
/// The file that marks a folder as a sandbox's.
const MARKER: &str = "sandbox.json";
/// The file that is locked while a sandbox runs on a folder.
const LOCK: &str = "sandbox.lock";
/// All that a sandbox puts into its folder, but for the lock.
const CONTENTS: [&str; 5] = [MARKER, "keys", "cluster", "provider", "keeper"];

/// The file `sandbox.json`.
#[derive(Serialize, Deserialize)]
struct Marker {
    /// [`VERSION`].
    version: u32,
    /// Hash of the market's program, which reads the kept accounts.
    program: String,
    /// True once the first start has come to its end.
    complete: bool,
    /// The address of each key then.
    #[serde(default)]
    parties: BTreeMap<String, String>,
}

/// Places in a sandbox's folder.
pub(crate) struct Folder {
    path: PathBuf,
    /// Removes the folder with everything in it once it is dropped; none for one that is kept.
    temporary: Option<TempDir>,
    /// Locked for as long as this is open.
    _lock: File,
    program: String,
    complete: bool,
    parties: BTreeMap<String, String>,
}

impl Folder {
    /// A folder that goes with the sandbox. Those that killed sandboxes have left are removed first.
    /// Errors: [`SandboxError::File`].
    pub(crate) fn temporary(program: String) -> Result<Folder, SandboxError> {
        let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir();
        let made = made.map_err(|error| SandboxError::file(&std::env::temp_dir(), error))?;
        let path = made.path().to_path_buf();
        abandoned::remove_all(&path);
        let (lock, parties) = (lock(&path)?, BTreeMap::new());
        let folder = Folder { path, temporary: Some(made), _lock: lock, program, complete: false, parties };
        // Only once it is locked: a folder with the marker and without a lock is removed by the next one.
        folder.mark(false, BTreeMap::new())?;
        Ok(folder)
    }

    /// Opens or creates a folder that is kept, and locks it. `program` is the hash of the market's program. What an unfinished first
    /// start has left is removed. Errors: [`SandboxError::File`], [`SandboxError::InUse`], [`SandboxError::Foreign`],
    /// [`SandboxError::OtherVersion`].
    pub(crate) fn kept(path: &Path, program: String) -> Result<Folder, SandboxError> {
        let failed = |error| SandboxError::file(path, error);
        if path.exists() && !path.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let marker = read_marker(&path.join(MARKER))?;
        if marker.is_none() && has_others(path).map_err(failed)? {
            return Err(SandboxError::Foreign(path.display().to_string()));
        }
        create(path).map_err(failed)?;
        let path = fs::canonicalize(path).map_err(failed)?;
        let lock = lock(&path)?;
        let complete = marker.as_ref().is_some_and(|marker| marker.complete);
        let mut parties = BTreeMap::new();
        if let Some(marker) = marker.filter(|marker| marker.complete) {
            if marker.version != VERSION || marker.program != program {
                return Err(SandboxError::OtherVersion(path.display().to_string()));
            }
            parties = marker.parties;
        }
        let folder = Folder { path, temporary: None, _lock: lock, program, complete, parties };
        folder.close_to_others()?;
        if !complete {
            folder.clear()?;
            folder.mark(false, BTreeMap::new())?;
        }
        Ok(folder)
    }

    /// Removes what is in it, but for the lock.
    fn clear(&self) -> Result<(), SandboxError> {
        for name in CONTENTS {
            remove(&self.path.join(name))?;
        }
        Ok(())
    }

    /// Writes the file that says what the folder holds.
    fn mark(&self, complete: bool, parties: BTreeMap<String, String>) -> Result<(), SandboxError> {
        let marker = Marker { version: VERSION, program: self.program.clone(), complete, parties };
        let path = self.path.join(MARKER);
        replace_json(&path, &marker)
    }

    /// Lets nobody but its owner see or change what is in it, whatever the umask was as it was made.
    fn close_to_others(&self) -> Result<(), SandboxError> {
        let places = CONTENTS.iter().map(|name| self.path.join(name)).filter(|place| place.is_dir());
        for place in places.chain([self.path.clone()]) {
            let closed = fs::set_permissions(&place, Permissions::from_mode(OWNER_ALONE));
            closed.map_err(|error| SandboxError::file(&place, error))?;
        }
        Ok(())
    }

    /// Notes that the first start has come to its end, and the keys. Does nothing for a temporary folder. Errors:
    /// [`SandboxError::File`].
    pub(crate) fn complete(&self, keyring: &Keyring) -> Result<(), SandboxError> {
        if self.is_kept() && !self.complete { self.mark(true, addresses(keyring)) } else { Ok(()) }
    }

    /// Reads the keys that were kept, and requires that they are those of the first start. Errors: [`SandboxError::Key`].
    pub(crate) fn keyring(&self) -> Result<Keyring, SandboxError> {
        let keyring = Keyring::read(&self.keys())?;
        let now = addresses(&keyring);
        match now.iter().find(|(name, address)| self.parties.get(*name) != Some(*address)) {
            None => Ok(keyring),
            Some((name, address)) => Err(SandboxError::Key {
                path: Keyring::file(&self.keys(), name).display().to_string(),
                reason: format!("it is the key of {address}, and not the one that the sandbox began with"),
            }),
        }
    }

    /// The error for a folder whose chain is missing or another's.
    pub(crate) fn lost(&self) -> SandboxError {
        SandboxError::LostChain(self.path.display().to_string())
    }

    /// True where a sandbox has been kept in it.
    pub(crate) fn has_sandbox(&self) -> bool {
        self.complete
    }

    /// True where it outlives the sandbox.
    pub(crate) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the parties' keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// Writes the keys to their folder. Errors: [`SandboxError::File`], [`SandboxError::Write`].
    pub(crate) fn write_keys(&self, keyring: &Keyring) -> Result<(), SandboxError> {
        keyring.write(&self.make("keys")?)
    }

    /// The folder of the cluster. Errors: [`SandboxError::File`].
    pub(crate) fn cluster(&self) -> Result<PathBuf, SandboxError> {
        self.make("cluster")
    }

    /// The folder of the provider's server. Errors: [`SandboxError::File`].
    pub(crate) fn provider(&self) -> Result<PathBuf, SandboxError> {
        self.make("provider")
    }

    /// The folder of the keeper. Errors: [`SandboxError::File`].
    pub(crate) fn keeper(&self) -> Result<PathBuf, SandboxError> {
        self.make("keeper")
    }

    /// Removes the keeper's store: it knows of transactions that the chain has lost. Errors: [`SandboxError::File`].
    pub(crate) fn forget_keeper(&self) -> Result<(), SandboxError> {
        remove(&self.path.join("keeper").join("data"))
    }

    fn make(&self, name: &str) -> Result<PathBuf, SandboxError> {
        let path = self.path.join(name);
        create(&path).map_err(|error| SandboxError::file(&path, error))?;
        Ok(path)
    }

    /// Removes a temporary folder. Errors: [`SandboxError::File`].
    pub(crate) fn close(self) -> Result<(), SandboxError> {
        match self.temporary {
            Some(folder) => folder.close().map_err(|error| SandboxError::file(&self.path, error)),
            None => Ok(()),
        }
    }
}

/// The address of each key.
fn addresses(keyring: &Keyring) -> BTreeMap<String, String> {
    keyring.named().into_iter().map(|(name, key)| (name.to_string(), key.pubkey().to_string())).collect()
}

/// Makes a folder, and those above it that are missing, for its owner alone.
fn create(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ALONE).create(path)
}

fn read_marker(path: &Path) -> Result<Option<Marker>, SandboxError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| SandboxError::OtherVersion(path.parent().unwrap_or(path).display().to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SandboxError::file(path, error)),
    }
}

/// True where a folder has files that are no sandbox's.
fn has_others(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(entries) => Ok(entries.flatten().any(|entry| entry.file_name() != LOCK)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn lock(folder: &Path) -> Result<File, SandboxError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| SandboxError::file(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(SandboxError::InUse(folder.display().to_string())),
    }
}

fn remove(path: &Path) -> Result<(), SandboxError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SandboxError::file(path, error)),
        _ => Ok(()),
    }
}
