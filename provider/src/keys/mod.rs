//! API keys. A key names its credit and carries a MAC under the server's secret, so only the owner of the secret can make one.
//!
//! | key | text | ends |
//! |---|---|---|
//! | first key | `blk-CREDIT-GENERATION-MAC` | with its generation, or with the borrower's place |
//! | sub-key | `blk-CREDIT-GENERATION.NAME.VERSION-MAC` | with these, when it is revoked or replaced, and at its expiry |
//!
//! The store keeps the sub-keys with their bounds and the lowest generation that is good, and no text of a key. A file of its own
//! keeps all that too, for a store that is restored from a backup. Where the
//! borrower's place has been handed over, the MAC covers the borrower of today: keys of those before it are void.

mod allowance;
mod book;
mod changes;
mod revoked;
mod salt;
mod secret;
mod sign_in;

pub(crate) use changes::{count_changes, write_changes};
pub use secret::SecretError;
use {
    crate::{config::Revoked, error::ApiError},
    axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    blockable_gate::{Gate, StoreError, StoredKey, gate::now_ms},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::{
        hex,
        lock::{read, write},
    },
    book::KeyBook,
    hmac::{Hmac, Mac, digest::Key},
    revoked::RevokedByFile,
    secrecy::{ExposeSecret, SecretBox, SecretString},
    secret::{SECRET_BYTES, read_secret},
    sha2::Sha256,
    std::{
        path::Path,
        sync::{Arc, RwLock},
        time::Duration,
    },
};
pub(crate) use {
    allowance::{Grant, KeyRefusal, SubKey},
    book::MOST_KEYS,
    sign_in::SignInScope,
};

/// Domain of the MAC of a first key, so that it cannot be one for another purpose.
const DOMAIN: &[u8] = b"blockable api key v1";
/// Domain of the MAC of a sub-key.
const SUB_DOMAIN: &[u8] = b"blockable sub-key v1";
/// Beginning of every key.
const PREFIX: &str = "blk-";

/// The borrower's place of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BorrowersPlace {
    /// The borrower of today.
    pub borrower: Pubkey,
    /// True where it has taken another's place.
    pub is_successor: bool,
}

impl BorrowersPlace {
    /// The borrower of today where it has taken another's place.
    fn successor(&self) -> Option<&Pubkey> {
        self.is_successor.then_some(&self.borrower)
    }
}

/// The sender of a request, by its API key.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The credit that pays.
    pub credit: Pubkey,
    /// The name of the key in the usage log: the sub-key's name, or the generation of a first key.
    pub api_key: String,
    /// The sub-key; `None` for a first key.
    pub sub_key: Option<Arc<SubKey>>,
}

impl Caller {
    /// Begins a job that costs up to `units` and at least `least`. Errors: a bound of the sub-key.
    pub(crate) fn begin(&self, units: Units, least: Units) -> Result<Grant, KeyRefusal> {
        match &self.sub_key {
            None => Ok(Grant::unlimited(units)),
            Some(key) => key.begin(units, least, now_ms()),
        }
    }

    /// The key that names of requests are told apart by: a sub-key's name, and one for all first keys, so that a new text of a key
    /// still knows what was asked by the one before.
    pub(crate) fn name_space(&self) -> &str {
        if self.sub_key.is_some() { &self.api_key } else { "" }
    }

    /// Units that its key lets a job hold now.
    pub(crate) fn open(&self) -> Units {
        self.sub_key.as_ref().map_or(Units(u64::MAX), |key| key.open(now_ms()))
    }

    /// Requires a key without bounds on its units: a lease goes on for as long as its heartbeats. Errors: 403.
    pub(crate) fn require_no_bounds(&self) -> Result<(), ApiError> {
        let stored = self.sub_key.as_ref().map(|key| key.stored());
        let is_bounded = stored.is_some_and(|key| key.budget.is_some() || key.units_per_minute.is_some());
        if !is_bounded {
            return Ok(());
        }
        let message = "a key with a budget or a limit of units rents no GPUs; use one without";
        Err(ApiError::new(StatusCode::FORBIDDEN, "permission_error", "key_not_allowed", message))
    }
}

/// A key's parts, as its text names them.
struct KeyText<'a> {
    credit: Pubkey,
    generation: u32,
    /// Name and version of a sub-key.
    sub_key: Option<(&'a str, u32)>,
    mac: [u8; 32],
}

impl<'a> KeyText<'a> {
    fn parse(key: &'a str) -> Option<KeyText<'a>> {
        let mut parts = key.strip_prefix(PREFIX)?.splitn(3, '-');
        let credit = parts.next()?.parse().ok()?;
        let mut names = parts.next()?.splitn(3, '.');
        let generation = names.next()?.parse().ok()?;
        let sub_key = match names.next() {
            None => None,
            Some(name) => Some((name, names.next()?.parse().ok()?)),
        };
        Some(KeyText { credit, generation, sub_key, mac: hex::decode(parts.next()?)? })
    }
}

/// Makes and checks the API keys of one provider.
pub struct ApiKeys {
    secret: SecretBox<[u8; SECRET_BYTES]>,
    market: Pubkey,
    provider: Pubkey,
    revoked: RwLock<RevokedByFile>,
    book: KeyBook,
}

impl ApiKeys {
    /// Reads the secret that keys are made and checked with. Errors: [`SecretError`].
    pub fn load(
        path: &Path,
        market: Pubkey,
        provider: Pubkey,
        revoked: &[Revoked],
    ) -> Result<ApiKeys, SecretError> {
        let secret = read_secret(path)?;
        let keys = ApiKeys { secret, market, provider, revoked: RwLock::default(), book: KeyBook::default() };
        keys.revoke(revoked);
        Ok(keys)
    }

    /// Takes the keys that the provider's file revokes, in place of those before.
    pub(crate) fn revoke(&self, revoked: &[Revoked]) {
        *write(&self.revoked) = RevokedByFile::new(revoked);
    }

    /// True for a sub-key that its maker or the provider's file has revoked.
    pub(crate) fn is_revoked(&self, key: &StoredKey) -> bool {
        key.is_revoked || self.is_named_by_file(&key.credit, &key.name)
    }

    /// True for a sub-key whose last text is good at a time: not revoked, not over, and of the generation that is in force.
    pub(crate) fn is_valid(&self, key: &StoredKey, now_ms: i64) -> bool {
        let is_over = key.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms);
        !is_over && key.generation >= self.lowest(&key.credit) && !self.is_revoked(key)
    }

    /// True for a name of a credit's sub-keys that the provider's file revokes.
    pub(crate) fn is_named_by_file(&self, credit: &Pubkey, name: &str) -> bool {
        read(&self.revoked).has_name(credit, name)
    }

    /// Reads what the store keeps of keys, with the changes of a file. Errors: [`StoreError`].
    pub(crate) async fn restore(&self, gate: &Gate, changes: &Path) -> Result<(), StoreError> {
        self.book.restore(gate, changes).await
    }

    /// Makes the first key of a credit. A higher generation allows to revoke the lower ones. `successor` is the borrower of today
    /// where the place of the first one has been handed over.
    pub fn make(&self, credit: &Pubkey, generation: u32, successor: Option<&Pubkey>) -> SecretString {
        let code = hex::encode(self.mac(credit, generation, successor).finalize().into_bytes());
        SecretString::from(format!("{PREFIX}{credit}-{generation}-{code}"))
    }

    /// Makes the first key of a credit in the lowest generation that is good. Returns both.
    pub(crate) fn make_first(&self, credit: &Pubkey, place: &BorrowersPlace) -> (SecretString, u32) {
        let generation = self.lowest(credit);
        (self.make(credit, generation, place.successor()), generation)
    }

    /// Makes the text of a sub-key, in its generation.
    pub(crate) fn make_sub(&self, key: &StoredKey) -> SecretString {
        let StoredKey { credit, generation, name, version, .. } = key;
        let mac = self.sub_mac(credit, *generation, &key.owner, name, *version);
        let code = hex::encode(mac.finalize().into_bytes());
        SecretString::from(format!("{PREFIX}{credit}-{generation}.{name}.{version}-{code}"))
    }

    /// The lowest generation of a credit's keys that is good.
    pub(crate) fn lowest(&self, credit: &Pubkey) -> u32 {
        let by_file = read(&self.revoked).lowest(credit);
        by_file.max(self.book.lowest(credit))
    }

    fn hmac(&self, domain: &[u8], credit: &Pubkey, generation: u32) -> Hmac<Sha256> {
        // HMAC fills a short key up to a block of the hash with zeros.
        let mut key = Key::<Hmac<Sha256>>::default();
        key[..SECRET_BYTES].copy_from_slice(self.secret.expose_secret());
        let mut mac = <Hmac<Sha256> as Mac>::new(&key);
        mac.update(domain);
        for key in [&self.market, &self.provider, credit] {
            mac.update(key.as_ref());
        }
        mac.update(&generation.to_le_bytes());
        mac
    }

    fn mac(&self, credit: &Pubkey, generation: u32, successor: Option<&Pubkey>) -> Hmac<Sha256> {
        let mut mac = self.hmac(DOMAIN, credit, generation);
        if let Some(successor) = successor {
            mac.update(successor.as_ref());
        }
        mac
    }

    fn sub_mac(
        &self,
        credit: &Pubkey,
        generation: u32,
        owner: &Pubkey,
        name: &str,
        version: u32,
    ) -> Hmac<Sha256> {
        let mut mac = self.hmac(SUB_DOMAIN, credit, generation);
        mac.update(owner.as_ref());
        mac.update(&version.to_le_bytes());
        mac.update(name.as_bytes());
        mac
    }

    /// Verifies a key and returns its sender; `None` for a key that is forged, malformed, revoked, or of a borrower that has
    /// handed its place over.
    fn verify(&self, key: &str, place_of: impl Fn(&Pubkey) -> Option<BorrowersPlace>) -> Option<Caller> {
        let text = KeyText::parse(key)?;
        let (credit, generation, place) = (text.credit, text.generation, place_of(&text.credit));
        let Some((name, version)) = text.sub_key else {
            let successor = place.as_ref().and_then(BorrowersPlace::successor);
            self.mac(&credit, generation, successor).verify_slice(&text.mac).ok()?;
            let is_good = generation >= self.lowest(&credit);
            return is_good.then(|| Caller { credit, api_key: generation.to_string(), sub_key: None });
        };
        let owner = place?.borrower;
        self.sub_mac(&credit, generation, &owner, name, version).verify_slice(&text.mac).ok()?;
        let key = self.book.find(&credit, &owner, name)?;
        let stored = key.stored();
        let is_good =
            generation >= self.lowest(&credit) && stored.version == version && !self.is_revoked(&stored);
        is_good.then_some(Caller { credit, api_key: stored.name.clone(), sub_key: Some(key) })
    }

    /// Verifies the key of a request and returns its sender; `place_of` is the borrower's place of a credit, where it is known.
    /// Errors: 401 without a valid key.
    pub(crate) fn authorise(
        &self,
        headers: &HeaderMap,
        place_of: impl Fn(&Pubkey) -> Option<BorrowersPlace>,
    ) -> Result<Caller, ApiError> {
        let missing = || {
            ApiError::unauthorised(
                "send your API key as `Authorization: Bearer blk-...`, or to /v1/messages as `x-api-key`",
            )
        };
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let (scheme, key) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        let caller = self.verify(key.trim(), place_of).ok_or_else(|| {
            ApiError::unauthorised(
                "the API key is not valid or was revoked; get a new one by signing in, or ask whoever gave it to you",
            )
        })?;
        let expires_ms = caller.sub_key.as_ref().and_then(|key| key.stored().expires_ms);
        match expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms()) {
            false => Ok(caller),
            true => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                "api_key_expired",
                "the API key has expired; ask whoever gave it to you for another one",
            )),
        }
    }

    /// A sub-key, also one that is revoked.
    pub(crate) fn find(&self, credit: &Pubkey, owner: &Pubkey, name: &str) -> Option<Arc<SubKey>> {
        self.book.find(credit, owner, name)
    }

    /// The number of sub-keys that are good and expire within a time.
    pub(crate) fn count_ending(&self, within: Duration) -> usize {
        let (now, within) = (now_ms(), i64::try_from(within.as_millis()).unwrap_or(i64::MAX));
        let last = now.saturating_add(within);
        let ends = |key: &StoredKey| {
            key.expires_ms.is_some_and(|expires_ms| expires_ms <= last) && self.is_valid(key, now)
        };
        self.book.count(ends)
    }

    /// The sub-keys that a borrower made for a credit.
    pub(crate) fn list(&self, credit: &Pubkey, owner: &Pubkey) -> Vec<Arc<SubKey>> {
        self.book.list(credit, owner)
    }

    /// Makes or changes a sub-key: `change` gets it as it is, and the number of the borrower's sub-keys. Errors: those of
    /// `change`, and 503 where it cannot be recorded.
    pub(crate) async fn change(
        &self,
        gate: &Gate,
        (credit, owner, name): (Pubkey, Pubkey, String),
        change: impl FnOnce(Option<StoredKey>, usize) -> Result<StoredKey, ApiError>,
    ) -> Result<Arc<SubKey>, ApiError> {
        self.book.change(gate, (credit, owner, name), change).await
    }

    /// Voids all keys of a credit: the next ones are of a higher generation. Errors: [`StoreError`].
    pub(crate) async fn void_all(&self, gate: &Gate, credit: &Pubkey) -> Result<u32, StoreError> {
        self.book.raise(gate, credit, self.lowest(credit).saturating_add(1)).await
    }
}

#[cfg(test)]
mod tests;
