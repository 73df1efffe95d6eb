//! The keys of credits that are kept: sub-keys, and the lowest generation that is good.

use {
    super::{
        allowance::{SubKey, period_start},
        revocations::{Revocation, Revocations, RevokedSubKey},
    },
    blockable_gate::{Gate, StoreError, StoredKey, gate::now_ms},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::lock::{read, write},
    std::{
        collections::HashMap,
        path::Path,
        sync::{Arc, RwLock},
        time::Duration,
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
/// Revocations are also in a file of their own, before the store has them: a store that is restored from a backup gets them back.
/// `kept` is never held across an `await`.
#[derive(Default)]
pub(super) struct KeyBook {
    kept: RwLock<Kept>,
    /// The file of revocations, once it has been read.
    changing: tokio::sync::Mutex<Option<Revocations>>,
}

#[derive(Default)]
struct Kept {
    keys: HashMap<SubKeyId, Arc<SubKey>>,
    generations: HashMap<Pubkey, u32>,
}

impl KeyBook {
    /// Reads everything from the store, once it has the revocations of the file too. Errors: [`StoreError`].
    pub(super) async fn restore(&self, gate: &Gate, file: &Path) -> Result<(), StoreError> {
        let mut changing = self.changing.lock().await;
        let revocations = Revocations::read(file)?;
        let taken = take_revocations(gate, &revocations).await?;
        if taken > 0 {
            tracing::warn!(
                taken,
                "the store lacked revocations of keys, which it has now: it is from a backup"
            );
        }
        *changing = Some(revocations);
        let stored = gate.api_keys().await?;
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

    /// The number of sub-keys that are good at a time and expire within another one.
    pub(super) fn count_ending(&self, now_ms: i64, within: Duration) -> usize {
        let last = now_ms.saturating_add(i64::try_from(within.as_millis()).unwrap_or(i64::MAX));
        let ends = |key: &&Arc<SubKey>| {
            let stored = key.stored();
            !stored.is_revoked && stored.expires_ms.is_some_and(|at| (now_ms..=last).contains(&at))
        };
        read(&self.kept).keys.values().filter(ends).count()
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
        let stored = change(found.as_ref().map(|key| StoredKey::clone(&key.stored())), count)?;
        let before = found.as_ref().map(|key| key.stored());
        let is_void = |key: &StoredKey| (key.version, key.is_revoked);
        if before.is_some_and(|before| is_void(&before) != is_void(&stored)) {
            record(&mut changing, Revocation::SubKey(RevokedSubKey::of_key(&stored))).await?;
        }
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
        record(&mut changing, Revocation::Below(*credit, lowest)).await?;
        let lowest = gate.raise_key_generation(credit, lowest).await?;
        write(&self.kept).generations.insert(*credit, lowest);
        Ok(lowest)
    }
}

/// Adds a revocation to the file. Errors: [`StoreError::File`].
async fn record(changing: &mut Option<Revocations>, revocation: Revocation) -> Result<(), StoreError> {
    let mut file = changing.take().ok_or(StoreError::Closed)?;
    let added = spawn_blocking(move || {
        let added = file.add(&revocation);
        (file, added)
    });
    let (file, added) = added.await.map_err(|_| StoreError::Closed)?;
    *changing = Some(file);
    added
}

/// Records the revocations that the store lacks. Returns their number. Errors: [`StoreError`].
async fn take_revocations(gate: &Gate, revocations: &Revocations) -> Result<usize, StoreError> {
    let stored = gate.api_keys().await?;
    let generations: HashMap<Pubkey, u32> = stored.generations.into_iter().collect();
    let keys: HashMap<SubKeyId, StoredKey> = stored.keys.into_iter().map(|key| (id(&key), key)).collect();
    let mut taken = 0;
    for revocation in revocations.all() {
        match revocation {
            Revocation::Below(credit, lowest)
                if generations.get(&credit).is_none_or(|known| *known < lowest) =>
            {
                gate.raise_key_generation(&credit, lowest).await?;
            }
            Revocation::SubKey(revoked) => {
                let known = keys.get(&(revoked.credit, revoked.owner, revoked.name.clone()));
                let Some(key) = void(known, revoked) else { continue };
                gate.put_api_key(key).await?;
            }
            Revocation::Below(..) => continue,
        }
        taken += 1;
    }
    Ok(taken)
}

/// The sub-key with its revocation; `None` where it has that already. One that the store does not know is void for good: its old
/// texts would else be good for a new key of its name.
fn void(known: Option<&StoredKey>, revoked: RevokedSubKey) -> Option<StoredKey> {
    let RevokedSubKey { credit, owner, name, version, is_revoked } = revoked;
    let Some(known) = known else {
        return Some(StoredKey {
            credit,
            owner,
            name,
            version,
            budget: None,
            requests_per_minute: None,
            units_per_minute: None,
            created_ms: now_ms(),
            expires_ms: None,
            is_revoked: true,
        });
    };
    let next = StoredKey {
        version: known.version.max(version),
        is_revoked: known.is_revoked || is_revoked,
        ..known.clone()
    };
    (next != *known).then_some(next)
}

fn id(key: &StoredKey) -> SubKeyId {
    (key.credit, key.owner, key.name.clone())
}

/// The first day of the key's period now, and the units that it has used since.
async fn usage(gate: &Gate, key: &StoredKey) -> Result<(i64, Units), StoreError> {
    let from_day = period_start(key, now_ms());
    Ok((from_day, gate.units_of_key(&key.credit, &key.name, from_day).await?))
}
