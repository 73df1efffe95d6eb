//! Removes what killed sandboxes have left: temporary folders with the keys of all parties.

use {
    super::{LOCK, MARKER, TEMPORARY, read_marker},
    std::{
        fs::{self, Metadata, OpenOptions},
        os::unix::fs::MetadataExt,
        path::Path,
    },
};

/// Removes the temporary folders whose sandboxes were killed: those with the marker of a sandbox, of the same user as the folder
/// `own` and next to it, that no process has locked. What cannot be removed is left.
pub(super) fn remove_all(own: &Path) {
    let Some(entries) = own.parent().and_then(|place| fs::read_dir(place).ok()) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path != own) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(TEMPORARY) && is_same_users_folder(&path, own) {
            remove_unlocked(&path);
        }
    }
}

/// True for a folder, not a link to one, that the owner of `own` owns.
fn is_same_users_folder(path: &Path, own: &Path) -> bool {
    let owner =
        |path: &Path| fs::symlink_metadata(path).ok().filter(Metadata::is_dir).map(|known| known.uid());
    owner(path).is_some() && owner(path) == owner(own)
}

/// Removes a folder that has the marker and a lock that nobody holds. Links in it are removed, not followed.
fn remove_unlocked(path: &Path) -> Option<()> {
    let is_file = |name: &str| fs::symlink_metadata(path.join(name)).is_ok_and(|known| known.is_file());
    if !is_file(LOCK) || !is_file(MARKER) {
        return None;
    }
    read_marker(&path.join(MARKER)).ok().flatten()?;
    let file = OpenOptions::new().write(true).open(path.join(LOCK)).ok()?;
    file.try_lock().ok()?;
    fs::remove_dir_all(path).ok()
}

#[cfg(test)]
mod tests {
    use {super::*, crate::folder::Folder, std::os::unix::fs::symlink};

    /// A folder with the marker and the lock of a sandbox.
    fn abandoned(path: &Path) {
        fs::create_dir_all(path.join("keys")).unwrap();
        fs::write(path.join(MARKER), r#"{"version":1,"program":"","complete":false}"#).unwrap();
        fs::write(path.join(LOCK), "").unwrap();
    }

    #[test]
    fn only_unlocked_folders_of_sandboxes_are_removed_and_no_link_is_followed() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let names = ["own", "killed", "running", "no-marker", "no-lock", "linked-lock", "foreign-marker"];
        let [own, killed, running, no_marker, no_lock, linked_lock, foreign_marker] =
            names.map(|name| at(&format!("{TEMPORARY}{name}")));
        let (elsewhere, link) = (at("elsewhere"), at(&format!("{TEMPORARY}link")));
        for path in [&own, &killed, &running, &no_marker, &no_lock, &linked_lock, &foreign_marker, &elsewhere]
        {
            abandoned(path);
        }
        symlink(&elsewhere, &link).unwrap();
        symlink(&elsewhere, killed.join("keys/link")).unwrap();
        let held = OpenOptions::new().write(true).open(running.join(LOCK)).unwrap();
        held.try_lock().unwrap();
        fs::remove_file(no_marker.join(MARKER)).unwrap();
        fs::remove_file(no_lock.join(LOCK)).unwrap();
        fs::remove_file(linked_lock.join(LOCK)).unwrap();
        symlink(elsewhere.join(LOCK), linked_lock.join(LOCK)).unwrap();
        fs::write(foreign_marker.join(MARKER), "{}").unwrap();
        remove_all(&own);
        assert!(!killed.exists());
        for left in [&own, &running, &no_marker, &no_lock, &linked_lock, &foreign_marker, &link] {
            assert!(left.exists(), "{}", left.display());
        }
        assert!(elsewhere.join(MARKER).exists() && elsewhere.join("keys").exists());
        drop(held);
        remove_all(&own);
        assert!(!running.exists(), "its sandbox has ended");
    }

    #[test]
    fn a_temporary_folder_is_locked_for_as_long_as_it_is_open() {
        let folder = Folder::temporary(String::new()).unwrap();
        let other = Folder::temporary(String::new()).unwrap();
        assert!(folder.path().join(MARKER).exists(), "the second one has left the first one alone");
        other.close().unwrap();
        let path = folder.path().to_path_buf();
        folder.close().unwrap();
        assert!(!path.exists());
    }
}
