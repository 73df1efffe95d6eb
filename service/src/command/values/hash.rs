//! Hashes.

use crate::hex;

/// A text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no hash; write its 64 hexadecimal digits")]
pub struct HashError;

/// Reads a hash of 32 bytes in hexadecimal digits. Errors: [`HashError`].
pub fn hash(text: &str) -> Result<[u8; 32], HashError> {
    hex::decode::<32>(text).ok_or(HashError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_whole_or_not_at_all() {
        assert_eq!(hash(&"0a".repeat(32)), Ok([10; 32]));
        for text in ["", "xyz", &"0a".repeat(31), &"0g".repeat(32), &"0a".repeat(33)] {
            assert_eq!(hash(text), Err(HashError), "{text}");
        }
    }
}
