//! The messages of a stream.

use {
    super::{
        StreamQuery,
        batch::{Batch, CreditChange, LotChange},
    },
    crate::{
        alerts::AlertFilter,
        api::{
            access::Caller,
            alerts::{self, AlertView},
            credits::CreditLine,
            state::{ApiState, AsOf},
        },
        values::{Address, UnitCount},
    },
    axum::response::sse::Event,
    serde::Serialize,
    serde_json::json,
};

/// Most changes of a reading that are told one by one.
const MOST: usize = 200;

/// A named event with data. Values without a JSON form do not occur.
fn event(name: &str, data: impl Serialize) -> Event {
    let data = serde_json::to_string(&data).unwrap_or_default();
    Event::default().event(name).data(data)
}

/// The beginning of a stream. Its id is that of the last reading, so that a client that is cut off now goes on from here.
pub(super) fn hello(as_of: AsOf, resumed: bool, id: &str) -> Event {
    let event = event("hello", json!({ "as_of": as_of, "resumed": resumed }));
    // Who resumes gets the readings that it has missed after this, each with an id of its own.
    if resumed { event } else { event.id(id) }
}

/// The end of a reading.
pub(super) fn slot(as_of: &AsOf, id: &str) -> Event {
    event("slot", json!({ "as_of": as_of })).id(id)
}

/// The changes of credits and lots that pass the filters. Where there are too many, the client is asked to read everything anew.
pub(super) fn changes(batch: &Batch, query: &StreamQuery) -> Vec<Event> {
    let passes = |change: &&CreditChange| query.passes(change.credit, change.lender, Some(change.borrower));
    let credits: Vec<&CreditChange> = batch.credits.iter().filter(passes).collect();
    let passes = |change: &&LotChange| query.passes(change.credit, change.lender, None);
    let lots: Vec<&LotChange> = batch.lots.iter().filter(passes).collect();
    if credits.len().saturating_add(lots.len()) > MOST {
        return vec![anew(batch)];
    }
    let credits = credits.into_iter().flat_map(|change| credit(change, batch));
    credits.chain(lots.into_iter().map(|change| lot(change, batch))).collect()
}

/// Asks a client to read everything anew, as at the beginning of a stream.
fn anew(batch: &Batch) -> Event {
    event("hello", json!({ "as_of": batch.as_of, "resumed": false }))
}

fn credit(change: &CreditChange, batch: &Batch) -> Vec<Event> {
    let (credit, slot) = (Address(change.credit), batch.as_of.slot);
    let line = change.now.as_deref().map(CreditLine::new);
    let mut messages = vec![event("credit", json!({ "credit": credit, "slot": slot, "line": line }))];
    if let (Some(before), Some(now)) = (change.frozen_before, &change.now) {
        let (frozen, before) = (UnitCount(now.frozen), UnitCount(before));
        let data = json!({ "credit": credit, "slot": slot, "frozen": frozen, "before": before });
        messages.push(event("freeze", data));
    }
    messages
}

fn lot(change: &LotChange, batch: &Batch) -> Event {
    event("lot", json!({ "lot": Address(change.lot), "slot": batch.as_of.slot, "line": change.line }))
}

/// The alerts of a batch that a caller may see.
pub(super) async fn alerts(
    state: &ApiState,
    batch: &Batch,
    query: &StreamQuery,
    caller: Caller,
) -> Vec<Event> {
    if batch.alerts.is_empty() || matches!(caller, Caller::Public | Caller::Wrong) {
        return Vec::new();
    }
    if batch.alerts.len() > MOST {
        return vec![anew(batch)];
    }
    let mut messages = Vec::new();
    for change in &batch.alerts {
        let filter =
            AlertFilter { before: Some(change.id.saturating_add(1)), limit: 1, ..AlertFilter::default() };
        let Ok(found) = alerts::list(state, caller, filter).await else { continue };
        let Some(alert) = found.into_iter().find(|alert| alert.id == change.id) else { continue };
        if passes(&alert, query) {
            let phase = if change.raised { "raised" } else { "cleared" };
            messages.push(event("alert", json!({ "phase": phase, "alert": alert })));
        }
    }
    messages
}

fn passes(alert: &AlertView, query: &StreamQuery) -> bool {
    match (alert.is_on_credit, alert.lender, alert.borrower) {
        (true, Some(lender), borrower) => {
            query.passes(alert.subject.0, lender.0, borrower.map(|borrower| borrower.0))
        }
        // Alerts for the operator alone are of no credit.
        _ => query.credit.is_none() && query.lender.is_none() && query.borrower.is_none(),
    }
}
