//! A halt stops new business without an end; loans that exist go on.

use {
    crate::market_changes::change,
    blockable_sdk::{
        Pubkey,
        events::MarketChange,
        program::{
            errors::BlockableError::{self, MarketHalted},
            instructions::UnitBounds,
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, USDC, World},
};

fn halt(world: &mut World) {
    world.sent(&[world.halt_by("guardian")], &["guardian"]);
}

#[test]
fn a_halt_stops_offers_acceptances_and_issues() {
    let mut world = World::new();
    let (offered, accepted) = (world.offered(&Loan::new(1)), world.accepted(&Loan::new(2)));
    let landed = world.sent(&[world.halt_by("guardian")], &["guardian"]);
    let by = Parties::address("guardian");
    assert_eq!(change(&world, &landed), MarketChange::Halted { by, halted_at: START });
    world.refused(&[world.offer(&Loan::new(3))], &["lender"], MarketHalted);
    world.refused(&[world.accept(&offered)], &["borrower"], MarketHalted);
    world.refused(&[world.issue(&accepted)], &["provider"], MarketHalted);
    world.sent(&[world.cancel("lender", &offered)], &["lender"]);
    world.sent(&[world.cancel("borrower", &accepted)], &["borrower"]);
}

#[test]
fn a_halt_stops_assignments_and_nothing_else_of_a_loan() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    halt(&mut world);
    world.refused(&[world.accept_lender("buyer", &credit)], &["buyer"], MarketHalted);
    world.refused(&[world.offer_lender("lender", &credit, "stranger")], &["lender"], MarketHalted);
    let withdraw = world.offer_lender_to("lender", &credit, Pubkey::default());
    world.sent(&[withdraw], &["lender"]);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    world.sent(&[world.repay("borrower", &credit, 20_000 * USDC)], &["borrower"]);
    world.pass(65 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Delinquent));
}

#[test]
fn a_halt_keeps_lenders_from_their_own_lots() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    halt(&mut world);
    world.pass(DAY);
    let own = world.buy_from("lender", &credit, 0, 1_000, u64::MAX);
    world.refused(&[own], &["lender"], MarketHalted);
    world.sent(&[world.buy(&credit, 1_000, u64::MAX)], &["buyer"]);
}

#[test]
fn a_halt_ends_when_the_admin_has_lifted_it_and_the_delay_has_passed() {
    let mut world = World::new();
    halt(&mut world);
    world.pass(100 * DAY);
    world.refused(&[world.offer(&Loan::new(1))], &["lender"], MarketHalted);
    let landed = world.sent(&[world.lift_halt_by("admin")], &["admin"]);
    let ends_at = world.now() + i64::from(2 * DAY);
    assert_eq!(change(&world, &landed), MarketChange::HaltLifted { ends_at });
    let loan = Loan::new(1).with(|terms| terms.offer_expires_at = 0);
    world.set_time(ends_at - 1);
    world.refused(&[world.offer(&loan)], &["lender"], MarketHalted);
    world.set_time(ends_at);
    world.offered(&loan);
}

#[test]
fn the_guardian_halts_again_before_the_end() {
    let mut world = World::new();
    halt(&mut world);
    let lift = world.lift_halt_by("admin");
    world.sent(std::slice::from_ref(&lift), &["admin"]);
    world.pass(DAY);
    halt(&mut world);
    world.pass(30 * DAY);
    world.refused(&[world.offer(&Loan::new(1))], &["lender"], MarketHalted);
    // The lift that was signed for the first halt lifts no other.
    world.refused(&[lift], &["admin"], BlockableError::HaltReplaced);
}

#[test]
fn a_paused_market_is_halted_before_it_opens() {
    let mut world = World::new();
    world.sent(&[world.pause_by("guardian", 60)], &["guardian"]);
    halt(&mut world);
    world.refused(&[world.lift_halt_by("admin")], &["admin"], BlockableError::MarketPaused);
    world.pass(60);
    world.refused(&[world.offer(&Loan::new(1))], &["lender"], MarketHalted);
    world.sent(&[world.lift_halt_by("admin")], &["admin"]);
}
