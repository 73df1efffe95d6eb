//! Signed freezes as the store keeps them.

use {
    super::{order::FreezeOrder, state::OrderState},
    crate::{
        Notice, NoticeKind, NoticedCredit,
        store::{read_key, read_u64, read_units, to_integer},
    },
    blockable_sdk::{Pubkey, Signature, amounts::Units, program::state::Credit},
    rusqlite::{Connection, Row, params},
};

/// A signed freeze as it is recorded.
#[derive(Clone, Debug)]
pub(super) struct OrderRecord {
    pub(super) order: FreezeOrder,
    pub(super) lender: Pubkey,
    pub(super) borrower: Pubkey,
    /// Total of units closed to new jobs.
    pub(super) frozen: Units,
    pub(super) last_valid_height: u64,
    pub(super) received_ms: i64,
    /// The time after which it is obeyed in no case, in milliseconds since 1970.
    pub(super) until_ms: i64,
}

impl OrderRecord {
    /// The notice to both parties, with the credit after it.
    pub(super) fn notice(&self, kind: NoticeKind, credit: Option<&Credit>) -> Notice {
        Notice {
            seq: 0,
            at_ms: 0,
            credit: self.order.credit.to_string(),
            lender: self.lender.to_string(),
            borrower: self.borrower.to_string(),
            kind,
            standing: credit.map(|credit| NoticedCredit::new(credit, None).standing()),
        }
    }
}

/// Records a signed freeze, or its new state.
pub(super) fn put(connection: &Connection, record: &OrderRecord, state: OrderState) -> rusqlite::Result<()> {
    let sql = "INSERT INTO freezes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
               ON CONFLICT (signature) DO UPDATE SET state = excluded.state";
    connection.prepare_cached(sql)?.execute(params![
        record.order.signature.as_ref(),
        record.order.credit.as_ref(),
        record.order.bytes,
        record.lender.as_ref(),
        record.borrower.as_ref(),
        to_integer(record.frozen.get()),
        to_integer(record.last_valid_height),
        record.received_ms,
        record.until_ms,
        state.name(),
    ])?;
    Ok(())
}

/// Every signed freeze that is remembered, with those that are open in full.
pub(super) fn all(
    connection: &Connection,
) -> rusqlite::Result<Vec<(Signature, OrderState, Option<OrderRecord>)>> {
    let mut statement = connection.prepare("SELECT * FROM freezes")?;
    let rows = statement.query_map([], |row| {
        let signature = Signature::from(row.get::<_, [u8; 64]>(0)?);
        let name: String = row.get(9)?;
        let state = OrderState::ALL.into_iter().find(|state| state.name() == name);
        // This version cannot continue an order in a state that a later version added.
        let state = state.unwrap_or(OrderState::Failed);
        let record = if state == OrderState::Open { read(row)? } else { None };
        Ok((signature, state, record))
    })?;
    rows.collect()
}

/// `None` where the transaction can no longer be read.
fn read(row: &Row) -> rusqlite::Result<Option<OrderRecord>> {
    let bytes: Vec<u8> = row.get(2)?;
    let Ok(order) = FreezeOrder::read(&bytes) else { return Ok(None) };
    Ok(Some(OrderRecord {
        order,
        lender: read_key(row, 3)?,
        borrower: read_key(row, 4)?,
        frozen: read_units(row, 5)?,
        last_valid_height: read_u64(row, 6)?,
        received_ms: row.get(7)?,
        until_ms: row.get(8)?,
    }))
}

/// Forgets closed orders that were received before a time, in milliseconds since 1970.
pub(super) fn prune(connection: &Connection, before_ms: i64) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM freezes WHERE state <> 'open' AND received_ms < ?1";
    connection.prepare_cached(sql)?.execute([before_ms])
}
