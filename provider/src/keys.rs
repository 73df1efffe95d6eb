//! API keys. A key names its credit and carries a MAC under the server's secret, so the server keeps no list of keys, and
//! only the owner of the secret can make one. Where the borrower's place has been handed over, the MAC covers the borrower of
//! today: keys of those before it are void from then on.

use {
    crate::{config::Revoked, error::ApiError},
    axum::http::{HeaderMap, header::AUTHORIZATION},
    blockable_sdk::Pubkey,
    blockable_service::hex,
    hmac::{Hmac, Mac, digest::Key},
    secrecy::{ExposeSecret, SecretBox, SecretString},
    sha2::Sha256,
    std::{collections::HashMap, fs, path::Path},
};

/// Domain of the MAC, so that it cannot be one for another purpose.
const DOMAIN: &[u8] = b"blockable api key v1";
/// Beginning of every key.
const PREFIX: &str = "blk-";
/// Bytes of the server's secret.
const SECRET_BYTES: usize = 32;

/// A reason for which the server's secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error(
        "cannot read the secret {path}: {reason}; correct secret_file, or make a secret with `blockable-provider init`"
    )]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Other users can read the file.
    #[error("{path} can be read by other users; run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: String,
    },
    /// The file does not hold a secret.
    #[error(
        "{path} is not a secret: it must hold 64 hexadecimal digits; make one with `blockable-provider init`"
    )]
    Malformed {
        /// The file.
        path: String,
    },
}

/// The sender of a request, by its API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The credit that pays.
    pub credit: Pubkey,
    /// The name of the key in the usage log: its generation.
    pub api_key: String,
}

/// Makes and checks the API keys of one provider.
pub struct ApiKeys {
    secret: SecretBox<[u8; SECRET_BYTES]>,
    market: Pubkey,
    provider: Pubkey,
    /// The lowest generation that is valid, for credits with revoked keys.
    revoked: HashMap<Pubkey, u32>,
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
        let revoked = revoked.iter().map(|entry| (entry.credit, entry.below)).collect();
        Ok(ApiKeys { secret, market, provider, revoked })
    }

    /// Makes the key of a credit. A higher generation allows to revoke the lower ones. `successor` is the borrower of today where
    /// the place of the first one has been handed over.
    pub fn make(&self, credit: &Pubkey, generation: u32, successor: Option<&Pubkey>) -> SecretString {
        let code = hex::encode(self.mac(credit, generation, successor).finalize().into_bytes());
        SecretString::from(format!("{PREFIX}{credit}-{generation}-{code}"))
    }

    fn mac(&self, credit: &Pubkey, generation: u32, successor: Option<&Pubkey>) -> Hmac<Sha256> {
        // HMAC fills a short key up to a block of the hash with zeros.
        let mut key = Key::<Hmac<Sha256>>::default();
        key[..SECRET_BYTES].copy_from_slice(self.secret.expose_secret());
        let mut mac = <Hmac<Sha256> as Mac>::new(&key);
        mac.update(DOMAIN);
        for key in [&self.market, &self.provider, credit] {
            mac.update(key.as_ref());
        }
        mac.update(&generation.to_le_bytes());
        if let Some(successor) = successor {
            mac.update(successor.as_ref());
        }
        mac
    }

    /// Verifies a key and returns its sender; `None` for a key that is forged, malformed, revoked, or of a borrower that has
    /// handed its place over.
    fn verify(&self, key: &str, successor_of: impl Fn(&Pubkey) -> Option<Pubkey>) -> Option<Caller> {
        let mut parts = key.strip_prefix(PREFIX)?.splitn(3, '-');
        let credit: Pubkey = parts.next()?.parse().ok()?;
        let generation: u32 = parts.next()?.parse().ok()?;
        let code = hex::decode::<32>(parts.next()?)?;
        let successor = successor_of(&credit);
        self.mac(&credit, generation, successor.as_ref()).verify_slice(&code).ok()?;
        let lowest = self.revoked.get(&credit).copied().unwrap_or(0);
        (generation >= lowest).then(|| Caller { credit, api_key: generation.to_string() })
    }

    /// Verifies the key of a request and returns its sender; `successor_of` is the borrower of today of a credit whose place
    /// has been handed over. Errors: 401 without a valid key.
    pub(crate) fn authorise(
        &self,
        headers: &HeaderMap,
        successor_of: impl Fn(&Pubkey) -> Option<Pubkey>,
    ) -> Result<Caller, ApiError> {
        let missing = || ApiError::unauthorised("send your API key as `Authorization: Bearer blk-...`");
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let (scheme, key) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        self.verify(key.trim(), successor_of).ok_or_else(|| {
            ApiError::unauthorised("the API key is not valid or was revoked; ask the provider for a new one")
        })
    }
}

/// Reads the 32 bytes that a file holds as hexadecimal digits. Errors: [`SecretError`].
fn read_secret(path: &Path) -> Result<SecretBox<[u8; SECRET_BYTES]>, SecretError> {
    let shown = || path.display().to_string();
    let failed = |error: std::io::Error| SecretError::File { path: shown(), reason: error.to_string() };
    require_private(path)?;
    let text = SecretString::from(fs::read_to_string(path).map_err(failed)?);
    let bytes = hex::decode::<SECRET_BYTES>(text.expose_secret().trim());
    bytes.map(|bytes| SecretBox::new(Box::new(bytes))).ok_or_else(|| SecretError::Malformed { path: shown() })
}

/// Requires that only its owner can read a file. Errors: [`SecretError`].
pub(crate) fn require_private(path: &Path) -> Result<(), SecretError> {
    let shown = || path.display().to_string();
    let file =
        fs::metadata(path).map_err(|error| SecretError::File { path: shown(), reason: error.to_string() })?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0 {
        return Err(SecretError::Exposed { path: shown() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use {super::*, rand::Rng};

    fn keys(market: u8, revoked: &[Revoked]) -> ApiKeys {
        ApiKeys {
            secret: SecretBox::new(Box::new([7; 32])),
            market: Pubkey::new_from_array([market; 32]),
            provider: Pubkey::new_from_array([2; 32]),
            revoked: revoked.iter().map(|entry| (entry.credit, entry.below)).collect(),
        }
    }

    fn verify(keys: &ApiKeys, key: &str) -> Option<Pubkey> {
        keys.verify(key, |_| None).map(|caller| caller.credit)
    }

    /// The old borrower, or whoever has stolen its key, uses nothing of the new one's units.
    #[test]
    fn a_key_ends_with_the_place_of_its_borrower() {
        let (credit, [second, third]) = (Pubkey::new_unique(), [(); 2].map(|()| Pubkey::new_unique()));
        let keys = keys(1, &[]);
        let made = [None, Some(&second), Some(&third)].map(|successor| keys.make(&credit, 0, successor));
        for (today, successor) in [None, Some(second), Some(third)].into_iter().enumerate() {
            let opens = |key: &SecretString| keys.verify(key.expose_secret(), |_| successor).is_some();
            assert_eq!(made.each_ref().map(opens), [0, 1, 2].map(|place| place == today));
        }
    }

    #[test]
    fn a_key_names_its_credit_and_no_other() {
        let (ours, theirs) = (Pubkey::new_unique(), Pubkey::new_unique());
        let (keys, elsewhere) = (keys(1, &[]), keys(9, &[]));
        let key = keys.make(&ours, 3, None);
        let key = key.expose_secret();
        assert_eq!(verify(&keys, key), Some(ours));
        assert_eq!(verify(&elsewhere, key), None, "a key of another market");
        assert_eq!(verify(&keys, &key.replace(&ours.to_string(), &theirs.to_string())), None);
        assert_eq!(verify(&keys, &key.replace("-3-", "-4-")), None);
        assert_eq!(verify(&keys, &key.to_uppercase()), None);
        assert_eq!(verify(&keys, &key[..key.len() - 1]), None);
        let mut random = rand::rng();
        for place in 0..key.len() {
            let mut forged = key.as_bytes().to_vec();
            forged[place] ^= 1 << random.random_range(0..7);
            if let Ok(forged) = String::from_utf8(forged) {
                assert_eq!(verify(&keys, &forged), None, "{forged}");
            }
        }
    }

    #[test]
    fn a_revoked_generation_is_refused_and_the_next_one_good() {
        let credit = Pubkey::new_unique();
        let keys = keys(1, &[Revoked { credit, below: 2 }]);
        assert_eq!(verify(&keys, keys.make(&credit, 1, None).expose_secret()), None);
        assert_eq!(verify(&keys, keys.make(&credit, 2, None).expose_secret()), Some(credit));
        let other = Pubkey::new_unique();
        assert_eq!(verify(&keys, keys.make(&other, 0, None).expose_secret()), Some(other));
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "ab".repeat(32)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_secret(&path).unwrap().expose_secret(), &[0xab; 32]);
        fs::write(&path, "ab").unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::Malformed { .. })));
    }
}
