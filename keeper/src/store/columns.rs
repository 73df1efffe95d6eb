//! Addresses, hashes and unsigned amounts in columns.

use {blockable_sdk::Pubkey, rusqlite::Row};

/// A key from a column.
pub fn key(row: &Row, column: usize) -> rusqlite::Result<Pubkey> {
    row.get::<_, [u8; 32]>(column).map(Pubkey::from)
}

/// SQLite's integers are signed: the bits are kept, so every unsigned value comes back as it was.
pub fn signed(value: u64) -> i64 {
    value.cast_signed()
}

/// The unsigned value that [`signed`] wrote.
pub fn unsigned(row: &Row, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
