//! Payments, use, the passing of time, and agreements between parties.

use {
    super::{Step, step},
    crate::{
        actions::{BorrowerLimits, PurchaseLimits, RestructureLimits},
        metering::{self, Reading},
        state::{Instalment, Party, TermBounds, Terms},
        tests::{
            stage::*,
            stale::world::{Done, World},
        },
        transitions::Action,
        units::Overflow,
    },
    anchor_lang::prelude::Pubkey,
};

const OTHER_LENDER: Pubkey = key(60);
const OTHER_BORROWER: Pubkey = key(61);

pub(super) const STEPS: &[Step] = &[
    step("a stranger pays a micro-USDC", &["credit_repay"], |world| world.pay(BUYER, 1)),
    step("the borrower pays 26 USDC", &["credit_repay"], |world| world.pay(BORROWER, 26 * USDC)),
    step("all but a dollar is paid", &["credit_repay"], |world| {
        world.exists()?;
        let debt = world.accrued().debt.total();
        world.pay(BORROWER, debt.saturating_sub(USDC))
    }),
    step("all is paid", &["credit_repay"], |world| world.pay(BORROWER, u64::MAX)),
    step("the lender's claim is collected", &["vault_collect"], |world| collect(world, Party::Lender)),
    step("the borrower's claim is collected", &["vault_collect"], |world| collect(world, Party::Borrower)),
    step("the treasury's claim is collected", &["vault_collect"], |world| collect(world, Party::Treasury)),
    step("the provider's claim is collected", &["vault_collect"], |world| {
        world.provider.open_payout()?;
        collect(world, Party::Provider)
    }),
    step("units are used", &["usage_meter"], use_units),
    step("the covenant is applied", &["usage_meter", "covenant_apply"], |world| {
        use_units(world)?;
        world.act(|credit, clock| credit.apply_covenant(clock))
    }),
    step("a day passes", &[], |world| pass(world, DAY)),
    step("two days pass", &[], |world| pass(world, 2 * DAY)),
    step("twenty days pass", &[], |world| pass(world, 20 * DAY)),
    step("a year passes", &[], |world| pass(world, 365 * DAY)),
    step("units expire", &["credit_expire_units"], |world| {
        world.act(|credit, clock| credit.expire_units(clock))
    }),
    step("the loan is restructured", &["credit_restructure"], |world| {
        world.exists()?;
        let credit = world.accrued();
        let limits = RestructureLimits::from_credit(&credit)?;
        let schedule = vec![Instalment { due_after: 20 * DAY as u32, principal: credit.debt.principal }];
        let (terms, bounds) = (Terms { apr_bps: 500, ..credit.terms }, TermBounds::PRODUCTION);
        world.act(|credit, clock| credit.restructure(terms, schedule, &limits, &bounds, false, clock))
    }),
    step("the loan is offered to another lender", &["credit_offer_lender"], |world| {
        offer_lender(world, OTHER_LENDER)
    }),
    step("the loan is offered to the buyer again", &["credit_offer_lender"], |world| {
        offer_lender(world, BUYER)
    }),
    step("the offer of the loan is withdrawn", &["credit_offer_lender"], |world| {
        offer_lender(world, Pubkey::default())
    }),
    step("the loan is taken", &["credit_accept_lender"], |world| {
        let limits = PurchaseLimits::from_credit(&world.accrued())?;
        world.act(|credit, clock| credit.accept_lender(&{ credit.pending_lender }, &limits, clock))
    }),
    step("the lender names another freeze authority", &["credit_set_freeze_authority"], |world| {
        world.act(|credit, clock| {
            credit.set_freeze_authority(&{ credit.lender }, credit.offer_slot, GUARDIAN, clock)
        })
    }),
    step("the borrower's place is offered to another key", &["credit_offer_borrower"], |world| {
        offer_borrower(world, OTHER_BORROWER)
    }),
    step("the borrower's place is offered to nobody", &["credit_offer_borrower"], |world| {
        offer_borrower(world, Pubkey::default())
    }),
    step("the borrower's place is taken", &["credit_accept_borrower"], |world| {
        let limits = BorrowerLimits::from_credit(&world.accrued())?;
        world.act(|credit, clock| credit.accept_borrower(&{ credit.pending_borrower }, &limits, clock))
    }),
    step("the offer of the borrower's place is withdrawn", &["credit_withdraw_borrower"], |world| {
        world.act(|credit, clock| credit.withdraw_borrower(&{ credit.lender }, clock))
    }),
];

fn collect(world: &mut World, party: Party) -> Done {
    world.act(|credit, clock| credit.collect(party, TREASURY, clock))
}

fn offer_lender(world: &mut World, to: Pubkey) -> Done {
    world.act(|credit, clock| credit.offer_lender(&{ credit.lender }, credit.offer_slot, to, clock))
}

fn offer_borrower(world: &mut World, to: Pubkey) -> Done {
    let delay = world.market.change_delay;
    world.act(|credit, clock| credit.offer_borrower(credit.offer_slot, to, delay, clock))
}

fn use_units(world: &mut World) -> Done {
    let reported_at = world.now;
    world.act(|credit, clock| {
        credit.advance(Action::Meter)?;
        let cumulative = credit.meter.cumulative + 1_000;
        let reading = Reading { cumulative, in_flight: 500, reported_at };
        let (mut collateral, mut meter) = (credit.collateral, credit.meter);
        // A skipped reading is no step.
        let applied = metering::apply(&mut collateral, &mut meter, &reading, 1_000, clock.chain, None);
        applied.map_err(|_| Overflow)?;
        (credit.collateral, credit.meter) = (collateral, meter);
        Ok(())
    })
}

fn pass(world: &mut World, seconds: i64) -> Done {
    world.now += seconds;
    Ok(())
}
