//! Sizes of the store's files and of the disk that they are on.

use {
    super::{ARCHIVES, Store},
    std::{fs, io, path::Path},
};

impl Store {
    /// The bytes of the database, its log and its archives.
    pub(crate) fn bytes(&self) -> u64 {
        let folder = self.folder();
        bytes_in(folder, |name| name.starts_with("keeper.sqlite"))
            .saturating_add(bytes_in(&folder.join(ARCHIVES), |_| true))
    }

    /// The bytes that are free for this keeper on the disk. Errors: the system's.
    pub(crate) fn disk_free_bytes(&self) -> io::Result<u64> {
        blockable_service::disk::free_bytes(self.folder())
    }
}

/// The bytes of files in a folder; a file that goes meanwhile counts for nothing.
fn bytes_in(folder: &Path, counts: impl Fn(&str) -> bool) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let files =
        entries.filter_map(Result::ok).filter(|entry| entry.file_name().to_str().is_some_and(&counts));
    files.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}
