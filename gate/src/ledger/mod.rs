//! The units open to new jobs at each credit, from the chain, use that is not on the chain yet, and running holds.
//!
//! No I/O and no clock of its own. The rule is the design's: a job is admitted only while `available - in flight` covers
//! it, where use that no report has brought to the chain yet counts as used.

use {
    crate::hold::{Hold, HoldId, Refusal},
    blockable_sdk::{
        Pubkey, Signature,
        amounts::{MarketTime, Units},
        program::{
            state::Credit,
            transitions::{Action, Status, next},
        },
    },
    std::collections::HashMap,
};

/// A credit as the chain showed it at a slot.
#[derive(Clone)]
struct View {
    slot: u64,
    /// `None` once the account is gone.
    credit: Option<Box<Credit>>,
}

/// A freeze that is obeyed although the chain does not show it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    signature: Signature,
    frozen: Units,
}

/// The gate's knowledge of one credit.
#[derive(Clone, Default)]
struct Entry {
    view: Option<View>,
    /// The credit's place in reports that `cumulative` counts for.
    index: u32,
    cumulative: Units,
    held: Units,
    blocks: Vec<Block>,
}

/// The reading of one credit at one moment, for a usage report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The credit.
    pub credit: Pubkey,
    /// Its place in the provider's reports.
    pub index: u32,
    /// Units used since issue.
    pub cumulative: Units,
    /// Units that running jobs hold.
    pub in_flight: Units,
}

/// The units of one credit by the gate's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Open to new jobs.
    pub available: Units,
    /// Neither consumed, seized nor expired, as the chain says.
    pub remaining: Units,
    /// Frozen, by the chain or by a signed freeze that is obeyed already.
    pub frozen: Units,
    /// Held by running jobs.
    pub in_flight: Units,
    /// Used, and not on the chain yet.
    pub unreported: Units,
}

/// The holds and settlements of all credits of one provider, in memory.
///
/// Owned by [`crate::Gate`] behind one lock, which also keeps admission and the chain's updates apart. Three numbers never
/// fall: the cumulative use of a credit at one index, the slot of its view, and the number of the next hold. `held` of a credit is the sum of
/// its open holds. Nothing here is durable: the store has holds and meters, the chain has the credits, and
/// [`Ledger::restore`] starts from both after a crash.
#[derive(Default)]
pub struct Ledger {
    credits: HashMap<Pubkey, Entry>,
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

    /// Takes what the chain shows of a credit at a slot, `None` where the account is gone. An older view is passed over;
    /// within a slot the later event wins. Returns whether the view changed.
    pub fn observe(&mut self, address: Pubkey, slot: u64, credit: Option<&Credit>) -> bool {
        if credit.is_none() && !self.credits.contains_key(&address) {
            return false;
        }
        let entry = self.credits.entry(address).or_default();
        if let Some(view) = &entry.view {
            let seq = |credit: Option<&Credit>| credit.map_or(u64::MAX, |credit| credit.event_seq);
            let known = view.credit.as_deref();
            if slot < view.slot || (slot == view.slot && seq(credit) < seq(known)) {
                return false;
            }
            if credit.map(|credit| (credit.event_seq, credit.event_hash))
                == known.map(|known| (known.event_seq, known.event_hash))
            {
                entry.view = Some(View { slot, ..view.clone() });
                return false;
            }
        }
        if let Some(credit) = credit.filter(|credit| credit.has_index == 1) {
            let index = credit.meter.index;
            let known = self.meters.get(&(address, index)).copied().unwrap_or_default();
            let counted = if entry.index == index { entry.cumulative.max(known) } else { known };
            entry.index = index;
            entry.cumulative = counted.max(Units(credit.meter.cumulative));
            self.meters.insert((address, index), entry.cumulative);
        }
        entry.view = Some(View { slot, credit: credit.map(|credit| Box::new(*credit)) });
        true
    }

    /// The chain still shows a credit at a slot as it did: after the events of that number and hash.
    pub fn confirm(&mut self, address: &Pubkey, slot: u64, events: (u64, [u8; 32])) {
        if let Some(view) = self.credits.get_mut(address).and_then(|entry| entry.view.as_mut())
            && view.credit.as_ref().is_some_and(|credit| (credit.event_seq, credit.event_hash) == events)
        {
            view.slot = view.slot.max(slot);
        }
    }

    /// The credits that the chain last showed, with their slots and event numbers.
    pub fn known(&self) -> impl Iterator<Item = (Pubkey, u64, &Credit)> {
        self.credits.iter().filter_map(|(address, entry)| {
            let view = entry.view.as_ref()?;
            Some((*address, view.slot, view.credit.as_deref()?))
        })
    }

    /// A credit as the chain last showed it.
    pub fn credit(&self, address: &Pubkey) -> Option<&Credit> {
        self.credits.get(address)?.view.as_ref()?.credit.as_deref()
    }

    /// The slot that a credit was last seen at.
    pub fn slot(&self, address: &Pubkey) -> Option<u64> {
        Some(self.credits.get(address)?.view.as_ref()?.slot)
    }

    /// Obeys a freeze ahead of the chain: at least `frozen` units of the credit are closed until [`Ledger::unblock`].
    pub fn block(&mut self, credit: Pubkey, signature: Signature, frozen: Units) {
        let blocks = &mut self.credits.entry(credit).or_default().blocks;
        if blocks.iter().all(|block| block.signature != signature) {
            blocks.push(Block { signature, frozen });
        }
    }

    /// Ends a freeze that was obeyed ahead of the chain: it has landed, or will never.
    pub fn unblock(&mut self, credit: &Pubkey, signature: &Signature) {
        if let Some(entry) = self.credits.get_mut(credit) {
            entry.blocks.retain(|block| block.signature != *signature);
        }
    }

    /// The units open at a credit at a market time, `None` while that is not known. Errors: [`Refusal`].
    pub fn room(&self, address: &Pubkey, market_time: Option<MarketTime>) -> Result<Room, Refusal> {
        let entry = self.credits.get(address).ok_or(Refusal::UnknownCredit)?;
        entry.room(market_time)
    }

    /// Holds at least one unit for a new job. `market_time` is `None` while it is not known. Returns the hold's number and
    /// the credit's index. Errors: [`Refusal`].
    pub fn admit(
        &mut self,
        address: &Pubkey,
        units: Units,
        market_time: Option<MarketTime>,
    ) -> Result<(HoldId, u32), Refusal> {
        let entry = self.credits.get_mut(address).ok_or(Refusal::UnknownCredit)?;
        entry.require(units, 0, market_time)?;
        Ok(self.hold_more(address, units))
    }

    /// As [`Ledger::admit`], for a job that continues an open hold of which `used` units are used. The unused units of the
    /// old hold are open to it. The old hold stays until [`Ledger::end`].
    pub fn renew(
        &mut self,
        old: &Hold,
        used: Units,
        units: Units,
        market_time: Option<MarketTime>,
    ) -> Result<(HoldId, u32), Refusal> {
        let entry = self.credits.get_mut(&old.credit).ok_or(Refusal::UnknownCredit)?;
        entry.require(units, wide(old.units) - wide(used), market_time)?;
        Ok(self.hold_more(&old.credit, units))
    }

    fn hold_more(&mut self, address: &Pubkey, units: Units) -> (HoldId, u32) {
        let entry = self.credits.entry(*address).or_default();
        entry.held = entry.held.saturating_add(units);
        let id = HoldId(self.next_hold);
        self.next_hold = self.next_hold.saturating_add(1);
        (id, entry.index)
    }

    /// Keeps a hold that was admitted, so that it can be ended.
    pub fn keep(&mut self, hold: Hold) {
        self.holds.insert(hold.id, (hold, false));
    }

    /// Begins to end a hold. Returns it, or `None` where it is not open or is being ended already.
    pub fn begin_end(&mut self, id: HoldId) -> Option<Hold> {
        let (hold, ending) = self.holds.get_mut(&id)?;
        if std::mem::replace(ending, true) { None } else { Some(hold.clone()) }
    }

    /// Leaves a hold open whose end could not be recorded.
    pub fn end_failed(&mut self, id: HoldId) {
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
    pub fn count(&mut self, credit: &Pubkey, index: u32, cumulative: Units) {
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
    pub fn readings(&self) -> Vec<Reading> {
        let mut readings: Vec<Reading> = self
            .credits
            .iter()
            .filter_map(|(address, entry)| {
                let credit = entry.view.as_ref()?.credit.as_deref()?;
                let metered = next(Action::Meter, credit.status().ok()?).is_some() && credit.has_index == 1;
                metered.then_some(Reading {
                    credit: *address,
                    index: entry.index,
                    cumulative: entry.cumulative,
                    in_flight: entry.held,
                })
            })
            .collect();
        readings.sort_unstable_by_key(|reading| reading.index);
        readings
    }
}

impl Entry {
    /// Requires that a new job may take `units`, at least one, where `freed` units more than the room says are open to it.
    fn require(&self, units: Units, freed: i128, market_time: Option<MarketTime>) -> Result<(), Refusal> {
        let room = self.room(market_time)?;
        let needed = units.max(Units(1));
        let taken = wide(room.in_flight) + wide(room.unreported) - freed;
        let unfrozen = wide(room.remaining) - taken;
        let open = unfrozen - wide(room.frozen);
        if wide(needed) <= open {
            return Ok(());
        }
        let available = Units(u64::try_from(open).unwrap_or(0));
        Err(match !room.frozen.is_zero() && wide(needed) <= unfrozen {
            true => Refusal::Frozen { available, needed },
            false => Refusal::Exhausted { available, needed },
        })
    }

    fn room(&self, market_time: Option<MarketTime>) -> Result<Room, Refusal> {
        let view = self.view.as_ref().ok_or(Refusal::UnknownCredit)?;
        let credit = view.credit.as_deref().ok_or(Refusal::Closed)?;
        match credit.status().map_err(|_| Refusal::UnknownCredit)? {
            Status::Offered | Status::Accepted => return Err(Refusal::NotIssued),
            Status::Closed => return Err(Refusal::Closed),
            Status::Active | Status::Delinquent | Status::Defaulted | Status::Seizing | Status::Repaid => {}
        }
        if credit.has_index == 0 {
            return Err(Refusal::NotIssued);
        }
        if credit.units_expire_at != 0 {
            let now = market_time.ok_or(Refusal::Stale)?;
            credit.require_unexpired(now.get()).map_err(|_| Refusal::Expired)?;
        }
        let collateral = &credit.collateral;
        let ordered = self.blocks.iter().map(|block| block.frozen).max().unwrap_or_default();
        let frozen = Units(collateral.frozen).max(ordered.min(Units(collateral.lien())));
        let unreported = self.cumulative.saturating_sub(Units(credit.meter.cumulative));
        let remaining = Units(collateral.remaining());
        let available = remaining.saturating_sub(frozen).saturating_sub(unreported).saturating_sub(self.held);
        Ok(Room { available, remaining, frozen, in_flight: self.held, unreported })
    }
}

/// Units for sums that may fall below zero on the way.
fn wide(units: Units) -> i128 {
    i128::from(units.get())
}
