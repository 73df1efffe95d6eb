//! The events of a credit as rows, each with the state after it.

use {
    super::cells::{exact, timestamp},
    crate::error::CliError,
    blockable_sdk::{
        amounts::{ChainTime, MicroUsd, Units},
        audit::{Balance, Found, Replay, kind, money_moved},
        events::Change,
        names::status_byte_name,
        program::state::Credit,
    },
    serde_json::{Map, Value, json},
};

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 24] = [
    "event",
    "time",
    "unix",
    "slot",
    "transaction",
    "kind",
    "units",
    "money",
    "status",
    "lender",
    "borrower",
    "principal",
    "interest",
    "late_fees",
    "debt",
    "used",
    "in_flight",
    "available",
    "lien",
    "locked",
    "frozen",
    "held_back",
    "reserve",
    "lender_claim",
];

/// An event with the state after it.
pub(super) struct Row {
    found: Found,
    after: Credit,
}

impl Row {
    /// The value of every column, amounts as numbers: money in micro-USDC.
    pub(super) fn values(&self) -> Map<String, Value> {
        let (record, after) = (&self.found.record, &self.after);
        let money = money_moved(record, after);
        let (balance, collateral) = (Balance::from_debt(after), &after.collateral);
        let values = [
            json!(record.seq),
            json!(timestamp(ChainTime(record.at))),
            json!(record.at),
            json!(self.found.slot),
            json!(self.found.signature.to_string()),
            json!(kind(&record.change)),
            json!(units(&record.change)),
            json!(money),
            json!(status_byte_name(after.status)),
            json!(after.lender.to_string()),
            json!(after.borrower.to_string()),
            json!(balance.principal),
            json!(balance.interest),
            json!(balance.late_fees),
            json!(balance.total()),
            json!(collateral.consumed),
            json!(after.meter.in_flight),
            json!(collateral.available()),
            json!(collateral.lien()),
            json!(collateral.locked()),
            json!(collateral.frozen()),
            json!(after.holdback_left),
            json!(after.reserve_held),
            json!(after.claims.lender),
        ];
        COLUMNS.iter().map(ToString::to_string).zip(values).collect()
    }

    /// The cells of a CSV file: money in USDC with all its digits.
    pub(super) fn cells(&self) -> Vec<String> {
        const MONEY: [&str; 8] =
            ["money", "principal", "interest", "late_fees", "debt", "held_back", "reserve", "lender_claim"];
        let values = self.values();
        let cell = |column: &&str| match values.get(*column) {
            Some(Value::Number(amount)) if MONEY.contains(column) => {
                exact(MicroUsd(amount.as_u64().unwrap_or_default()))
            }
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(value) => value.to_string(),
        };
        COLUMNS.iter().map(cell).collect()
    }

    /// The event.
    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// The credit after it.
    pub(super) fn after(&self) -> &Credit {
        &self.after
    }
}

/// Redoes a log, and keeps the state after each event. Errors: an event that cannot follow.
pub(super) fn rows(mut replay: Replay, log: Vec<Found>) -> Result<Vec<Row>, CliError> {
    let mut rows = Vec::with_capacity(log.len());
    for found in log {
        replay.apply(&found.record).map_err(|error| CliError::Failed(error.to_string()))?;
        let after = *replay.credit().ok_or_else(|| CliError::Failed("the log is empty".to_string()))?;
        rows.push(Row { found, after });
    }
    Ok(rows)
}

/// The units that an event is about; `None` for one that is about none.
fn units(change: &Change) -> Option<Units> {
    let units = match change {
        Change::Offered { terms, .. } => terms.units,
        Change::Paid { released, .. } => *released,
        Change::Metered { metered, .. } => metered.consumed,
        Change::Frozen { units, .. }
        | Change::Thawed { units, .. }
        | Change::Seized { units, .. }
        | Change::Sold { units, .. }
        | Change::Granted { units, .. }
        | Change::TakenOver { units, .. }
        | Change::LockedCancelled { units, .. }
        | Change::Expired { units, .. } => *units,
        Change::LotClosed { returned, .. } => *returned,
        Change::WrittenOff { cancelled, .. } => *cancelled,
        Change::Closed { given_up } => *given_up,
        Change::Accepted
        | Change::Issued { .. }
        | Change::Cancelled { .. }
        | Change::MarkedDelinquent { .. }
        | Change::MarkedDefaulted { .. }
        | Change::Collected { .. }
        | Change::Restructured { .. }
        | Change::FeeWaived { .. }
        | Change::LenderOffered { .. }
        | Change::LenderChanged { .. }
        | Change::BorrowerOffered { .. }
        | Change::BorrowerChanged { .. }
        | Change::FreezeAuthoritySet { .. }
        | Change::NoticeGiven { .. }
        | Change::NoticeWithdrawn
        | Change::CovenantApplied { .. }
        | Change::ReserveFunded { .. }
        | Change::VaultClosed { .. } => return None,
    };
    Some(Units(units))
}
