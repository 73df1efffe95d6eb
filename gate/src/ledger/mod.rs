//! The units open to new jobs at each credit, from the chain, use that is not on the chain yet, and running holds.
//!
//! No I/O and no clock of its own. The rule is the design's: a job is admitted only while `available - in flight` covers
//! it, where use that no report has brought to the chain yet counts as used.

mod entry;
mod room;

use {
    crate::hold::{Hold, HoldId, Refusal},
    blockable_sdk::{
        Pubkey, Signature,
        accounts::CreditStamp,
        amounts::{ChainTime, MarketTime, Units},
        program::state::Credit,
    },
    entry::CreditEntry,
    room::wide,
    std::collections::HashMap,
};
pub use {
    entry::ChainClocks,
    room::{CreditTotals, Room},
};

/// The reading of one credit at one moment, for a usage report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerReading {
    /// The credit.
    pub credit: Pubkey,
    /// Its place in the provider's reports.
    pub index: u32,
    /// Units used since issue.
    pub cumulative: Units,
    /// Units that running jobs hold.
    pub in_flight: Units,
}

/// The holds and settlements of all credits of one provider, in memory.
///
/// Owned by [`crate::Gate`] behind one lock, which also keeps admission and the chain's updates apart. Three numbers never
/// fall: the cumulative use of a credit at one index, the slot that it was seen at, and the number of the next hold. `held`
/// of a credit is the sum of its open holds. Nothing here is durable: the store has holds and meters, the chain has the
/// credits, and [`Ledger::restore`] starts from both after a crash.
#[derive(Default)]
pub struct Ledger {
    credits: HashMap<Pubkey, CreditEntry>,
    /// Open holds and whether their end is being recorded.
    holds: HashMap<HoldId, (Hold, bool)>,
    /// Meters of the store, by credit and index.
    meters: HashMap<(Pubkey, u32), Units>,
    next_hold: u64,
}

impl Ledger {
    /// A ledger with the records of a store: cumulative use by credit and index, open holds, and the first free number of a
    /// hold.
    pub fn restore(meters: HashMap<(Pubkey, u32), Units>, holds: Vec<Hold>, next_hold: u64) -> Ledger {
        let mut ledger = Ledger { meters, next_hold, ..Ledger::default() };
        for hold in holds {
            let entry = ledger.credits.entry(hold.credit).or_default();
            entry.held = entry.held.saturating_add(hold.units);
            ledger.holds.insert(hold.id, (hold, false));
        }
        ledger
    }

    /// Takes a credit's state on chain at a slot, `None` where the account is gone. An older state is passed over;
    /// within a slot the later event wins. Returns whether the state changed.
    pub fn observe(&mut self, address: Pubkey, slot: u64, credit: Option<&Credit>) -> bool {
        if credit.is_none() && !self.credits.contains_key(&address) {
            return false;
        }
        let entry = self.credits.entry(address).or_default();
        if !entry.observe(slot, credit) {
            return false;
        }
        if let Some(credit) = credit.filter(|credit| credit.has_index == 1) {
            let index = credit.meter.index;
            let known = self.meters.get(&(address, index)).copied().unwrap_or_default();
            let counted = if entry.index == index { entry.cumulative.max(known) } else { known };
            entry.index = index;
            entry.cumulative = counted.max(Units(credit.meter.cumulative));
            self.meters.insert((address, index), entry.cumulative);
        }
        true
    }

    /// Notes that the chain still shows a credit with this stamp at a slot.
    pub fn confirm(&mut self, address: &Pubkey, slot: u64, stamp: CreditStamp) {
        if let Some(entry) = self.credits.get_mut(address) {
            entry.confirm(slot, stamp);
        }
    }

    /// The credits that the chain last showed, with their slots.
    pub fn credits(&self) -> impl Iterator<Item = (Pubkey, u64, &Credit)> {
        self.credits.iter().filter_map(|(address, entry)| Some((*address, entry.slot()?, entry.credit()?)))
    }

    /// A credit as the chain last showed it.
    pub fn credit(&self, address: &Pubkey) -> Option<&Credit> {
        self.credits.get(address)?.credit()
    }

    /// A credit as payments find it, freezes that are obeyed ahead of the chain included: no payment thaws those.
    pub fn credit_with_orders(&self, address: &Pubkey) -> Option<Credit> {
        self.credits.get(address)?.credit_with_orders()
    }

    /// The slot that a credit was last seen at.
    pub fn slot(&self, address: &Pubkey) -> Option<u64> {
        self.credits.get(address)?.slot()
    }

    /// Obeys a freeze ahead of the chain: at least `frozen` units of the credit are closed until [`Ledger::lift_freeze`].
    pub fn obey_freeze(&mut self, credit: Pubkey, signature: Signature, frozen: Units) {
        self.credits.entry(credit).or_default().obey_freeze(signature, frozen);
    }

    /// Stops obeying a freeze ahead of the chain: it has landed, or will never.
    pub fn lift_freeze(&mut self, credit: &Pubkey, signature: &Signature) {
        if let Some(entry) = self.credits.get_mut(credit) {
            entry.lift_freeze(signature);
        }
    }

    /// The units open at a credit at a market time, `None` while that is not known. Errors: [`Refusal`].
    pub fn room(&self, address: &Pubkey, market_time: Option<MarketTime>) -> Result<Room, Refusal> {
        let entry = self.credits.get(address).ok_or(Refusal::UnknownCredit)?;
        entry.room(market_time)
    }

    /// Sums up all credits at a market time.
    pub fn totals(&self, market_time: Option<MarketTime>) -> CreditTotals {
        let mut totals = CreditTotals::default();
        for entry in self.credits.values() {
            if let Some(credit) = entry.credit() {
                totals.add(credit, entry.room(market_time).ok());
            }
        }
        totals
    }

    /// Holds at least one unit for a new job. Returns the hold's number and the credit's index. Errors: [`Refusal`].
    pub fn admit(
        &mut self,
        address: &Pubkey,
        units: Units,
        clocks: ChainClocks,
    ) -> Result<(HoldId, u32), Refusal> {
        let entry = self.credits.get_mut(address).ok_or(Refusal::UnknownCredit)?;
        entry.require_room(units, 0, clocks)?;
        Ok(self.hold_more(address, units))
    }

    /// Fits a job to what is open: returns the units that it can hold, at most `most` and at least `least`. Errors: [`Refusal`].
    pub fn fit(
        &self,
        address: &Pubkey,
        least: Units,
        most: Units,
        clocks: ChainClocks,
    ) -> Result<Units, Refusal> {
        let entry = self.credits.get(address).ok_or(Refusal::UnknownCredit)?;
        entry.fit(least, most, clocks)
    }

    /// As [`Ledger::admit`], for a job that continues an open hold of which `used` units are used. The unused units of the
    /// old hold are open to it. The old hold stays until [`Ledger::end`].
    pub fn renew(
        &mut self,
        old: &Hold,
        used: Units,
        units: Units,
        clocks: ChainClocks,
    ) -> Result<(HoldId, u32), Refusal> {
        let entry = self.credits.get_mut(&old.credit).ok_or(Refusal::UnknownCredit)?;
        entry.require_room(units, wide(old.units) - wide(used), clocks)?;
        Ok(self.hold_more(&old.credit, units))
    }

    /// Gives new holds no number below `least`.
    pub fn number_from(&mut self, least: u64) {
        self.next_hold = self.next_hold.max(least);
    }

    fn hold_more(&mut self, address: &Pubkey, units: Units) -> (HoldId, u32) {
        let entry = self.credits.entry(*address).or_default();
        entry.held = entry.held.saturating_add(units);
        let id = HoldId(self.next_hold);
        self.next_hold = self.next_hold.saturating_add(1);
        (id, entry.index)
    }

    /// Inserts a hold that was admitted, so that it can be ended.
    pub fn insert(&mut self, hold: Hold) {
        self.holds.insert(hold.id, (hold, false));
    }

    /// Begins to end a hold. Returns it, or `None` where it is not open or is being ended already.
    pub fn begin_end(&mut self, id: HoldId) -> Option<Hold> {
        let (hold, ending) = self.holds.get_mut(&id)?;
        if std::mem::replace(ending, true) { None } else { Some(hold.clone()) }
    }

    /// Leaves a hold open whose end could not be recorded.
    pub fn cancel_end(&mut self, id: HoldId) {
        if let Some((_, ending)) = self.holds.get_mut(&id) {
            *ending = false;
        }
    }

    /// Ends a hold whose end has been recorded.
    pub fn end(&mut self, id: HoldId) {
        if let Some((hold, _)) = self.holds.remove(&id)
            && let Some(entry) = self.credits.get_mut(&hold.credit)
        {
            entry.held = entry.held.saturating_sub(hold.units);
        }
    }

    /// Takes the cumulative use of a credit that has been recorded; never lowers it.
    pub fn raise_cumulative(&mut self, credit: &Pubkey, index: u32, cumulative: Units) {
        let meter = self.meters.entry((*credit, index)).or_default();
        *meter = cumulative.max(*meter);
        if let Some(entry) = self.credits.get_mut(credit).filter(|entry| entry.index == index) {
            entry.cumulative = entry.cumulative.max(*meter);
        }
    }

    /// The cumulative use of a credit that is known of.
    pub fn cumulative(&self, credit: &Pubkey, index: u32) -> Units {
        self.meters.get(&(*credit, index)).copied().unwrap_or_default()
    }

    /// The open holds.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values().map(|(hold, _)| hold)
    }

    /// An open hold.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id).map(|(hold, _)| hold)
    }

    /// One moment's readings of every credit that can be metered, by index.
    pub fn readings(&self) -> Vec<LedgerReading> {
        self.readings_where(|_| true)
    }

    /// As [`Ledger::readings`], for a report that is dated `at`. Left out are credits with a freeze before `at` whose own report
    /// is not on the chain yet: anybody may submit reports, and a later one would rule that one out.
    pub fn readings_dated(&self, at: ChainTime, clocks: ChainClocks) -> Vec<LedgerReading> {
        self.readings_where(|entry| entry.awaited_freeze(clocks).is_none_or(|freeze| at <= freeze))
    }

    /// As [`Ledger::readings_dated`], dated at the first freeze after `after` and before `until` whose own report is awaited; at
    /// `until` where there is none. Returns the date, and the readings.
    pub fn readings_until(
        &self,
        until: ChainTime,
        after: Option<ChainTime>,
        clocks: ChainClocks,
    ) -> (ChainTime, Vec<LedgerReading>) {
        let awaited = self.credits.values().filter_map(|entry| entry.awaited_freeze(clocks));
        let is_due = |freeze: &ChainTime| *freeze < until && after.is_none_or(|after| *freeze > after);
        let at = awaited.filter(is_due).min().unwrap_or(until);
        (at, self.readings_dated(at, clocks))
    }

    fn readings_where(&self, is_read: impl Fn(&CreditEntry) -> bool) -> Vec<LedgerReading> {
        let read = self.credits.iter().filter(|(_, entry)| is_read(entry));
        let mut readings: Vec<LedgerReading> =
            read.filter_map(|(address, entry)| entry.reading(*address)).collect();
        readings.sort_unstable_by_key(|reading| reading.index);
        readings
    }
}
