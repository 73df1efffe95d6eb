//! Changes of keys in a file of their own, so that a store that is restored from a backup takes none of them back: no revocation, no
//! budget that was lowered, no earlier end.
//!
//! One JSON object a line: `{"credit", "generation"}` voids all keys of lower generations; one with a `name` is a sub-key as it is
//! from then on. No line has a secret.

use {
    blockable_gate::{BudgetPeriod, KeyBudget, StoreError, StoredKey, StoredKeys},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::private_file,
    serde::{Deserialize, Serialize},
    std::{
        collections::BTreeMap,
        fs::{self, File},
        io::{self, Write},
        path::{Path, PathBuf},
    },
};

/// Lines beyond those that count from which on the file is written anew.
const SPARE_LINES: usize = 4_096;

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Below(BelowLine),
    SubKey(SubKeyLine),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BelowLine {
    credit: String,
    generation: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubKeyLine {
    credit: String,
    owner: String,
    name: String,
    version: u32,
    generation: u32,
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<BudgetLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    units_per_minute: Option<Units>,
    created_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    revoked: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetLine {
    units: Units,
    period: BudgetPeriod,
}

/// A change of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyChange {
    /// All keys of a credit below a generation are void.
    Below(Pubkey, u32),
    /// A sub-key is from then on as this one.
    SubKey(Box<StoredKey>),
}

impl Line {
    fn new(change: &KeyChange) -> Line {
        let key = match change {
            KeyChange::Below(credit, generation) => {
                return Line::Below(BelowLine { credit: credit.to_string(), generation: *generation });
            }
            KeyChange::SubKey(key) => key,
        };
        Line::SubKey(SubKeyLine {
            credit: key.credit.to_string(),
            owner: key.owner.to_string(),
            name: key.name.clone(),
            version: key.version,
            generation: key.generation,
            revision: key.revision,
            budget: key.budget.map(|KeyBudget { units, period }| BudgetLine { units, period }),
            requests_per_minute: key.requests_per_minute,
            units_per_minute: key.units_per_minute,
            created_ms: key.created_ms,
            expires_ms: key.expires_ms,
            revoked: key.is_revoked,
        })
    }

    fn read(text: &str) -> Option<KeyChange> {
        let line = match serde_json::from_str(text).ok()? {
            Line::Below(BelowLine { credit, generation }) => {
                return Some(KeyChange::Below(credit.parse().ok()?, generation));
            }
            Line::SubKey(line) => line,
        };
        Some(KeyChange::SubKey(Box::new(StoredKey {
            credit: line.credit.parse().ok()?,
            owner: line.owner.parse().ok()?,
            name: line.name,
            version: line.version,
            generation: line.generation,
            revision: line.revision,
            budget: line.budget.map(|BudgetLine { units, period }| KeyBudget { units, period }),
            requests_per_minute: line.requests_per_minute,
            units_per_minute: line.units_per_minute,
            created_ms: line.created_ms,
            expires_ms: line.expires_ms,
            is_revoked: line.revoked,
        })))
    }
}

/// A sub-key of which two states are known: its bounds are those of the later one, and what voids it stays.
pub(super) fn merge(one: &StoredKey, other: &StoredKey) -> StoredKey {
    let later = if other.revision > one.revision { other } else { one };
    StoredKey {
        version: one.version.max(other.version),
        generation: one.generation.max(other.generation),
        is_revoked: one.is_revoked || other.is_revoked,
        ..later.clone()
    }
}

/// The file of changes.
///
/// Owned by the book of keys, behind its lock. A change is on the disk before the store has it and before it is answered, so that no
/// crash and no restore of the store takes it back. A line that a crash has cut is dropped: it was not answered.
#[derive(Debug)]
pub(super) struct KeyChanges {
    path: PathBuf,
    below: BTreeMap<Pubkey, u32>,
    keys: BTreeMap<(Pubkey, Pubkey, String), StoredKey>,
    /// Lines that the file has.
    lines: usize,
}

impl KeyChanges {
    /// Reads the file; without one there are no changes. Errors: [`StoreError::File`], also for a line that is none.
    pub(super) fn read(path: &Path) -> Result<KeyChanges, StoreError> {
        let failed = |reason: String| StoreError::File { path: path.display().to_string(), reason };
        let mut all =
            KeyChanges { path: path.to_path_buf(), below: BTreeMap::new(), keys: BTreeMap::new(), lines: 0 };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
            Err(error) => return Err(failed(error.to_string())),
        };
        private_file::take_from_others(path);
        let is_cut = !text.is_empty() && !text.ends_with('\n');
        for (number, line) in (1..).zip(text.lines()) {
            match Line::read(line) {
                Some(change) => all.take(&change),
                None if is_cut && number == text.lines().count() => {}
                None => return Err(failed(format!("line {number} is no change; correct or remove it"))),
            }
            all.lines += 1;
        }
        if is_cut {
            all.write_anew().map_err(|error| failed(error.to_string()))?;
        }
        Ok(all)
    }

    /// Adds a change, which is on the disk then. Errors: [`StoreError::File`].
    pub(super) fn add(&mut self, change: &KeyChange) -> Result<(), StoreError> {
        self.take(change);
        let written = if self.lines >= self.below.len() + self.keys.len() + SPARE_LINES {
            self.write_anew()
        } else {
            self.append(change)
        };
        written.map_err(|error| self.failed(&error))
    }

    /// Adds what a store has and the file has not: one that was lost, or begins at another place, is whole again. Errors:
    /// [`StoreError::File`].
    pub(super) fn complete(&mut self, stored: &StoredKeys) -> Result<(), StoreError> {
        let before = self.all();
        for (credit, generation) in &stored.generations {
            self.take(&KeyChange::Below(*credit, *generation));
        }
        for key in &stored.keys {
            self.take(&KeyChange::SubKey(Box::new(key.clone())));
        }
        if self.all() == before {
            return Ok(());
        }
        self.write_anew().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::File { path: self.path.display().to_string(), reason: error.to_string() }
    }

    /// All changes that count, each once.
    pub(super) fn all(&self) -> Vec<KeyChange> {
        let below = self.below.iter().map(|(credit, generation)| KeyChange::Below(*credit, *generation));
        let keys = self.keys.values().map(|key| KeyChange::SubKey(Box::new(key.clone())));
        below.chain(keys).collect()
    }

    fn take(&mut self, change: &KeyChange) {
        match change {
            KeyChange::Below(credit, generation) => {
                let lowest = self.below.entry(*credit).or_default();
                *lowest = (*lowest).max(*generation);
            }
            KeyChange::SubKey(key) => {
                let id = (key.credit, key.owner, key.name.clone());
                let known = self.keys.get(&id).map(|known| merge(known, key));
                self.keys.insert(id, known.unwrap_or_else(|| StoredKey::clone(key)));
            }
        }
    }

    fn append(&mut self, change: &KeyChange) -> io::Result<()> {
        let mut file = private_file::options().create(true).append(true).open(&self.path)?;
        file.write_all(text(std::slice::from_ref(change)).as_bytes())?;
        file.sync_all()?;
        self.lines += 1;
        sync_folder(&self.path)
    }

    /// Replaces the file in one step.
    fn write_anew(&mut self) -> io::Result<()> {
        let (next, all) = (self.path.with_extension("next"), self.all());
        let mut file = private_file::create(&next)?;
        file.write_all(text(&all).as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        self.lines = all.len();
        sync_folder(&self.path)
    }
}

fn text(changes: &[KeyChange]) -> String {
    // Texts and numbers always have a form in JSON.
    let line = |change| serde_json::to_string(&Line::new(change)).unwrap_or_default() + "\n";
    changes.iter().map(line).collect()
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

    fn stored(name: &str, version: u32, revision: u32) -> StoredKey {
        StoredKey {
            credit: key(1),
            owner: key(2),
            name: name.to_string(),
            version,
            generation: 0,
            revision,
            budget: Some(KeyBudget { units: Units(u64::MAX), period: BudgetPeriod::Month }),
            requests_per_minute: Some(7),
            units_per_minute: None,
            created_ms: -1,
            expires_ms: Some(9),
            is_revoked: false,
        }
    }

    fn change(key: &StoredKey) -> KeyChange {
        KeyChange::SubKey(Box::new(key.clone()))
    }

    #[test]
    fn what_voids_only_rises_and_bounds_are_the_last_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations");
        let mut file = KeyChanges::read(&path).unwrap();
        assert_eq!(file.all(), []);
        let lowered = StoredKey { budget: None, ..stored("team", 2, 2) };
        let gone = StoredKey { is_revoked: true, ..stored("gone", 1, 2) };
        for change in [
            KeyChange::Below(key(1), 3),
            KeyChange::Below(key(1), 2),
            change(&stored("team", 1, 1)),
            change(&lowered),
            // An earlier state, as of a file that was put together by hand.
            change(&StoredKey { generation: 4, ..stored("team", 1, 1) }),
            change(&gone),
            change(&stored("gone", 1, 1)),
        ] {
            file.add(&change).unwrap();
        }
        let team = StoredKey { generation: 4, ..lowered };
        let all = [KeyChange::Below(key(1), 3), change(&gone), change(&team)];
        assert_eq!((file.all(), KeyChanges::read(&path).unwrap().all()), (all.to_vec(), all.to_vec()));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().next().unwrap(), format!(r#"{{"credit":"{}","generation":3}}"#, key(1)));
    }

    #[test]
    fn a_line_that_a_crash_has_cut_is_dropped_and_any_other_fault_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations");
        let whole = text(&[KeyChange::Below(key(1), 3), change(&stored("team", 2, 1))]);
        for cut in 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut read = KeyChanges::read(&path).unwrap();
            read.add(&change(&stored("next", 1, 1))).unwrap();
            let read = KeyChanges::read(&path).unwrap();
            assert!(read.all().contains(&change(&stored("next", 1, 1))), "cut at {cut}");
            assert_eq!(read.all().len() > 1, cut >= whole.find('\n').unwrap(), "cut at {cut}");
        }
        for wrong in
            ["\n", "{}\n", "x\n{\"credit\":\"a\"", "{\"credit\":\"1\",\"generation\":1,\"more\":2}\n"]
        {
            fs::write(&path, wrong).unwrap();
            let error = KeyChanges::read(&path).unwrap_err().to_string();
            assert!(error.contains("line 1 is no change"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_file_with_many_old_lines_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = KeyChanges::read(&folder.path().join("revocations")).unwrap();
        file.add(&change(&stored("team", 1, 1))).unwrap();
        file.lines = SPARE_LINES + 1;
        file.add(&change(&stored("team", 2, 2))).unwrap();
        assert_eq!((file.lines, fs::read_to_string(&file.path).unwrap().lines().count()), (1, 1));
        assert_eq!(KeyChanges::read(&file.path).unwrap().all(), [change(&stored("team", 2, 2))]);
    }

    #[test]
    fn a_file_that_was_lost_is_written_from_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revocations");
        let kept = StoredKeys { keys: vec![stored("team", 2, 2)], generations: vec![(key(1), 3)] };
        let mut file = KeyChanges::read(&path).unwrap();
        file.complete(&StoredKeys::default()).unwrap();
        assert!(!path.exists(), "nothing to write");
        file.complete(&kept).unwrap();
        let all = [KeyChange::Below(key(1), 3), change(&stored("team", 2, 2))];
        assert_eq!(KeyChanges::read(&path).unwrap().all(), all);
    }
}
