use {
    blockable_sdk::{
        addresses,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{Collateral, Credit, Debt, FreezeReason, Lot, Meter, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, START, USDC, World},
};

const UNITS: u64 = 1_000_000_000;

/// A defaulted credit whose cure period has just passed.
fn past_cure() -> (World, blockable_sdk::Pubkey) {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pass(10 * DAY);
    (world, credit)
}

#[test]
fn the_lender_seizes_the_lien_into_a_lot_once_the_cure_period_has_passed() {
    let (mut world, credit) = past_cure();
    let (money, lamports) = (world.money(&credit), world.lamports(&Parties::address("lender")));
    let landed = world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);

    assert_eq!(world.money(&credit), money);
    let address = addresses::lot(&credit, 0);
    let rent = world.svm.minimum_balance_for_rent_exemption(Lot::SPACE);
    assert_eq!(world.lamports(&address), rent);
    assert_eq!(world.lamports(&Parties::address("lender")), lamports - rent);

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Seizing), 1));
    assert_eq!(state.collateral, Collateral { granted: UNITS, seized: UNITS, ..Collateral::default() });
    assert_eq!((state.lots_opened, state.lots_open), (1, 1));
    let lot = world.lot(&credit, 0);
    assert_eq!((lot.version, lot.index, lot.window), (Lot::VERSION, 0, 10 * DAY));
    assert_eq!((lot.market, lot.credit, lot.provider), (world.keys.market, credit, world.provider));
    assert_eq!(lot.lender, Parties::address("lender"));
    assert_eq!((lot.units, lot.units_left, lot.proceeds), (UNITS, UNITS, 0));
    assert_eq!((lot.start_price, lot.floor_price), (100_000_000, 50_000_000));
    assert_eq!(lot.opened_at, START + i64::from(55 * DAY));
    let change =
        Change::Seized { lot: address, units: UNITS, start_price: 100_000_000, floor_price: 50_000_000 };
    assert_eq!(landed.changes(), [change]);
}

#[test]
fn a_part_can_be_seized_and_the_rest_later_into_a_lot_of_its_own() {
    let (mut world, credit) = past_cure();
    world.sent(&[world.freeze(&credit, FreezeAmount::Bps(5_000), FreezeReason::Default)], &["lender"]);
    world.sent(&[world.seize(&credit, UnitBounds::exactly(400_000_000))], &["lender"]);
    let part = Collateral {
        granted: UNITS,
        seized: 400_000_000,
        frozen_for_payment: 100_000_000,
        ..Collateral::default()
    };
    assert_eq!(world.credit(&credit).collateral, part);

    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    let state = world.credit(&credit);
    assert_eq!(state.collateral, Collateral { granted: UNITS, seized: UNITS, ..Collateral::default() });
    assert_eq!((state.lots_opened, state.lots_open), (2, 2));
    assert_eq!((world.lot(&credit, 0).units, world.lot(&credit, 1).units), (400_000_000, 600_000_000));
    assert_eq!(world.lot(&credit, 1).index, 1);
}

/// A credit of whose units 1,500 are used and 300 held by jobs that still run, past its cure period.
fn running_jobs() -> (World, blockable_sdk::Pubkey) {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 300)])], &[]);
    world.pass(10 * DAY);
    world.sent(&[world.meter(&[credit], &[(0, 1_500, 300)])], &[]);
    (world, credit)
}

/// Jobs that held 300 units settle; no use is counted as overrun.
fn end_jobs(world: &mut World, credit: &blockable_sdk::Pubkey) {
    world.pass(30);
    world.sent(&[world.meter(&[*credit], &[(0, 1_800, 0)])], &[]);
    let state = world.credit(credit);
    assert_eq!((state.collateral.consumed, state.meter.overrun), (1_800, 0));
}

#[test]
fn a_seizure_leaves_running_jobs_what_they_hold() {
    let (mut world, credit) = running_jobs();
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    assert_eq!(world.credit(&credit).collateral.seized, UNITS - 1_800);
    end_jobs(&mut world, &credit);
    assert_eq!(world.credit(&credit).collateral.remaining(), 0);
}

#[test]
fn a_freeze_in_the_same_transaction_as_the_seizure_does_not_cut_running_jobs_off() {
    let (mut world, credit) = running_jobs();
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
    world.sent(&[freeze, world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.seized, state.collateral.frozen()), (UNITS - 1_800, 300));
    end_jobs(&mut world, &credit);
}

#[test]
fn what_jobs_left_unsettled_through_the_cure_period_after_a_freeze_goes_with_the_lien() {
    let (mut world, credit) = running_jobs();
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
    world.sent(&[freeze, world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    world.pass(10 * DAY - 1);
    let rest = world.seize(&credit, UnitBounds::ALL);
    world.refused(&[rest], &["lender"], BlockableError::HeldByRunningJobs);
    world.pass(1);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    assert_eq!(world.credit(&credit).collateral.seized, UNITS - 1_500);
}

#[test]
fn a_seizure_leaves_released_units_to_the_borrower() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    world.pass(35 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    world.pass(10 * DAY);
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    world.pass(10 * DAY);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    let units = world.credit(&credit).collateral;
    assert_eq!((units.seized, units.remaining(), units.lien()), (900_000_000, 100_000_000, 0));
    assert_eq!(units.available(), 100_000_000);
}

#[test]
fn a_sale_pays_fee_and_lender_and_gives_the_buyer_units_without_a_lien() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(DAY);
    let (money, lamports) = (world.money(&credit), world.lamports(&Parties::address("buyer")));
    let landed = world.sent(&[world.buy(&credit, 300_000_007, 95_000_000)], &["buyer"]);

    // One of ten days: 100 - 50 / 10 = 95 USDC per million units; 28,500,000,665 micro-USDC exactly.
    let (cost, fee) = (28_500_000_665, 570_000_013);
    let recovered = cost - fee;
    assert_eq!(world.money(&credit), Money { buyer: money.buyer - cost, vault: cost, ..money });
    let rent = world.svm.minimum_balance_for_rent_exemption(Credit::SPACE);
    assert_eq!(world.lamports(&Parties::address("buyer")), lamports - rent);
    // 56 days of interest are 1,841,095,890.41, one more when rounded up; plus a late fee of $500.
    let debt = 100_000 * USDC + 1_841_095_891 + 500 * USDC - recovered;

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.debt.total()), (Ok(Status::Seizing), debt));
    assert_eq!((state.debt.late_fees, state.debt.interest_due, state.debt.interest_not_due()), (0, 0, 0));
    assert_eq!((state.recovered, state.principal_repaid), (recovered, 0));
    assert_eq!(state.claims, VaultClaims { lender: recovered, treasury: fee, ..VaultClaims::default() });
    assert_eq!(state.collateral, Collateral { granted: UNITS, seized: UNITS, ..Collateral::default() });
    let lot = world.lot(&credit, 0);
    assert_eq!((lot.units, lot.units_left, lot.proceeds), (UNITS, 699_999_993, cost));

    let bought = world.unrestricted("buyer");
    let own = world.credit(&bought);
    assert!(own.is_unrestricted());
    assert_eq!((own.status(), own.blockable), (Ok(Status::Repaid), 0));
    assert_eq!((own.lender, own.borrower), (world.provider, Parties::address("buyer")));
    assert_eq!((own.provider, own.market, own.nonce), (world.provider, world.keys.market, 0));
    let units = Collateral { granted: 300_000_007, released: 300_000_007, ..Collateral::default() };
    assert_eq!((own.collateral, own.claims), (units, VaultClaims::default()));
    assert_eq!(own.meter, Meter { index: 1, reported_at: world.now(), ..Meter::default() });
    assert_eq!(own.debt, Debt { accrued_at: world.now(), ..Debt::default() });
    assert_eq!((world.provider().outstanding_units, world.provider().next_index), (UNITS, 2));

    let (lot, buyer) = (addresses::lot(&credit, 0), Parties::address("buyer"));
    let sold =
        Change::Sold { lot, buyer, units: 300_000_007, cost, fee, recovered, surplus: 0, earned: 0, debt };
    assert_eq!(landed.changes(), [sold, Change::Granted { from: lot, units: 300_000_007 }]);
    assert_eq!(landed.records().iter().map(|record| record.credit).collect::<Vec<_>>(), [credit, bought]);
}

#[test]
fn a_second_purchase_tops_up_the_same_credit() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.sent(&[world.buy(&credit, 10, u64::MAX)], &["buyer"]);
    let first = world.credit(&world.unrestricted("buyer"));
    let lamports = world.lamports(&Parties::address("buyer"));
    world.pass(DAY);
    world.sent(&[world.buy(&credit, 32, u64::MAX)], &["buyer"]);
    let own = world.credit(&world.unrestricted("buyer"));
    assert_eq!(own.collateral, Collateral { granted: 42, released: 42, ..Collateral::default() });
    assert_eq!((own.meter, own.event_seq), (first.meter, 2));
    assert_eq!(world.lamports(&Parties::address("buyer")), lamports);
    assert_eq!(world.provider().next_index, 2);
}

#[test]
fn the_smallest_purchase_costs_at_least_its_price() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(10 * DAY - 1);
    let buyer = world.wallet("buyer");
    // A second before the floor: 100,000,000 - floor(50,000,000 x 863,999 / 864,000) = 50,000,058.
    world.sent(&[world.buy(&credit, 1, 50_000_058)], &["buyer"]);
    assert_eq!(world.wallet("buyer"), buyer - 51);
    world.pass(1);
    world.sent(&[world.buy(&credit, 1, 50_000_000)], &["buyer"]);
    assert_eq!(world.wallet("buyer"), buyer - 51 - 50);
}

#[test]
fn the_lender_takes_unsold_units_back_frozen_and_its_rent() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.sent(&[world.buy(&credit, 400_000_000, u64::MAX)], &["buyer"]);
    world.pass(10 * DAY);
    let (money, lamports) = (world.money(&credit), world.lamports(&Parties::address("lender")));
    let lot = addresses::lot(&credit, 0);
    let rent = world.lamports(&lot);
    let landed = world.sent(&[world.close_lot("lender", &credit, 0)], &["lender"]);

    assert_eq!(world.money(&credit), money);
    assert_eq!((world.lamports(&lot), world.lamports(&Parties::address("lender"))), (0, lamports + rent));
    let state = world.credit(&credit);
    let units = Collateral {
        granted: UNITS,
        seized: 400_000_000,
        frozen_for_other: 600_000_000,
        ..Collateral::default()
    };
    assert_eq!((state.collateral, state.collateral.available()), (units, 0));
    assert_eq!((state.lots_opened, state.lots_open), (1, 0));
    assert_eq!(landed.changes(), [Change::LotClosed { lot, returned: 600_000_000 }]);
}

#[test]
fn anyone_closes_a_lot_that_is_sold_out_and_the_lender_gets_the_rent() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::exactly(UNITS / 10));
    world.sent(&[world.buy(&credit, UNITS / 10, u64::MAX)], &["buyer"]);
    let lamports = world.lamports(&Parties::address("lender"));
    let (lot, before) = (addresses::lot(&credit, 0), world.credit(&credit).collateral);
    let rent = world.lamports(&lot);
    let landed = world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    assert_eq!(world.lamports(&Parties::address("lender")), lamports + rent);
    assert_eq!(world.credit(&credit).collateral, before);
    assert_eq!(landed.changes(), [Change::LotClosed { lot, returned: 0 }]);
}

#[test]
fn anyone_closes_a_lot_once_the_debt_is_paid_and_the_units_are_the_borrowers() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    assert_eq!(world.credit(&credit).collateral.remaining(), 0);
    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.lots_open), (Ok(Status::Repaid), 0));
    assert_eq!(state.collateral, Collateral { granted: UNITS, released: UNITS, ..Collateral::default() });
    assert_eq!((state.collateral.available(), state.collateral.lien()), (UNITS, 0));
}

/// On the standard preset, on day 18: $120,830 are owed, 575,000,000 units are covered by $57,500. The others are sold for three
/// times their price, which pays the debt: the provider has to serve all units, and is paid for them.
#[test]
fn a_sale_that_ends_the_debt_leaves_the_provider_what_was_held_back() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::standard(1, 120_000 * USDC, 1_200_000_000));
    world.pass(10 * DAY);
    let dear = LotTerms { start_price: 300 * USDC, floor_price: 300 * USDC, ..world.lot_terms() };
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, dear)], &["lender"]);
    let landed = world.sent(&[world.buy(&credit, 625_000_000, 300 * USDC)], &["buyer"]);
    let (cost, fee, debt) = (187_500 * USDC, 3_750 * USDC, 120_830 * USDC);
    let Change::Sold { cost: paid, fee: taken, recovered, surplus, earned, debt: 0, .. } =
        landed.changes()[0]
    else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((paid, taken, recovered, surplus), (cost, fee, debt, cost - fee - debt));
    assert_eq!(earned, 57_500 * USDC);
    let state = world.credit(&credit);
    assert_eq!((state.claims.provider, state.holdback_left), (earned, 0));
    assert_eq!((state.status(), state.collateral.available()), (Ok(Status::Repaid), 575_000_000));
}
