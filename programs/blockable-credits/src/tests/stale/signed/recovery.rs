//! Seizures, sales and the end of a credit.

use {
    super::{Signed, on_credit},
    crate::{
        actions::{Quote, Sale, UnitBounds},
        auction,
        errors::{BlockableError, ensure},
        tests::{stage::*, stale::world::*},
    },
};

const AMOUNT: UnitBounds = UnitBounds { least: 100_000, most: 500_000 };

fn is_within(units: u64) -> bool {
    (AMOUNT.least..=AMOUNT.most).contains(&units)
}

pub(super) fn all() -> Vec<Signed> {
    let [in_lot, left] = [repaid(), ended()].map(|world| world.credit.collateral.remaining());
    let over = World { now: START + 51 * DAY, ..seizing() };
    vec![
        on_credit("credit_seize_to_pool", "", defaulted(), |world| {
            // The lot is at the address of the index that was read.
            let (seized, index) = (world.credit.collateral.seized, world.credit.lots_opened);
            ensure(index == 0, BlockableError::LotMismatch)?;
            world.seize(AMOUNT)?;
            Ok(is_within(world.credit.collateral.seized - seized))
        }),
        on_credit("credit_seize_to_lender", "", defaulted(), |world| {
            let (before, clock) = (world.accrued(), world.clock());
            let (units, _) = world.credit.take_over(CREDIT, AMOUNT, &clock)?;
            let worth = before.value_paid(units)?.min(before.debt.total());
            Ok(is_within(units) && before.debt.total() - world.credit.debt.total() == worth)
        }),
        on_credit("lot_buy", "", seizing(), |world| {
            let (clock, fee, mut lot) = (world.clock(), world.market.redistribution_fee_bps, world.lot(0)?);
            let Quote { units, cost } = lot.quote(&world.credit, &BUYER, AMOUNT, 100 * USDC, &clock)?;
            let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
            world.credit.sell(&mut lot, sale, fee, &clock)?;
            let dearest = auction::cost(units, 100 * USDC)?;
            let expires = world.credit.units_expire_at;
            Ok(is_within(units) && cost <= dearest && (expires == 0 || clock.market < expires))
        }),
        on_credit("lot_close", "by the lender", over, |world| {
            let (lot, before) = (world.lot(0)?, world.credit);
            world.close_lot(0, &LENDER)?;
            let (were, are) = (before.collateral, world.credit.collateral);
            let returned = are.seized + lot.units_left == were.seized;
            // While something is owed, all that comes back comes back frozen.
            let secured = !before.status()?.is_secured()
                || (are.frozen() - were.frozen() == lot.units_left && are.available() == were.available());
            Ok(returned && secured && world.credit.lots_open + 1 == before.lots_open)
        }),
        on_credit("credit_close", "of an ended loan", ended(), move |world| {
            let (before, clock) = (world.credit.collateral.remaining(), world.clock());
            world.credit.close(&BORROWER, left, &mut world.provider, &clock)?;
            Ok(before <= left)
        }),
        on_credit("credit_close", "with all before it", repaid(), move |world| {
            let (before, clock) = (world.credit.collateral.remaining(), world.clock());
            // The lot is closed, the claims are collected and the vault is removed in the same transaction.
            world.credit.lots_open = 0;
            world.credit.vault_closed = 1;
            world.credit.close(&BORROWER, in_lot, &mut world.provider, &clock)?;
            Ok(before <= in_lot)
        }),
    ]
}
