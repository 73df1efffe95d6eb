//! An offer as text and as data.

use {
    super::chain::Session,
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MicroUsd, Units},
        names::status_byte_name,
        program::state::{AutoFreeze, Credit, FreezePolicy, Instalment, LoanParties, terms_hash},
    },
    blockable_service::{hex, text},
    serde_json::{Value, json},
};

/// The terms of an offer for people.
pub(super) fn offer_lines(session: &Session, address: &Pubkey, credit: &Credit) -> Vec<(String, String)> {
    let terms = &credit.terms;
    let usd = |amount: u64| text::usd_received(MicroUsd(amount));
    let units = |amount: u64| text::units(Units(amount));
    let span = |seconds: u32| text::span(seconds.into());
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_string(), text));
    line("credit", address.to_string());
    line("lender", credit.lender.to_string());
    line("borrower", credit.borrower.to_string());
    line("principal", format!("{}, of which {} are held back", usd(terms.principal), usd(terms.holdback)));
    line("you owe", format!("{}, {} of them open at once", units(terms.units), units(terms.unlocked_ahead)));
    line("rate bound", format!("{} a second", units(terms.max_units_per_second)));
    line("longest job", span(terms.longest_job));
    line("instalments", instalments(&schedule(credit)));
    line("interest", format!("{} a year", text::percent(Bps(terms.apr_bps.into()))));
    line("freezes", freezes(terms.freeze_policy, terms.auto_freeze));
    let graces = [terms.delinquency_grace, terms.default_grace, terms.cure_period].map(span);
    line(
        "graces",
        format!("delinquent after {}, default after {}, cure {}", graces[0], graces[1], graces[2]),
    );
    line(
        "unit lifetime",
        if terms.unit_lifetime == 0 { "no end".to_string() } else { span(terms.unit_lifetime) },
    );
    line(
        "offer ends",
        match terms.offer_expires_at {
            0 => "never".to_string(),
            at => format!("{} (now {})", text::time(ChainTime(at)), text::time(ChainTime(session.now))),
        },
    );
    line("terms hash", hex::encode(credit.terms_hash));
    line("offer slot", credit.offer_slot.to_string());
    lines
}

/// The state of a credit and its terms, as data.
pub(super) fn offer_json(session: &Session, address: &Pubkey, credit: &Credit) -> Value {
    let terms = &credit.terms;
    let schedule: Vec<Value> = schedule(credit)
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

/// The hash of the agreement in an account, computed anew; `None` where it cannot be.
pub(super) fn agreed_hash(credit: &Credit) -> Option<[u8; 32]> {
    let parties = LoanParties {
        market: credit.market,
        lender: credit.address_lender(),
        borrower: credit.address_borrower(),
        provider: credit.provider,
        nonce: credit.nonce,
    };
    terms_hash(&parties, &credit.terms, &credit.rider, &schedule(credit)).ok()
}

fn schedule(credit: &Credit) -> Vec<Instalment> {
    let count = usize::from(credit.instalment_count);
    let lines = credit.due_after.iter().zip(&credit.principal_due).take(count);
    lines.map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal }).collect()
}

fn instalments(schedule: &[Instalment]) -> String {
    match (schedule.first(), schedule.last()) {
        (Some(first), Some(last)) => format!(
            "{}, the first of {} after {}, the last after {}",
            schedule.len(),
            text::usd_received(MicroUsd(first.principal)),
            text::span(first.due_after.into()),
            text::span(last.due_after.into())
        ),
        _ => "none".to_string(),
    }
}

fn freezes(policy: u8, auto: u8) -> String {
    let policy = match FreezePolicy::from_byte(policy) {
        Some(FreezePolicy::AtWill) => "at will",
        Some(FreezePolicy::OnDelinquency) => "from delinquency",
        Some(FreezePolicy::OnDefault) => "from default",
        None => "by an unknown policy",
    };
    let auto = match AutoFreeze::from_byte(auto) {
        Some(AutoFreeze::Never) => "never by anyone",
        Some(AutoFreeze::FromDelinquency) => "by anyone from delinquency",
        Some(AutoFreeze::FromDefault) => "by anyone from default",
        None => "by an unknown rule",
    };
    format!("the lender {policy}, {auto}")
}

/// The status in words of the program.
pub(super) fn status(credit: &Credit) -> String {
    status_byte_name(credit.status).to_string()
}
