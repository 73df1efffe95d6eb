//! Refusals of signatures that land after the loan has changed, and of a borrower's place that is handed over.

use {
    crate::{
        attempt::{Attempt, full_rider},
        notice::withdrawing,
        origination::{accepting, cancelling, issuing},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        instructions::{self, Payment},
        program::{
            instructions::{BorrowerLimits, LoanRead, Notice, PurchaseLimits, RestructureLimits},
            state::Instalment,
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_accept by accepting {
        OfferReplaced: accept_an_offer_that_was_made_anew = |good| good.with_credit(|credit| credit.offer_slot += 1);
    }
    credit_issue by issuing {
        OfferReplaced: issue_an_offer_that_was_made_anew = |good| good.with_credit(|credit| credit.offer_slot += 1);
        TermsHashMismatch: issue_other_terms = |good| good.with_credit(|credit| credit.terms_hash[0] ^= 1);
    }
    credit_cancel_offer by cancelling {
        OfferReplaced: cancel_an_offer_that_was_made_anew = |good| good.with_credit(|credit| credit.offer_slot += 1);
    }
    credit_repay by paying {
        OfferReplaced: pay_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        StatusWorse: pay_for_a_release_after_the_first_seizure = |good| good.with_credit(|credit| {
            credit.status = Status::Seizing.byte();
        });
        NotCured: pay_less_than_cures = |good| good.with(|world, credit| {
            pay(world, credit, Payment::that_cures(1_000 * USDC, slot(world, credit)))
        });
    }
    reserve_fund by funding {
        OfferReplaced: fund_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
    }
    credit_restructure by restructuring {
        OfferReplaced: restructure_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        StatusWorse: restructure_in_a_worse_status = |good| good.with_status(Status::Delinquent);
        AgreementReplaced: restructure_twice = |good| good.with_credit(|credit| credit.restructurings += 1);
        DebtAboveLimit: restructure_more_than_was_owed = |good| good.with_credit(|credit| credit.debt.late_fees += 1);
        LienBelowLimit: restructure_with_less_under_lien = |good| good.with_credit(|credit| credit.collateral.released += 1);
    }
    credit_accept_lender by buying {
        OfferReplaced: buy_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        TermsHashMismatch: buy_a_loan_of_other_terms = |good| good.with_credit(|credit| credit.terms_hash[0] ^= 1);
        StatusWorse: buy_a_loan_in_a_worse_status = |good| good.with_status(Status::Delinquent);
        DebtBelowLimit: buy_a_loan_of_which_less_is_owed = |good| good.with_credit(|credit| {
            credit.debt.principal -= 1;
        });
        LienBelowLimit: buy_a_loan_with_less_under_lien = |good| good.with_credit(|credit| credit.collateral.released += 1);
        FrozenAboveLimit: buy_a_loan_with_more_frozen = |good| good.with_credit(|credit| credit.collateral.frozen_for_other = 1);
        AprBelowLimit: buy_a_loan_at_a_lower_rate = |good| good.with_credit(|credit| credit.terms.apr_bps -= 1);
    }
    credit_give_notice by giving {
        OfferReplaced: give_notice_of_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        StatusBetter: give_notice_of_a_loan_that_was_cured = |good| good.with_status(Status::Active);
    }
    credit_withdraw_notice by withdrawing {
        NoticeReplaced: withdraw_a_later_notice = |good| good.with_credit(|credit| credit.defaulted_at += 1);
    }
    credit_write_off by writing_off {
        OfferReplaced: write_another_loan_off = |good| good.with_credit(|credit| credit.offer_slot += 1);
        DebtAboveLimit: write_more_off = |good| good.with_credit(|credit| credit.debt.late_fees += 1);
    }
    credit_close by closing {
        UnitsLeft: give_up_more_units = |good| good.with(|world, credit| close(world, credit, 999_999_999));
    }
    provider_accept_authority by taking_a_provider_over {
        OutstandingAboveLimit: take_over_a_provider_that_owes_more = |good| {
            let provider = good.world.provider;
            good.written::<blockable_sdk::program::state::Provider>(provider, |provider| provider.outstanding_units += 1)
        };
    }
    credit_offer_borrower by offering_the_place {
        OfferReplaced: offer_the_place_in_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        MarketMismatch: offer_the_place_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: offer_the_place_by_a_stranger_as_the_lender = |good| good.signed_by("stranger");
        NotBorrower: offer_the_place_by_a_stranger_as_the_borrower = |good| good.signed_by_instead_of("borrower", "stranger");
        MarketPaused: offer_the_place_while_paused = |good| good.while_paused();
        UnknownStatus: offer_the_place_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: offer_the_place_before_anybody_owes = |good| good.with_status(Status::Offered);
        SelfLoan: offer_the_place_to_the_lender = |good| good.with(|world, credit| offer_place(world, credit, "lender"));
    }
    credit_withdraw_borrower by withdrawing_the_place {
        MarketMismatch: withdraw_the_place_in_a_foreign_market = |good| good.in_foreign_market();
        NotParty: withdraw_the_place_by_the_key_it_is_offered_to = |good| good.signed_by("buyer");
        MarketPaused: withdraw_the_place_while_paused = |good| good.while_paused();
        UnknownStatus: withdraw_the_place_in_an_unknown_status = |good| good.with_unknown_status();
        NotOffered: withdraw_what_nobody_was_offered = |good| good.with_credit(|credit| {
            credit.pending_borrower = Pubkey::default();
        });
    }
    credit_accept_borrower by taking_the_place {
        MarketMismatch: take_the_place_in_a_foreign_market = |good| good.in_foreign_market();
        NotOffered: take_the_place_by_a_stranger = |good| good.signed_by("stranger");
        MarketPaused: take_the_place_while_paused = |good| good.while_paused();
        UnknownStatus: take_the_place_in_an_unknown_status = |good| good.with_unknown_status();
        ChangeDelayRunning: take_the_place_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        ChangeLapsed: take_the_place_too_late = |good| good.after(|world, _| world.pass(14 * DAY + 1));
        SelfLoan: take_the_place_as_the_lender = |good| good.with_credit(|credit| credit.lender = Parties::address("buyer"));
        ClaimUncollected: take_the_place_before_a_claim_is_collected = |good| good.with_credit(|credit| credit.claims.borrower = 1);
        OfferReplaced: take_the_place_in_another_loan = |good| good.with_credit(|credit| credit.offer_slot += 1);
        TermsHashMismatch: take_the_place_under_other_terms = |good| good.with_credit(|credit| credit.terms_hash[0] ^= 1);
        StatusWorse: take_the_place_in_a_worse_status = |good| good.with_status(Status::Delinquent);
        DebtAboveLimit: take_the_place_when_more_is_owed = |good| good.with_credit(|credit| credit.debt.late_fees += 1);
        UnitsBelowLimit: take_the_place_with_fewer_units = |good| good.with_credit(|credit| credit.collateral.consumed += 1);
    }
}

fn slot(world: &World, credit: &Pubkey) -> u64 {
    world.credit(credit).offer_slot
}

fn pay(world: &World, credit: &Pubkey, payment: Payment) -> Instruction {
    let (payer, source) = (Parties::address("borrower"), world.token_account("borrower"));
    instructions::credit_repay(&world.keys, &payer, &source, credit, payment)
}

/// A payment that is to release units, on a delinquent loan.
fn paying() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let payment = Payment::while_it_releases(1_000 * USDC, slot(&world, &credit));
    let pay = pay(&world, &credit, payment);
    Attempt::new(world, credit, pay, &["borrower"])
}

fn funding() -> Attempt {
    let mut world = World::new();
    let rider = full_rider();
    let credit = world.accepted(&Loan::new(1).with_rider(rider));
    let fund = world.fund_reserve("borrower", &credit, 1);
    Attempt::new(world, credit, fund, &["borrower"])
}

/// A restructuring whose limits are exactly the loan as it is.
fn restructuring() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let state = world.credit(&credit);
    let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
    let schedule = [Instalment { due_after: 30 * DAY, principal: state.debt.principal }];
    let limits = RestructureLimits {
        read: LoanRead { offer_slot: state.offer_slot, worst_status: Status::Active },
        restructurings: state.restructurings,
        most_debt: state.debt.total(),
        least_lien: state.collateral.lien(),
    };
    let market = &world.keys.market;
    let restructure =
        instructions::credit_restructure(market, &lender, &borrower, &credit, state.terms, &schedule, limits);
    Attempt::new(world, credit, restructure, &["lender", "borrower"])
}

/// A purchase whose limits are exactly the loan as it is.
fn buying() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    let state = world.credit(&credit);
    let limits = PurchaseLimits {
        read: LoanRead { offer_slot: state.offer_slot, worst_status: Status::Active },
        terms_hash: state.terms_hash,
        least_debt: state.debt.total(),
        least_lien: state.collateral.lien(),
        most_frozen: 0,
        most_locked: 0,
        least_holdback: 0,
        least_apr_bps: state.apr_bps(),
    };
    let buyer = Parties::address("buyer");
    let buy = instructions::credit_accept_lender(&world.keys.market, &buyer, &credit, limits);
    Attempt::new(world, credit, buy, &["buyer"])
}

/// A notice that is meant for a loan while it is delinquent.
fn giving() -> Attempt {
    let mut world = World::new();
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(full_rider()));
    world.write(&credit, |credit: &mut blockable_sdk::program::state::Credit| {
        credit.status = Status::Delinquent.byte();
    });
    let offer_slot = slot(&world, &credit);
    let notice = Notice { document: [7; 32], offer_slot, least_status: Status::Delinquent };
    let lender = Parties::address("lender");
    let give = instructions::credit_give_notice(&world.keys.market, &lender, &credit, notice);
    Attempt::new(world, credit, give, &["lender"])
}

/// A write-off of at most what is owed now.
fn writing_off() -> Attempt {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    let (state, lender) = (world.credit(&credit), Parties::address("lender"));
    let (market, most) = (&world.keys.market, state.debt.total());
    let write_off =
        instructions::credit_write_off(market, &lender, &credit, &state.provider, state.offer_slot, most);
    Attempt::new(world, credit, write_off, &["lender"])
}

fn close(world: &World, credit: &Pubkey, most_units: u64) -> Instruction {
    let (borrower, receiver) = (Parties::address("borrower"), Parties::address("lender"));
    let (market, provider) = (&world.keys.market, &world.provider);
    instructions::credit_close(market, &borrower, &receiver, credit, provider, most_units)
}

/// A borrower that gives up all the units of a loan that it has paid.
fn closing() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let collect = world.collect(
        "stranger",
        &credit,
        blockable_sdk::program::state::Party::Lender,
        &world.token_account("lender"),
    );
    world.sent(&[collect, world.close_vault(&credit)], &["stranger"]);
    let close = close(&world, &credit, 1_000_000_000);
    Attempt::new(world, credit, close, &["borrower"])
}

fn taking_a_provider_over() -> Attempt {
    let mut world = World::new();
    let (authority, to) = (Parties::address("provider"), Parties::address("buyer"));
    let (market, provider) = (world.keys.market, world.provider);
    let offer = instructions::provider_offer_authority(&market, &authority, &provider, to);
    world.sent(&[offer], &["provider"]);
    world.pass(world.market().provider_delay);
    let accept = instructions::provider_accept_authority(&market, &to, &provider, 0);
    Attempt::new(world, Pubkey::default(), accept, &["buyer"])
}

fn offer_place(world: &World, credit: &Pubkey, to: &str) -> Instruction {
    world.offer_borrower(credit, Parties::address(to))
}

fn offering_the_place() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let offer = offer_place(&world, &credit, "buyer");
    Attempt::new(world, credit, offer, &["lender", "borrower"])
}

/// A loan whose borrower's place is offered to the buyer.
fn place_offered() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[offer_place(&world, &credit, "buyer")], &["lender", "borrower"]);
    (world, credit)
}

fn withdrawing_the_place() -> Attempt {
    let (world, credit) = place_offered();
    let borrower = Parties::address("borrower");
    let withdraw = instructions::credit_withdraw_borrower(&world.keys.market, &borrower, &credit);
    Attempt::new(world, credit, withdraw, &["borrower"])
}

/// The borrower's place, taken as soon as the delay has passed, with limits that are exactly the loan as it is.
fn taking_the_place() -> Attempt {
    let (mut world, credit) = place_offered();
    world.set_time(world.credit(&credit).pending_borrower_ready_at);
    let mut state = world.credit(&credit);
    state.accrue(world.now()).expect("a debt within 64 bits");
    let limits = BorrowerLimits::from_credit(&state).expect("a known status");
    let take =
        instructions::credit_accept_borrower(&world.keys.market, &Parties::address("buyer"), &credit, limits);
    Attempt::new(world, credit, take, &["buyer"])
}
