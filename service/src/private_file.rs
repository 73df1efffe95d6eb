//! Files that only their owner can read and write: stores and locks, whatever the process's mask allows.
//!
//! On systems other than Unix the files are as the system makes them.

use std::{
    fs,
    fs::{DirBuilder, File, OpenOptions},
    io,
    io::Write,
    path::{Path, PathBuf},
};

/// The permissions of a private file.
#[cfg(unix)]
const OWNER_ALONE: u32 = 0o600;
/// The permissions that no file of a key or secret may have: everything of others, and writing of the group.
#[cfg(unix)]
const OPEN_TO_OTHERS: u32 = 0o027;

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
        use std::os::unix::fs::PermissionsExt;
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

/// Requires that only the owner can change a file, and that only the owner and the owner's group can read it. A group that reads is
/// let pass: systemd and Kubernetes hand out secrets that way. Errors: the mode, and the next step. A file that is not there passes,
/// as whoever opens it finds that.
pub fn check(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
        if mode & OPEN_TO_OTHERS != 0 {
            let shown = path.display();
            return Err(format!(
                "has mode {mode:o}, so that others can read or change it; run chmod 600 {shown}"
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
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

/// Writes a private file in one step, in place of what was there: whoever reads it, also after a loss of power, finds the old contents
/// or the new ones, and the new ones once this has returned. It is written to its name with `.part` first. Errors: the system's; the
/// old contents are there then, but where only the folder could not be synced.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    // With the whole name of the file: another one of the same stem may be written next to it.
    let mut part = path.as_os_str().to_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let written =
        create(&part).and_then(|mut file| file.write_all(contents)).and_then(|()| publish(&part, path));
    if written.is_err() {
        // One that was never made, or has its name already, is not there.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Gives a finished file its name, in place of what has it, so that it survives a loss of power whole or not at all. Errors: the
/// system's.
pub fn publish(part: &Path, path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(part)?.sync_all()?;
    fs::rename(part, path)?;
    sync_folder(path)
}

/// Has the name of a new file on the disk too. Errors: the system's.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Other systems open no folder.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Makes a folder that only its owner can open, and those above it, where they are missing. Errors: the system's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    #[allow(unused_mut, reason = "it is changed on Unix alone")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use {super::*, std::os::unix::fs::PermissionsExt};

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
    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        let files = || fs::read_dir(folder.path()).unwrap().count();
        for contents in ["old and longer", "new"] {
            replace(&path, contents.as_bytes()).unwrap();
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), (contents, 0o600));
        }
        assert_eq!(files(), 1, "no part is left");
        // A folder in its place cannot be replaced.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        replace(&taken, b"new").unwrap_err();
        assert_eq!((files(), taken.is_dir()), (2, true));
        let below = folder.path().join("a/b");
        make_folder(&below).unwrap();
        make_folder(&below).unwrap();
        assert_eq!(mode(&below), 0o700);
        publish(&path, &below.join("moved")).unwrap();
        assert!(!path.exists() && below.join("moved").exists());
    }

    #[test]
    fn a_file_of_the_same_stem_that_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("gate.part");
        fs::write(&other, "a store").unwrap();
        replace(&folder.path().join("gate.key-changes"), b"changes").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "a store");
    }
}
