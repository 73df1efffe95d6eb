//! Salts that keep the prompts of credits apart in an upstream's prefix cache.

use {super::ApiKeys, blockable_sdk::Pubkey, blockable_service::hex, hmac::Mac};

/// Domain of the MAC.
const DOMAIN: &[u8] = b"blockable cache salt v1";
/// Bytes of the MAC that are used.
const BYTES: usize = 16;

impl ApiKeys {
    /// Makes the `cache_salt` of a credit's requests, in hexadecimal digits. A borrower's `own` salt, as it wrote it, divides the
    /// cache of its credit further. Nobody without the server's secret can name another credit's salt.
    pub(crate) fn cache_salt(&self, credit: &Pubkey, own: &str) -> String {
        let mut mac = self.hmac(DOMAIN, credit, 0);
        mac.update(own.as_bytes());
        let mac = mac.finalize().into_bytes();
        hex::encode(mac.get(..BYTES).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::fs, std::os::unix::fs::PermissionsExt};

    fn keys(secret: &str) -> ApiKeys {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, secret.repeat(32)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        ApiKeys::load(&path, Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]), &[]).unwrap()
    }

    #[test]
    fn a_salt_is_of_one_secret_one_credit_and_one_wish_of_its_borrower() {
        let (ours, theirs) = (Pubkey::new_from_array([3; 32]), Pubkey::new_from_array([4; 32]));
        let salt = keys("ab").cache_salt(&ours, "");
        assert_eq!(salt, keys("ab").cache_salt(&ours, ""), "the same after a restart");
        assert_eq!(salt.len(), 2 * BYTES);
        for other in [
            keys("ab").cache_salt(&theirs, ""),
            keys("ac").cache_salt(&ours, ""),
            keys("ab").cache_salt(&ours, "\"team\""),
        ] {
            assert_ne!(salt, other);
        }
        let stolen = serde_json::to_string(&salt).unwrap();
        assert_ne!(keys("ab").cache_salt(&theirs, &stolen), salt, "another's salt opens nothing");
    }
}
