//! Refusals of terms, purchases and freezes that rest on the lock.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{
        instructions,
        program::{
            instructions::PurchaseLimits,
            state::{AutoFreeze, FreezePolicy, Instalment, Rider, Terms},
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World, covenant},
};

refusals! {
    credit_offer by offering {
        UnlockedAheadOutOfRange: offer_no_unit_ahead_or_more_than_all = |good| with_terms(good, &[
            |terms| terms.unlocked_ahead = 0,
            |terms| terms.unlocked_ahead = terms.units + 1,
        ]);
        InstalmentOpensTooLittle: offer_a_balloon_with_a_lock = |good| good.with(|world, _| {
            world.offer(&locked(1).with_schedule(&balloon(9_999_999_999)))
        });
        AutoFreezeBeforePolicy: offer_that_anyone_freezes_before_the_lender = |good| with_terms(good, &[
            |terms| terms.freeze_policy = FreezePolicy::OnDefault as u8,
        ]);
        PayInKindWithLock: offer_coupons_in_kind_with_a_lock = |good| good.with(|world, _| {
            world.offer(&locked(1).with_rider(Rider { pay_in_kind_bps: 1, ..Rider::default() }))
        });
        PlanAboveLock: offer_a_plan_above_what_is_open = |good| good.with(|world, _| {
            world.offer(&locked(1).with_rider(covenant(100_000_001, 30 * DAY)))
        });
    }
    credit_restructure by restructuring {
        RestructureTouchesGrant: restructure_to_another_lock = |good| good.with_each(|world, credit| {
            let terms = world.credit(credit).terms;
            [terms.unlocked_ahead - 1, terms.unlocked_ahead + 1, terms.units].map(|unlocked_ahead| {
                world.restructure(credit, Terms { unlocked_ahead, ..terms }, balloon(10_000 * USDC))
            }).to_vec()
        });
        InstalmentOpensTooLittle: restructure_to_a_balloon = |good| good.with(|world, credit| {
            world.restructure(credit, world.credit(credit).terms, balloon(9_999_999_999))
        });
    }
    credit_accept_lender by buying {
        LockedAboveLimit: buy_a_loan_with_more_locked = |good| good.with_credit(|credit| {
            credit.collateral.locked_at_issue += 1;
        });
    }
    credit_auto_freeze by auto_freezing {
        AutoFreezeNotAgreed: auto_freeze_before_the_mark_that_the_terms_name = |good| good.with_credit(|credit| {
            credit.terms.auto_freeze = AutoFreeze::FromDefault as u8;
        });
        AlreadyFrozen: auto_freeze_where_only_locked_units_are_left = |good| good.with_credit(|credit| {
            credit.collateral.consumed = credit.terms.unlocked_ahead;
        });
    }
}

/// $100,000 for a billion units, a tenth of them ahead, that anyone may freeze from delinquency.
fn locked(nonce: u64) -> Loan {
    Loan::new(nonce).with(|terms| {
        terms.unlocked_ahead = 100_000_000;
        terms.auto_freeze = AutoFreeze::FromDelinquency as u8;
    })
}

/// Five instalments a month apart, all even but the first, which has `first` micro-USDC, and the last.
fn balloon(first: u64) -> Vec<Instalment> {
    let principal = [first, 20_000 * USDC, 20_000 * USDC, 20_000 * USDC, 40_000 * USDC - first];
    let due = |(month, principal): (u32, u64)| Instalment { due_after: month * 30 * DAY, principal };
    (1..).zip(principal).map(due).collect()
}

fn with_terms(good: Attempt, changes: &[fn(&mut Terms)]) -> Attempt {
    good.with_each(|world, _| changes.iter().map(|change| world.offer(&locked(1).with(change))).collect())
}

/// An offer whose covenant plans exactly what is open, on the most uneven schedule that a lock allows.
fn offering() -> Attempt {
    let world = World::new();
    let loan = locked(1).with_schedule(&balloon(10_000 * USDC)).with_rider(covenant(100_000_000, 30 * DAY));
    let (credit, offer) = (world.credit_address(1), world.offer(&loan));
    Attempt::new(world, credit, offer, &["lender"])
}

fn restructuring() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&locked(1));
    let restructure = world.restructure(&credit, world.credit(&credit).terms, balloon(10_000 * USDC));
    Attempt::new(world, credit, restructure, &["lender", "borrower"])
}

/// A purchase of exactly the loan that was read.
fn buying() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&locked(1));
    let offer = world.offer_lender("lender", &credit, "buyer");
    world.sent(&[offer], &["lender"]);
    let limits = PurchaseLimits::from_credit(&world.credit(&credit)).expect("a known status");
    assert_eq!(limits.most_locked, 900_000_000);
    let (market, buyer) = (&world.keys.market, Parties::address("buyer"));
    let accept = instructions::credit_accept_lender(market, &buyer, &credit, limits);
    Attempt::new(world, credit, accept, &["buyer"])
}

fn auto_freezing() -> Attempt {
    let mut world = World::new();
    let credit = world.delinquent(&locked(1));
    let freeze = world.auto_freeze(&credit);
    Attempt::new(world, credit, freeze, &[])
}
