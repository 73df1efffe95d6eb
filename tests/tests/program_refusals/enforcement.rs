//! Refusals of marks, freezes and thaws.

use {
    crate::{
        attempt::{Attempt, repay},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::{FreezePolicy, FreezeReason, Rider},
        },
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

refusals! {
    credit_mark_delinquent by marking_delinquent {
        VaultMismatch: mark_delinquent_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: mark_delinquent_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        MarketMismatch: mark_delinquent_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: mark_delinquent_while_paused = |good| good.while_paused();
        ArithmeticOverflow: mark_delinquent_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: mark_delinquent_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: mark_delinquent_twice = |good| good.after(|world, credit| {
            let mark = world.mark_delinquent(credit);
            world.sent(&[mark], &[]);
        });
        WrongStatus: mark_an_offer_delinquent = |good| good.after(|world, _| {
            world.offered(&current(world));
        }).with(|world, _| world.mark_delinquent(&world.credit_address(2)));
        NotInArrears: mark_delinquent_before_anything_is_due = |good| good.after(|world, _| {
            let credit = world.active(&current(world));
            world.set_time(world.credit(&credit).issued_at + i64::from(30 * DAY) - 1);
        }).with(|world, _| world.mark_delinquent(&world.credit_address(2)));
        ReserveCovers: mark_delinquent_while_the_reserve_covers_it = |_| {
            let mut world = World::new();
            let loan = Loan::new(1).with_rider(Rider { reserve: 30_000 * USDC, ..Rider::default() });
            let credit = world.active_with_reserve(&loan);
            world.pass(35 * DAY);
            let mark = world.mark_delinquent(&credit);
            Attempt::new(world, credit, mark, &[])
        };
        DelinquencyGraceRunning: mark_delinquent_a_second_early = |good| good.after(|world, _| {
            world.set_time(world.now() - 1);
        });
    }
    credit_mark_defaulted by marking_defaulted {
        VaultMismatch: mark_defaulted_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: mark_defaulted_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        MarketMismatch: mark_defaulted_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: mark_defaulted_while_paused = |good| good.while_paused();
        ArithmeticOverflow: mark_defaulted_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: mark_defaulted_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: mark_defaulted_twice = |good| good.after(|world, credit| {
            let mark = world.mark_defaulted(credit);
            world.sent(&[mark], &[]);
        });
        WrongStatus: mark_defaulted_what_is_not_delinquent = |good| good.after(|world, _| {
            let credit = world.active(&current(world));
            world.set_time(world.credit(&credit).issued_at + i64::from(60 * DAY));
        }).with(|world, _| world.mark_defaulted(&world.credit_address(2)));
        DefaultGraceRunning: mark_defaulted_a_second_early = |good| good.after(|world, _| {
            world.set_time(world.now() - 1);
        });
    }
    credit_freeze by freezing {
        MarketMismatch: freeze_in_a_foreign_market = |good| good.in_foreign_market();
        NotFreezer: freeze_by_a_stranger = |good| good.signed_by("stranger");
        NotFreezer: freeze_by_the_borrower = |good| good.signed_by("borrower");
        NotFreezer: freeze_by_the_guardian = |good| good.signed_by("guardian");
        ArithmeticOverflow: freeze_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: freeze_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: freeze_an_offer = |good| good.after(|world, _| {
            world.offered(&current(world));
        }).with(|world, _| freeze(world, &world.credit_address(2), FreezeAmount::All));
        WrongStatus: freeze_what_is_repaid = |good| good.after(repay);
        FreezePolicyForbids: freeze_before_the_mark_of_delinquency = |good| good.after(|world, _| {
            world.active(&current(world));
        }).with(|world, _| freeze(world, &world.credit_address(2), FreezeAmount::All));
        FreezePolicyForbids: freeze_before_the_mark_of_default = |good| {
            good.with_credit(|credit| credit.terms.freeze_policy = FreezePolicy::OnDefault as u8)
        };
        UnknownFlag: freeze_under_an_unknown_policy = |good| good.with_credit(|credit| credit.terms.freeze_policy = 9);
        AmountZero: freeze_no_units = |good| good.with(|world, credit| freeze(world, credit, FreezeAmount::Units(0)));
        ShareOutOfRange: freeze_a_share_out_of_range = |good| good.with_each(|world, credit| {
            [0, 10_001].map(|bps| freeze(world, credit, FreezeAmount::Bps(bps))).to_vec()
        });
        NotInArrears: freeze_for_a_shortfall_there_is_none_of = |good| good.after(|world, _| {
            world.active(&current(world).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8));
        }).with(|world, _| freeze(world, &world.credit_address(2), FreezeAmount::Shortfall));
        AlreadyFrozen: freeze_what_is_frozen = |good| good.after(freeze_half).with_each(|world, credit| {
            let amounts = [FreezeAmount::Units(500_000_000), FreezeAmount::Bps(5_000), FreezeAmount::Units(1)];
            amounts.map(|amount| freeze(world, credit, amount)).to_vec()
        });
    }
    credit_thaw by thawing {
        MarketMismatch: thaw_in_a_foreign_market = |good| good.in_foreign_market();
        NotFreezer: thaw_by_a_stranger = |good| good.signed_by("stranger");
        NotFreezer: thaw_by_the_borrower = |good| good.signed_by("borrower");
        ArithmeticOverflow: thaw_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: thaw_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: thaw_what_is_repaid = |good| good.after(repay);
        AmountZero: thaw_no_units = |good| good.with(|world, credit| world.thaw("lender", credit, ThawBounds { most: 0, keep: 0 }));
        BeyondFrozen: thaw_what_is_to_stay_frozen = |good| {
            good.with(|world, credit| world.thaw("lender", credit, ThawBounds { most: 1, keep: 500_000_000 }))
        };
        BeyondFrozen: thaw_what_is_not_frozen = |good| good.after(|world, credit| {
            let thaw = world.thaw("lender", credit, ThawBounds::ALL);
            world.sent(&[thaw], &["lender"]);
        });
    }
    credit_auto_freeze by auto_freezing {
        MarketMismatch: auto_freeze_in_a_foreign_market = |good| good.in_foreign_market();
        ArithmeticOverflow: auto_freeze_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: auto_freeze_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: auto_freeze_before_default = |good| good.after(|world, _| {
            world.active(&current(world).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8));
        }).with(|world, _| world.auto_freeze(&world.credit_address(2)));
        AutoFreezeNotAgreed: auto_freeze_what_the_terms_do_not_allow = |good| good.with_credit(|credit| credit.terms.auto_freeze = 0);
        AlreadyFrozen: auto_freeze_twice = |good| good.after(|world, credit| {
            let freeze = world.auto_freeze(credit);
            world.sent(&[freeze], &[]);
        });
    }
}

/// A second loan, offered as late as the test has come.
fn current(world: &World) -> Loan {
    let expiry = world.now() + i64::from(DAY);
    Loan::new(2).with(|terms| terms.offer_expires_at = expiry)
}

fn marking_delinquent() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(35 * DAY);
    let mark = world.mark_delinquent(&credit);
    Attempt::new(world, credit, mark, &[])
}

fn marking_defaulted() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.pass(10 * DAY);
    let mark = world.mark_defaulted(&credit);
    Attempt::new(world, credit, mark, &[])
}

fn freezing() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let freeze = freeze(&world, &credit, FreezeAmount::All);
    Attempt::new(world, credit, freeze, &["lender"])
}

fn thawing() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    freeze_half(&mut world, &credit);
    let thaw = world.thaw("lender", &credit, ThawBounds { most: 500_000_000, keep: 0 });
    Attempt::new(world, credit, thaw, &["lender"])
}

fn auto_freezing() -> Attempt {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    let freeze = world.auto_freeze(&credit);
    Attempt::new(world, credit, freeze, &[])
}

fn freeze(world: &World, credit: &Pubkey, amount: FreezeAmount) -> Instruction {
    world.freeze(credit, amount, FreezeReason::MissedPayment)
}

fn freeze_half(world: &mut World, credit: &Pubkey) {
    let freeze = freeze(world, credit, FreezeAmount::Bps(5_000));
    world.sent(&[freeze], &["lender"]);
}
