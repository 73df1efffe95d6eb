//! Addresses as people write them, in files and on command lines.

use blockable_sdk::Pubkey;

/// A reason for which a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A character that base58 does not have.
    #[error("is no address: base58 has no {0:?}; write it whole, in base58")]
    Character(char),
    /// Another length.
    #[error("is no address: it stands for another number of bytes than 32; write it whole, in base58")]
    Length,
}

/// Reads an address in base58, of a file or of a command line. Errors: [`AddressError`].
pub fn address(text: &str) -> Result<Pubkey, AddressError> {
    let is_foreign = |character: &char| !character.is_ascii_alphanumeric() || "0OIl".contains(*character);
    match text.chars().find(is_foreign) {
        Some(foreign) => Err(AddressError::Character(foreign)),
        None => text.parse().map_err(|_| AddressError::Length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whole_or_not_at_all() {
        // The largest key: one character more is too long for 32 bytes.
        let key = Pubkey::new_from_array([u8::MAX; 32]);
        assert_eq!(address(&key.to_string()), Ok(key));
        assert_eq!(address("abc"), Err(AddressError::Length));
        assert_eq!(address(""), Err(AddressError::Length));
        assert_eq!(address(&format!("{key}1")), Err(AddressError::Length));
        assert_eq!(address("l0"), Err(AddressError::Character('l')));
        assert_eq!(address("4uQe…iofM"), Err(AddressError::Character('…')));
    }
}
