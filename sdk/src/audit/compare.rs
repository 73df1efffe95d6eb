//! Compares a rebuilt credit with its account, field by field.

use {
    blockable_credits::state::{Credit, FreezeRecord},
    std::fmt::{self, Debug},
};

/// A field in which the account differs from the state that the events lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, by its name in the account.
    pub field: &'static str,
    /// Its value by the events.
    pub rebuilt: String,
    /// Its value in the account.
    pub account: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} by the events and {} in the account", self.field, self.rebuilt, self.account)
    }
}

/// The fields that cannot be rebuilt from events, each with the reason. A replay takes them from the account.
pub const NOT_REBUILT: &[(&str, &str)] = &[
    (
        "market, provider, nonce, bump, vault",
        "no event has them; the credit's address and the terms hash prove them",
    ),
    ("lender, borrower (the first ones)", "as the market; later ones are in events"),
    (
        "freeze_authority (the first one), rent_payer",
        "no event has them; an audit over RPC reads them in the transaction of the offer",
    ),
    ("paused_at_offer", "events of a credit do not show the market's pauses"),
    ("cross_credit", "a freeze for cross-default is recorded without the other credit"),
    ("an unrestricted credit's index, rate bound and longest job", "its first event has the units alone"),
    (
        "times by the market's clock, where the market was paused since the loan was issued",
        "events have the chain's time; debts are compared at one later time instead",
    ),
];

/// A field, how it is read, and whether it is a time by the market's clock or a figure that accrual moves.
struct Field {
    name: &'static str,
    read: fn(&Credit) -> String,
    by_market_clock: bool,
}

const fn plain(name: &'static str, read: fn(&Credit) -> String) -> Field {
    Field { name, read, by_market_clock: false }
}

const fn timed(name: &'static str, read: fn(&Credit) -> String) -> Field {
    Field { name, read, by_market_clock: true }
}

fn text(value: impl Debug) -> String {
    format!("{value:?}")
}

/// Every field of an account but those that are zero for later versions.
const FIELDS: &[Field] = &[
    plain("version", |credit| text(credit.version)),
    plain("status", |credit| credit.status().map_or_else(|_| text(credit.status), text)),
    plain("blockable", |credit| text(credit.blockable)),
    plain("vault_closed", |credit| text(credit.vault_closed)),
    plain("freeze_reason", |credit| text(credit.freeze_reason)),
    plain("instalment_count", |credit| text(credit.instalment_count)),
    plain("has_index", |credit| text(credit.has_index)),
    plain("lender", |credit| text(credit.lender)),
    plain("borrower", |credit| text(credit.borrower)),
    plain("freeze_authority", |credit| text(credit.freeze_authority)),
    plain("terms_hash", |credit| text(credit.terms_hash)),
    plain("terms", |credit| text(credit.terms)),
    plain("rider", |credit| text(credit.rider)),
    plain("due_after", |credit| text(credit.due_after)),
    plain("principal_due", |credit| text(credit.principal_due)),
    plain("debt.principal", |credit| text(credit.debt.principal)),
    plain("debt.schedule_paid", |credit| text(credit.debt.schedule_paid)),
    plain("debt.interest_due", |credit| text(credit.debt.interest_due)),
    plain("debt.interest_accrued", |credit| text(credit.debt.interest_accrued)),
    timed("debt.interest_remainder", |credit| text(credit.debt.interest_remainder)),
    plain("debt.late_fees", |credit| text(credit.debt.late_fees)),
    timed("debt.accrued_at", |credit| text(credit.debt.accrued_at)),
    plain("debt.arrears_since", |credit| text(credit.debt.arrears_since)),
    plain("debt.instalments_billed", |credit| text(credit.debt.instalments_billed)),
    plain("debt.instalments_late_checked", |credit| text(credit.debt.instalments_late_checked)),
    plain("collateral.granted", |credit| text(credit.collateral.granted)),
    plain("collateral.consumed", |credit| text(credit.collateral.consumed)),
    plain("collateral.seized", |credit| text(credit.collateral.seized)),
    plain("collateral.expired", |credit| text(credit.collateral.expired)),
    plain("collateral.cancelled", |credit| text(credit.collateral.cancelled)),
    plain("collateral.released", |credit| text(credit.collateral.released)),
    plain("collateral.locked_at_issue", |credit| text(credit.collateral.locked_at_issue)),
    plain("collateral.frozen_for_payment", |credit| text(credit.collateral.frozen_for_payment)),
    plain("collateral.frozen_for_other", |credit| text(credit.collateral.frozen_for_other)),
    plain("collateral.frozen_for_cross", |credit| text(credit.collateral.frozen_for_cross)),
    plain("meter.cumulative", |credit| text(credit.meter.cumulative)),
    plain("meter.in_flight", |credit| text(credit.meter.in_flight)),
    plain("meter.overrun", |credit| text(credit.meter.overrun)),
    plain("meter.promised", |credit| text(credit.meter.promised)),
    plain("meter.lapsed", |credit| text(credit.meter.lapsed)),
    plain("meter.closed_before", |credit| text(credit.meter.closed_before)),
    timed("meter.promised_at", |credit| text(credit.meter.promised_at)),
    plain("meter.frozen_at_chain", |credit| text(credit.meter.frozen_at_chain)),
    plain("meter.reported_at", |credit| text(credit.meter.reported_at)),
    plain("meter.index", |credit| text(credit.meter.index)),
    plain("claims.escrow", |credit| text(credit.claims.escrow)),
    plain("claims.lender", |credit| text(credit.claims.lender)),
    plain("claims.borrower", |credit| text(credit.claims.borrower)),
    plain("claims.treasury", |credit| text(credit.claims.treasury)),
    plain("claims.provider", |credit| text(credit.claims.provider)),
    plain("principal_repaid", |credit| text(credit.principal_repaid)),
    plain("recovered", |credit| text(credit.recovered)),
    plain("issued_at", |credit| text(credit.issued_at)),
    timed("defaulted_at", |credit| text(credit.defaulted_at)),
    plain("lots_opened", |credit| text(credit.lots_opened)),
    plain("lots_open", |credit| text(credit.lots_open)),
    plain("pending_lender", |credit| text(credit.pending_lender)),
    plain("original_lender", |credit| text(credit.original_lender)),
    plain("pending_borrower", |credit| text(credit.pending_borrower)),
    plain("original_borrower", |credit| text(credit.original_borrower)),
    plain("pending_borrower_ready_at", |credit| text(credit.pending_borrower_ready_at)),
    plain("offer_slot", |credit| text(credit.offer_slot)),
    plain("covenant", |credit| text(credit.covenant)),
    plain("reserve_held", |credit| text(credit.reserve_held)),
    timed("reserve_drawn_at", |credit| text(credit.reserve_drawn_at)),
    plain("holdback_left", |credit| text(credit.holdback_left)),
    plain("units_expire_at", |credit| text(credit.units_expire_at)),
    timed("restructured_at", |credit| text(credit.restructured_at)),
    timed("frozen_at_market", |credit| text(credit.frozen_at_market)),
    plain("capitalised", |credit| text(credit.capitalised)),
    plain("restructurings", |credit| text(credit.restructurings)),
    plain("notice_given", |credit| text(credit.notice_given)),
    timed("earlier_freeze", |credit| {
        let FreezeRecord { closed_before, at_chain, .. } = credit.earlier_freeze;
        text((closed_before, at_chain, credit.earlier_freeze.at_market))
    }),
    plain("rent_payer", |credit| text(credit.rent_payer)),
    plain("reserved", |credit| {
        let (debt, meter) = (credit.debt.reserved, credit.meter.reserved);
        text((credit.padding, credit.reserved, debt, meter))
    }),
    plain("event_seq", |credit| text(credit.event_seq)),
    plain("event_hash", |credit| text(credit.event_hash)),
];

/// The fields in which an account differs from a rebuilt credit. `was_paused` leaves out times by the market's clock, which
/// pauses move, and compares both debts at the later of their times.
pub(super) fn differences(rebuilt: &Credit, account: &Credit, was_paused: bool) -> Vec<Difference> {
    let (mut rebuilt, mut account) = (*rebuilt, *account);
    if was_paused {
        let at = rebuilt.debt.accrued_at.max(account.debt.accrued_at);
        // A debt that cannot be accrued is compared as it is.
        let _ = (rebuilt.accrue(at), account.accrue(at));
    }
    let fields = FIELDS.iter().filter(|field| !(was_paused && field.by_market_clock));
    let differs = |field: &Field| {
        let (rebuilt, account) = ((field.read)(&rebuilt), (field.read)(&account));
        (rebuilt != account).then_some(Difference { field: field.name, rebuilt, account })
    };
    fields.filter_map(differs).collect()
}
