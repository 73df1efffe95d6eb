//! Redoes events on the agreement: other parties, another schedule.

use {
    super::{
        enforcement::ANY_BOUNDS,
        redo::{Attempt, Event, State},
    },
    anchor_lang::error::Error,
    blockable_credits::{
        actions::{BorrowerLimits, PurchaseLimits, RestructureLimits},
        events::Change,
        state::{Instalment, Terms},
    },
    solana_pubkey::Pubkey,
};

impl State {
    /// Redoes an offer of the loan or of the borrower's place, an assignment, a hand-over, another freeze authority or a
    /// restructuring.
    pub(super) fn redo_agreement(&self, event: &Event) -> Option<Vec<Attempt>> {
        let clock = &event.clock;
        match event.change {
            Change::LenderOffered { to } => self.only(|credit| {
                let (lender, slot) = (credit.lender, credit.offer_slot);
                credit.offer_lender(&lender, slot, *to, clock)
            }),
            Change::LenderChanged { to } => Some(vec![self.attempt(|state| {
                let limits = PurchaseLimits::from_credit(&state.accrued(clock)?)?;
                state.credit.accept_lender(to, &limits, clock)
            })]),
            Change::BorrowerOffered { to, ready_at } => Some(self.offer_borrower(event, *to, *ready_at)),
            Change::BorrowerChanged { to } => Some(vec![self.attempt(|state| {
                let limits = BorrowerLimits::from_credit(&state.accrued(clock)?)?;
                state.credit.accept_borrower(to, &limits, clock)
            })]),
            Change::FreezeAuthoritySet { to } => self.only(|credit| {
                let (lender, slot) = (credit.lender, credit.offer_slot);
                credit.set_freeze_authority(&lender, slot, *to, clock)
            }),
            Change::Restructured { terms, schedule, .. } => {
                Some(vec![self.attempt(|state| restructure(state, event, terms, schedule))])
            }
            _ => None,
        }
    }

    /// Offers the borrower's place; a withdrawal is an offer to nobody by both parties, or a party's own.
    fn offer_borrower(&self, event: &Event, to: Pubkey, ready_at: i64) -> Vec<Attempt> {
        let delay = u32::try_from(ready_at.saturating_sub(event.clock.market)).unwrap_or(0);
        let offer = self.attempt(|state| {
            let slot = state.credit.offer_slot;
            state.credit.offer_borrower(slot, to, delay, &event.clock)
        });
        let withdraw = self.attempt(|state| {
            let borrower = state.credit.borrower;
            state.credit.withdraw_borrower(&borrower, &event.clock)
        });
        vec![offer, withdraw]
    }
}

fn restructure(
    state: &mut State,
    event: &Event,
    terms: &Terms,
    schedule: &[Instalment],
) -> Result<Change, Error> {
    let limits = RestructureLimits::from_credit(&state.accrued(&event.clock)?)?;
    let agreed = if terms.has_lock() { agreed_schedule(schedule) } else { schedule.to_vec() };
    state.credit.restructure(*terms, agreed, &limits, &ANY_BOUNDS, true, &event.clock)
}

/// A schedule that both sides may have signed, where the recorded one lacks at its end what was repaid meanwhile.
///
/// With a lock no instalment may be below half an even share. So the last instalments are raised to the least that keeps this;
/// the program takes as much off again, and what is left are the recorded ones.
fn agreed_schedule(recorded: &[Instalment]) -> Vec<Instalment> {
    let count = recorded.len();
    let zeros = recorded.iter().rev().take_while(|instalment| instalment.principal == 0).count();
    let raised = zeros.saturating_add(1).min(count);
    let front = recorded.iter().take(count.saturating_sub(raised));
    let front = front.fold(0u64, |sum, instalment| sum.saturating_add(instalment.principal));
    let shares = count.saturating_mul(2).saturating_sub(raised).max(1);
    let least = front.div_ceil(u64::try_from(shares).unwrap_or(u64::MAX));
    let mut agreed = recorded.to_vec();
    for instalment in agreed.iter_mut().rev().take(raised) {
        instalment.principal = instalment.principal.max(least);
    }
    agreed
}
