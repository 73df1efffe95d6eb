//! The figures of a credit: one list for its data and for the effect of a change on it.

use blockable_sdk::program::state::Credit;

/// A figure of a credit.
pub(super) struct Figure {
    /// Its name in the data; `claims.` stands before the claims of the parties.
    pub name: &'static str,
    /// Its name in a review; `None` for one that follows from others, which the review has.
    pub title: Option<&'static str>,
    /// Reads it.
    pub read: fn(&Credit) -> u64,
}

const fn figure(name: &'static str, title: &'static str, read: fn(&Credit) -> u64) -> Figure {
    Figure { name, title: Some(title), read }
}

const fn derived(name: &'static str, read: fn(&Credit) -> u64) -> Figure {
    Figure { name, title: None, read }
}

/// The amounts of money, in micro-USDC.
pub(super) const MONEY: [Figure; 14] = [
    figure("debt", "debt", |credit| credit.debt.total()),
    figure("principal", "principal owed", |credit| credit.debt.principal),
    derived("interest", |credit| credit.debt.interest_due.saturating_add(credit.debt.interest_not_due())),
    figure("late_fees", "late fees", |credit| credit.debt.late_fees),
    figure("arrears", "arrears", Credit::arrears),
    figure("principal_repaid", "principal repaid", |credit| credit.principal_repaid),
    figure("recovered", "recovered", |credit| credit.recovered),
    figure("reserve", "reserve", |credit| credit.reserve_held),
    figure("held_back", "held back", |credit| credit.holdback_left),
    figure("claims.lender", "lender collects", |credit| credit.claims.lender),
    figure("claims.borrower", "borrower collects", |credit| credit.claims.borrower),
    figure("claims.provider", "provider collects", |credit| credit.claims.provider),
    figure("claims.treasury", "treasury collects", |credit| credit.claims.treasury),
    figure("claims.escrow", "escrow", |credit| credit.claims.escrow),
];

/// The numbers of units.
pub(super) const UNITS: [Figure; 15] = [
    figure("granted", "granted", |credit| credit.collateral.granted),
    figure("used", "used", |credit| credit.collateral.consumed),
    derived("remaining", |credit| credit.collateral.remaining()),
    figure("released", "released", |credit| credit.collateral.released),
    figure("lien", "lien", |credit| credit.collateral.lien()),
    figure("locked", "locked", |credit| credit.collateral.locked()),
    derived("freezable", |credit| credit.collateral.freezable()),
    figure("frozen", "frozen", |credit| credit.collateral.frozen()),
    derived("frozen_for_payment", |credit| credit.collateral.frozen_for_payment),
    derived("frozen_for_other", |credit| credit.collateral.frozen_for_other),
    derived("frozen_for_cross", |credit| credit.collateral.frozen_for_cross),
    figure("seized", "seized", |credit| credit.collateral.seized),
    figure("expired", "expired", |credit| credit.collateral.expired),
    figure("cancelled", "cancelled", |credit| credit.collateral.cancelled),
    figure("available", "open to jobs", |credit| credit.collateral.available()),
];
