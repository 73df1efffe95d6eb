//! The units of credits by the gate's count, of one credit and of all.

use blockable_sdk::{
    amounts::{MicroUsd, Units},
    program::state::Credit,
};

/// The units of one credit by the gate's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Open to new jobs.
    pub available: Units,
    /// Neither consumed, seized, expired nor cancelled, as the chain says.
    pub remaining: Units,
    /// Locked: units that no payment has opened yet.
    pub locked: Units,
    /// Frozen on top of the lock, by the chain or by a signed freeze that is obeyed already.
    pub frozen: Units,
    /// Held by running jobs.
    pub in_flight: Units,
    /// Used, and not on the chain yet.
    pub unreported: Units,
}

impl Room {
    /// Units that are neither used nor held by running jobs, whether open or not; below zero where jobs hold units that are gone.
    pub(super) fn unused(&self) -> i128 {
        wide(self.remaining) - wide(self.in_flight) - wide(self.unreported)
    }

    /// Units open to new jobs once `more` have been opened.
    pub(crate) fn available_after(&self, more: Units) -> Units {
        narrow(self.open() + wide(more))
    }

    /// Units open to new jobs; below zero where running jobs hold units that have been frozen since.
    pub(super) fn open(&self) -> i128 {
        self.unused() - wide(self.locked) - wide(self.frozen)
    }
}

/// Sums over all credits of the provider whose accounts the chain shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreditTotals {
    /// Number of credits.
    pub credits: usize,
    /// Units open to new jobs.
    pub available: Units,
    /// Locked units.
    pub locked: Units,
    /// Frozen units, on top of the lock.
    pub frozen: Units,
    /// Units held by running jobs.
    pub in_flight: Units,
    /// Units used, and not on the chain yet.
    pub unreported: Units,
    /// Money of loans that is held back from the provider until payments unlock the last units.
    pub held_back: MicroUsd,
    /// Money that the provider has earned of it and not collected.
    pub claim: MicroUsd,
}

impl CreditTotals {
    /// Adds a credit; one that serves no job adds its money alone.
    pub(super) fn add(&mut self, credit: &Credit, room: Option<Room>) {
        self.credits = self.credits.saturating_add(1);
        self.held_back = self.held_back.saturating_add(MicroUsd(credit.holdback_left));
        self.claim = self.claim.saturating_add(MicroUsd(credit.claims.provider));
        let Some(room) = room else { return };
        for (sum, units) in [
            (&mut self.available, room.available),
            (&mut self.locked, room.locked),
            (&mut self.frozen, room.frozen),
            (&mut self.in_flight, room.in_flight),
            (&mut self.unreported, room.unreported),
        ] {
            *sum = sum.saturating_add(units);
        }
    }
}

/// Units as a number that leaves room for sums that may fall below zero on the way.
pub(super) fn wide(units: Units) -> i128 {
    i128::from(units.get())
}

/// A sum of units as a number of units, 0 where it is below zero.
pub(super) fn narrow(units: i128) -> Units {
    let most = i128::from(u64::MAX);
    Units(u64::try_from(units.clamp(0, most)).unwrap_or(u64::MAX))
}
