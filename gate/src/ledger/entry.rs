//! The ledger's entry of one credit, and the rule by which its units are open to new jobs.

use {
    super::{
        LedgerReading,
        room::{Room, narrow, wide},
    },
    crate::hold::Refusal,
    blockable_sdk::{
        Pubkey, Signature,
        accounts::CreditStamp,
        amounts::{ChainTime, MarketTime, Units},
        program::{
            state::Credit,
            transitions::{Action, Status, next},
        },
    },
};

/// The clocks of the chain at one moment; each `None` while it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainClocks {
    /// The chain's clock.
    pub chain: Option<ChainTime>,
    /// The market's clock.
    pub market: Option<MarketTime>,
    /// The beginning of the epoch of the provider's reporters.
    pub epoch_began_at: Option<ChainTime>,
}

/// A credit as the chain showed it at a slot.
#[derive(Clone)]
struct CreditAtSlot {
    slot: u64,
    /// `None` once the account is gone.
    credit: Option<Box<Credit>>,
}

/// A freeze that is obeyed although the chain does not show it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ObeyedFreeze {
    signature: Signature,
    frozen: Units,
}

/// The gate's knowledge of one credit.
#[derive(Clone, Default)]
pub(super) struct CreditEntry {
    /// The credit's place in reports that `cumulative` counts for.
    pub(super) index: u32,
    /// Units used since issue, as far as the gate or the chain knows.
    pub(super) cumulative: Units,
    /// Units of the credit's open holds.
    pub(super) held: Units,
    shown: Option<CreditAtSlot>,
    obeyed: Vec<ObeyedFreeze>,
}

impl CreditEntry {
    /// The credit as the chain last showed it, `None` where it never has or the account is gone.
    pub(super) fn credit(&self) -> Option<&Credit> {
        self.shown.as_ref()?.credit.as_deref()
    }

    /// The slot that the credit was last seen at.
    pub(super) fn slot(&self) -> Option<u64> {
        self.shown.as_ref().map(|shown| shown.slot)
    }

    /// Takes the credit as of a slot, `None` where its account is gone. An older state is passed over; within a slot the
    /// later event wins. Returns whether the state changed.
    pub(super) fn observe(&mut self, slot: u64, credit: Option<&Credit>) -> bool {
        if let Some(shown) = &mut self.shown {
            let seq = |credit: Option<&Credit>| credit.map_or(u64::MAX, |credit| credit.event_seq);
            let known = shown.credit.as_deref();
            if slot < shown.slot || (slot == shown.slot && seq(credit) < seq(known)) {
                return false;
            }
            if credit.map(CreditStamp::new) == known.map(CreditStamp::new) {
                shown.slot = slot;
                return false;
            }
        }
        self.shown = Some(CreditAtSlot { slot, credit: credit.map(|credit| Box::new(*credit)) });
        true
    }

    /// Notes that the chain still shows the credit with this stamp at a slot.
    pub(super) fn confirm(&mut self, slot: u64, stamp: CreditStamp) {
        if let Some(shown) = &mut self.shown
            && shown.credit.as_deref().map(CreditStamp::new) == Some(stamp)
        {
            shown.slot = shown.slot.max(slot);
        }
    }

    /// Obeys a freeze ahead of the chain, once for each signature.
    pub(super) fn obey_freeze(&mut self, signature: Signature, frozen: Units) {
        if self.obeyed.iter().all(|freeze| freeze.signature != signature) {
            self.obeyed.push(ObeyedFreeze { signature, frozen });
        }
    }

    /// Stops obeying a freeze ahead of the chain.
    pub(super) fn lift_freeze(&mut self, signature: &Signature) {
        self.obeyed.retain(|freeze| freeze.signature != *signature);
    }

    /// Requires that a new job may take `units`, at least one, where `freed` units more than the room says are open to it.
    pub(super) fn require_room(&self, units: Units, freed: i128, clocks: ChainClocks) -> Result<(), Refusal> {
        let room = self.room(clocks.market)?;
        let needed = units.max(Units(1));
        let (all, open) = (room.unused() + freed, room.open() + freed);
        if wide(needed) <= open {
            return match self.awaited_freeze(clocks) {
                Some(_) => Err(Refusal::FreezeSettling),
                None => self.require_rate(needed, freed, clocks.chain),
            };
        }
        let available = narrow(open);
        let missing = narrow(wide(needed) - open);
        Err(if !room.frozen.is_zero() && wide(needed) <= all - wide(room.locked) {
            Refusal::Frozen { available, needed, missing }
        } else if !room.locked.is_zero() && wide(needed) <= all {
            Refusal::Locked { available, needed, missing }
        } else {
            Refusal::Exhausted { available, needed }
        })
    }

    /// Fits a job to what is open: returns the units that it can hold, at most `most` and at least `least`. What the rate bound
    /// keeps closed for a moment cuts nothing, since it opens by itself. Errors: as for a job of `least` units, or
    /// [`Refusal::RateBound`].
    pub(super) fn fit(&self, least: Units, most: Units, clocks: ChainClocks) -> Result<Units, Refusal> {
        let open = narrow(self.room(clocks.market)?.open());
        let at_once = self.credit().map_or(Units::ZERO, |credit| Units(credit.terms.most_in_flight()));
        let units = most.min(open).min(at_once).max(least);
        self.require_room(units, 0, clocks)?;
        Ok(units)
    }

    /// The credit as payments find it. A freeze that is obeyed ahead of the chain counts as one that no payment and no cure thaws:
    /// the gate obeys it until it has landed, whatever is paid.
    pub(super) fn credit_with_orders(&self) -> Option<Credit> {
        let mut credit = *self.credit()?;
        let collateral = &mut credit.collateral;
        if let Some(ordered) = self.obeyed.iter().map(|freeze| freeze.frozen.get()).max() {
            collateral.frozen_for_cross =
                collateral.frozen_for_cross.max(ordered.min(collateral.freezable()));
        }
        Some(credit)
    }

    /// Finds the first freeze for which the report from before it is still awaited. Until that is on the chain no job begins: no
    /// report with its use could count as from before a second freeze.
    pub(super) fn awaited_freeze(&self, clocks: ChainClocks) -> Option<ChainTime> {
        let (market, epoch) = (clocks.market?, clocks.epoch_began_at?);
        self.credit()?.awaited_freeze(epoch.get(), market.get()).map(ChainTime)
    }

    /// Requires that running jobs hold no more units than a freeze keeps for them: those of the longest job at the loan's rate
    /// bound. Use that the rate bound keeps the chain from counting yet takes room as well: a freeze would find it neither
    /// counted nor in flight.
    fn require_rate(&self, needed: Units, freed: i128, now: Option<ChainTime>) -> Result<(), Refusal> {
        let credit = self.credit().ok_or(Refusal::Closed)?;
        let read_at = ChainTime(credit.meter.reported_at);
        let seconds = now.map_or(0, |now| now.seconds_since(read_at).max(0));
        let countable = i128::from(credit.terms.max_units_per_second).saturating_mul(i128::from(seconds));
        let uncounted = wide(self.cumulative) - wide(Units(credit.meter.cumulative));
        let ahead = uncounted.saturating_sub(countable).max(0);
        let most = wide(Units(credit.terms.most_in_flight()));
        let open = most - ahead - wide(self.held) + freed;
        if wide(needed) <= open {
            return Ok(());
        }
        Err(Refusal::RateBound { open: narrow(open), needed })
    }

    /// The credit's units at a market time, `None` while that is not known. Errors: [`Refusal`].
    pub(super) fn room(&self, market_time: Option<MarketTime>) -> Result<Room, Refusal> {
        let shown = self.shown.as_ref().ok_or(Refusal::UnknownCredit)?;
        let credit = shown.credit.as_deref().ok_or(Refusal::Closed)?;
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
        let ordered = self.obeyed.iter().map(|freeze| freeze.frozen).max().unwrap_or_default();
        let locked = Units(collateral.locked());
        let frozen = Units(collateral.frozen()).max(ordered.min(Units(collateral.freezable())));
        let unreported = self.cumulative.saturating_sub(Units(credit.meter.cumulative));
        let remaining = Units(collateral.remaining());
        let closed = locked.saturating_add(frozen);
        let available = remaining.saturating_sub(closed).saturating_sub(unreported).saturating_sub(self.held);
        Ok(Room { available, remaining, locked, frozen, in_flight: self.held, unreported })
    }

    /// The credit's reading for a usage report, `None` where its status does not let it be metered.
    pub(super) fn reading(&self, address: Pubkey) -> Option<LedgerReading> {
        let credit = self.credit()?;
        let metered = next(Action::Meter, credit.status().ok()?).is_some() && credit.has_index == 1;
        metered.then_some(LedgerReading {
            credit: address,
            index: self.index,
            cumulative: self.cumulative,
            in_flight: self.held,
        })
    }
}
