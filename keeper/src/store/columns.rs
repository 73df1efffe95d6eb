//! Conversions of addresses and unsigned numbers to and from columns.

use {blockable_sdk::Pubkey, rusqlite::Row};

/// Reads an address from a column.
pub(crate) fn key(row: &Row, column: usize) -> rusqlite::Result<Pubkey> {
    row.get::<_, [u8; 32]>(column).map(Pubkey::from)
}

/// Converts an unsigned number for a column. SQLite's integers are signed: the bits are kept, so that [`unsigned`] reads it back.
pub(crate) fn signed(value: u64) -> i64 {
    value.cast_signed()
}

/// Reads a number that [`signed`] has converted.
pub(crate) fn unsigned(row: &Row, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
