//! Anyone can have the provider paid what payments have earned of the holdback, to its payout account alone.
//!
//! The loan is the standard preset: $120,000, of which $57,500 are held back for the last units to unlock. Six instalments of
//! $10,000 leave 550,000,000 units to unlock, which cost $55,000: the provider has earned $2,500.

use {
    blockable_sdk::{
        Instruction, Pubkey,
        events::Change,
        instructions,
        program::{
            errors::BlockableError,
            state::{Party, ProviderSettings},
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, USDC, World},
};

const EARNED: u64 = 2_500 * USDC;

/// A loan of which six instalments were paid at once, before there was any interest.
fn earned() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::standard(1, 120_000 * USDC, 1_200_000_000));
    let landed = world.sent(&[world.repay("borrower", &credit, 60_000 * USDC)], &["borrower"]);
    let [Change::Paid { earned: EARNED, principal: 60_000_000_000, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    (world, credit)
}

/// Collects what the provider has earned into any account.
fn collect_to(world: &World, credit: &Pubkey, to: &Pubkey) -> Instruction {
    let caller = Parties::address("provider");
    instructions::vault_collect_for_provider(&world.keys, &caller, credit, &world.provider, to, 0)
}

#[test]
fn anyone_collects_the_providers_claim_to_its_payout_account() {
    let (mut world, credit) = earned();
    let (money, debt) = (world.money(&credit), world.credit(&credit).debt);
    let landed = world.sent(&[world.collect_earned("stranger", &credit, EARNED)], &["stranger"]);
    let destination = world.token_account("provider");
    let collected = Change::Collected { party: Party::Provider, destination, amount: EARNED };
    assert_eq!(landed.changes(), [collected]);
    assert_eq!(
        world.money(&credit),
        Money { provider: money.provider + EARNED, vault: money.vault - EARNED, ..money }
    );
    let state = world.credit(&credit);
    assert_eq!((state.claims.provider, state.holdback_left, state.debt), (0, 55_000 * USDC, debt));

    // Once more there is nothing: no failure where none is asked for.
    assert_eq!(world.sent(&[world.collect_earned("stranger", &credit, 0)], &["stranger"]).changes(), []);
    let one = world.collect_earned("stranger", &credit, 1);
    world.refused(&[one], &["stranger"], BlockableError::NothingToCollect);
}

#[test]
fn the_provider_itself_cannot_name_another_account() {
    let (mut world, credit) = earned();
    for to in [world.second_account("provider"), world.token_account("stranger")] {
        let collect = collect_to(&world, &credit, &to);
        world.refused(&[collect], &["provider"], BlockableError::DestinationNotAllowed);
    }
}

/// A key that was stolen redirects nothing before the delay; after it, earlier earnings go to the new account as well.
#[test]
fn another_payout_account_is_paid_after_the_providers_delay() {
    let (mut world, credit) = earned();
    let second = world.second_account("provider");
    let settings = ProviderSettings { payout: second, ..World::settings() };
    let (market, authority) = (world.keys.market, Parties::address("provider"));
    let propose = instructions::provider_propose_change(&market, &authority, &world.provider, settings);
    world.sent(&[propose], &["provider"]);
    let collect = collect_to(&world, &credit, &second);
    world.pass(DAY - 1);
    world.refused(std::slice::from_ref(&collect), &["provider"], BlockableError::DestinationNotAllowed);
    world.pass(1);
    world.sent(&[world.apply_provider("provider")], &["provider"]);
    world.sent(&[collect], &["provider"]);
    assert_eq!(world.balance(&second), EARNED);
}

#[test]
fn a_claim_waits_while_the_admin_has_suspended_the_provider() {
    let (mut world, credit) = earned();
    let (market, provider) = (world.keys.market, world.provider);
    let collect = world.collect_earned("stranger", &credit, 1);
    world.sent(&[world.suspend_by_admin()], &["admin"]);
    world.refused(std::slice::from_ref(&collect), &["stranger"], BlockableError::ClaimSuspended);
    // What is earned meanwhile waits as well, and the other parties collect.
    world.sent(&[world.repay("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    let lender = world.collect("stranger", &credit, Party::Lender, &world.token_account("lender"));
    world.sent(&[lender], &["stranger"]);

    let resume = instructions::provider_resume(&market, &Parties::address("admin"), &provider);
    let own = instructions::provider_suspend(&market, &Parties::address("provider"), &provider);
    world.sent(&[resume, own], &["admin", "provider"]);
    let before = world.wallet("provider");
    world.sent(&[collect], &["stranger"]);
    // $10,000 more, less what was interest by then: none.
    assert_eq!(world.wallet("provider") - before, EARNED + 10_000 * USDC);
}

#[test]
fn a_vault_stays_until_the_provider_is_paid() {
    let (mut world, credit) = earned();
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let lender = world.collect("stranger", &credit, Party::Lender, &world.token_account("lender"));
    world.sent(&[lender], &["stranger"]);
    assert_eq!(world.credit(&credit).claims.provider, 57_500 * USDC);
    let close = world.close_vault(&credit);
    world.refused(std::slice::from_ref(&close), &[], BlockableError::ClaimsLeft);
    world.sent(&[world.collect_earned("stranger", &credit, 0), close], &["stranger"]);
    assert_eq!(world.wallet("provider"), 120_000 * USDC);
}
