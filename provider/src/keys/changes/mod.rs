//! Changes of keys in a file of their own, so that a store that is restored from a backup takes none of them back: no revocation, no
//! budget that was lowered, no earlier end.
//!
//! One JSON object a line: `{"credit", "generation"}` voids all keys of lower generations; one with a `name` is a sub-key as it is
//! from then on. No line has a secret.

mod copies;

pub(crate) use copies::{count_changes, write_changes};
use {
    blockable_gate::{BudgetPeriod, KeyBudget, StoreError, StoredKey, StoredKeys},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::private_file,
    serde::{Deserialize, Serialize},
    std::{
        collections::BTreeMap,
        fs,
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

/// The changes that count, each once.
#[derive(Clone, Debug, Default)]
struct Changes {
    below: BTreeMap<Pubkey, u32>,
    keys: BTreeMap<(Pubkey, Pubkey, String), StoredKey>,
}

/// The file of changes.
///
/// Owned by the book of keys, behind its lock. A change is on the disk before the store has it and before it is answered, so that no
/// crash and no restore of the store takes it back. A line that a crash has cut is dropped: it was not answered. A change that could
/// not be written is not in `changes`, and the next one replaces the whole file, with what may be left of the one that failed.
#[derive(Debug)]
pub(super) struct KeyChanges {
    path: PathBuf,
    changes: Changes,
    /// Lines that the file has.
    lines: usize,
    /// True where a write has failed, which may have left a part of a line, or one that was refused.
    is_doubtful: bool,
}

impl Changes {
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

    fn all(&self) -> Vec<KeyChange> {
        let below = self.below.iter().map(|(credit, generation)| KeyChange::Below(*credit, *generation));
        let keys = self.keys.values().map(|key| KeyChange::SubKey(Box::new(key.clone())));
        below.chain(keys).collect()
    }
}

impl KeyChanges {
    /// Reads the file; without one there are no changes. A line that is cut is removed from it. Errors: [`StoreError::File`], also
    /// for a line that is none.
    pub(super) fn read(path: &Path) -> Result<KeyChanges, StoreError> {
        let ReadFile { changes, lines, is_cut } = read_file(path)?;
        private_file::take_from_others(path);
        let mut all = KeyChanges { path: path.to_path_buf(), changes, lines, is_doubtful: false };
        if is_cut {
            all.replace(all.changes.clone())?;
        }
        Ok(all)
    }

    /// Adds a change, which is on the disk then. Errors: [`StoreError::File`], with no change added.
    pub(super) fn add(&mut self, change: &KeyChange) -> Result<(), StoreError> {
        let most = self.changes.below.len() + self.changes.keys.len() + SPARE_LINES;
        if self.is_doubtful || self.lines >= most {
            let mut changes = self.changes.clone();
            changes.take(change);
            return self.replace(changes);
        }
        let appended = self.append(change);
        self.note(appended)?;
        self.changes.take(change);
        self.lines += 1;
        Ok(())
    }

    /// Adds what a store has and the file has not, and makes a file that is missing: one that was lost, or begins at another place, is
    /// whole again. Errors:
    /// [`StoreError::File`].
    pub(super) fn complete(&mut self, stored: &StoredKeys) -> Result<(), StoreError> {
        let mut changes = self.changes.clone();
        for (credit, generation) in &stored.generations {
            changes.take(&KeyChange::Below(*credit, *generation));
        }
        for key in &stored.keys {
            changes.take(&KeyChange::SubKey(Box::new(key.clone())));
        }
        // Also one without a change: where there is none, it was lost, and no backup is restored without it unless told.
        let is_whole = self.path.exists() && changes.all() == self.all();
        if is_whole { Ok(()) } else { self.replace(changes) }
    }

    /// All changes that count, each once.
    pub(super) fn all(&self) -> Vec<KeyChange> {
        self.changes.all()
    }

    /// The revision of a sub-key in the file; 0 where it has none. It is ahead of the store's where that did not take a change.
    pub(super) fn revision(&self, id: &(Pubkey, Pubkey, String)) -> u32 {
        self.changes.keys.get(id).map_or(0, |key| key.revision)
    }

    fn append(&self, change: &KeyChange) -> io::Result<()> {
        let mut file = private_file::options().create(true).append(true).open(&self.path)?;
        file.write_all(text(std::slice::from_ref(change)).as_bytes())?;
        file.sync_all()?;
        private_file::sync_folder(&self.path)
    }

    /// Replaces the file in one step by one with these changes. Errors: [`StoreError::File`], with the earlier changes kept.
    fn replace(&mut self, changes: Changes) -> Result<(), StoreError> {
        let all = changes.all();
        let written = write_anew(&self.path, &all);
        self.note(written)?;
        (self.changes, self.lines, self.is_doubtful) = (changes, all.len(), false);
        Ok(())
    }

    /// Notes the outcome of a write. Errors: its failure, as [`StoreError::File`].
    fn note(&mut self, written: io::Result<()>) -> Result<(), StoreError> {
        written.map_err(|error| {
            self.is_doubtful = true;
            StoreError::File { path: self.path.display().to_string(), reason: error.to_string() }
        })
    }
}

/// A file as it was found.
#[derive(Default)]
struct ReadFile {
    changes: Changes,
    lines: usize,
    /// True where a crash has cut the last line, or it is being written.
    is_cut: bool,
}

/// Reads a file to which a server may be adding, and leaves it as it is. Errors: [`StoreError::File`].
fn read_file(path: &Path) -> Result<ReadFile, StoreError> {
    let failed = |reason: String| StoreError::File { path: path.display().to_string(), reason };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ReadFile::default()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let is_cut = !text.is_empty() && !text.ends_with('\n');
    let mut read = ReadFile { is_cut, ..ReadFile::default() };
    for (number, line) in (1..).zip(text.lines()) {
        match Line::read(line) {
            Some(change) => read.changes.take(&change),
            None if is_cut && number == text.lines().count() => {}
            None => return Err(failed(format!("line {number} is no change; correct or remove it"))),
        }
        read.lines += 1;
    }
    Ok(read)
}

/// Writes a file with these changes in one step, in place of what was there.
fn write_anew(path: &Path, changes: &[KeyChange]) -> io::Result<()> {
    private_file::replace(path, text(changes).as_bytes())
}

fn text(changes: &[KeyChange]) -> String {
    // Texts and numbers always have a form in JSON.
    let line = |change| serde_json::to_string(&Line::new(change)).unwrap_or_default() + "\n";
    changes.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
