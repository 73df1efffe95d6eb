//! The free space of disks.

use std::{io, path::Path};

/// The bytes that are free for this user on the disk that a file or folder is on. Errors: the system's.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The bytes that are free for this user on the disk that a file or folder is on. Errors: this system does not say.
#[cfg(not(unix))]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let _ = path;
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_disk_of_a_folder_has_room_and_a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert_eq!(free_bytes(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
