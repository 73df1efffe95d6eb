//! The figures of a credit: one list for its data and for the effect of a change on it.

use {
    blockable_sdk::{
        amounts::{MicroUsd, Units},
        program::state::Credit,
    },
    blockable_service::text,
};

/// A figure of a credit.
pub(super) struct Figure {
    /// Its name in the data; `claims.` stands before the claims of the parties.
    pub name: &'static str,
    /// Its name in a review; `None` for one that follows from others, which the review has.
    pub title: Option<&'static str>,
    /// Reads it.
    pub read: fn(&Credit) -> u64,
    /// Writes it for people.
    write: fn(u64) -> String,
}

impl Figure {
    /// The figure of a credit for people.
    pub(super) fn text(&self, credit: &Credit) -> String {
        (self.write)((self.read)(credit))
    }
}

/// Money that is owed: rounded up.
const fn owed(name: &'static str, title: &'static str, read: fn(&Credit) -> u64) -> Figure {
    Figure { name, title: Some(title), read, write: |amount| text::usd_owed(MicroUsd(amount)) }
}

/// Money that is held or was received: rounded down.
const fn held(name: &'static str, title: &'static str, read: fn(&Credit) -> u64) -> Figure {
    Figure { name, title: Some(title), read, write: |amount| text::usd_received(MicroUsd(amount)) }
}

const fn units(name: &'static str, title: &'static str, read: fn(&Credit) -> u64) -> Figure {
    Figure { name, title: Some(title), read, write: |count| text::units(Units(count)) }
}

const fn derived(figure: Figure) -> Figure {
    Figure { title: None, ..figure }
}

/// Units that payments freed from the lien and that stayed in the credit. The account counts all units as released once nothing is owed,
/// also those that lots or the lender have taken.
fn released(credit: &Credit) -> u64 {
    let units = &credit.collateral;
    let kept = units.granted.saturating_sub(units.seized).saturating_sub(units.cancelled);
    units.released.min(kept)
}

/// The amounts of money, in micro-USDC.
pub(super) const MONEY: [Figure; 14] = [
    owed("debt", "debt", |credit| credit.debt.total()),
    owed("principal", "principal owed", |credit| credit.debt.principal),
    derived(owed("interest", "", |credit| {
        credit.debt.interest_due.saturating_add(credit.debt.interest_not_due())
    })),
    owed("late_fees", "late fees", |credit| credit.debt.late_fees),
    owed("arrears", "arrears", Credit::arrears),
    held("principal_repaid", "principal repaid", |credit| credit.principal_repaid),
    held("recovered", "recovered", |credit| credit.recovered),
    held("reserve", "reserve", |credit| credit.reserve_held),
    held("held_back", "held back", |credit| credit.holdback_left),
    held("claims.lender", "lender collects", |credit| credit.claims.lender),
    held("claims.borrower", "borrower collects", |credit| credit.claims.borrower),
    held("claims.provider", "provider collects", |credit| credit.claims.provider),
    held("claims.treasury", "treasury collects", |credit| credit.claims.treasury),
    held("claims.escrow", "escrow", |credit| credit.claims.escrow),
];

/// The numbers of units.
pub(super) const UNITS: [Figure; 15] = [
    units("granted", "granted", |credit| credit.collateral.granted),
    units("used", "used", |credit| credit.collateral.consumed),
    derived(units("remaining", "", |credit| credit.collateral.remaining())),
    units("released", "released", released),
    units("lien", "lien", |credit| credit.collateral.lien()),
    units("locked", "locked", |credit| credit.collateral.locked()),
    derived(units("freezable", "", |credit| credit.collateral.freezable())),
    units("frozen", "frozen", |credit| credit.collateral.frozen()),
    derived(units("frozen_for_payment", "", |credit| credit.collateral.frozen_for_payment)),
    derived(units("frozen_for_other", "", |credit| credit.collateral.frozen_for_other)),
    derived(units("frozen_for_cross", "", |credit| credit.collateral.frozen_for_cross)),
    units("seized", "seized", |credit| credit.collateral.seized),
    units("expired", "expired", |credit| credit.collateral.expired),
    units("cancelled", "cancelled", |credit| credit.collateral.cancelled),
    units("available", "open to jobs", |credit| credit.collateral.available()),
];
