//! An offer as text and as data.

use {
    super::chain::Session,
    blockable_sdk::{
        Pubkey, amounts::ChainTime, names::status_byte_name, program::state::Credit, terms::instalments,
    },
    blockable_service::{hex, terms::terms_lines},
    serde_json::{Value, json},
};

/// The terms of an offer for people.
pub(super) fn offer_lines(session: &Session, address: &Pubkey, credit: &Credit) -> Vec<(String, String)> {
    let mut lines = vec![
        ("credit".to_string(), address.to_string()),
        ("lender".to_string(), credit.lender.to_string()),
        ("borrower".to_string(), credit.borrower.to_string()),
    ];
    let terms = terms_lines(credit, ChainTime(session.now));
    lines.extend(terms.into_iter().map(|(name, value)| (name.to_string(), value)));
    lines.push(("offer slot".to_string(), credit.offer_slot.to_string()));
    lines
}

/// The state of a credit and its terms, as data.
pub(super) fn offer_json(session: &Session, address: &Pubkey, credit: &Credit) -> Value {
    let terms = &credit.terms;
    let schedule: Vec<Value> = instalments(credit)
        .iter()
        .map(|instalment| json!({"due_after": instalment.due_after, "principal": instalment.principal}))
        .collect();
    json!({
        "credit": address.to_string(),
        "provider": session.provider_address().to_string(),
        "status": status(credit),
        "lender": credit.lender.to_string(),
        "borrower": credit.borrower.to_string(),
        "principal": terms.principal,
        "holdback": terms.holdback,
        "units": terms.units,
        "unlocked_ahead": terms.unlocked_ahead,
        "max_units_per_second": terms.max_units_per_second,
        "longest_job_seconds": terms.longest_job,
        "unit_lifetime_seconds": terms.unit_lifetime,
        "apr_bps": terms.apr_bps,
        "delinquency_grace_seconds": terms.delinquency_grace,
        "default_grace_seconds": terms.default_grace,
        "cure_period_seconds": terms.cure_period,
        "schedule": schedule,
        "offer_expires_at": terms.offer_expires_at,
        "terms_hash": hex::encode(credit.terms_hash),
        "offer_slot": credit.offer_slot,
    })
}

/// The status in words of the program.
pub(super) fn status(credit: &Credit) -> String {
    status_byte_name(credit.status).to_string()
}
