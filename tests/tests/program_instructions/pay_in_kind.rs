//! Coupons in kind: half of the coupon on unused units is added to the principal and falls due with the last instalment.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{state::Rider, transitions::Status},
    },
    blockable_testkit::{DAY, Landed, Loan, START, USDC, World},
};

/// A coupon of 30 days on $100,000 at 12 %, 986,301,369 whole micro-USDC, with three quarters of the units unused: half of
/// 739,726,026 in kind, the rest in cash.
const IN_KIND: u64 = 369_863_013;
const IN_CASH: u64 = 986_301_369 - IN_KIND;

/// A loan on its first due date, a quarter of whose units were used.
fn quarter_used() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with_rider(Rider { pay_in_kind_bps: 5_000, ..Rider::default() }));
    day(&mut world, 29);
    world.sent(&[world.meter(&[credit], &[(0, 250_000_000, 0)])], &[]);
    day(&mut world, 30);
    (world, credit)
}

fn day(world: &mut World, day: u32) {
    world.set_time(START + i64::from(day * DAY));
}

fn pay(world: &mut World, credit: &Pubkey, amount: u64) -> Landed {
    world.sent(&[world.repay("borrower", credit, amount)], &["borrower"])
}

#[test]
fn at_a_due_date_a_share_of_the_coupon_becomes_principal_and_the_rest_falls_due() {
    let (mut world, credit) = quarter_used();
    let landed = pay(&mut world, &credit, 20_000 * USDC + IN_CASH);

    let state = world.credit(&credit);
    assert_eq!((state.debt.arrears_since, state.arrears()), (0, 0));
    assert_eq!((state.debt.principal, state.capitalised), (80_000 * USDC + IN_KIND, IN_KIND));
    let [Change::Paid { interest, principal, released, debt, .. }] = landed.changes()[..] else {
        panic!("{landed:?}")
    };
    // 10^9 x 20,000 / (20,000 + 80,369.863013), rounded down.
    assert_eq!((interest, principal, released), (IN_CASH, 20_000 * USDC, 199_262_999));
    assert_eq!(debt, 80_000 * USDC + IN_KIND + 1);
}

#[test]
fn a_micro_usdc_less_than_the_cash_part_is_not_enough() {
    let (mut world, credit) = quarter_used();
    pay(&mut world, &credit, 20_000 * USDC + IN_CASH - 1);
    let state = world.credit(&credit);
    assert_eq!((state.arrears(), state.debt.arrears_since), (1, START + i64::from(30 * DAY)));
}

#[test]
fn what_was_paid_in_kind_falls_due_with_the_last_instalment_and_nothing_is_lost() {
    let (mut world, credit) = quarter_used();
    let money = world.money(&credit);
    // Per due date: cash of the coupon, principal, units released so far. The coupons are those of 30 days on $100,000.00,
    // 80,369.863013, 60,667.121410, 40,891.506653 and 21,042.749211 at 12 %; the last one is all cash.
    let due = [
        (IN_CASH, 20_000_000_000, 199_262_999),
        (495_430_663, 20_000_000_000, 397_349_198),
        (373_975_407, 20_000_000_000, 594_698_225),
        (252_070_932, 20_000_000_000, 791_744_094),
        (207_544_925, 21_042_749_211, 1_000_000_000),
    ];
    for (month, (interest, principal, released)) in (1..).zip(due) {
        day(&mut world, month * 30);
        let landed = pay(&mut world, &credit, interest + principal);
        let [Change::Paid { interest: i, principal: p, status, .. }] = landed.changes()[..] else {
            panic!("{landed:?}")
        };
        assert_eq!((i, p), (interest, principal), "instalment {month}");
        assert_eq!(world.credit(&credit).collateral.released, released, "instalment {month}");
        assert_eq!(status, if month < 5 { Status::Active } else { Status::Repaid });
    }
    // The principal and 2,988,209,493.08 of interest, rounded up once.
    assert_eq!(money.borrower - world.money(&credit).borrower, 100_000 * USDC + 2_988_209_494);
    let state = world.credit(&credit);
    assert_eq!((state.capitalised, state.principal_repaid), (1_042_749_211, 101_042_749_211));
}

#[test]
fn nothing_is_paid_in_kind_while_an_instalment_is_unpaid() {
    let (mut world, credit) = quarter_used();
    day(&mut world, 60);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    let state = world.credit(&credit);
    // The first coupon was billed in part; the second, of 989,949,334.69 on the raised principal, in full.
    assert_eq!((state.capitalised, state.debt.interest_due), (IN_KIND, IN_CASH + 989_949_334));
    assert_eq!(state.arrears(), 40_000 * USDC + IN_CASH + 989_949_334 + 500 * USDC);
}

#[test]
fn without_unused_units_all_of_the_coupon_is_cash() {
    let mut world = World::new();
    let rider = Rider { pay_in_kind_bps: 10_000, ..Rider::default() };
    let credit = world.active(&Loan::new(1).with(|terms| terms.units = 1_000).with_rider(rider));
    world.pass(DAY);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    day(&mut world, 30);
    pay(&mut world, &credit, 20_000 * USDC + 986_301_369);
    let state = world.credit(&credit);
    assert_eq!((state.capitalised, state.debt.arrears_since), (0, 0));
}

#[test]
fn a_coupon_that_is_all_in_kind_leaves_only_principal_due() {
    let mut world = World::new();
    let rider = Rider { pay_in_kind_bps: 10_000, ..Rider::default() };
    let credit = world.active(&Loan::new(1).with_rider(rider));
    day(&mut world, 30);
    pay(&mut world, &credit, 20_000 * USDC);
    let state = world.credit(&credit);
    assert_eq!((state.debt.arrears_since, state.debt.interest_due), (0, 0));
    assert_eq!((state.capitalised, state.debt.principal), (986_301_369, 80_986_301_369));
}
