//! Marks, freezes, notices, seizures and sales.

use {
    super::{Step, step},
    crate::{
        actions::{
            CancelSigners, CrossCredit, FreezeAmount, LoanRead, Notice, Quote, Sale, ThawBounds, UnitBounds,
        },
        state::{Credit, FreezeReason},
        tests::{
            stage::*,
            stale::world::{Done, World},
        },
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
    bytemuck::Zeroable,
};

pub(super) const STEPS: &[Step] = &[
    step("delinquency is marked", &["credit_mark_delinquent"], |world| {
        world.act(|credit, clock| credit.mark_delinquent(clock))
    }),
    step("default is marked", &["credit_mark_defaulted"], |world| {
        world.act(|credit, clock| credit.mark_defaulted(clock))
    }),
    step("the reserve is drawn", &["reserve_draw"], |world| {
        world.act(|credit, clock| credit.draw_reserve(CREDIT, clock))
    }),
    step("anyone freezes in default", &["credit_auto_freeze"], |world| {
        world.act(|credit, clock| credit.auto_freeze(CREDIT, clock))
    }),
    step("the lender freezes all for risk", &["credit_freeze"], |world| {
        world.freeze(FreezeAmount::All, FreezeReason::Risk)
    }),
    step("the lender freezes for a missed payment", &["credit_freeze"], |world| {
        world.freeze(FreezeAmount::Bps(5_000), FreezeReason::MissedPayment)
    }),
    step("the lender freezes for the default of another loan", &["credit_freeze"], |world| {
        world.act(|credit, clock| {
            let other = Credit { status: Status::Defaulted.byte(), ..*credit };
            let cross = CrossCredit { key: key(65), credit: &other };
            let (amount, reason) = (FreezeAmount::Units(200_000), FreezeReason::CrossDefault);
            credit.freeze(&{ credit.lender }, amount, reason, Some(cross), clock)
        })
    }),
    step("the default of another loan is over", &["credit_thaw_cross"], |world| {
        world.act(|credit, _| credit.thaw_cross(None))
    }),
    step("the lender thaws a third", &["credit_thaw"], |world| {
        let most = world.credit.collateral.frozen() / 3;
        world.act(|credit, _| credit.thaw(&{ credit.lender }, ThawBounds { most, keep: 0 }))
    }),
    step("the lender gives notice", &["credit_give_notice"], give_notice),
    step("the lender withdraws its notice", &["credit_withdraw_notice"], withdraw_notice),
    step("the lender gives another notice", &["credit_withdraw_notice", "credit_give_notice"], |world| {
        withdraw_notice(world)?;
        world.now += 60;
        give_notice(world)
    }),
    step("the lender waives a fee", &["credit_waive_fee"], |world| {
        world.act(|credit, clock| credit.waive_fee(&{ credit.lender }, USDC / 2, clock))
    }),
    step("the lender seizes a tenth", &["credit_seize_to_pool"], |world| {
        let units = tenth(world)?;
        world.seize(UnitBounds::exactly(units))
    }),
    step("the lender seizes all", &["credit_seize_to_pool"], |world| world.seize(UnitBounds::ALL)),
    step("the lender takes a tenth over", &["credit_seize_to_lender"], |world| {
        let most = tenth(world)?;
        world.act(|credit, clock| credit.take_over(CREDIT, UnitBounds { least: 1, most }, clock))
    }),
    step("a unit of the lot is bought", &["lot_buy"], |world| buy(world, UnitBounds::exactly(1))),
    step("all of the lot is bought", &["lot_buy"], |world| buy(world, UnitBounds::ALL)),
    step("the lot is closed", &["lot_close"], |world| {
        let (index, lender) = (world.first_lot()?, world.credit.lender);
        world.close_lot(index, &lender).map(drop)
    }),
    step("the lender writes the debt off", &["credit_write_off"], |world| {
        let mut provider = world.provider;
        world.act(|credit, clock| {
            let (lender, slot) = (credit.lender, credit.offer_slot);
            credit.write_off(&lender, slot, u64::MAX, &mut provider, clock)
        })?;
        world.provider = provider;
        Ok(())
    }),
    step("the lender cancels a tenth", &["credit_cancel_locked"], |world| {
        world.exists()?;
        let (lender, most) = (world.credit.lender, world.accrued().cancellable()?.div_ceil(10));
        cancel(world, lender, None, UnitBounds { least: 1, most })
    }),
    step("anybody cancels", &["credit_cancel_locked"], |world| cancel(world, key(62), None, UnitBounds::ALL)),
    step("lender and borrower cancel half", &["credit_cancel_locked"], |world| {
        world.exists()?;
        let (Credit { lender, borrower, .. }, most) = (world.credit, world.accrued().cancellable()? / 2);
        cancel(world, lender, Some(borrower), UnitBounds { least: 1, most })
    }),
    step("the vault is removed", &["vault_close"], |world| {
        world.act(|credit, clock| credit.close_vault(0, clock))
    }),
    step("the credit is removed", &["credit_close"], |world| {
        let mut provider = world.provider;
        world.act(|credit, clock| credit.close(&{ credit.borrower }, u64::MAX, &mut provider, clock))?;
        (world.provider, world.credit) = (provider, Credit::zeroed());
        Ok(())
    }),
];

fn give_notice(world: &mut World) -> Done {
    world.act(|credit, clock| {
        let offer_slot = credit.offer_slot;
        let notice = Notice { document: [8; 32], offer_slot, least_status: Status::Active };
        credit.give_notice(&{ credit.lender }, notice, clock)
    })
}

fn withdraw_notice(world: &mut World) -> Done {
    world.act(|credit, clock| {
        let given_at = credit.defaulted_at;
        credit.withdraw_notice(&{ credit.lender }, given_at, clock)
    })
}

/// A tenth of what can be seized, rounded up: the least that a first seizure takes.
fn tenth(world: &World) -> anchor_lang::Result<u64> {
    Ok(world.credit.seizable(&world.clock())?.div_ceil(10))
}

fn cancel(world: &mut World, signer: Pubkey, borrower: Option<Pubkey>, amount: UnitBounds) -> Done {
    let (mut provider, market) = (world.provider, world.market);
    world.act(|credit, clock| {
        let (signers, read) = (CancelSigners { signer, borrower }, LoanRead::from_credit(credit)?);
        credit.cancel_locked(signers, amount, read, &mut provider, &market, clock)
    })?;
    world.provider = provider;
    Ok(())
}

fn buy(world: &mut World, amount: UnitBounds) -> Done {
    let (index, fee) = (world.first_lot()?, world.market.redistribution_fee_bps);
    let mut lot = world.lot(index)?;
    world.act(|credit, clock| {
        let Quote { units, cost } = lot.quote(credit, &key(62), amount, u64::MAX, clock)?;
        let sale = Sale { lot: LOT, buyer: key(62), units, cost };
        credit.sell(&mut lot, sale, fee, clock)
    })?;
    world.lots[index] = lot;
    Ok(())
}
