//! Refusals of what lender and borrower agree on after the units are live: new schedules, waivers, assignments.

use {
    crate::{
        attempt::{Attempt, full_rider, repay},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        program::{
            instructions::UnitBounds,
            state::{Instalment, MAX_INSTALMENTS, Party, Rider, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_restructure by restructuring {
        MarketMismatch: restructure_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: restructure_by_a_stranger_as_the_lender = |good| good.signed_by("stranger");
        NotLender: restructure_by_the_freeze_authority_as_the_lender = |good| good.signed_by("freezer");
        NotLender: restructure_by_the_borrower_alone = |good| good.signed_by("borrower");
        NotBorrower: restructure_by_a_stranger_as_the_borrower = |good| good.signed_by_instead_of("borrower", "stranger");
        NotBorrower: restructure_by_the_lender_alone = |good| good.signed_by_instead_of("borrower", "lender");
        MarketPaused: restructure_while_paused = |good| good.while_paused();
        ArithmeticOverflow: restructure_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: restructure_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: restructure_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: restructure_after_the_first_seizure = |good| good.after(|world, credit| {
            world.pass(20 * DAY);
            let mark = world.mark_defaulted(credit);
            world.sent(&[mark], &[]);
            world.pass(10 * DAY);
            let seize = world.seize(credit, UnitBounds::exactly(100_000_000));
            world.sent(&[seize], &["lender"]);
        });
        WrongStatus: restructure_what_is_repaid = |good| good.after(repay);
        RestructureTouchesGrant: restructure_the_grant = |good| with_terms(good, &[
            |terms| terms.principal += 1,
            |terms| terms.units -= 1,
            |terms| terms.units += 1,
            |terms| terms.unit_lifetime = 1_000 * DAY,
            |terms| terms.offer_expires_at += 1,
        ]);
        AprTooHigh: restructure_to_too_high_a_rate = |good| with_terms(good, &[|terms| terms.apr_bps = 5_001]);
        LateFeeTooHigh: restructure_to_too_high_a_late_fee = |good| with_terms(good, &[|terms| terms.late_fee = u64::MAX]);
        DelinquencyGraceTooShort: restructure_to_too_short_a_delinquency_grace = |good| {
            with_terms(good, &[|terms| terms.delinquency_grace = DAY - 1])
        };
        DefaultGraceTooShort: restructure_to_too_short_a_default_grace = |good| with_terms(good, &[
            |terms| terms.default_grace = terms.delinquency_grace,
            |terms| (terms.delinquency_grace, terms.default_grace) = (DAY, 2 * DAY - 1),
        ]);
        CurePeriodTooShort: restructure_to_too_short_a_cure_period = |good| with_terms(good, &[|terms| terms.cure_period = DAY - 1]);
        UnknownFlag: restructure_to_flags_of_a_later_version = |good| with_terms(good, &[
            |terms| terms.freeze_policy = 3,
            |terms| terms.auto_freeze = 3,
        ]);
        InstalmentCount: restructure_to_no_or_too_many_instalments = |good| with_schedule(good, &[
            |schedule| schedule.clear(),
            |schedule| schedule.resize(MAX_INSTALMENTS + 1, schedule[0]),
        ]);
        InstalmentsTooClose: restructure_to_instalments_too_close = |good| with_schedule(good, &[
            |schedule| schedule[0].due_after = DAY - 1,
            |schedule| schedule[1].due_after = schedule[0].due_after,
        ]);
        TermTooLong: restructure_to_too_long_a_term = |good| with_schedule(good, &[|schedule| schedule[1].due_after = 3_660 * DAY + 1]);
        PrincipalAboveSchedule: restructure_less_principal_than_is_left = |good| {
            with_schedule(good, &[|schedule| schedule[0].principal -= 1])
        };
        PrincipalMismatch: restructure_more_principal_than_there_can_be = |good| {
            with_schedule(good, &[|schedule| schedule[0].principal = u64::MAX])
        };
        UnitLifetimeTooShort: restructure_beyond_the_life_of_the_units = |good| {
            good.with_credit(|credit| credit.terms.unit_lifetime = 60 * DAY - 1).with(|world, credit| {
                world.restructure(credit, world.credit(credit).terms, schedule())
            })
        };
        CovenantUnsound: restructure_to_a_rate_the_covenant_does_not_reach = |good| {
            let good = good.with_credit(|credit| credit.rider = full_rider());
            with_terms(good, &[|terms| terms.apr_bps = 799, |terms| terms.apr_bps = 1_601])
        };
    }
    credit_waive_fee by waiving {
        AmountZero: waive_nothing = |good| good.with(|world, credit| world.waive_fee("lender", credit, 0));
        MarketMismatch: waive_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: waive_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: waive_by_the_freeze_authority = |good| good.signed_by("freezer");
        MarketPaused: waive_while_paused = |good| good.while_paused();
        ArithmeticOverflow: waive_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: waive_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: waive_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: waive_what_is_repaid = |good| good.after(repay);
        NoLateFees: waive_twice = |good| good.after(|world, credit| {
            // More than is owed waives all.
            let waive = world.waive_fee("lender", credit, 500 * USDC + 1);
            world.sent(&[waive], &["lender"]);
        });
    }
    credit_offer_lender by offering {
        MarketHalted: offer_while_halted = |good| good.while_halted();
        MarketMismatch: offer_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: offer_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: offer_by_the_freeze_authority = |good| good.signed_by("freezer");
        NotLender: offer_by_whom_it_is_offered_to = |good| good.after(offer).signed_by("buyer");
        NotLender: offer_by_the_lender_before = |good| good.after(offer).after(accept);
        MarketPaused: offer_while_paused = |good| good.while_paused();
        ArithmeticOverflow: offer_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: offer_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: offer_before_the_units_are_live = |good| good.with_status(Status::Offered);
        WrongStatus: offer_what_is_repaid = |good| good.after(repay);
        SelfLoan: offer_to_the_borrower = |good| good.with(|world, credit| world.offer_lender("lender", credit, "borrower"));
        OfferReplaced: offer_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
    }
    credit_accept_lender by accepting {
        MarketHalted: accept_while_halted = |good| good.while_halted();
        MarketMismatch: accept_in_a_foreign_market = |good| good.in_foreign_market();
        NotOffered: accept_by_a_stranger = |good| good.signed_by("stranger");
        NotOffered: accept_by_the_lender = |good| good.signed_by("lender");
        NotOffered: accept_by_the_borrower = |good| good.signed_by("borrower");
        NotOffered: accept_what_was_withdrawn = |good| good.after(|world, credit| {
            world.sent(&[world.offer_lender_to("lender", credit, Pubkey::default())], &["lender"]);
        });
        NotOffered: accept_twice = |good| good.after(accept);
        MarketPaused: accept_while_paused = |good| good.while_paused();
        ArithmeticOverflow: accept_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: accept_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: accept_what_is_repaid = |good| good.after(repay);
        ClaimUncollected: accept_before_the_sellers_claim_is_collected = |good| good.after(|world, credit| {
            let pay = world.repay("borrower", credit, 1);
            world.sent(&[pay], &["borrower"]);
        });
    }
    credit_set_freeze_authority by naming_a_freezer {
        OfferReplaced: name_a_freezer_of_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        MarketMismatch: name_a_freezer_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: name_a_freezer_by_a_stranger = |good| good.signed_by("stranger");
        NotLender: name_a_freezer_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: name_a_freezer_by_the_freeze_authority = |good| good.signed_by("freezer");
        MarketPaused: name_a_freezer_while_paused = |good| good.while_paused();
        ArithmeticOverflow: name_a_freezer_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: name_a_freezer_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: name_a_freezer_of_what_is_repaid = |good| good.after(repay);
    }
}

/// All the principal in two instalments, a month apart.
fn schedule() -> Vec<Instalment> {
    [1, 2].map(|month| Instalment { due_after: month * 30 * DAY, principal: 50_000 * USDC }).to_vec()
}

/// A delinquent loan, whose terms stay as they are.
fn restructuring() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let restructure = world.restructure(&credit, world.credit(&credit).terms, schedule());
    Attempt::new(world, credit, restructure, &["lender", "borrower"])
}

/// The restructuring with each of the changes to the terms.
fn with_terms(good: Attempt, changes: &[fn(&mut Terms)]) -> Attempt {
    let restructure = |world: &World, credit: &Pubkey, change: &fn(&mut Terms)| {
        let mut terms = world.credit(credit).terms;
        change(&mut terms);
        world.restructure(credit, terms, schedule())
    };
    good.with_each(|world, credit| changes.iter().map(|change| restructure(world, credit, change)).collect())
}

/// The restructuring with each of the changes to the schedule.
fn with_schedule(good: Attempt, changes: &[fn(&mut Vec<Instalment>)]) -> Attempt {
    let restructure = |world: &World, credit: &Pubkey, change: &fn(&mut Vec<Instalment>)| {
        let mut schedule = schedule();
        change(&mut schedule);
        world.restructure(credit, world.credit(credit).terms, schedule)
    };
    good.with_each(|world, credit| changes.iter().map(|change| restructure(world, credit, change)).collect())
}

fn waiving() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let waive = world.waive_fee("lender", &credit, 500 * USDC);
    Attempt::new(world, credit, waive, &["lender"])
}

fn offering() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let offer = world.offer_lender("lender", &credit, "buyer");
    Attempt::new(world, credit, offer, &["lender"])
}

fn accepting() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    offer(&mut world, &credit);
    let accept = world.accept_lender("buyer", &credit);
    Attempt::new(world, credit, accept, &["buyer"])
}

fn naming_a_freezer() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let name = name_freezer(&world, &credit);
    Attempt::new(world, credit, name, &["lender"])
}

fn name_freezer(world: &World, credit: &Pubkey) -> Instruction {
    world.set_freeze_authority("lender", credit, Parties::address("buyer"))
}

fn offer(world: &mut World, credit: &Pubkey) {
    let offer = world.offer_lender("lender", credit, "buyer");
    world.sent(&[offer], &["lender"]);
}

fn accept(world: &mut World, credit: &Pubkey) {
    let accept = world.accept_lender("buyer", credit);
    world.sent(&[accept], &["buyer"]);
}

#[test]
fn a_loan_that_changed_hands_pays_its_new_lender() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with_rider(Rider::default()));
    let pay = world.repay("borrower", &credit, 1_000 * USDC);
    world.sent(&[pay], &["borrower"]);
    offer(&mut world, &credit);
    let collect = world.collect("buyer", &credit, Party::Lender, &world.token_account("lender"));
    let accept = world.accept_lender("buyer", &credit);
    world.sent(&[collect, accept], &["buyer"]);
    let pay = world.repay("borrower", &credit, 2_000 * USDC);
    world.sent(&[pay], &["borrower"]);
    let before = world.money(&credit);
    let wrong = world.collect("lender", &credit, Party::Lender, &world.token_account("lender"));
    let not_allowed = blockable_sdk::program::errors::BlockableError::DestinationNotAllowed;
    world.refused(&[wrong], &["lender"], not_allowed);
    let collect = world.collect("stranger", &credit, Party::Lender, &world.token_account("buyer"));
    world.sent(&[collect], &["stranger"]);
    assert_eq!(world.money(&credit).buyer - before.buyer, 2_000 * USDC);
}
