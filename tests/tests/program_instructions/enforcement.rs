use {
    blockable_sdk::{
        events::Change,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::{Collateral, FreezePolicy, FreezeReason},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, World},
};

/// Units of the loan, all of them under lien until something is repaid.
const UNITS: u64 = 1_000_000_000;
/// $500 late fee, 30 days of interest, the first instalment.
const ARREARS: u64 = 500_000_000 + 986_301_369 + 20_000_000_000;

fn at_will() -> Loan {
    Loan::new(1).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8)
}

fn frozen_for_payment(units: u64) -> Collateral {
    Collateral { granted: UNITS, frozen_for_payment: units, ..Collateral::default() }
}

fn frozen_for_other(units: u64) -> Collateral {
    Collateral { granted: UNITS, frozen_for_other: units, ..Collateral::default() }
}

#[test]
fn delinquency_is_marked_the_second_the_grace_has_passed() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(35 * DAY);
    let money = world.money(&credit);
    let landed = world.sent(&[world.mark_delinquent(&credit)], &[]);

    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Delinquent), 1));
    assert_eq!(state.debt.arrears_since, START + i64::from(30 * DAY));
    assert_eq!((state.debt.late_fees, state.debt.interest_due), (500_000_000, 986_301_369));
    assert_eq!(state.collateral, frozen_for_payment(0));
    assert_eq!(landed.changes(), [Change::MarkedDelinquent { arrears: ARREARS }]);
}

#[test]
fn default_is_marked_the_second_its_grace_has_passed() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.pass(10 * DAY);
    let landed = world.sent(&[world.mark_defaulted(&credit)], &[]);

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Defaulted), 1));
    assert_eq!(state.defaulted_at, START + i64::from(45 * DAY));
    // 45 days of interest are 1,479,452,054.79..., counted as one more.
    let debt = 100_000_000_000 + 1_479_452_055 + 500_000_000;
    assert_eq!(state.debt.total(), debt);
    assert_eq!(landed.changes(), [Change::MarkedDefaulted { arrears: ARREARS, debt }]);
}

#[test]
fn the_lender_freezes_all_of_the_lien() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let (money, now) = (world.money(&credit), world.now());
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment);
    let landed = world.sent(&[freeze], &["lender"]);

    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.collateral), (Ok(Status::Delinquent), frozen_for_payment(UNITS)));
    assert_eq!(state.collateral.available(), 0);
    assert_eq!((state.meter.frozen_at_chain, state.meter.closed_before), (now, 0));
    assert_eq!(state.freeze_reason, FreezeReason::MissedPayment as u8);
    let by = Parties::address("lender");
    let reason = FreezeReason::MissedPayment;
    assert_eq!(
        landed.changes(),
        [Change::Frozen {
            by,
            reason,
            units: UNITS,
            frozen_for_payment: UNITS,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 0
        }]
    );
}

#[test]
fn the_freeze_authority_freezes_a_number_of_units_and_raises_it_later() {
    let mut world = World::new();
    let credit = world.active(&at_will());
    let by = Parties::address("freezer");
    let mut freeze = |units, reason| {
        world.pass(1);
        let freeze = world.freeze_by("freezer", &credit, FreezeAmount::Units(units), reason);
        let changes = world.sent(&[freeze], &["freezer"]).changes();
        (changes, world.credit(&credit))
    };
    let (changes, state) = freeze(7, FreezeReason::Risk);
    let frozen = |reason, units, frozen_for_other| {
        [Change::Frozen {
            by,
            reason,
            units,
            frozen_for_payment: 0,
            frozen_for_other,
            frozen_for_cross: 0,
            locked: 0,
        }]
    };
    assert_eq!(changes, frozen(FreezeReason::Risk, 7, 7));
    assert_eq!(state.collateral, frozen_for_other(7));

    let (changes, state) = freeze(10, FreezeReason::Breach);
    assert_eq!(changes, frozen(FreezeReason::Breach, 3, 10));
    assert_eq!(state.collateral, frozen_for_other(10));
    assert_eq!((state.meter.closed_before, state.meter.frozen_at_chain), (7, START + 2));
    assert_eq!(state.freeze_reason, FreezeReason::Breach as u8);
}

#[test]
fn a_share_of_the_lien_is_frozen_rounded_up() {
    // 1,000,000,007 x 3,333 / 10,000 = 333,300,002.33..., so one more.
    for (bps, units) in [(1, 100_001), (3_333, 333_300_003), (10_000, 1_000_000_007)] {
        let mut world = World::new();
        let credit = world.active(&at_will().with(|terms| terms.units = 1_000_000_007));
        let freeze = world.freeze(&credit, FreezeAmount::Bps(bps), FreezeReason::Risk);
        world.sent(&[freeze], &["lender"]);
        assert_eq!(world.credit(&credit).collateral.frozen(), units);
    }
}

#[test]
fn a_shortfall_freezes_the_share_that_the_arrears_are_of_the_debt() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let freeze = world.freeze(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    world.sent(&[freeze], &["lender"]);
    // 10^9 x 21,486,301,369 / 101,650,684,932 (35 days of interest, rounded up) = 211,373,896.63
    assert_eq!(world.credit(&credit).collateral, frozen_for_payment(211_373_897));
}

#[test]
fn a_shortfall_counts_the_interest_up_to_the_freeze() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.pass(25 * DAY);
    let freeze = world.freeze(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    world.sent(&[freeze], &["lender"]);
    let state = world.credit(&credit);
    assert_eq!(state.debt.accrued_at, START + i64::from(60 * DAY));
    // 60 days of interest, two instalments, one late fee: 10^9 x 42,472,602,739 / 102,472,602,740, rounded up.
    assert_eq!((state.arrears(), state.debt.total()), (42_472_602_739, 102_472_602_740));
    assert_eq!(state.collateral, frozen_for_payment(414_477_642));
}

#[test]
fn the_policy_says_from_which_mark_on_a_freeze_is_allowed() {
    for (policy, status) in [
        (FreezePolicy::AtWill, Status::Active),
        (FreezePolicy::OnDelinquency, Status::Delinquent),
        (FreezePolicy::OnDefault, Status::Defaulted),
    ] {
        let loan = Loan::new(1).with(|terms| terms.freeze_policy = policy as u8);
        for (index, state) in [Status::Active, Status::Delinquent, Status::Defaulted].iter().enumerate() {
            let mut world = World::new();
            let reach = [World::active, World::delinquent, World::defaulted][index];
            let credit = reach(&mut world, &loan);
            let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
            assert_eq!(
                world.send(&[freeze], &["lender"]).is_ok(),
                *state >= status,
                "{policy:?} in {state:?}"
            );
        }
    }
}

#[test]
fn lender_and_freeze_authority_thaw_what_is_frozen() {
    let mut world = World::new();
    let credit = world.active(&at_will());
    let freeze = world.freeze(&credit, FreezeAmount::Units(100), FreezeReason::Risk);
    world.sent(&[freeze], &["lender"]);
    let money = world.money(&credit);

    let landed =
        world.sent(&[world.thaw("freezer", &credit, ThawBounds { most: 30, keep: 0 })], &["freezer"]);
    assert_eq!(world.credit(&credit).collateral, frozen_for_other(70));
    let by = Parties::address("freezer");
    assert_eq!(
        landed.changes(),
        [Change::Thawed {
            by,
            units: 30,
            frozen_for_payment: 0,
            frozen_for_other: 70,
            frozen_for_cross: 0,
            locked: 0
        }]
    );

    let landed = world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    assert_eq!(world.credit(&credit).collateral, frozen_for_other(0));
    let by = Parties::address("lender");
    assert_eq!(
        landed.changes(),
        [Change::Thawed {
            by,
            units: 70,
            frozen_for_payment: 0,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 0
        }]
    );
    assert_eq!(world.money(&credit), money);
}

#[test]
fn after_default_anyone_freezes_the_rest_where_the_terms_say_so() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    let freeze = world.freeze(&credit, FreezeAmount::Bps(2_500), FreezeReason::MissedPayment);
    world.sent(&[freeze], &["lender"]);
    let landed = world.sent(&[world.auto_freeze(&credit)], &[]);

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.collateral), (Ok(Status::Defaulted), frozen_for_payment(UNITS)));
    assert_eq!(state.freeze_reason, FreezeReason::Default as u8);
    let frozen = Change::Frozen {
        by: credit,
        reason: FreezeReason::Default,
        units: 750_000_000,
        frozen_for_payment: UNITS,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
    };
    assert_eq!(landed.changes(), [frozen]);
}
