//! One loan through every status, with the log that proves it, on either token program.

use {
    crate::{Steps, UNITS},
    blockable_sdk::{
        Pubkey,
        events::{Change, LogError, verify_log},
        instructions,
        program::{
            instructions::{FreezeAmount, OfferRead, ThawBounds},
            state::{FreezeReason, Party},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, Money, USDC, World},
};

/// A loan that is used, falls behind, is frozen, cured in part, defaults, is seized, sold and collected.
fn through_everything(world: &mut World) -> Pubkey {
    let credit = world.active(&Loan::new(1));
    world.day(20);
    world.meters(&credit, 50_000_000);
    world.day(30);
    world.pay("borrower", &credit, 5_000 * USDC);
    world.day(35);
    world.marks_delinquent(&credit);
    world.freezes(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    world.freezes(&credit, FreezeAmount::Bps(5_000), FreezeReason::MissedPayment);
    world.sent(&[world.thaw("freezer", &credit, ThawBounds { most: 1_000, keep: 0 })], &["freezer"]);
    world.pay("stranger", &credit, 1_000 * USDC);
    world.day(45);
    world.marks_defaulted(&credit);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.day(55);
    world.seizes(&credit);
    world.sent(&[world.buy(&credit, 600_000_000, u64::MAX)], &["buyer"]);
    world.day(65);
    world.sent(&[world.close_lot("lender", &credit, 0)], &["lender"]);
    world.seizes(&credit);
    let left = world.lot(&credit, 1).units_left;
    world.sent(&[world.buy_from("buyer", &credit, 1, left, u64::MAX)], &["buyer"]);
    world.sent(&[world.close_lot("stranger", &credit, 1)], &["stranger"]);
    world.pay("borrower", &credit, u64::MAX);
    world.collects(&credit, Party::Lender);
    world.collects(&credit, Party::Treasury);
    credit
}

/// A word for each change, to read a log by.
fn name(change: &Change) -> String {
    let debug = format!("{change:?}");
    debug.split([' ', '{', '(']).next().unwrap_or_default().to_string()
}

#[test]
fn the_log_of_a_loan_is_complete_and_in_order() {
    let mut world = World::new();
    let credit = through_everything(&mut world);
    let (log, state) = (world.log(&credit), world.credit(&credit));
    let names: Vec<_> = log.iter().map(|record| name(&record.change)).collect();
    let expected = [
        "Offered",
        "Accepted",
        "Issued",
        "Metered",
        "Paid",
        "MarkedDelinquent",
        "Frozen",
        "Frozen",
        "Thawed",
        "Paid",
        "MarkedDefaulted",
        "Frozen",
        "Seized",
        "Sold",
        "LotClosed",
        "Seized",
        "Sold",
        "LotClosed",
        "Paid",
        "Collected",
        "Collected",
    ];
    assert_eq!(names, expected);
    assert_eq!((state.status(), state.event_seq), (Ok(Status::Repaid), log.len() as u64));
    assert_eq!(verify_log(&credit, &log, &state.event_hash), Ok(()));

    let bought = world.unrestricted("buyer");
    let own = world.log(&bought);
    assert_eq!(own.iter().map(|record| name(&record.change)).collect::<Vec<_>>(), ["Granted", "Granted"]);
    assert_eq!(verify_log(&bought, &own, &world.credit(&bought).event_hash), Ok(()));
}

#[test]
fn a_log_with_a_record_missing_or_altered_is_found_out() {
    let mut world = World::new();
    let credit = through_everything(&mut world);
    let (log, hash) = (world.log(&credit), world.credit(&credit).event_hash);
    for missing in 0..log.len() {
        let mut short = log.clone();
        short.remove(missing);
        assert!(verify_log(&credit, &short, &hash).is_err(), "without record {missing}");
    }
    let mut altered = log.clone();
    let last = altered.len() - 1;
    altered[last].at += 1;
    assert_eq!(verify_log(&credit, &altered, &hash), Err(LogError::HashMismatch));
}

#[test]
fn money_and_units_are_conserved_from_beginning_to_end() {
    let mut world = World::new();
    let total = |money: Money| {
        money.lender
            + money.borrower
            + money.provider
            + money.buyer
            + money.stranger
            + money.treasury
            + money.vault
    };
    let start = total(world.money(&world.credit_address(1)));
    let credit = through_everything(&mut world);
    let money = world.money(&credit);
    assert_eq!((total(money), money.vault), (start, 0));

    let (loan, bought) =
        (world.credit(&credit).collateral, world.credit(&world.unrestricted("buyer")).collateral);
    assert_eq!((loan.granted, loan.seized), (UNITS, bought.granted));
    assert_eq!(loan.consumed + loan.remaining() + bought.remaining(), UNITS);
    assert_eq!(world.provider().outstanding_units, UNITS);
}

#[test]
fn token_2022_gives_the_same_money_as_spl_token() {
    let (mut spl, mut token_2022) = (World::new(), World::with_token(tokens::TOKEN_2022_PROGRAM));
    let credit = through_everything(&mut spl);
    assert_eq!(through_everything(&mut token_2022), credit);
    assert_eq!(token_2022.money(&credit), spl.money(&credit));
    let (one, other) = (spl.credit(&credit), token_2022.credit(&credit));
    assert_eq!((one.collateral, one.debt, one.vault), (other.collateral, other.debt, other.vault));
    assert_eq!((one.meter, one.recovered), (other.meter, other.recovered));
}

#[test]
fn an_offer_in_token_2022_can_be_cancelled() {
    let mut world = World::with_token(tokens::TOKEN_2022_PROGRAM);
    let lamports = world.lamports(&crate::who("lender"));
    let credit = world.accepted(&Loan::new(1));
    world.sent(&[world.cancel("borrower", &credit)], &["borrower"]);
    assert_eq!(world.lamports(&crate::who("lender")), lamports);
    assert_eq!(world.wallet("lender"), 1_000_000 * USDC);
}

#[test]
fn an_offer_can_be_made_accepted_and_issued_in_one_transaction() {
    let mut world = World::new();
    let loan = Loan::new(1);
    let credit = world.credit_address(1);
    let terms_hash = {
        let mut copy = World::new();
        copy.offered(&loan);
        copy.credit(&credit).terms_hash
    };
    // An offer of this very slot.
    let read = OfferRead { terms_hash, slot: 0 };
    let accept = instructions::credit_accept(&world.keys.market, &crate::who("borrower"), &credit, read);
    let (authority, payout) = (crate::who("provider"), world.token_account("provider"));
    let issue = instructions::credit_issue(&world.keys, &authority, &world.provider, &payout, &credit, read);
    let transaction = [world.offer(&loan), accept, issue];
    world.sent(&transaction, &["lender", "borrower", "provider"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
    assert_eq!(world.wallet("provider"), 100_000 * USDC);
    world.pass(DAY);
    world.meters(&credit, 1);
}
