//! The steps that other parties can take between a signer's reading and the landing of its signature.

use {
    super::world::{Done, World},
    crate::{
        actions::{
            BorrowerLimits, FreezeAmount, Notice, OfferRead, PurchaseLimits, Quote, RestructureLimits, Sale,
            ThawBounds, UnitBounds,
        },
        metering::{self, Reading},
        state::{
            Credit, FreezeReason, Instalment, MarketSettings, Party, ProviderSettings, TermBounds, Terms,
        },
        tests::stage::*,
        transitions::Status,
    },
    bytemuck::Zeroable,
};

pub(super) type Step = fn(&mut World) -> Done;

/// Every step, by its name.
pub(super) const STEPS: &[(&str, Step)] = &[
    ("the lender withdraws the offer", |world| withdraw(world, false)),
    ("the borrower withdraws the offer", |world| withdraw(world, true)),
    ("the offer is made again", |world| replace(world, TERMS)),
    ("another offer takes its place", |world| {
        replace(world, Terms { principal: 100 * USDC, units: 9_000_000, ..TERMS })
    }),
    ("other terms are offered at its address", |world| {
        withdraw(world, false)?;
        world.credit = Credit::zeroed();
        world.offer(Terms { apr_bps: 900, ..TERMS })
    }),
    ("the same terms are offered at its address", |world| {
        withdraw(world, false)?;
        world.credit = Credit::zeroed();
        world.offer(TERMS)
    }),
    ("the borrower accepts", |world| {
        let (read, clock) = (OfferRead::from_credit(&world.credit), world.clock());
        world.credit.accept(&BORROWER, read, &clock).map(drop)
    }),
    ("the provider issues", |world| {
        let (read, clock) = (OfferRead::from_credit(&world.credit), world.clock());
        world.credit.issue(&mut world.provider, read, &clock).map(drop)
    }),
    ("a stranger funds a micro-USDC of the reserve", |world| fund(world, 1)),
    ("the borrower funds the reserve", |world| fund(world, u64::MAX)),
    ("a stranger pays a micro-USDC", |world| world.pay(BUYER, 1)),
    ("the borrower pays 26 USDC", |world| world.pay(BORROWER, 26 * USDC)),
    ("all but a dollar is paid", |world| {
        let debt = world.accrued().debt.total();
        world.pay(BORROWER, debt.saturating_sub(USDC))
    }),
    ("all is paid", |world| world.pay(BORROWER, u64::MAX)),
    ("the lender's claim is collected", |world| collect(world, Party::Lender)),
    ("the borrower's claim is collected", |world| collect(world, Party::Borrower)),
    ("delinquency is marked", |world| {
        let clock = world.clock();
        world.credit.mark_delinquent(CREDIT, &clock).map(drop)
    }),
    ("default is marked", |world| {
        let clock = world.clock();
        world.credit.mark_defaulted(CREDIT, &clock).map(drop)
    }),
    ("the reserve is drawn", |world| {
        let clock = world.clock();
        world.credit.draw_reserve(CREDIT, &clock).map(drop)
    }),
    ("anyone freezes in default", |world| {
        let clock = world.clock();
        world.credit.auto_freeze(CREDIT, &clock).map(drop)
    }),
    ("the lender freezes all for risk", |world| freeze(world, FreezeAmount::All, FreezeReason::Risk)),
    ("the lender freezes for a missed payment", |world| {
        freeze(world, FreezeAmount::Bps(5_000), FreezeReason::MissedPayment)
    }),
    ("the lender thaws a third", |world| {
        let most = world.credit.collateral.frozen() / 3;
        world.credit.thaw(&LENDER, ThawBounds { most, keep: 0 }).map(drop)
    }),
    ("the lender gives notice", |world| {
        let (offer_slot, clock) = (world.credit.offer_slot, world.clock());
        let notice = Notice { document: [8; 32], offer_slot, least_status: Status::Active };
        world.credit.give_notice(&LENDER, notice, &clock).map(drop)
    }),
    ("the lender withdraws its notice", |world| {
        let (given_at, clock) = (world.credit.defaulted_at, world.clock());
        world.credit.withdraw_notice(&LENDER, given_at, &clock).map(drop)
    }),
    ("the lender gives another notice", |world| {
        let (given_at, clock) = (world.credit.defaulted_at, world.clock());
        world.credit.withdraw_notice(&LENDER, given_at, &clock)?;
        world.now += 60;
        let (notice, clock) = (NOTICE, world.clock());
        world.credit.give_notice(&LENDER, notice, &clock).map(drop)
    }),
    ("the lender waives a fee", |world| {
        let clock = world.clock();
        world.credit.waive_fee(&LENDER, USDC / 2, &clock).map(drop)
    }),
    ("the lender seizes a tenth", |world| {
        let clock = world.clock();
        let units = world.credit.seizable(&clock)?.div_ceil(10);
        world.seize(UnitBounds::exactly(units))
    }),
    ("the lender seizes all", |world| world.seize(UnitBounds::ALL)),
    ("the lender takes a tenth over", |world| {
        let clock = world.clock();
        let units = world.credit.seizable(&clock)?.div_ceil(10);
        world.credit.take_over(CREDIT, UnitBounds { least: 1, most: units }, &clock).map(drop)
    }),
    ("a unit of the lot is bought", |world| buy(world, UnitBounds::exactly(1))),
    ("all of the lot is bought", |world| buy(world, UnitBounds::ALL)),
    ("the lot is closed", |world| {
        let clock = world.clock();
        let lot = world.lot;
        world.credit.close_lot(&lot, LOT, &LENDER, &clock).map(drop)
    }),
    ("the vault is removed", |world| {
        let clock = world.clock();
        world.credit.close_vault(0, &clock).map(drop)
    }),
    ("the loan is restructured", |world| {
        let (credit, clock) = (world.accrued(), world.clock());
        let limits = RestructureLimits::from_credit(&credit)?;
        let schedule = vec![Instalment { due_after: 20 * DAY as u32, principal: credit.debt.principal }];
        let terms = Terms { apr_bps: 500, ..credit.terms };
        world.credit.restructure(terms, schedule, &limits, &TermBounds::PRODUCTION, &clock).map(drop)
    }),
    ("the loan is offered to another lender", |world| {
        let (slot, clock) = (world.credit.offer_slot, world.clock());
        world.credit.offer_lender(&LENDER, slot, key(60), &clock).map(drop)
    }),
    ("the loan is offered to the buyer again", |world| {
        let (slot, clock) = (world.credit.offer_slot, world.clock());
        world.credit.offer_lender(&LENDER, slot, BUYER, &clock).map(drop)
    }),
    ("another lender takes the loan", |world| {
        let (limits, clock) = (PurchaseLimits::from_credit(&world.accrued())?, world.clock());
        world.credit.accept_lender(&key(60), &limits, &clock).map(drop)
    }),
    ("the borrower's place is offered to another key", |world| {
        let (delay, clock) = (world.market.change_delay, world.clock());
        let slot = world.credit.offer_slot;
        world.credit.offer_borrower(slot, key(61), delay, &clock).map(drop)
    }),
    ("the borrower's place is taken", |world| {
        let (limits, clock) = (BorrowerLimits::from_credit(&world.accrued())?, world.clock());
        world.credit.accept_borrower(&key(61), &limits, &clock).map(drop)
    }),
    ("the offer of the borrower's place is withdrawn", |world| {
        let clock = world.clock();
        world.credit.withdraw_borrower(&LENDER, &clock).map(drop)
    }),
    ("units are used", use_units),
    ("a day passes", |world| pass(world, DAY)),
    ("two days pass", |world| pass(world, 2 * DAY)),
    ("twenty days pass", |world| pass(world, 20 * DAY)),
    ("the provider issues to somebody else", |world| {
        world.provider.outstanding_units =
            metering::commit(world.provider.outstanding_units, 1_000, world.provider.capacity_units)?;
        Ok(())
    }),
    ("the provider proposes other settings", |world| {
        let (market, clock) = (world.market, world.clock());
        let rate = world.provider.proposed.max_units_per_second.max(1_000) + 1;
        let settings = ProviderSettings { max_units_per_second: rate, ..settings() };
        world.provider.propose_change(&OPERATOR, &settings, &market, &clock)
    }),
    ("the provider drops its proposal", |world| {
        let (ready_at, clock) = (world.provider.change_ready_at, world.clock());
        world.provider.cancel_change(&OPERATOR, ready_at, &clock)
    }),
    ("the admin proposes other settings", |world| {
        let clock = world.clock();
        let fee = world.market.proposed_settings().redistribution_fee_bps.max(200) + 1;
        let settings = MarketSettings { redistribution_fee_bps: fee, ..world.market.settings() };
        world.market.propose_change(&ADMIN, settings, &clock).map(drop)
    }),
    ("the admin drops its proposal", |world| {
        let (ready_at, clock) = (world.market.change_ready_at, world.clock());
        world.market.cancel_change(&ADMIN, ready_at, &clock).map(drop)
    }),
    ("the guardian pauses", |world| {
        let clock = world.clock();
        world.market.pause(&GUARDIAN, 600, &clock).map(drop)
    }),
    ("the admin ends the pause", |world| {
        let (began_at, clock) = (world.market.paused_at, world.clock());
        world.market.unpause(&ADMIN, began_at, &clock).map(drop)
    }),
    ("the guardian halts", |world| {
        let clock = world.clock();
        world.market.halt(&GUARDIAN, &clock).map(drop)
    }),
    ("the address is used again", |world| reuse(world)),
    ("the address is used again, and that loan defaults", |world| {
        reuse(world)?;
        world.now += 31 * DAY;
        let clock = world.clock();
        world.credit.mark_delinquent(CREDIT, &clock)?;
        world.credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::MissedPayment, &clock)?;
        world.now += 4 * DAY;
        let clock = world.clock();
        world.credit.mark_defaulted(CREDIT, &clock)?;
        pass(world, 11 * DAY)
    }),
];

fn withdraw(world: &mut World, by_borrower: bool) -> Done {
    let clock = world.clock();
    let in_vault = world.credit.owed_from_vault()?;
    let (slot, signer) = (world.credit.offer_slot, if by_borrower { BORROWER } else { LENDER });
    world.credit.cancel(&signer, slot, in_vault, &clock).map(drop)
}

/// Withdraws the offer, frees its address and makes another, which the borrower accepts and funds.
fn replace(world: &mut World, terms: Terms) -> Done {
    withdraw(world, false)?;
    world.credit = Credit::zeroed();
    world.offer(terms)?;
    let (read, clock) = (OfferRead::from_credit(&world.credit), world.clock());
    world.credit.accept(&BORROWER, read, &clock)?;
    fund(world, u64::MAX)
}

/// Ends the agreement at the credit's address and makes another one there, with live units.
fn reuse(world: &mut World) -> Done {
    let clock = world.clock();
    if world.credit.status()? < Status::Active {
        withdraw(world, false)?;
    } else {
        if world.credit.status()? != Status::Repaid {
            world.pay(BORROWER, u64::MAX)?;
        }
        if world.credit.lots_open > 0 {
            let lot = world.lot;
            world.credit.close_lot(&lot, LOT, &LENDER, &clock)?;
        }
        for party in [Party::Lender, Party::Borrower, Party::Treasury] {
            if world.credit.has_claim(party, 0)? {
                collect(world, party)?;
            }
        }
        if world.credit.vault_closed == 0 {
            let _ = world.credit.close_vault(0, &clock)?;
        }
        world.credit.close(&BORROWER, u64::MAX, &mut world.provider, &clock)?;
    }
    world.credit = Credit::zeroed();
    world.offer(TERMS)?;
    let read = OfferRead::from_credit(&world.credit);
    world.credit.accept(&BORROWER, read, &clock)?;
    fund(world, u64::MAX)?;
    world.credit.issue(&mut world.provider, read, &clock).map(drop)
}

fn fund(world: &mut World, amount: u64) -> Done {
    let clock = world.clock();
    let paid = world.credit.begin_funding(amount, &clock)?;
    world.credit.receive_funding(BORROWER, paid).map(drop)
}

fn collect(world: &mut World, party: Party) -> Done {
    let clock = world.clock();
    world.credit.collect(party, TREASURY, &clock).map(drop)
}

fn freeze(world: &mut World, amount: FreezeAmount, reason: FreezeReason) -> Done {
    let clock = world.clock();
    world.credit.freeze(&LENDER, amount, reason, &clock).map(drop)
}

fn buy(world: &mut World, amount: UnitBounds) -> Done {
    let clock = world.clock();
    let Quote { units, cost } = world.lot.quote(&world.credit, &key(62), amount, u64::MAX, &clock)?;
    let sale = Sale { lot: LOT, buyer: key(62), units, cost };
    world.credit.sell(&mut world.lot, sale, world.market.redistribution_fee_bps, &clock).map(drop)
}

fn use_units(world: &mut World) -> Done {
    let clock = world.clock();
    let cumulative = world.credit.meter.cumulative + 1_000;
    let reading = Reading { cumulative, in_flight: 500, reported_at: world.now };
    let (mut collateral, mut meter) = (world.credit.collateral, world.credit.meter);
    // A skipped reading is no step.
    let applied = metering::apply(&mut collateral, &mut meter, &reading, 1_000, clock.chain, false);
    applied.map_err(|_| crate::units::Overflow)?;
    (world.credit.collateral, world.credit.meter) = (collateral, meter);
    Ok(())
}

fn pass(world: &mut World, seconds: i64) -> Done {
    world.now += seconds;
    Ok(())
}
