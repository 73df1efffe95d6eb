//! What a change of a credit says, as JSON: amounts and addresses as text, times as everywhere.

use {
    crate::api::{
        credit::{RiderView, TermsView},
        values::{Address, Amount, Time, exact, party_name, reason_name, status_name},
    },
    blockable_sdk::{
        events::Change,
        program::state::{Instalment, Rider, Terms},
    },
    blockable_service::hex,
    serde_json::{Value, json},
};

/// The fields of a change, by their names in the program. The kind of change stands beside them.
pub(super) fn fields(change: &Change) -> Value {
    match change {
        Change::Accepted | Change::NoticeWithdrawn => json!({}),
        Change::Offered { terms_hash, terms, rider, schedule } => {
            agreed(terms_hash, terms, Some(rider), schedule)
        }
        Change::Restructured { terms_hash, terms, schedule } => agreed(terms_hash, terms, None, schedule),
        Change::Issued { index, issued_at } => {
            json!({ "index": index, "issued_at_market_time": Time::of(*issued_at) })
        }
        Change::Cancelled { refunded } => json!({ "refunded": Amount(*refunded) }),
        Change::LenderOffered { to } | Change::LenderChanged { to } | Change::FreezeAuthoritySet { to } => {
            json!({ "to": Address(*to) })
        }
        Change::Paid { payer, reserve, late_fees, interest, principal, released, thawed, debt, status } => {
            json!({
                "payer": Address(*payer),
                "reserve": Amount(*reserve),
                "late_fees": Amount(*late_fees),
                "interest": Amount(*interest),
                "principal": Amount(*principal),
                "released": Amount(*released),
                "thawed": Amount(*thawed),
                "debt": Amount(*debt),
                "status": status_name(*status),
            })
        }
        Change::MarkedDelinquent { arrears } => json!({ "arrears": Amount(*arrears) }),
        Change::MarkedDefaulted { arrears, debt } => {
            json!({ "arrears": Amount(*arrears), "debt": Amount(*debt) })
        }
        Change::FeeWaived { amount } => json!({ "amount": Amount(*amount) }),
        Change::NoticeGiven { document, debt } => {
            json!({ "document": hex::encode(document), "debt": Amount(*debt) })
        }
        Change::WrittenOff { debt } => json!({ "debt": Amount(*debt) }),
        Change::CovenantApplied { utilisation_bps, apr_bps, top_up } => json!({
            "utilisation_bps": exact(*utilisation_bps),
            "apr_bps": apr_bps,
            "top_up": Amount(*top_up),
        }),
        Change::ReserveFunded { payer, amount, held } => {
            json!({ "payer": Address(*payer), "amount": Amount(*amount), "held": Amount(*held) })
        }
        Change::Collected { party, destination, amount } => json!({
            "party": party_name(*party),
            "destination": Address(*destination),
            "amount": Amount(*amount),
        }),
        Change::VaultClosed { swept } => json!({ "swept": Amount(*swept) }),
        Change::Frozen { by, reason, units, frozen } => json!({
            "by": Address(*by),
            "reason": reason_name(*reason),
            "units": Amount(*units),
            "frozen": Amount(*frozen),
        }),
        Change::Thawed { by, units, frozen } => {
            json!({ "by": Address(*by), "units": Amount(*units), "frozen": Amount(*frozen) })
        }
        Change::Metered { cumulative, in_flight, reported_at, metered } => json!({
            "cumulative": Amount(*cumulative),
            "in_flight": Amount(*in_flight),
            "reported_at": Time::of(*reported_at),
            "consumed": Amount(metered.consumed),
            "overrun": Amount(metered.overrun),
            "deferred": Amount(metered.deferred),
        }),
        Change::Seized { lot, units, start_price, floor_price } => json!({
            "lot": Address(*lot),
            "units": Amount(*units),
            "start_price": Amount(*start_price),
            "floor_price": Amount(*floor_price),
        }),
        Change::Sold { lot, buyer, units, cost, fee, recovered, surplus, debt } => json!({
            "lot": Address(*lot),
            "buyer": Address(*buyer),
            "units": Amount(*units),
            "cost": Amount(*cost),
            "fee": Amount(*fee),
            "recovered": Amount(*recovered),
            "surplus": Amount(*surplus),
            "debt": Amount(*debt),
        }),
        Change::Granted { from, units } => json!({ "from": Address(*from), "units": Amount(*units) }),
        Change::LotClosed { lot, returned } => json!({ "lot": Address(*lot), "returned": Amount(*returned) }),
        Change::TakenOver { to, units, value, debt } => json!({
            "to": Address(*to),
            "units": Amount(*units),
            "value": Amount(*value),
            "debt": Amount(*debt),
        }),
        Change::Expired { units } => json!({ "units": Amount(*units) }),
        Change::Closed { given_up } => json!({ "given_up": Amount(*given_up) }),
        Change::Migrated { from } => json!({ "from": from }),
    }
}

fn agreed(hash: &[u8; 32], terms: &Terms, rider: Option<&Rider>, schedule: &[Instalment]) -> Value {
    let lines = schedule.iter().map(|instalment| {
        json!({ "due_after_seconds": instalment.due_after, "principal": Amount(instalment.principal) })
    });
    let mut agreed = json!({
        "terms_hash": hex::encode(hash),
        "terms": TermsView::of(terms),
        "schedule": lines.collect::<Vec<_>>(),
    });
    if let (Some(rider), Some(agreed)) = (rider, agreed.as_object_mut()) {
        agreed.insert("rider".to_string(), json!(RiderView::of(rider)));
    }
    agreed
}
