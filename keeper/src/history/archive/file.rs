//! The files of archives: blocks one after the other, behind a line that names the format.

use {
    crate::store::{ARCHIVES, StoreError},
    blockable_service::private_file,
    sha2::{Digest, Sha256},
    std::{
        fs::{self, File},
        io::{self, Read, Seek, SeekFrom},
        path::{Path, PathBuf},
    },
};

/// The first bytes of a file.
const FORMAT: &[u8] = b"blockable archive 1\n";
/// Most bytes of a block.
const BLOCK: u64 = 8 << 20;

/// A file that is being put together.
pub(super) struct ArchiveFile(Vec<u8>);

impl Default for ArchiveFile {
    fn default() -> ArchiveFile {
        ArchiveFile(FORMAT.to_vec())
    }
}

impl ArchiveFile {
    /// Adds a block. Returns its place and length.
    pub(super) fn push(&mut self, block: &[u8]) -> (u64, u64) {
        let place = self.len();
        self.0.extend_from_slice(block);
        (place, block.len() as u64)
    }

    /// Its bytes.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Writes it as the archive of a number, whole and on the disk, or not at all. Returns its digest. Errors: [`StoreError`].
    pub(super) fn write(&self, folder: &Path, number: i64) -> Result<[u8; 32], StoreError> {
        let path = path(folder, number);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
            _ => StoreError::File { path: path.display().to_string(), reason: error.to_string() },
        };
        fs::create_dir_all(folder.join(ARCHIVES)).map_err(failed)?;
        private_file::replace(&path, &self.0).map_err(failed)?;
        Ok(Sha256::digest(&self.0).into())
    }
}

/// The file of an archive.
pub(super) fn path(folder: &Path, number: i64) -> PathBuf {
    folder.join(ARCHIVES).join(format!("{number:08}.zst"))
}

/// The error for a file with wrong bytes.
pub(super) fn damaged(folder: &Path, number: i64, reason: impl ToString) -> StoreError {
    let path = path(folder, number).display().to_string();
    StoreError::Archive { path, reason: reason.to_string() }
}

/// Reads a block. Errors: [`StoreError::Archive`].
pub(super) fn read(folder: &Path, number: i64, place: u64, bytes: u64) -> Result<Vec<u8>, StoreError> {
    let read = || {
        let mut file = File::open(path(folder, number))?;
        file.seek(SeekFrom::Start(place))?;
        let mut block = Vec::new();
        file.take(bytes.min(BLOCK)).read_to_end(&mut block)?;
        Ok::<_, io::Error>(block)
    };
    let block = read().map_err(|error| damaged(folder, number, error))?;
    if block.len() as u64 == bytes { Ok(block) } else { Err(damaged(folder, number, "it is too short")) }
}

/// Compares a file with its digest. Errors: [`StoreError::Archive`].
pub(super) fn verify(folder: &Path, number: i64, digest: &[u8; 32]) -> Result<(), StoreError> {
    let hash = || {
        let (mut file, mut hasher) = (File::open(path(folder, number))?, Sha256::new());
        io::copy(&mut file, &mut hasher)?;
        Ok::<[u8; 32], io::Error>(hasher.finalize().into())
    };
    let found = hash().map_err(|error| damaged(folder, number, error))?;
    if found == *digest { Ok(()) } else { Err(damaged(folder, number, "its bytes have changed")) }
}

/// Removes all files of the folder but those of these archives. Returns how many were removed; what cannot be removed stays.
pub(super) fn remove_others(folder: &Path, numbers: &[i64]) -> usize {
    let Ok(entries) = fs::read_dir(folder.join(ARCHIVES)) else { return 0 };
    let kept: Vec<PathBuf> = numbers.iter().map(|number| path(folder, *number)).collect();
    let others = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| !kept.contains(path));
    others.filter(|path| fs::remove_file(path).is_ok()).count()
}
