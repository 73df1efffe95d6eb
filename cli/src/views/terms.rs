//! The terms of a loan as text.

use {
    crate::{lookup::CreditView, session::MarketView, values::policy_name},
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd, Units},
        program::state::{Instalment, LoanParties, terms_hash},
    },
    blockable_service::{hex, text},
};

/// The instalments of a credit's schedule, in their order.
pub(crate) fn instalments(credit: &CreditView) -> Vec<Instalment> {
    let account = &credit.account;
    let lines = account.due_after.iter().zip(&account.principal_due).take(account.instalment_count.into());
    lines.map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal }).collect()
}

/// The terms for people, as a party reads them before it signs.
pub(crate) fn terms_lines(credit: &CreditView, market: &MarketView) -> Vec<(&'static str, String)> {
    let terms = &credit.account.terms;
    let usd = |amount: u64| text::usd_owed(MicroUsd(amount));
    let units = |count: u64| text::units(Units(count));
    let span = |seconds: u32| text::span(seconds.into());
    let lifetime = if terms.unit_lifetime == 0 { "no end".to_string() } else { span(terms.unit_lifetime) };
    let expiry = match terms.offer_expires_at {
        0 => "never".to_string(),
        at => format!("{} (now {})", text::time(ChainTime(at)), text::time(ChainTime(market.clock.chain))),
    };
    vec![
        ("principal", format!("{}, of which {} are held back", usd(terms.principal), usd(terms.holdback))),
        ("units", format!("{}, {} of them open at once", units(terms.units), units(terms.unlocked_ahead))),
        (
            "rate bound",
            format!(
                "{} a second, jobs of {} at most",
                units(terms.max_units_per_second),
                span(terms.longest_job)
            ),
        ),
        ("interest", format!("{} a year", text::percent(Bps(terms.apr_bps.into())))),
        ("instalments", instalments_text(&instalments(credit))),
        ("late fee", usd(terms.late_fee)),
        (
            "graces",
            format!(
                "delinquent after {}, default after {}, cure {}",
                span(terms.delinquency_grace),
                span(terms.default_grace),
                span(terms.cure_period)
            ),
        ),
        ("freezes", policy_name(terms.freeze_policy, terms.auto_freeze)),
        ("unit lifetime", lifetime),
        ("offer ends", expiry),
        ("terms hash", hex::encode(credit.account.terms_hash)),
    ]
}

fn instalments_text(schedule: &[Instalment]) -> String {
    match (schedule.first(), schedule.last()) {
        (Some(first), Some(last)) => format!(
            "{}, the first of {} after {}, the last of {} after {}",
            schedule.len(),
            text::usd_owed(MicroUsd(first.principal)),
            text::span(first.due_after.into()),
            text::usd_owed(MicroUsd(last.principal)),
            text::span(last.due_after.into())
        ),
        _ => "none".to_string(),
    }
}

/// The hash of the agreement in an account, computed anew from its terms; `None` where it cannot be.
pub(crate) fn agreed_hash(credit: &CreditView) -> Option<[u8; 32]> {
    let account = &credit.account;
    let parties = LoanParties {
        market: account.market,
        lender: account.address_lender(),
        borrower: account.address_borrower(),
        provider: account.provider,
        nonce: account.nonce,
    };
    terms_hash(&parties, &account.terms, &account.rider, &instalments(credit)).ok()
}
