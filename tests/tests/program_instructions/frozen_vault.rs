//! A vault that the mint's issuer has frozen: nobody can pay, so nobody is marked, given notice or seized from.

use {
    blockable_sdk::program::{
        errors::BlockableError,
        instructions::{FreezeAmount, ThawBounds, UnitBounds},
        state::{FreezeReason, Rider},
        transitions::Status,
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

#[test]
fn nobody_is_marked_or_seized_from_while_the_vault_is_frozen() {
    let mut world = World::new();
    let loan = Loan::new(1);
    let credit = world.active(&loan);
    let frozen = BlockableError::VaultFrozen;
    world.pass(30 * DAY + loan.args.terms.delinquency_grace);
    let mark = world.mark_delinquent(&credit);
    world.set_vault_frozen(&credit, true);
    world.fails(&[world.repay("borrower", &credit, USDC)], &["borrower"]);
    world.refused(std::slice::from_ref(&mark), &[], frozen);
    world.set_vault_frozen(&credit, false);
    world.sent(&[mark], &[]);

    world.pass(loan.args.terms.default_grace - loan.args.terms.delinquency_grace);
    let mark = world.mark_defaulted(&credit);
    world.set_vault_frozen(&credit, true);
    world.refused(std::slice::from_ref(&mark), &[], frozen);
    world.set_vault_frozen(&credit, false);
    world.sent(&[mark], &[]);

    world.pass(loan.args.terms.cure_period);
    world.set_vault_frozen(&credit, true);
    let seizures =
        [world.seize(&credit, UnitBounds::ALL), world.seize_to_lender("lender", &credit, UnitBounds::ALL)];
    for seizure in &seizures {
        world.refused(std::slice::from_ref(seizure), &["lender"], frozen);
    }
    assert_eq!(world.credit(&credit).status(), Ok(Status::Defaulted));
    // A payment that was kept out cures as soon as the vault is open again.
    world.set_vault_frozen(&credit, false);
    world.sent(&[world.repay("borrower", &credit, 50_000 * USDC)], &["borrower"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
}

/// The cure period of a notice would pass while nobody can pay.
#[test]
fn no_notice_is_given_while_the_vault_is_frozen() {
    let mut world = World::new();
    let mut loan = Loan::new(1);
    loan.args.rider = Rider { breach_notice: 1, ..Rider::default() };
    let credit = world.active(&loan);
    world.set_vault_frozen(&credit, true);
    world.refused(&[world.give_notice("lender", &credit)], &["lender"], BlockableError::VaultFrozen);
    world.set_vault_frozen(&credit, false);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    world.set_vault_frozen(&credit, true);
    world.sent(&[world.withdraw_notice("lender", &credit)], &["lender"]);
}

/// Actions that take nothing go on: units that nobody pays for can be frozen, and the lender can waive and write off.
#[test]
fn freezes_land_while_the_vault_is_frozen() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.set_vault_frozen(&credit, true);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Default)], &["lender"]);
    world.sent(&[world.waive_fee("lender", &credit, u64::MAX)], &["lender"]);
    world.sent(&[world.write_off("lender", &credit)], &["lender"]);
}
