//! Revocations of keys in a file of their own, so that a store that is restored from a backup brings no key back.
//!
//! One JSON object a line: `{"credit", "generation"}` voids all keys of lower generations, `{"credit", "owner", "name",
//! "version"}` the texts of a sub-key below a version, and with `"revoked": true` the sub-key for good. No line has a secret.

use {
    blockable_gate::{StoreError, StoredKey},
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
    std::{
        collections::BTreeMap,
        fs::{self, File, OpenOptions},
        io::{self, Write},
        os::unix::fs::OpenOptionsExt,
        path::{Path, PathBuf},
    },
};

/// Lines beyond those that count from which on the file is written anew.
const SPARE_LINES: usize = 4_096;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    credit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    revoked: bool,
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Revocation {
    /// Of all keys of a credit below a generation.
    Below(Pubkey, u32),
    /// Of a sub-key's texts below a version, or of the sub-key.
    SubKey(RevokedSubKey),
}

/// A sub-key of which texts are void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevokedSubKey {
    /// The credit that pays.
    pub credit: Pubkey,
    /// The borrower that made it.
    pub owner: Pubkey,
    /// Its name.
    pub name: String,
    /// The lowest version that is good.
    pub version: u32,
    /// True where it is void for good.
    pub is_revoked: bool,
}

impl RevokedSubKey {
    /// The revocations that a key has had.
    pub(super) fn of_key(key: &StoredKey) -> RevokedSubKey {
        let StoredKey { credit, owner, version, is_revoked, .. } = *key;
        RevokedSubKey { credit, owner, name: key.name.clone(), version, is_revoked }
    }
}

impl Line {
    fn new(revocation: &Revocation) -> Line {
        let empty = Line {
            credit: String::new(),
            generation: None,
            owner: None,
            name: None,
            version: None,
            revoked: false,
        };
        match revocation {
            Revocation::Below(credit, generation) => {
                Line { credit: credit.to_string(), generation: Some(*generation), ..empty }
            }
            Revocation::SubKey(key) => Line {
                credit: key.credit.to_string(),
                owner: Some(key.owner.to_string()),
                name: Some(key.name.clone()),
                version: Some(key.version),
                revoked: key.is_revoked,
                ..empty
            },
        }
    }

    fn read(text: &str) -> Option<Revocation> {
        let line: Line = serde_json::from_str(text).ok()?;
        let credit = line.credit.parse().ok()?;
        if let Some(generation) = line.generation {
            return Some(Revocation::Below(credit, generation));
        }
        Some(Revocation::SubKey(RevokedSubKey {
            credit,
            owner: line.owner?.parse().ok()?,
            name: line.name?,
            version: line.version?,
            is_revoked: line.revoked,
        }))
    }
}

/// The file of revocations.
///
/// Owned by the book of keys, behind its lock. A revocation is on the disk before the store has it and before it is answered, so
/// that no crash and no restore of the store takes it back. A line that a crash has cut is dropped: it was not answered.
#[derive(Debug)]
pub(super) struct Revocations {
    path: PathBuf,
    below: BTreeMap<Pubkey, u32>,
    keys: BTreeMap<(Pubkey, Pubkey, String), (u32, bool)>,
    /// Lines that the file has.
    lines: usize,
}

impl Revocations {
    /// Reads the file; without one there are no revocations. Errors: [`StoreError::File`], also for a line that is none.
    pub(super) fn read(path: &Path) -> Result<Revocations, StoreError> {
        let failed = |reason: String| StoreError::File { path: path.display().to_string(), reason };
        let mut all =
            Revocations { path: path.to_path_buf(), below: BTreeMap::new(), keys: BTreeMap::new(), lines: 0 };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
            Err(error) => return Err(failed(error.to_string())),
        };
        let is_cut = !text.is_empty() && !text.ends_with('\n');
        for (number, line) in (1..).zip(text.lines()) {
            match Line::read(line) {
                Some(revocation) => all.take(&revocation),
                None if is_cut && number == text.lines().count() => {}
                None => return Err(failed(format!("line {number} is no revocation; correct or remove it"))),
            }
            all.lines += 1;
        }
        if is_cut {
            all.write_anew().map_err(|error| failed(error.to_string()))?;
        }
        Ok(all)
    }

    /// Adds a revocation, which is on the disk then. Errors: [`StoreError::File`].
    pub(super) fn add(&mut self, revocation: &Revocation) -> Result<(), StoreError> {
        self.take(revocation);
        let written = if self.lines >= self.all().len() + SPARE_LINES {
            self.write_anew()
        } else {
            self.append(revocation)
        };
        written.map_err(|error| StoreError::File {
            path: self.path.display().to_string(),
            reason: error.to_string(),
        })
    }

    /// All revocations that count, each once.
    pub(super) fn all(&self) -> Vec<Revocation> {
        let below = self.below.iter().map(|(credit, generation)| Revocation::Below(*credit, *generation));
        let keys = self.keys.iter().map(|((credit, owner, name), (version, is_revoked))| {
            let (credit, owner, name) = (*credit, *owner, name.clone());
            Revocation::SubKey(RevokedSubKey {
                credit,
                owner,
                name,
                version: *version,
                is_revoked: *is_revoked,
            })
        });
        below.chain(keys).collect()
    }

    fn take(&mut self, revocation: &Revocation) {
        match revocation {
            Revocation::Below(credit, generation) => {
                let lowest = self.below.entry(*credit).or_default();
                *lowest = (*lowest).max(*generation);
            }
            Revocation::SubKey(key) => {
                let (version, is_revoked) =
                    self.keys.entry((key.credit, key.owner, key.name.clone())).or_default();
                *version = (*version).max(key.version);
                *is_revoked |= key.is_revoked;
            }
        }
    }

    fn append(&mut self, revocation: &Revocation) -> io::Result<()> {
        let mut file = private().append(true).open(&self.path)?;
        file.write_all(text(std::slice::from_ref(revocation)).as_bytes())?;
        file.sync_all()?;
        self.lines += 1;
        sync_folder(&self.path)
    }

    /// Replaces the file in one step.
    fn write_anew(&mut self) -> io::Result<()> {
        let (next, all) = (self.path.with_extension("next"), self.all());
        let mut file = private().write(true).truncate(true).open(&next)?;
        file.write_all(text(&all).as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        self.lines = all.len();
        sync_folder(&self.path)
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

fn text(revocations: &[Revocation]) -> String {
    // Texts and numbers always have a form in JSON.
    let line = |revocation| serde_json::to_string(&Line::new(revocation)).unwrap_or_default() + "\n";
    revocations.iter().map(line).collect()
}

/// Has the name of a new file on the disk too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    fn sub_key(name: &str, version: u32, is_revoked: bool) -> Revocation {
        let (credit, owner) = (key(1), key(2));
        Revocation::SubKey(RevokedSubKey { credit, owner, name: name.to_string(), version, is_revoked })
    }

    #[test]
    fn revocations_only_rise_and_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations");
        let mut file = Revocations::read(&path).unwrap();
        assert_eq!(file.all(), []);
        for revocation in [
            Revocation::Below(key(1), 3),
            Revocation::Below(key(1), 2),
            sub_key("team", 2, false),
            sub_key("gone", 1, true),
            sub_key("gone", 1, false),
        ] {
            file.add(&revocation).unwrap();
        }
        let all = [Revocation::Below(key(1), 3), sub_key("gone", 1, true), sub_key("team", 2, false)];
        assert_eq!((file.all(), Revocations::read(&path).unwrap().all()), (all.to_vec(), all.to_vec()));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().next().unwrap(), format!(r#"{{"credit":"{}","generation":3}}"#, key(1)));
    }

    #[test]
    fn a_line_that_a_crash_has_cut_is_dropped_and_any_other_fault_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations");
        let whole = text(&[Revocation::Below(key(1), 3), sub_key("team", 2, false)]);
        for cut in 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut read = Revocations::read(&path).unwrap();
            read.add(&sub_key("next", 1, true)).unwrap();
            let read = Revocations::read(&path).unwrap();
            assert!(read.all().contains(&sub_key("next", 1, true)), "cut at {cut}");
            assert_eq!(read.all().len() > 1, cut >= whole.find('\n').unwrap(), "cut at {cut}");
        }
        for wrong in
            ["\n", "{}\n", "x\n{\"credit\":\"a\"", "{\"credit\":\"1\",\"generation\":1,\"more\":2}\n"]
        {
            fs::write(&path, wrong).unwrap();
            let error = Revocations::read(&path).unwrap_err().to_string();
            assert!(error.contains("line 1 is no revocation"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_file_with_many_old_lines_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Revocations::read(&folder.path().join("revocations")).unwrap();
        file.add(&sub_key("team", 1, false)).unwrap();
        file.lines = SPARE_LINES + 1;
        file.add(&sub_key("team", 2, false)).unwrap();
        assert_eq!((file.lines, fs::read_to_string(&file.path).unwrap().lines().count()), (1, 1));
        assert_eq!(Revocations::read(&file.path).unwrap().all(), [sub_key("team", 2, false)]);
    }
}
