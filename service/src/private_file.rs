//! Files that only their owner can read and write: stores and locks, whatever the process's mask allows.
//!
//! On systems other than Unix the files are as the system makes them.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// The permissions of a private file.
#[cfg(unix)]
const OWNER_ALONE: u32 = 0o600;

/// Options that make a missing file a private one. They name no access: add that, and `create`.
pub fn options() -> OpenOptions {
    #[allow(unused_mut, reason = "it is changed on Unix alone")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ALONE);
    options
}

/// Makes a file where there is none, and takes one that is there from all readers but its owner: an earlier program, or a copy by
/// hand, may have left it open to others. Its contents stay, and it is not opened: to close it would drop the locks that this process
/// has on it. Another user's file is left as that user made it. Errors: the system's.
pub fn prepare(path: &Path) -> io::Result<()> {
    match options().create_new(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            take_from_others(path);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Takes a file from all readers but its owner, where it is there and this user's.
pub fn take_from_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::{fs, os::unix::fs::PermissionsExt};
        let found = fs::metadata(path).map(|file| file.permissions().mode());
        if let Ok(found) = found.map(|mode| mode & 0o777)
            && found & !OWNER_ALONE != 0
        {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(found & OWNER_ALONE));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Opens a file to write that [`prepare`] has prepared. Errors: the system's.
pub fn open(path: &Path) -> io::Result<File> {
    prepare(path)?;
    OpenOptions::new().write(true).open(path)
}

/// Makes an empty private file, in place of what was there. Errors: the system's.
pub fn create(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.set_len(0)?;
    Ok(file)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use {
        super::*,
        std::{fs, os::unix::fs::PermissionsExt},
    };

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_its_owners_alone_also_where_it_was_open_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "kept").unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
        for path in [&new, &old] {
            open(path).unwrap();
            assert_eq!(mode(path), 0o600, "{path:?}");
        }
        assert_eq!(fs::read_to_string(&old).unwrap(), "kept");
        create(&old).unwrap();
        assert_eq!((fs::read_to_string(&old).unwrap().as_str(), mode(&old)), ("", 0o600));
        fs::set_permissions(&old, fs::Permissions::from_mode(0o444)).unwrap();
        prepare(&old).unwrap();
        assert_eq!(mode(&old), 0o400, "nothing is added");
        let none = folder.path().join("none");
        take_from_others(&none);
        assert!(!none.exists());
        assert!(prepare(&old.join("below")).is_err());
    }
}
