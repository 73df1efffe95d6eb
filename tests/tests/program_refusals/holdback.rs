//! Refusals of what rests on the holdback: cancels, and what leaves covered units and the provider's money alone.

use {
    crate::{
        attempt::{Attempt, foreign_provider},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey, addresses, instructions,
        program::{
            instructions::{LoanRead, PurchaseLimits, UnitBounds},
            state::{Instalment, Party, Rider, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_cancel_locked by cancelling {
        MarketMismatch: cancel_in_a_foreign_market = |good| good.in_foreign_market();
        VaultMismatch: cancel_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: cancel_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        ProviderMismatch: cancel_with_another_provider = |good| good.after(|world, _| foreign_provider(world)).with(|world, credit| {
            cancel_of(world, credit, &other_provider(world), world.loan_read(credit))
        });
        MarketPaused: cancel_while_paused = |good| good.while_paused();
        ArithmeticOverflow: cancel_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: cancel_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: cancel_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: cancel_what_is_repaid = |good| good.after(|world, credit| {
            let pay = world.repay("borrower", credit, u64::MAX);
            world.sent(&[pay], &["borrower"]);
        });
        OfferReplaced: cancel_another_offer = |good| good.with_credit(|credit| credit.offer_slot += 1);
        StatusWorse: cancel_after_the_first_seizure_by_a_signature_from_before = |good| good.with(|world, credit| {
            let read = LoanRead { worst_status: Status::Defaulted, ..world.loan_read(credit) };
            cancel_of(world, credit, &world.provider, read)
        }).after(|world, credit| {
            let seize = world.seize(credit, UnitBounds::exactly(100_000_000));
            world.sent(&[seize], &["lender"]);
        });
        CurePeriodRunning: cancel_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        CancelNotOpen: cancel_by_a_stranger = |good| good.signed_by("stranger");
        CancelNotOpen: cancel_by_the_borrower = |good| good.signed_by("borrower");
        CancelNotOpen: cancel_by_the_freeze_authority = |good| good.signed_by("freezer");
        CancelsAll: cancel_a_part_by_a_stranger = |good| good.after(|world, _| world.pass(30 * DAY)).with(|world, credit| {
            world.cancel_locked("stranger", credit, UnitBounds { least: 1, most: 449_999_999 })
        }).signed_by_instead_of("lender", "stranger");
        AmountZero: cancel_nothing = |good| good.with(|world, credit| world.cancel_locked("lender", credit, UnitBounds::exactly(0)));
        BeyondCovered: cancel_more_than_is_covered = |good| good.with(|world, credit| {
            world.cancel_locked("lender", credit, UnitBounds::exactly(450_000_001))
        });
        FirstSeizureTooSmall: cancel_a_token_amount_first = |good| good.with(|world, credit| {
            world.cancel_locked("lender", credit, UnitBounds::exactly(44_999_999))
        });
    }
    credit_write_off by writing_off {
        CurePeriodRunning: write_off_covered_units_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        ProviderMismatch: write_off_with_another_provider = |good| good.after(|world, _| foreign_provider(world)).with(|world, credit| {
            let (market, lender, slot) = (&world.keys.market, Parties::address("lender"), world.credit(credit).offer_slot);
            instructions::credit_write_off(market, &lender, credit, &other_provider(world), slot, u64::MAX)
        });
    }
    credit_offer by offering {
        HoldbackTooLarge: offer_to_hold_back_more_than_the_lock = |good| with_terms(good, &[
            |terms| terms.holdback = 90_000 * USDC + 1,
            |terms| (terms.unlocked_ahead, terms.holdback_apr_bps) = (terms.units, 0),
        ]);
        HoldbackAprTooHigh: offer_a_rate_on_the_holdback_above_the_loans = |good| with_terms(good, &[
            |terms| terms.holdback_apr_bps = 1_201,
            |terms| terms.holdback = 0,
        ]);
    }
    credit_restructure by restructuring {
        HoldbackOutlasts: restructure_so_that_the_holdback_waits = |good| good.with(|world, credit| {
            world.restructure(credit, world.credit(credit).terms, schedule(151))
        });
        HoldbackOutlasts: restructure_once_anybody_may_cancel = |_| {
            // The new dates end earlier than the old ones, but the wait of the old ones is over.
            let (mut world, credit) = defaulted(&held());
            world.pass(30 * DAY);
            let restructure = world.restructure(&credit, world.credit(&credit).terms, schedule(60));
            Attempt::new(world, credit, restructure, &["lender", "borrower"])
        };
    }
    credit_accept_lender by buying {
        HoldbackBelowLimit: buy_a_loan_of_which_less_is_held_back = |good| good.with_credit(|credit| credit.holdback_left -= 1);
    }
    credit_seize_to_pool by seizing {
        CoveredByHoldback: seize_covered_units = |good| good.with(|world, credit| world.seize(credit, UnitBounds::exactly(550_000_001)));
    }
    reserve_draw by drawing {
        CancelFirst: draw_while_covered_units_are_left = |_| {
            let (world, credit) = seized_with_reserve();
            let draw = world.draw_reserve(&credit);
            Attempt::new(world, credit, draw, &[])
        };
    }
    vault_collect by collecting {
        ClaimSuspended: collect_while_suspended = |good| good.after(|world, _| {
            let suspend = world.suspend_by_admin();
            world.sent(&[suspend], &["admin"]);
        });
        ProviderMismatch: collect_without_the_provider = |good| good.with(|world, credit| {
            world.collect("stranger", credit, Party::Provider, &world.token_account("provider"))
        });
        DestinationNotAllowed: collect_to_another_account = |good| good.with_account_of("stranger", "provider");
    }
}

/// $100,000 for a billion units, a tenth of them ahead; half of the locked ones are held back.
pub fn held() -> Loan {
    Loan::new(1).with(|terms| {
        (terms.unlocked_ahead, terms.holdback, terms.holdback_apr_bps) = (100_000_000, 45_000 * USDC, 600);
    })
}

/// A cancel of all by the lender, with a provider, that states what was read.
fn cancel_of(world: &World, credit: &Pubkey, provider: &Pubkey, read: LoanRead) -> Instruction {
    let (market, lender) = (&world.keys.market, Parties::address("lender"));
    instructions::credit_cancel_locked(market, &lender, None, credit, provider, UnitBounds::ALL, read)
}

/// The provider that the stranger has registered.
pub fn other_provider(world: &World) -> Pubkey {
    addresses::provider(&world.keys.market, &Parties::address("stranger"))
}

fn defaulted(loan: &Loan) -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.defaulted(loan);
    world.pass(10 * DAY);
    (world, credit)
}

fn cancelling() -> Attempt {
    let (world, credit) = defaulted(&held());
    let cancel = world.cancel_locked("lender", &credit, UnitBounds::ALL);
    Attempt::new(world, credit, cancel, &["lender"])
}

fn writing_off() -> Attempt {
    let (world, credit) = defaulted(&held());
    let write_off = world.write_off("lender", &credit);
    Attempt::new(world, credit, write_off, &["lender"])
}

fn offering() -> Attempt {
    let world = World::new();
    let offer = world.offer(&held());
    Attempt::new(world, Pubkey::default(), offer, &["lender"])
}

fn with_terms(good: Attempt, changes: &[fn(&mut Terms)]) -> Attempt {
    good.with_each(|world, _| changes.iter().map(|change| world.offer(&held().with(change))).collect())
}

/// One instalment of all, so many days from now.
pub fn schedule(days: u32) -> Vec<Instalment> {
    vec![Instalment { due_after: days * DAY, principal: 100_000 * USDC }]
}

fn restructuring() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&held());
    let restructure = world.restructure(&credit, world.credit(&credit).terms, schedule(150));
    Attempt::new(world, credit, restructure, &["lender", "borrower"])
}

fn buying() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&held());
    let offer = world.offer_lender("lender", &credit, "buyer");
    world.sent(&[offer], &["lender"]);
    let limits = PurchaseLimits::from_credit(&world.credit(&credit)).expect("a status that is known");
    let (market, buyer) = (&world.keys.market, Parties::address("buyer"));
    let accept = instructions::credit_accept_lender(market, &buyer, &credit, limits);
    Attempt::new(world, credit, accept, &["buyer"])
}

fn seizing() -> Attempt {
    let (world, credit) = defaulted(&held());
    let seize = world.seize(&credit, UnitBounds::ALL);
    Attempt::new(world, credit, seize, &["lender"])
}

/// A loan with a reserve, of whose lien a part was seized.
fn seized_with_reserve() -> (World, Pubkey) {
    let mut world = World::new();
    let rider = Rider { reserve: 1_000 * USDC, ..Rider::default() };
    let credit = world.active_with_reserve(&held().with_rider(rider));
    world.pass(35 * DAY);
    let mark = world.mark_delinquent(&credit);
    world.sent(&[mark], &[]);
    world.pass(10 * DAY);
    let mark = world.mark_defaulted(&credit);
    world.sent(&[mark], &[]);
    world.pass(10 * DAY);
    let seize = world.seize(&credit, UnitBounds::exactly(100_000_000));
    world.sent(&[seize], &["lender"]);
    (world, credit)
}

fn drawing() -> Attempt {
    let (mut world, credit) = seized_with_reserve();
    let cancel = world.cancel_locked("lender", &credit, UnitBounds::ALL);
    world.sent(&[cancel], &["lender"]);
    let draw = world.draw_reserve(&credit);
    Attempt::new(world, credit, draw, &[])
}

/// A claim that payments of half of the loan have earned.
fn collecting() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&held());
    let pay = world.repay("borrower", &credit, 60_000 * USDC);
    world.sent(&[pay], &["borrower"]);
    let collect = world.collect_earned("stranger", &credit, 1);
    Attempt::new(world, credit, collect, &["stranger"])
}
