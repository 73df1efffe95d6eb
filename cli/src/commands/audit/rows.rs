//! The events of a credit as rows, each with the state after it.

use {
    super::cells::{exact, timestamp},
    crate::error::CliError,
    blockable_sdk::{
        amounts::{ChainTime, MicroUsd, Units},
        audit::{Balance, Found, Replay, kind},
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
        let (units, money) = figures(&record.change);
        let (balance, collateral) = (Balance::from_debt(after), &after.collateral);
        let values = [
            json!(record.seq),
            json!(timestamp(ChainTime(record.at))),
            json!(record.at),
            json!(self.found.slot),
            json!(self.found.signature.to_string()),
            json!(kind(&record.change)),
            json!(units),
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

/// The money that an event moves; `None` for one that moves none.
pub(super) fn money_moved(change: &Change) -> Option<MicroUsd> {
    figures(change).1
}

/// The units and the money that an event moves.
fn figures(change: &Change) -> (Option<Units>, Option<MicroUsd>) {
    let sum = |parts: &[u64]| Some(parts.iter().copied().map(MicroUsd).sum());
    match change {
        Change::Offered { terms, .. } => (Some(Units(terms.units)), Some(MicroUsd(terms.principal))),
        Change::Issued { held_back, .. } => (None, Some(MicroUsd(*held_back))),
        Change::Cancelled { refunded } => (None, Some(MicroUsd(*refunded))),
        Change::Paid { reserve, late_fees, interest, principal, released, .. } => {
            (Some(Units(*released)), sum(&[*reserve, *late_fees, *interest, *principal]))
        }
        Change::MarkedDelinquent { arrears } | Change::MarkedDefaulted { arrears, .. } => {
            (None, Some(MicroUsd(*arrears)))
        }
        Change::Frozen { units, .. }
        | Change::Thawed { units, .. }
        | Change::Seized { units, .. }
        | Change::Granted { units, .. } => (Some(Units(*units)), None),
        Change::Metered { metered, .. } => (Some(Units(metered.consumed)), None),
        Change::Sold { units, cost, .. } => (Some(Units(*units)), Some(MicroUsd(*cost))),
        Change::LotClosed { returned, .. } => (Some(Units(*returned)), None),
        Change::Collected { amount, .. }
        | Change::FeeWaived { amount, .. }
        | Change::ReserveFunded { amount, .. } => (None, Some(MicroUsd(*amount))),
        Change::NoticeGiven { debt, .. } => (None, Some(MicroUsd(*debt))),
        Change::TakenOver { units, value, .. } => (Some(Units(*units)), Some(MicroUsd(*value))),
        Change::LockedCancelled { units, paid, .. } | Change::Expired { units, paid, .. } => {
            (Some(Units(*units)), Some(MicroUsd(*paid)))
        }
        Change::WrittenOff { debt, cancelled, .. } => (Some(Units(*cancelled)), Some(MicroUsd(*debt))),
        Change::CovenantApplied { top_up, .. } => (None, Some(MicroUsd(*top_up))),
        Change::VaultClosed { swept } => (None, Some(MicroUsd(*swept))),
        Change::Closed { given_up } => (Some(Units(*given_up)), None),
        Change::Accepted
        | Change::Restructured { .. }
        | Change::LenderOffered { .. }
        | Change::LenderChanged { .. }
        | Change::BorrowerOffered { .. }
        | Change::BorrowerChanged { .. }
        | Change::FreezeAuthoritySet { .. }
        | Change::NoticeWithdrawn => (None, None),
    }
}
