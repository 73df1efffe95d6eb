//! Users that files of the store belong to.

use {
    super::StoreError,
    std::{fs, path::Path},
};

/// Refuses to let root make files in another user's folder: the server runs as that user and could not open them. Errors:
/// [`StoreError::OtherUser`].
pub(super) fn require_owner(store: &Path) -> Result<(), StoreError> {
    let Some(folder) = store.parent() else { return Ok(()) };
    // Where the system does not say who this process is, nothing is refused.
    match (user_of(Path::new("/proc/self")), user_of(folder)) {
        (Some(0), Some(owner)) if owner != 0 => {
            Err(StoreError::OtherUser { path: folder.display().to_string(), user: name(owner) })
        }
        _ => Ok(()),
    }
}

/// Adds to a refusal of the system's the user whose file it is: of the file, or of the folder that is to have it.
pub(super) fn with_owner(path: &Path, error: &std::io::Error) -> String {
    let user = path.ancestors().find_map(|path| user_of(path).map(|user| (path, user)));
    match user {
        Some((path, user)) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let (path, user) = (path.display(), name(user));
            format!("{error}: {path} belongs to {user}; give it to the server's user by `chown`")
        }
        _ => error.to_string(),
    }
}

#[cfg(unix)]
fn user_of(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::uid(&found))
}

#[cfg(not(unix))]
fn user_of(_: &Path) -> Option<u32> {
    None
}

/// The name of a user where this machine's own list has it, and its number otherwise.
fn name(user: u32) -> String {
    let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = user.to_string();
    let named = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_string())
    });
    named.unwrap_or_else(|| format!("user {number}"))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use {
        super::*,
        std::{io, os::unix::fs::chown},
    };

    #[test]
    fn a_refusal_names_the_user_whose_file_it_is() {
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        let said = with_owner(Path::new("/none/of/these"), &refused);
        assert_eq!(said, "permission denied: / belongs to root; give it to the server's user by `chown`");
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(with_owner(Path::new("/none"), &missing), missing.to_string());
    }

    #[test]
    fn root_makes_no_store_in_another_users_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("gate.db");
        assert_eq!(require_owner(&store), Ok(()), "a folder of one's own");
        // Only root can give a folder away.
        if chown(folder.path(), Some(4_294_000_000), None).is_ok() {
            let refused = require_owner(&store).unwrap_err();
            assert!(refused.to_string().contains("user 4294000000"), "{refused}");
        }
    }
}
