//! Cancels of lender and borrower, and the provider's agreement to wait for its holdback.

use {
    super::{Landed, Signed, on_credit},
    crate::{
        actions::{CancelSigners, LoanRead, RestructureLimits, UnitBounds},
        errors::{BlockableError, ensure},
        state::Instalment,
        tests::{stage::*, stale::world::*},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

const AMOUNT: UnitBounds = UnitBounds { least: 100_000, most: 500_000 };
/// All units, which somebody asks for who is not the lender.
const WHOLE: UnitBounds = UnitBounds { least: 100_000, most: u64::MAX };

pub(super) fn all() -> Vec<Signed> {
    vec![
        cancel("in default", defaulted_with_holdback(), (LENDER, None), AMOUNT, Status::Defaulted),
        cancel("by both", suspended_with_holdback(), (LENDER, Some(BORROWER)), AMOUNT, Status::Active),
        cancel("by anyone", open_to_cancel(), (key(62), None), WHOLE, Status::Defaulted),
        wait_for_the_holdback(),
    ]
}

/// A cancel of units within the bounds, at no less than what the loan paid for them.
fn cancel(
    case: &'static str,
    read: World,
    (signer, borrower): (Pubkey, Option<Pubkey>),
    amount: UnitBounds,
    worst_status: Status,
) -> Signed {
    on_credit("credit_cancel_locked", case, read, move |world| -> Landed {
        let (before, clock) = (world.accrued(), world.clock());
        let loan = LoanRead { offer_slot: SLOT, worst_status };
        let signers = CancelSigners { signer, borrower };
        let World { credit, provider, market, .. } = world;
        credit.cancel_locked(signers, amount, loan, provider, market, &clock)?;
        let units = credit.collateral.cancelled - before.collateral.cancelled;
        let paid =
            before.debt.total() - credit.debt.total() + credit.claims.borrower - before.claims.borrower;
        let price = before.holdback().price_floor(units)?;
        let is_read = before.offer_slot == SLOT && before.status()? <= worst_status;
        Ok(is_read && (amount.least..=amount.most).contains(&units) && paid >= price)
    })
}

/// A restructuring, signed by the provider as well, by which its money waits for longer.
fn wait_for_the_holdback() -> Signed {
    let read = suspended_with_holdback();
    let limits = RestructureLimits::from_credit(&read.accrued()).unwrap();
    let limits = RestructureLimits { most_debt: limits.most_debt + USDC, least_lien: 100_000, ..limits };
    let principal = read.accrued().debt.principal;
    on_credit("credit_restructure", "with the provider", read, move |world| {
        ensure(world.provider.authority == OPERATOR, BlockableError::NotProvider)?;
        let (before, clock, bounds) = (world.accrued(), world.clock(), world.market.bounds);
        let schedule = vec![Instalment { due_after: 400 * DAY as u32, principal }];
        world.credit.restructure(before.terms, schedule, &limits, &bounds, true, &clock)?;
        let waits_until = clock.market + (400 + 5 + 10) * DAY;
        let kept = before.offer_slot == SLOT && before.restructurings == limits.restructurings;
        Ok(kept && world.credit.cancel_opens_at() == waits_until)
    })
}
