//! Signatures of lenders and freeze authorities on a loan that goes on.

use {
    super::{Signed, equal, on_credit},
    crate::{
        actions::{CrossCredit, FreezeAmount, Notice, ThawBounds},
        state::{Credit, FreezeReason},
        tests::{stage::*, stale::world::*},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

pub(super) fn all() -> Vec<Signed> {
    let bounds = ThawBounds { most: 300_000, keep: 400_000 };
    let debt = defaulted().accrued().debt.total();
    vec![
        freeze("all, for a missed payment", FreezeAmount::All, FreezeReason::MissedPayment),
        freeze("units, for a risk", FreezeAmount::Units(600_000), FreezeReason::Risk),
        freeze("a share, in default", FreezeAmount::Bps(7_000), FreezeReason::Default),
        freeze("the shortfall", FreezeAmount::Shortfall, FreezeReason::MissedPayment),
        freeze("for the default of another loan", FreezeAmount::Units(600_000), FreezeReason::CrossDefault),
        on_credit("credit_thaw", "", delinquent(), move |world| {
            let before = world.credit.collateral.frozen();
            world.credit.thaw(&LENDER, bounds)?;
            let after = world.credit.collateral.frozen();
            Ok(before - after <= bounds.most && after >= bounds.keep)
        }),
        on_credit("credit_set_freeze_authority", "", active(), |world| {
            let (before, clock) = (world.credit, world.clock());
            world.credit.set_freeze_authority(&LENDER, SLOT, BUYER, &clock)?;
            let named = Credit { freeze_authority: BUYER, pending_lender: Pubkey::default(), ..before };
            Ok(before.offer_slot == SLOT && before.lender == LENDER && equal(&world.credit, &named))
        }),
        on_credit("credit_waive_fee", "", World { now: START + 62 * DAY, ..delinquent() }, |world| {
            let (before, clock) = (world.accrued(), world.clock());
            world.credit.waive_fee(&LENDER, USDC, &clock)?;
            Ok(before.debt.total() - world.credit.debt.total() <= USDC)
        }),
        give_notice("of a delinquent loan", delinquent(), Status::Delinquent),
        give_notice("in any status", active(), Status::Active),
        on_credit("credit_withdraw_notice", "", noticed(), |world| {
            let (given_at, clock) = (START + DAY, world.clock());
            let stands = world.credit.defaulted_at;
            world.credit.withdraw_notice(&LENDER, given_at, &clock)?;
            Ok(stands == given_at)
        }),
        write_off("", defaulted(), debt),
        // Of 110 USDC and interest 55 USDC are held back.
        write_off("of a loan with a holdback", defaulted_with_holdback(), 57 * USDC),
    ]
}

/// A freeze takes the units that were asked for, or all that are left, and thaws nothing. It is refused only where the signer
/// may not freeze any more, where nothing is in arrears, or where as much is frozen already.
fn freeze(case: &'static str, amount: FreezeAmount, reason: FreezeReason) -> Signed {
    on_credit("credit_freeze", case, late(), move |world| {
        let (before, clock) = (world.accrued(), world.clock());
        let freezable = before.collateral.freezable();
        let other = defaulted().credit;
        let cross = CrossCredit { key: key(65), credit: &other };
        let done = world.credit.freeze(&LENDER, amount, reason, Some(cross), &clock);
        let frozen_for = |credit: &Credit| match reason {
            FreezeReason::MissedPayment | FreezeReason::Default => credit.collateral.frozen_for_payment,
            FreezeReason::Breach | FreezeReason::Risk => credit.collateral.frozen_for_other,
            FreezeReason::CrossDefault => credit.collateral.frozen_for_cross,
        };
        let is_freezer = [before.lender, before.freeze_authority].contains(&LENDER);
        let wanted = match amount {
            FreezeAmount::Units(units) => units.min(freezable),
            FreezeAmount::Shortfall if before.arrears() == 0 => 0,
            amount => before.freeze_target(amount)?,
        };
        let may = is_freezer && is_agreed(&before, reason, clock.market) && wanted > frozen_for(&before);
        if let Err(refusal) = done {
            return if may { Ok(false) } else { Err(refusal) };
        }
        let (was, is) = (before.collateral.frozen(), world.credit.collateral.frozen());
        Ok(may && frozen_for(&world.credit) == wanted && is == was.max(wanted) && is <= freezable)
    })
}

/// Returns true where the terms of the loan let its lender freeze for a reason. The other loan, between the first lender and the
/// first borrower, is in default.
fn is_agreed(credit: &Credit, reason: FreezeReason, market_time: i64) -> bool {
    let owed = credit.status().is_ok_and(Status::is_secured);
    let is_late = credit.status >= Status::Delinquent.byte();
    let grace = i64::from(credit.terms.delinquency_grace);
    let is_short = credit.reserve_drawn_at != 0 && market_time >= credit.reserve_drawn_at + grace;
    owed && match reason {
        FreezeReason::CrossDefault => (credit.lender, credit.borrower) == (LENDER, BORROWER),
        FreezeReason::Breach | FreezeReason::Risk => is_late || is_short,
        FreezeReason::MissedPayment | FreezeReason::Default => is_late,
    }
}

/// The lender gives up no more than it states: all that is owed, but for what is held back for the units that are cancelled.
fn write_off(case: &'static str, read: World, most_debt: u64) -> Signed {
    on_credit("credit_write_off", case, read, move |world| {
        let (before, clock) = (world.accrued(), world.clock());
        world.credit.write_off(&LENDER, SLOT, most_debt, &mut world.provider, &clock)?;
        let (was, is) = (before.claims, world.credit.claims);
        let given_up = before.debt.total() - (is.lender - was.lender);
        let cancelled = world.credit.collateral.cancelled - before.collateral.cancelled;
        Ok(before.offer_slot == SLOT && given_up <= most_debt && cancelled == before.cancellable()?)
    })
}

fn give_notice(case: &'static str, read: World, least_status: Status) -> Signed {
    on_credit("credit_give_notice", case, read, move |world| {
        let (status, clock) = (world.credit.status()?, world.clock());
        let notice = Notice { document: [9; 32], offer_slot: SLOT, least_status };
        world.credit.give_notice(&LENDER, notice, &clock)?;
        Ok(world.credit.offer_slot == SLOT && status >= least_status)
    })
}
