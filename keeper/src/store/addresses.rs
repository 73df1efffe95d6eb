//! The numbers that stand for addresses in tables with a row per credit and time.

use {
    crate::store::StoreError,
    blockable_sdk::Pubkey,
    rusqlite::{Connection, OptionalExtension},
};

/// Finds the number of an address; `None` for one that no table has named yet. Errors: [`StoreError`].
pub(crate) fn find(connection: &Connection, address: &Pubkey) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM addresses WHERE address = ?";
    Ok(connection.prepare_cached(sql)?.query_row([address.to_bytes()], |row| row.get(0)).optional()?)
}

/// Finds the number of an address, and gives it one where it has none. Errors: [`StoreError`].
pub(crate) fn number(connection: &Connection, address: &Pubkey) -> Result<i64, StoreError> {
    if let Some(known) = find(connection, address)? {
        return Ok(known);
    }
    connection.prepare_cached("INSERT INTO addresses (address) VALUES (?)")?.execute([address.to_bytes()])?;
    Ok(connection.last_insert_rowid())
}

#[cfg(test)]
mod tests {
    use {super::*, crate::store::in_memory};

    #[test]
    fn an_address_keeps_its_number() {
        let connection = in_memory();
        let key = |number| Pubkey::new_from_array([number; 32]);
        assert_eq!(find(&connection, &key(1)).unwrap(), None);
        let first = number(&connection, &key(1)).unwrap();
        let second = number(&connection, &key(2)).unwrap();
        assert_ne!(first, second);
        assert_eq!(number(&connection, &key(1)).unwrap(), first);
        assert_eq!(find(&connection, &key(2)).unwrap(), Some(second));
    }
}
