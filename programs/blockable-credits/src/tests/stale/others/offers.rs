//! Offers, and addresses that are used again.

use {
    super::{Step, step},
    crate::{
        actions::{FreezeAmount, OfferRead},
        metering,
        state::{Credit, FreezeReason, Party, Terms},
        tests::{
            stage::*,
            stale::world::{Done, LOAN, World},
        },
        transitions::Status,
    },
    bytemuck::Zeroable,
};

/// The instructions that end an agreement and make another one at its address.
const AGAIN: &[&str] = &[
    "credit_cancel_offer",
    "credit_repay",
    "lot_close",
    "vault_collect",
    "vault_close",
    "credit_close",
    "credit_offer",
    "credit_accept",
    "reserve_fund",
    "credit_issue",
];

pub(super) const STEPS: &[Step] = &[
    step("a loan is offered", &["credit_offer"], |world| world.offer(LOAN)),
    step("the lender withdraws the offer", &["credit_cancel_offer"], |world| withdraw(world, false)),
    step("the borrower withdraws the offer", &["credit_cancel_offer"], |world| withdraw(world, true)),
    step("the offer is made again", AGAIN, |world| replace(world, LOAN)),
    step("another offer takes its place", AGAIN, |world| {
        replace(world, Terms { principal: 100 * USDC, units: 9_000_000, unlocked_ahead: 9_000_000, ..LOAN })
    }),
    step("other terms are offered at its address", AGAIN, |world| {
        free(world)?;
        world.offer(Terms { apr_bps: 900, ..LOAN })
    }),
    step("the same terms are offered at its address", AGAIN, |world| {
        free(world)?;
        world.offer(LOAN)
    }),
    step("the borrower accepts", &["credit_accept"], World::accept),
    step("the provider issues", &["credit_issue"], World::issue),
    step("the provider issues to somebody else", &["credit_issue"], |world| {
        world.provider.outstanding_units =
            metering::commit(world.provider.outstanding_units, 1_000, world.provider.capacity_units)?;
        Ok(())
    }),
    step("a stranger funds a micro-USDC of the reserve", &["reserve_fund"], |world| world.fund(1)),
    step("the borrower funds the reserve", &["reserve_fund"], |world| world.fund(u64::MAX)),
    step("the address is used again", AGAIN, reuse),
    step("the address is used again, and that loan defaults", AGAIN, |world| {
        reuse(world)?;
        world.now += 31 * DAY;
        world.act(|credit, clock| credit.mark_delinquent(clock))?;
        world.freeze(FreezeAmount::All, FreezeReason::MissedPayment)?;
        world.now += 4 * DAY;
        world.act(|credit, clock| credit.mark_defaulted(clock))?;
        world.now += 11 * DAY;
        Ok(())
    }),
];

/// Withdraws the offer, which removes the account where no reserve is left in it.
fn withdraw(world: &mut World, by_borrower: bool) -> Done {
    world.act(|credit, clock| {
        let in_vault = credit.owed_from_vault()?;
        let (slot, signer) = (credit.offer_slot, if by_borrower { BORROWER } else { LENDER });
        credit.cancel(&signer, slot, in_vault, clock)
    })?;
    if world.credit.status()? == Status::Closed {
        world.credit = Credit::zeroed();
    }
    Ok(())
}

/// Frees the address: withdraws the offer, or pays the debt and closes lots, vault and credit.
fn free(world: &mut World) -> Done {
    world.exists()?;
    if world.credit.status()? < Status::Active {
        withdraw(world, false)?;
        if world.exists().is_err() {
            return Ok(());
        }
    }
    if world.credit.status()? != Status::Repaid {
        world.pay(BORROWER, u64::MAX)?;
    }
    while let Ok(index) = world.first_lot() {
        world.close_lot(index, &BUYER)?;
    }
    for party in [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider] {
        if world.credit.has_claim(party, 0)? {
            world.act(|credit, clock| credit.collect(party, TREASURY, clock))?;
        }
    }
    if world.credit.vault_closed == 0 {
        world.act(|credit, clock| credit.close_vault(0, clock))?;
    }
    let mut provider = world.provider;
    world.act(|credit, clock| credit.close(&{ credit.borrower }, u64::MAX, &mut provider, clock))?;
    (world.provider, world.credit) = (provider, Credit::zeroed());
    Ok(())
}

/// Frees the address and makes an offer there, which the borrower accepts and funds.
fn replace(world: &mut World, terms: Terms) -> Done {
    free(world)?;
    world.offer(terms)?;
    let read = OfferRead::from_credit(&world.credit);
    world.act(|credit, clock| credit.accept(&BORROWER, read, clock))?;
    world.fund(u64::MAX)
}

/// Ends the agreement at the credit's address and makes another one there, with live units.
fn reuse(world: &mut World) -> Done {
    replace(world, LOAN)?;
    world.issue()
}
