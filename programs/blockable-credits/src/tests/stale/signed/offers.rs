//! Offers, acceptances and issues.

use {
    super::{Signed, on_credit, signed},
    crate::{
        actions::OfferRead,
        state::Credit,
        tests::{stage::*, stale::world::*},
    },
    anchor_lang::prelude::Pubkey,
};

pub(super) fn all() -> Vec<Signed> {
    let read = |world: &World| OfferRead::from_credit(&world.credit);
    let (to_accept, to_issue) = (read(&offered()), read(&issuable()));
    vec![
        signed("credit_offer", "", World::bare(), |world| {
            let (provider, clock) = (world.provider, world.clock());
            world.offer(LOAN)?;
            let Credit { terms, claims, .. } = world.credit;
            let as_signed = terms == LOAN && claims.escrow == LOAN.principal;
            let served = provider.suspended == 0 && provider.reporters_hash() == LOAN.reporters_hash;
            Ok(as_signed && served && !clock.is_halted && !clock.is_paused)
        }),
        on_credit("credit_accept", "", offered(), move |world| {
            let clock = world.clock();
            world.credit.accept(&BORROWER, to_accept, &clock)?;
            Ok(is_read(&world.credit, to_accept))
        }),
        on_credit("credit_issue", "", issuable(), move |world| {
            let (clock, before) = (world.clock(), world.provider.outstanding_units);
            let payout = world.credit.issue(&mut world.provider, to_issue, &clock)?;
            let granted = world.credit.collateral.granted;
            let owed = world.provider.outstanding_units - before;
            let as_read = (payout.amount, granted, owed) == (LOAN.principal, LOAN.units, LOAN.units);
            Ok(is_read(&world.credit, to_issue) && as_read)
        }),
        cancel("by the lender", LENDER),
        cancel("by the borrower", BORROWER),
    ]
}

fn is_read(credit: &Credit, read: OfferRead) -> bool {
    (credit.terms_hash, credit.offer_slot) == (read.terms_hash, read.slot)
}

fn cancel(case: &'static str, signer: Pubkey) -> Signed {
    on_credit("credit_cancel_offer", case, accepted(), move |world| {
        let (before, in_vault, clock) = (world.credit, world.credit.owed_from_vault()?, world.clock());
        let payout = world.credit.cancel(&signer, SLOT, in_vault, &clock)?;
        let kept = world.credit.claims.borrower == before.claims.borrower + before.reserve_held;
        Ok(payout.amount == LOAN.principal && before.offer_slot == SLOT && kept)
    })
}
