//! Refusals of freezes for the default of another credit, and of their end.

use {
    crate::{
        attempt::{Attempt, repay},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        program::{
            instructions::FreezeAmount,
            state::{Credit, FreezePolicy, FreezeReason, Instalment},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_freeze by freezing {
        MarketMismatch: freeze_for_another_credit_in_a_foreign_market = |good| good.in_foreign_market();
        NotFreezer: freeze_for_another_credit_by_a_stranger = |good| good.signed_by("stranger");
        NotFreezer: freeze_for_another_credit_by_the_borrower = |good| good.signed_by("borrower");
        CrossDefaultNotAgreed: freeze_for_another_credit_without_agreement = |good| {
            good.with_credit(|credit| credit.rider.cross_default = 0)
        };
        CrossCreditMissing: freeze_for_another_credit_that_is_not_given = |good| good.with(|world, credit| {
            world.freeze(credit, FreezeAmount::All, FreezeReason::CrossDefault)
        });
        CrossCreditMismatch: freeze_for_the_credit_itself = |good| {
            let good = good.with_status(Status::Defaulted);
            good.with(|world, credit| freeze(world, credit, credit))
        };
        CrossCreditSound: freeze_for_a_credit_in_delinquency = |good| with_other(good, |other| {
            other.status = Status::Delinquent.byte();
        });
        CrossCreditSound: freeze_for_a_credit_that_performs = |good| with_other(good, |other| {
            other.status = Status::Active.byte();
        });
        CrossCreditSound: freeze_for_a_credit_that_is_paid = |good| good.after(|world, _| {
            let other = other_of(world);
            repay(world, &other);
        });
        CrossCreditSound: freeze_for_a_credit_in_an_unknown_status = |good| with_other(good, |other| other.status = 99);
        CrossCreditSound: freeze_for_a_credit_of_another_lender = |good| with_other(good, |other| {
            other.lender = Parties::address("buyer");
        });
        CrossCreditSound: freeze_for_a_credit_of_another_borrower = |good| with_other(good, |other| {
            other.borrower = Parties::address("buyer");
        });
        FreezePolicyForbids: freeze_for_a_risk_with_another_credit_in_default = |good| good.with(|world, credit| {
            let plain = world.freeze(credit, FreezeAmount::All, FreezeReason::Risk);
            Instruction { data: plain.data, ..freeze(world, credit, &other_of(world)) }
        });
        WrongStatus: freeze_for_another_credit_what_is_repaid = |good| good.after(repay);
        AlreadyFrozen: freeze_for_another_credit_twice = |good| good.after(|world, credit| {
            let freeze = freeze(world, credit, &other_of(world));
            world.sent(&[freeze], &["lender"]);
        });
    }
    credit_thaw_cross by thawing {
        MarketMismatch: thaw_cross_in_a_foreign_market = |good| good.in_foreign_market();
        ArithmeticOverflow: thaw_cross_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: thaw_cross_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: thaw_cross_when_nothing_is_owed_any_more = |good| good.with_status(Status::Repaid);
        CrossCreditMismatch: thaw_cross_by_a_credit_that_the_freeze_does_not_rest_on = |good| good.with(|world, credit| {
            world.thaw_cross(credit, credit)
        });
        CrossCreditMismatch: thaw_cross_by_an_address_without_an_account = |good| good.with(|world, credit| {
            world.thaw_cross(credit, &world.credit_address(3))
        });
        NoCrossFreeze: thaw_cross_twice = |good| good.after(|world, credit| {
            let thaw = world.thaw_cross(credit, &other_of(world));
            world.sent(&[thaw], &[]);
        }).with(|world, credit| world.thaw_cross(credit, &Pubkey::default()));
        NoCrossFreeze: thaw_cross_what_is_frozen_for_a_risk = |good| good.with_credit(|credit| {
            credit.collateral.frozen_for_other = std::mem::take(&mut credit.collateral.frozen_for_cross);
        });
        CrossDefaultStands: thaw_cross_while_the_default_stands = |good| with_other(good, |other| {
            other.status = Status::Defaulted.byte();
        });
        CrossDefaultStands: thaw_cross_after_the_first_seizure = |good| with_other(good, |other| {
            other.status = Status::Seizing.byte();
        });
    }
}

/// A loan with cross-default that the lender may freeze for no other reason, first due on day 60.
fn performing() -> Loan {
    let instalment = |month: u32| Instalment { due_after: (month + 1) * 30 * DAY, principal: 20_000 * USDC };
    let schedule: Vec<Instalment> = (1..=5).map(instalment).collect();
    let loan = Loan::new(1).with_schedule(&schedule).with_cross_default();
    loan.with(|terms| terms.freeze_policy = FreezePolicy::OnDefault as u8)
}

fn other_of(world: &World) -> Pubkey {
    world.credit_address(2)
}

fn freeze(world: &World, credit: &Pubkey, other: &Pubkey) -> Instruction {
    world.freeze_cross("lender", credit, other, FreezeAmount::All)
}

fn with_other(good: Attempt, change: impl FnOnce(&mut Credit)) -> Attempt {
    let other = other_of(&good.world);
    good.written(other, change)
}

/// A performing loan, while another one of the same parties is in default.
fn freezing() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&performing());
    let other = world.defaulted(&Loan::new(2));
    let freeze = freeze(&world, &credit, &other);
    Attempt::new(world, credit, freeze, &["lender"])
}

/// The same frozen for the other one, which has been cured since.
fn thawing() -> Attempt {
    freezing()
        .after(|world, credit| {
            let other = other_of(world);
            let freeze = freeze(world, credit, &other);
            world.sent(&[freeze], &["lender"]);
            let cure = world.repay("borrower", &other, 30_000 * USDC);
            world.sent(&[cure], &["borrower"]);
        })
        .with(|world, credit| world.thaw_cross(credit, &other_of(world)))
        .signed_by_nobody()
}
