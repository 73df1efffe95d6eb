//! Accounts of version 1, as that version wrote them: what works before they are migrated, what asks for it, and after.
//!
//! `fixtures/v1` holds a loan of $100,000 over five instalments, of which the first was paid. It is delinquent for the
//! second since day 65, and a quarter of its lien is frozen for that.

use {
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitAmount},
            state::{Collateral, Credit, FreezeReason, Instalment, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, USDC, World},
    solana_sdk::account::Account,
};

const UNITS: u64 = 1_000_000_000;
/// 30 days on $80,000, a late fee, the second instalment.
const ARREARS: u64 = 789_041_096 + 500 * USDC + 20_000 * USDC;
/// With the principal left, and five days of interest since, rounded up.
const DEBT: u64 = 80_000 * USDC + 789_041_096 + 131_506_851 + 500 * USDC;

/// A world in which accounts of version 1 stand, on day 65; the delinquent credit and the accepted one.
fn version_1() -> (World, Pubkey, Pubkey) {
    let mut world = World::new();
    let (credit, accepted) = (world.credit_address(1), world.credit_address(2));
    let (program, token) = (blockable_sdk::PROGRAM_ID, world.keys.token_program);
    let files: [(Pubkey, Pubkey, &[u8]); 6] = [
        (world.keys.market, program, include_bytes!("../../fixtures/v1/market.bin")),
        (world.provider, program, include_bytes!("../../fixtures/v1/provider.bin")),
        (credit, program, include_bytes!("../../fixtures/v1/credit.bin")),
        (addresses::vault(&credit), token, include_bytes!("../../fixtures/v1/vault.bin")),
        (accepted, program, include_bytes!("../../fixtures/v1/accepted.bin")),
        (addresses::vault(&accepted), token, include_bytes!("../../fixtures/v1/accepted_vault.bin")),
    ];
    for (address, owner, data) in files {
        let lamports = world.svm.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data: data.to_vec(), owner, executable: false, rent_epoch: 0 };
        world.svm.set_account(address, account).expect("the account can be set");
    }
    world.set_time(day(65));
    (world, credit, accepted)
}

fn migrated() -> (World, Pubkey, Pubkey) {
    let (mut world, credit, accepted) = version_1();
    world.sent(&[world.migrate(&credit), world.migrate(&accepted)], &[]);
    (world, credit, accepted)
}

fn day(day: u32) -> i64 {
    START + i64::from(day * DAY)
}

/// A new schedule for what is outstanding.
fn restructure(world: &World, credit: &Pubkey) -> Instruction {
    let instalment = Instalment { due_after: 30 * DAY, principal: world.credit(credit).debt.principal };
    world.restructure(credit, world.credit(credit).terms, vec![instalment])
}

#[test]
fn the_fixture_is_a_delinquent_credit_of_version_1() {
    let (world, credit, accepted) = version_1();
    let state = world.credit(&credit);
    assert_eq!((state.version, state.status()), (1, Ok(Status::Delinquent)));
    assert_eq!((state.lender, state.borrower), (Parties::address("lender"), Parties::address("borrower")));
    let units = Collateral {
        granted: UNITS,
        consumed: 5_000,
        released: 200_000_000,
        frozen: 200_000_000,
        ..Collateral::default()
    };
    assert_eq!((state.collateral, state.arrears(), state.debt.total()), (units, ARREARS, DEBT));
    assert_eq!((state.issued_at, state.terms.unit_lifetime), (START, 200 * DAY));
    assert_eq!(
        (world.credit(&accepted).version, world.credit(&accepted).status()),
        (1, Ok(Status::Accepted))
    );
    assert_eq!(world.market().settings().change_delay, 2 * DAY);
}

#[test]
fn paying_the_arrears_of_a_version_1_credit_cures_thaws_and_releases() {
    let (mut world, credit, _) = version_1();
    let landed = world.sent(&[world.repay("borrower", &credit, ARREARS)], &["borrower"]);
    let paid = Change::Paid {
        payer: Parties::address("borrower"),
        reserve: 0,
        late_fees: 500 * USDC,
        interest: 789_041_096,
        principal: 20_000 * USDC,
        released: 200_000_000,
        thawed: 200_000_000,
        debt: DEBT - ARREARS,
        status: Status::Active,
    };
    assert_eq!(landed.changes(), [paid]);
    assert_eq!(world.credit(&credit).version, 1);
}

#[test]
fn a_version_1_credit_is_repaid_and_collected_in_full() {
    let (mut world, credit, _) = version_1();
    let money = world.money(&credit);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let to = world.token_account("lender");
    world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);
    let after = world.money(&credit);
    assert_eq!(money.borrower - after.borrower, DEBT);
    // With the first instalment, which lay in the vault.
    assert_eq!((after.lender - money.lender, after.vault), (DEBT + 20_986_301_369, 0));
    let state = world.credit(&credit);
    assert_eq!((state.version, state.status()), (1, Ok(Status::Repaid)));
    assert_eq!((state.collateral.available(), state.collateral.frozen), (UNITS - 5_000, 0));
}

#[test]
fn a_version_1_credit_is_frozen_thawed_marked_and_metered() {
    let (mut world, credit, _) = version_1();
    world.sent(&[world.meter(&[credit], &[(0, 6_000, 0)])], &[]);
    world.pass(60);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment)], &["lender"]);
    // Use drew on released units, so the lien is as large as it was.
    assert_eq!(world.credit(&credit).collateral.frozen, 800_000_000);
    world.sent(&[world.thaw("freezer", &credit, UnitAmount::Units(700_000_000))], &["freezer"]);
    world.set_time(day(75));
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.version, state.status()), (1, Ok(Status::Defaulted)));
    assert_eq!((state.collateral.frozen, state.collateral.consumed), (800_000_000, 6_000));
}

#[test]
fn what_reads_the_new_fields_asks_for_the_migration() {
    let (mut world, credit, accepted) = version_1();
    let outdated = [
        (restructure(&world, &credit), &["lender", "borrower"][..]),
        (world.offer_lender("lender", &credit, "buyer"), &["lender"]),
        (world.seize(&credit, UnitAmount::All), &["lender"]),
        (world.seize_to_lender("lender", &credit, UnitAmount::All), &["lender"]),
        (world.expire_units(&credit), &[]),
        (world.close_vault(&credit), &[]),
        (world.close_credit("borrower", &credit), &["borrower"]),
        (world.issue(&accepted), &["provider"]),
    ];
    for (instruction, signers) in outdated {
        world.refused(&[instruction], signers, BlockableError::VersionOutdated);
    }
}

#[test]
fn anyone_migrates_a_credit_once_and_every_old_field_stays() {
    let (mut world, credit, _) = version_1();
    let (before, money) = (world.credit(&credit), world.money(&credit));
    let landed = world.sent(&[world.migrate(&credit)], &[]);

    assert_eq!(landed.changes(), [Change::Migrated { from: 1 }]);
    assert_eq!(landed.records()[0].seq, before.event_seq);
    assert_eq!(world.money(&credit), money);
    let now = world.credit(&credit);
    assert_eq!((now.version, now.event_seq), (2, before.event_seq + 1));
    assert_eq!((now.units_expire_at, now.frozen_at_market), (day(200), day(65)));
    // With what a migration writes put back, the account is the old one to the byte.
    world.write::<Credit>(&credit, |credit| {
        credit.version = 1;
        (credit.event_seq, credit.event_hash) = (before.event_seq, before.event_hash);
        (credit.units_expire_at, credit.frozen_at_market) = (0, 0);
    });
    let data = world.svm.get_account(&credit).map(|account| account.data);
    assert_eq!(data.as_deref(), Some(&include_bytes!("../../fixtures/v1/credit.bin")[..]));
}

#[test]
fn a_credit_of_this_version_is_not_migrated() {
    let (mut world, credit, accepted) = migrated();
    let new = world.accepted(&Loan::new(3).with(|terms| terms.offer_expires_at = 0));
    for credit in [credit, accepted, new] {
        world.refused(&[world.migrate(&credit)], &[], BlockableError::VersionCurrent);
    }
}

#[test]
fn a_freeze_after_the_upgrade_keeps_its_time_in_the_migration() {
    let (mut world, credit, _) = version_1();
    world.set_time(day(70));
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment)], &["lender"]);
    world.set_time(day(72));
    world.sent(&[world.migrate(&credit)], &[]);
    assert_eq!(world.credit(&credit).frozen_at_market, day(70));
}

#[test]
fn an_accepted_credit_is_issued_after_its_migration() {
    let (mut world, _, accepted) = version_1();
    world.sent(&[world.migrate(&accepted), world.issue(&accepted)], &["provider"]);
    let state = world.credit(&accepted);
    assert_eq!((state.status(), state.units_expire_at), (Ok(Status::Active), 0));
    assert_eq!((world.wallet("provider"), state.meter.index), (100_000 * USDC, 1));
    assert_eq!(world.provider().outstanding_units, 2 * UNITS);
}

#[test]
fn a_migrated_credit_is_restructured_and_assigned() {
    let (mut world, credit, _) = migrated();
    world.sent(&[restructure(&world, &credit)], &["lender", "borrower"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
    let to = world.token_account("lender");
    world.sent(&[world.collect("lender", &credit, Party::Lender, &to)], &["lender"]);
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    world.sent(&[world.accept_lender("buyer", &credit)], &["buyer"]);
    assert_eq!(world.credit(&credit).lender, Parties::address("buyer"));
}

#[test]
fn a_migrated_credit_is_seized_expires_and_ends() {
    let (mut world, credit, _) = migrated();
    world.set_time(day(75));
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    world.set_time(day(85));
    world.sent(&[world.seize(&credit, UnitAmount::Units(1_000))], &["lender"]);
    world.sent(&[world.seize_to_lender("lender", &credit, UnitAmount::Units(2_000))], &["lender"]);
    world.sent(&[world.buy(&credit, 1_000, u64::MAX)], &["buyer"]);
    for (name, units) in [("lender", 2_000), ("buyer", 1_000)] {
        let own = world.credit(&world.unrestricted_until(name, day(200)));
        assert_eq!(own.collateral.granted, units);
    }
    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    world.sent(&[world.write_off("lender", &credit)], &["lender"]);
    for (party, name) in [(Party::Lender, "lender"), (Party::Treasury, "treasury")] {
        let to = world.token_account(name);
        world.sent(&[world.collect("stranger", &credit, party, &to)], &["stranger"]);
    }
    world.sent(&[world.close_vault(&credit)], &[]);
    world.set_time(day(200));
    // 300 units of the last report are held by jobs.
    let landed = world.sent(&[world.expire_units(&credit)], &[]);
    assert_eq!(landed.changes(), [Change::Expired { units: UNITS - 5_000 - 300 - 3_000 }]);
    world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    assert_eq!((world.lamports(&credit), world.provider().outstanding_units), (0, 3_000));
}
