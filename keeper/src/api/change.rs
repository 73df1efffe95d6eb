//! Changes of a credit as JSON: amounts and addresses as text, times as everywhere in the API.

use {
    crate::{
        api::credit::{RiderView, TermsView},
        values::{Address, Time, UnitCount, UsdAmount, exact, freeze_reason_name, party_name, status_name},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        events::Change,
        program::state::{Instalment, Rider, Terms},
    },
    blockable_service::hex,
    serde_json::{Value, json},
};

/// Lists the fields of a change by their names in the program: a table with a row for each kind of change. The kind itself is a
/// field of the event.
pub(super) fn fields(change: &Change) -> Value {
    match change {
        Change::Accepted | Change::NoticeWithdrawn => json!({}),
        Change::Offered { terms_hash, slot, terms, rider, schedule } => {
            let mut offer = agreement(terms_hash, terms, Some(rider), schedule);
            if let Some(fields) = offer.as_object_mut() {
                fields.insert("slot".to_string(), json!(slot));
            }
            offer
        }
        Change::Restructured { terms_hash, terms, schedule } => agreement(terms_hash, terms, None, schedule),
        Change::Issued { index, issued_at, held_back } => json!({
            "index": index, "issued_at_market_time": Time::from(MarketTime(*issued_at)), "held_back": usd(held_back),
        }),
        Change::Cancelled { refunded } => json!({ "refunded": usd(refunded) }),
        Change::LenderOffered { to }
        | Change::LenderChanged { to }
        | Change::BorrowerChanged { to }
        | Change::FreezeAuthoritySet { to } => {
            json!({ "to": key(to) })
        }
        Change::BorrowerOffered { to, ready_at } => json!({
            "to": key(to), "ready_at_market_time": Time::unless_zero(MarketTime(*ready_at)),
        }),
        Change::Paid {
            payer,
            reserve,
            late_fees,
            interest,
            principal,
            released,
            earned,
            thawed,
            unlocked,
            frozen_for_payment,
            frozen_for_other,
            frozen_for_cross,
            locked,
            debt,
            status,
        } => {
            json!({
                "payer": key(payer), "reserve": usd(reserve), "late_fees": usd(late_fees), "interest": usd(interest),
                "principal": usd(principal), "released": units(released), "earned": usd(earned),
                "thawed": units(thawed), "unlocked": units(unlocked),
                "frozen_for_payment": units(frozen_for_payment), "frozen_for_other": units(frozen_for_other),
                "frozen_for_cross": units(frozen_for_cross), "locked": units(locked), "debt": usd(debt),
                "status": status_name(*status),
            })
        }
        Change::MarkedDelinquent { arrears } => json!({ "arrears": usd(arrears) }),
        Change::MarkedDefaulted { arrears, debt } => json!({ "arrears": usd(arrears), "debt": usd(debt) }),
        Change::FeeWaived { amount, earned, debt } => {
            json!({ "amount": usd(amount), "earned": usd(earned), "debt": usd(debt) })
        }
        Change::NoticeGiven { document, debt } => {
            json!({ "document": hex::encode(document), "debt": usd(debt) })
        }
        Change::WrittenOff { debt, cancelled, paid, earned } => json!({
            "debt": usd(debt), "cancelled": units(cancelled), "paid": usd(paid), "earned": usd(earned),
        }),
        Change::LockedCancelled {
            by,
            units: count,
            paid,
            principal,
            interest,
            late_fees,
            surplus,
            earned,
            debt,
            status,
        } => json!({
            "by": key(by), "units": units(count), "paid": usd(paid), "principal": usd(principal),
            "interest": usd(interest), "late_fees": usd(late_fees), "surplus": usd(surplus), "earned": usd(earned),
            "debt": usd(debt), "status": status_name(*status),
        }),
        Change::CovenantApplied { utilisation_bps, apr_bps, top_up, due_at } => json!({
            "utilisation_bps": exact(*utilisation_bps), "apr_bps": apr_bps, "top_up": usd(top_up),
            "due_at_market_time": Time::unless_zero(MarketTime(*due_at)),
        }),
        Change::ReserveFunded { payer, amount, held, thawed } => json!({
            "payer": key(payer), "amount": usd(amount), "held": usd(held), "thawed": units(thawed),
        }),
        Change::Collected { party, destination, amount } => json!({
            "party": party_name(*party), "destination": key(destination), "amount": usd(amount),
        }),
        Change::VaultClosed { swept } => json!({ "swept": usd(swept) }),
        Change::Frozen {
            by,
            reason,
            units: count,
            frozen_for_payment,
            frozen_for_other,
            frozen_for_cross,
            locked,
        } => json!({
            "by": key(by), "reason": freeze_reason_name(*reason), "units": units(count),
            "frozen_for_payment": units(frozen_for_payment), "frozen_for_other": units(frozen_for_other),
            "frozen_for_cross": units(frozen_for_cross), "locked": units(locked),
        }),
        Change::Thawed {
            by,
            units: count,
            frozen_for_payment,
            frozen_for_other,
            frozen_for_cross,
            locked,
        } => json!({
            "by": key(by), "units": units(count),
            "frozen_for_payment": units(frozen_for_payment), "frozen_for_other": units(frozen_for_other),
            "frozen_for_cross": units(frozen_for_cross), "locked": units(locked),
        }),
        Change::Metered { cumulative, in_flight, reported_at, metered } => json!({
            "cumulative": units(cumulative), "in_flight": units(in_flight),
            "reported_at": Time::from(ChainTime(*reported_at)), "consumed": units(&metered.consumed),
            "overrun": units(&metered.overrun), "deferred": units(&metered.deferred),
        }),
        Change::Seized { lot, units: count, start_price, floor_price } => json!({
            "lot": key(lot), "units": units(count), "start_price": usd(start_price), "floor_price": usd(floor_price),
        }),
        Change::Sold { lot, buyer, units: count, cost, fee, recovered, surplus, earned, debt } => json!({
            "lot": key(lot), "buyer": key(buyer), "units": units(count), "cost": usd(cost), "fee": usd(fee),
            "recovered": usd(recovered), "surplus": usd(surplus), "earned": usd(earned), "debt": usd(debt),
        }),
        Change::Granted { from, units: count } => json!({ "from": key(from), "units": units(count) }),
        Change::LotClosed { lot, returned } => json!({ "lot": key(lot), "returned": units(returned) }),
        Change::TakenOver { to, units: count, value, earned, debt } => json!({
            "to": key(to), "units": units(count), "value": usd(value), "earned": usd(earned), "debt": usd(debt),
        }),
        Change::Expired { units: count, paid, debt } => json!({
            "units": units(count), "paid": usd(paid), "debt": usd(debt),
        }),
        Change::Closed { given_up } => json!({ "given_up": units(given_up) }),
    }
}

fn key(key: &Pubkey) -> Address {
    Address(*key)
}

fn usd(amount: &u64) -> UsdAmount {
    UsdAmount(MicroUsd(*amount))
}

fn units(count: &u64) -> UnitCount {
    UnitCount(Units(*count))
}

fn agreement(hash: &[u8; 32], terms: &Terms, rider: Option<&Rider>, schedule: &[Instalment]) -> Value {
    let lines = schedule.iter().map(|instalment| {
        json!({ "due_after_seconds": instalment.due_after, "principal": usd(&instalment.principal) })
    });
    let mut agreement = json!({
        "terms_hash": hex::encode(hash),
        "terms": TermsView::new(terms),
        "schedule": lines.collect::<Vec<_>>(),
    });
    if let (Some(rider), Some(fields)) = (rider, agreement.as_object_mut()) {
        fields.insert("rider".to_string(), json!(RiderView::new(rider)));
    }
    agreement
}
