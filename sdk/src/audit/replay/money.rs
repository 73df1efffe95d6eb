//! Redoes events that move money: payments, claims, the reserve, fees given up.

use {
    super::redo::{Attempt, Event, State},
    anchor_lang::error::Error,
    blockable_credits::{
        actions::{CancelSigners, LoanRead, Sale, UnitBounds},
        events::Change,
        state::{Credit, Lot, Market, MarketClock, Provider},
        units::BPS,
    },
    bytemuck::Zeroable,
    solana_pubkey::Pubkey,
};

impl State {
    /// Redoes a payment, a collection, a waiver, a write-off, a sale, a cancel or an expiry.
    pub(super) fn redo_money(&self, event: &Event) -> Option<Vec<Attempt>> {
        let clock = &event.clock;
        match event.change {
            Change::Paid { payer, reserve, late_fees, interest, principal, .. } => {
                let paid = [reserve, late_fees, interest, principal];
                let paid = paid.into_iter().fold(0u64, |sum, part| sum.saturating_add(*part));
                self.only(|credit| pay(credit, event, *payer, paid))
            }
            Change::ReserveFunded { payer, amount, .. } => self.only(|credit| {
                let amount = credit.begin_funding(*amount, clock)?;
                credit.receive_funding(*payer, amount)
            }),
            Change::Collected { party, destination, .. } => {
                self.only(|credit| Ok(credit.collect(*party, *destination, clock)?.change))
            }
            Change::FeeWaived { amount, .. } => self.only(|credit| {
                let lender = credit.lender;
                credit.waive_fee(&lender, *amount, clock)
            }),
            Change::WrittenOff { .. } => self.only(|credit| {
                let (lender, slot) = (credit.lender, credit.offer_slot);
                credit.write_off(&lender, slot, u64::MAX, &mut suspended_provider(), clock)
            }),
            Change::LockedCancelled { by, units, .. } => {
                self.only(|credit| cancel_locked(credit, *by, *units, clock))
            }
            Change::Sold { lot, buyer, units, cost, fee, .. } => {
                let sale = Sale { lot: *lot, buyer: *buyer, units: *units, cost: *cost };
                self.only(|credit| {
                    let mut lot = Lot::zeroed();
                    lot.units_left = sale.units;
                    credit.sell(&mut lot, sale, fee_bps(*cost, *fee), clock)
                })
            }
            Change::Expired { .. } => self.only(|credit| credit.expire_units(clock)),
            _ => None,
        }
    }
}

/// Pays from a party's account, or from the reserve where the credit itself is the payer.
fn pay(credit: &mut Credit, event: &Event, payer: Pubkey, paid: u64) -> Result<Change, Error> {
    if payer == event.key {
        return credit.draw_reserve(event.key, &event.clock);
    }
    let paid = credit.begin_payment(paid, &event.clock)?;
    credit.receive_payment(payer, paid)
}

/// A provider that the market's admin has suspended for ever and that owes as many units as there are.
fn suspended_provider() -> Provider {
    let mut provider = Provider::zeroed();
    provider.suspended = Provider::SUSPENDED_BY_ADMIN;
    provider.admin_suspended_at = i64::MIN;
    provider.outstanding_units = u64::MAX;
    provider
}

fn cancel_locked(credit: &mut Credit, by: Pubkey, units: u64, clock: &MarketClock) -> Result<Change, Error> {
    let signers = CancelSigners { signer: by, borrower: Some(credit.borrower) };
    let read = LoanRead::from_credit(credit)?;
    let amount = UnitBounds::exactly(units);
    credit.cancel_locked(signers, amount, read, &mut suspended_provider(), &Market::zeroed(), clock)
}

/// A rate that gives a fee: all that do give the same sale.
fn fee_bps(cost: u64, fee: u64) -> u16 {
    let scaled = u128::from(fee).saturating_mul(u128::from(BPS));
    let rate = scaled.div_ceil(u128::from(cost.max(1)));
    u16::try_from(rate).unwrap_or(u16::MAX)
}
