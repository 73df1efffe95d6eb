//! Redoes events on the collateral: use, marks, freezes, thaws, notices and seizures.

use {
    super::redo::{Attempt, Event, State},
    crate::addresses,
    anchor_lang::error::Error,
    blockable_credits::{
        actions::{CrossCredit, FreezeAmount, LotTerms, NewLot, Notice, ThawBounds, UnitBounds},
        events::Change,
        metering::{Metered, Reading},
        quorum::QuorumReading,
        state::{Credit, FreezeReason, Lot, TermBounds},
        transitions::Status,
    },
    bytemuck::Zeroable,
    solana_pubkey::Pubkey,
};

/// Bounds that any lot and any terms keep.
pub(super) const ANY_BOUNDS: TermBounds = TermBounds {
    min_principal: 0,
    max_principal: u64::MAX,
    min_instalment_interval: 0,
    max_term: u32::MAX,
    min_delinquency_grace: 0,
    min_default_grace: 0,
    min_cure_period: 0,
    min_lot_window: 0,
    max_lot_window: u32::MAX,
    max_apr_bps: u16::MAX,
    max_late_fee_bps: u16::MAX,
    min_start_price_bps: 0,
    max_start_price_bps: u16::MAX,
    min_floor_price_bps: 0,
    reserved: [0; 2],
};

impl State {
    /// Redoes a reading, a mark, a freeze, a thaw, a notice, a seizure, a takeover or the end of a lot.
    pub(super) fn redo_enforcement(&self, event: &Event) -> Option<Vec<Attempt>> {
        let clock = &event.clock;
        match event.change {
            Change::Metered { cumulative, in_flight, reported_at, metered } => {
                let reading =
                    Reading { cumulative: *cumulative, in_flight: *in_flight, reported_at: *reported_at };
                Some(self.meter(event, reading, metered))
            }
            Change::MarkedDelinquent { .. } => self.only(|credit| credit.mark_delinquent(clock)),
            Change::MarkedDefaulted { .. } => self.only(|credit| credit.mark_defaulted(clock)),
            Change::Frozen { .. } => Some(self.freeze(event)),
            Change::Thawed { by, units, .. } => self.only(|credit| thaw(credit, event, *by, *units)),
            Change::NoticeGiven { document, .. } => self.only(|credit| {
                let (lender, offer_slot) = (credit.lender, credit.offer_slot);
                let notice = Notice { document: *document, offer_slot, least_status: Status::Active };
                credit.give_notice(&lender, notice, clock)
            }),
            Change::NoticeWithdrawn => self.only(|credit| {
                let (lender, given_at) = (credit.lender, credit.defaulted_at);
                credit.withdraw_notice(&lender, given_at, clock)
            }),
            Change::Seized { lot, units, start_price, floor_price } => {
                let terms = LotTerms { start_price: *start_price, floor_price: *floor_price, window: 0 };
                Some(vec![self.attempt(|state| seize(state, event, *lot, *units, terms))])
            }
            Change::TakenOver { to, units, .. } => {
                self.only(|credit| Ok(credit.take_over(*to, UnitBounds::exactly(*units), clock)?.1))
            }
            Change::LotClosed { lot, returned } => Some(vec![self.attempt(|state| {
                let mut closed = Lot::zeroed();
                closed.units_left = *returned;
                closed.opened_at = state.lots.remove(lot).unwrap_or(event.clock.market);
                let lender = state.credit.lender;
                state.credit.close_lot(&closed, *lot, &lender, &event.clock)
            })]),
            Change::CovenantApplied { .. } => self.only(|credit| credit.apply_covenant(clock)),
            _ => None,
        }
    }

    /// Counts use as of now, and as from before each of the two freezes that late reports are measured by.
    fn meter(&self, event: &Event, reading: Reading, metered: &Metered) -> Vec<Attempt> {
        let cumulative = reading.cumulative.saturating_add(metered.deferred);
        let reading = Reading { cumulative, ..reading };
        let [earlier, latest] = self.credit.freezes().map(|freeze| freeze.at_chain);
        let times = [i64::MAX, earlier, latest];
        let count = |latest_at| {
            let mut next = self.clone();
            let quorum = QuorumReading { reading, latest_at };
            // The reporters' first moment is not known, so each freeze may be one that they measure by.
            match next.credit.apply_reading(&quorum, i64::MIN, &event.clock) {
                Ok(change) => Ok((next, change)),
                Err(skip) => Err(format!("the reading would have been left out: {skip:?}")),
            }
        };
        times.into_iter().map(count).collect()
    }

    /// Freezes up to the recorded total, with the debt brought up to now and without: only a freeze for a shortfall does that.
    fn freeze(&self, event: &Event) -> Vec<Attempt> {
        let as_it_is = self.attempt(|state| freeze(&mut state.credit, event));
        let accrued = self.attempt(|state| {
            state.credit.accrue(event.clock.market)?;
            freeze(&mut state.credit, event)
        });
        vec![as_it_is, accrued]
    }
}

fn freeze(credit: &mut Credit, event: &Event) -> Result<Change, Error> {
    let Change::Frozen { by, reason, frozen_for_payment, frozen_for_other, frozen_for_cross, .. } =
        event.change
    else {
        return Ok(event.change.clone());
    };
    if *by == event.key {
        return credit.auto_freeze(event.key, &event.clock);
    }
    // No event has the first freeze authority: the account's may be a later one.
    let authority = credit.freeze_authority;
    if *by != credit.lender {
        credit.freeze_authority = *by;
    }
    let total = match reason {
        FreezeReason::MissedPayment | FreezeReason::Default => frozen_for_payment,
        FreezeReason::Breach | FreezeReason::Risk => frozen_for_other,
        FreezeReason::CrossDefault => frozen_for_cross,
    };
    let mut other = *credit;
    other.status = Status::Defaulted.byte();
    // The other credit is not recorded: a key that no earlier freeze rests on stands for it.
    let cross = (*reason == FreezeReason::CrossDefault).then(|| {
        let number = u32::try_from(event.seq).unwrap_or(u32::MAX);
        CrossCredit { key: addresses::lot(&event.key, number), credit: &other }
    });
    let change = credit.freeze(by, FreezeAmount::Units(*total), *reason, cross, &event.clock)?;
    credit.freeze_authority = authority;
    Ok(change)
}

/// Thaws for the lender or the freeze authority, or because the other credit's default is over: then `by` is that credit.
fn thaw(credit: &mut Credit, event: &Event, by: Pubkey, units: u64) -> Result<Change, Error> {
    let is_party = by == credit.lender || by == credit.freeze_authority;
    if !is_party && credit.collateral.frozen_for_cross > 0 {
        let mut crossed = *credit;
        crossed.cross_credit = by;
        if let Ok(change) = crossed.thaw_cross(None)
            && change == *event.change
        {
            *credit = crossed;
            return Ok(change);
        }
    }
    let authority = credit.freeze_authority;
    if by != credit.lender {
        credit.freeze_authority = by;
    }
    let change = credit.thaw(&by, ThawBounds { most: units, keep: 0 })?;
    credit.freeze_authority = authority;
    Ok(change)
}

fn seize(
    state: &mut State,
    event: &Event,
    key: Pubkey,
    units: u64,
    terms: LotTerms,
) -> Result<Change, Error> {
    let new = NewLot { key, bump: 0, credit: event.key, rent_payer: Pubkey::default() };
    let amount = UnitBounds::exactly(units);
    let change =
        state.credit.seize_to_lot(&mut Lot::zeroed(), new, amount, terms, &ANY_BOUNDS, &event.clock)?;
    state.lots.insert(key, event.clock.market);
    Ok(change)
}
