//! The keys of credits that are kept: sub-keys, and the lowest generation that is good.

use {
    super::{
        allowance::{SubKey, period_start},
        changes::{KeyChange, KeyChanges, merge},
    },
    blockable_gate::{Gate, StoreError, StoredKey, gate::now_ms},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::lock::{read, write},
    std::{
        collections::HashMap,
        path::Path,
        sync::{Arc, RwLock},
    },
    tokio::task::spawn_blocking,
};

/// Sub-keys of one credit, those that are revoked included.
pub(crate) const MOST_KEYS: usize = 1_000;

/// A sub-key is found by its credit, the borrower that made it, and its name.
type SubKeyId = (Pubkey, Pubkey, String);

/// The sub-keys and generations of the store, in memory.
///
/// A change is recorded first and then taken into `kept`, one at a time (`changing`), so that no crash brings a revoked key back.
/// It is also in a file of its own, before the store has it: a store that is restored from a backup gets all changes back.
/// `kept` is never held across an `await`.
#[derive(Default)]
pub(super) struct KeyBook {
    kept: RwLock<Kept>,
    /// The file of changes, once it has been read.
    changing: tokio::sync::Mutex<Option<KeyChanges>>,
}

#[derive(Default)]
struct Kept {
    keys: HashMap<SubKeyId, Arc<SubKey>>,
    generations: HashMap<Pubkey, u32>,
}

impl KeyBook {
    /// Reads everything from the store, once it has the changes of the file too. Errors: [`StoreError`].
    pub(super) async fn restore(&self, gate: &Gate, file: &Path) -> Result<(), StoreError> {
        let mut changing = self.changing.lock().await;
        let mut changes = KeyChanges::read(file)?;
        let taken = take_changes(gate, &changes).await?;
        if taken > 0 {
            tracing::warn!(taken, "the store lacked changes of keys, which it has now: it is from a backup");
        }
        let stored = gate.api_keys().await?;
        changes.complete(&stored)?;
        *changing = Some(changes);
        let mut kept = Kept { generations: stored.generations.into_iter().collect(), ..Kept::default() };
        for key in stored.keys {
            let (from_day, used) = usage(gate, &key).await?;
            kept.keys.insert(id(&key), Arc::new(SubKey::new(key, from_day, used)));
        }
        *write(&self.kept) = kept;
        Ok(())
    }

    /// The lowest generation of a credit's keys that is good.
    pub(super) fn lowest(&self, credit: &Pubkey) -> u32 {
        read(&self.kept).generations.get(credit).copied().unwrap_or(0)
    }

    /// A sub-key, also one that is revoked.
    pub(super) fn find(&self, credit: &Pubkey, owner: &Pubkey, name: &str) -> Option<Arc<SubKey>> {
        read(&self.kept).keys.get(&(*credit, *owner, name.to_string())).cloned()
    }

    /// The sub-keys that a borrower made for a credit, by name.
    pub(super) fn list(&self, credit: &Pubkey, owner: &Pubkey) -> Vec<Arc<SubKey>> {
        let kept = read(&self.kept);
        let ours = kept.keys.iter().filter(|((of, by, _), _)| of == credit && by == owner);
        let mut ours: Vec<_> = ours.map(|((_, _, name), key)| (name, key.clone())).collect();
        ours.sort_by_key(|(one, _)| *one);
        ours.into_iter().map(|(_, key)| key).collect()
    }

    /// The number of sub-keys of which something is true.
    pub(super) fn count(&self, is: impl Fn(&StoredKey) -> bool) -> usize {
        read(&self.kept).keys.values().filter(|key| is(&key.stored())).count()
    }

    /// Makes or changes a sub-key. `change` gets it as it is now and returns it as it shall be; it may refuse. Errors: those
    /// of `change`, [`StoreError`].
    pub(super) async fn change<E: From<StoreError>>(
        &self,
        gate: &Gate,
        (credit, owner, name): SubKeyId,
        change: impl FnOnce(Option<StoredKey>, usize) -> Result<StoredKey, E>,
    ) -> Result<Arc<SubKey>, E> {
        let mut changing = self.changing.lock().await;
        let found = self.find(&credit, &owner, &name);
        let count = self.list(&credit, &owner).len();
        let before = found.as_ref().map(|key| StoredKey::clone(&key.stored()));
        let mut stored = change(before.clone(), count)?;
        if let Some(found) = found.as_ref().filter(|_| before.as_ref() == Some(&stored)) {
            return Ok(found.clone());
        }
        // The file may have one that the store did not take: the next one comes after it.
        let of_file = changing.as_ref().map_or(0, |file| file.revision(&id(&stored)));
        stored.revision = before.map_or(0, |before| before.revision).max(of_file).saturating_add(1);
        record(&mut changing, KeyChange::SubKey(Box::new(stored.clone()))).await?;
        gate.put_api_key(stored.clone()).await?;
        let ended = found.as_ref().map(|key| key.ended()).unwrap_or_default();
        let (from_day, used) = usage(gate, &stored).await?;
        if let Some(key) = found {
            key.replace(stored, from_day, used, ended);
            return Ok(key);
        }
        let key = Arc::new(SubKey::new(stored, from_day, used));
        write(&self.kept).keys.insert((credit, owner, name), key.clone());
        Ok(key)
    }

    /// Voids all keys of a credit below a generation. Returns the lowest that is good. Errors: [`StoreError`].
    pub(super) async fn raise(&self, gate: &Gate, credit: &Pubkey, lowest: u32) -> Result<u32, StoreError> {
        let mut changing = self.changing.lock().await;
        record(&mut changing, KeyChange::Below(*credit, lowest)).await?;
        let lowest = gate.raise_key_generation(credit, lowest).await?;
        write(&self.kept).generations.insert(*credit, lowest);
        Ok(lowest)
    }
}

/// Adds a change to the file. Errors: [`StoreError::File`].
async fn record(changing: &mut Option<KeyChanges>, change: KeyChange) -> Result<(), StoreError> {
    let mut file = changing.take().ok_or(StoreError::Closed)?;
    let added = spawn_blocking(move || {
        let added = file.add(&change);
        (file, added)
    });
    let (file, added) = added.await.map_err(|_| StoreError::Closed)?;
    *changing = Some(file);
    added
}

/// Records the changes that the store lacks. Returns their number. Errors: [`StoreError`].
async fn take_changes(gate: &Gate, changes: &KeyChanges) -> Result<usize, StoreError> {
    let stored = gate.api_keys().await?;
    let generations: HashMap<Pubkey, u32> = stored.generations.into_iter().collect();
    let keys: HashMap<SubKeyId, StoredKey> = stored.keys.into_iter().map(|key| (id(&key), key)).collect();
    let mut taken = 0;
    for change in changes.all() {
        match change {
            KeyChange::Below(credit, lowest) => {
                if generations.get(&credit).is_some_and(|known| *known >= lowest) {
                    continue;
                }
                gate.raise_key_generation(&credit, lowest).await?;
            }
            KeyChange::SubKey(change) => {
                let known = keys.get(&id(&change));
                let next = known.map_or_else(|| StoredKey::clone(&change), |known| merge(known, &change));
                if known == Some(&next) {
                    continue;
                }
                gate.put_api_key(next).await?;
            }
        }
        taken += 1;
    }
    Ok(taken)
}

fn id(key: &StoredKey) -> SubKeyId {
    (key.credit, key.owner, key.name.clone())
}

/// The first day of the key's period now, and the units that it has used since.
async fn usage(gate: &Gate, key: &StoredKey) -> Result<(i64, Units), StoreError> {
    let from_day = period_start(key, now_ms());
    Ok((from_day, gate.units_of_key(&key.credit, &key.name, from_day).await?))
}
