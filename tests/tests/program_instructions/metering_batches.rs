//! Several credits in one transaction: what cannot be metered is named and left out, the others are metered.

use {
    blockable_sdk::{
        Pubkey, addresses,
        events::SkippedCredit,
        instructions::{self, MarketKeys},
        program::{
            instructions::UnitBounds,
            metering::Skip,
            state::{Credit, ProviderSettings},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Landed, Loan, Parties, USDC, World},
    solana_sdk::{message::Message, transaction::Transaction},
};

/// Registers the stranger as a provider of the same market, and issues a loan of the lender with it.
fn credit_of_another_provider(world: &mut World, nonce: u64) -> Pubkey {
    let (authority, payout) = (Parties::address("stranger"), world.token_account("stranger"));
    let MarketKeys { market, .. } = world.keys;
    let settings = ProviderSettings { payout, ..World::settings() };
    let register =
        instructions::provider_register(&market, &authority, &authority, World::capacity(), settings);
    world.sent(&[register], &["stranger"]);
    let own = std::mem::replace(&mut world.provider, addresses::provider(&market, &authority));
    let credit = world.accepted(&Loan::new(nonce));
    let read = world.offer_read(&credit);
    let issue = instructions::credit_issue(&world.keys, &authority, &world.provider, &payout, &credit, read);
    world.sent(&[issue], &["stranger"]);
    world.provider = own;
    credit
}

#[test]
fn a_credit_of_a_later_version_or_given_read_only_does_not_fail_the_chunk() {
    let mut world = World::new();
    let credits: Vec<_> = (1..=3).map(|nonce| world.active(&Loan::new(nonce))).collect();
    world.write::<Credit>(&credits[0], |credit| credit.status = 200);
    world.pass(60);
    let mut meter = world.meter(&credits, &[(0, 1_000, 0), (1, 1_000, 0), (2, 1_000, 0)]);
    meter
        .accounts
        .iter_mut()
        .filter(|meta| meta.pubkey == credits[1])
        .for_each(|meta| meta.is_writable = false);
    // Without the audit: it takes every status to be known.
    let message = Message::new(&[meter], Some(&Parties::address("payer")));
    let transaction = Transaction::new(&[&Parties::key("payer")], message, world.svm.latest_blockhash());
    let landed = Landed::from(world.svm.send_transaction(transaction).expect("the chunk is metered"));

    let reasons: Vec<_> =
        landed.chunk().skipped.iter().map(|skipped| (skipped.credit, skipped.reason)).collect();
    assert_eq!(reasons, [(credits[0], Skip::WrongStatus), (credits[1], Skip::NotWritable)]);
    assert_eq!(world.credit(&credits[2]).collateral.consumed, 1_000);
}

#[test]
fn bad_credits_are_skipped_with_their_reasons_and_the_good_ones_apply() {
    let mut world = World::new();
    let first = world.active(&Loan::new(1));
    let second = world.active(&Loan::new(2));
    let foreign = credit_of_another_provider(&mut world, 3);
    let unissued = world.accepted(&Loan::new(4));
    let (wallet, lot) = (world.token_account("lender"), world.provider);
    let missing = Pubkey::new_from_array([5; 32]);
    world.pass(60);
    let readings = [(0, 1_000, 0), (1, 2_000, 0)];
    let credits = [foreign, first, unissued, wallet, missing, lot, first, second];
    let landed = world.sent(&[world.meter(&credits, &readings)], &[]);

    let chunk = landed.chunk();
    let metered: Vec<_> = chunk.records.iter().map(|record| record.credit).collect();
    assert_eq!(metered, [first, second]);
    let skipped = |credit, reason| SkippedCredit { credit, reason };
    let expected = [
        skipped(foreign, Skip::NotInChunk),
        skipped(unissued, Skip::NotInChunk),
        skipped(wallet, Skip::NotACredit),
        skipped(missing, Skip::NotACredit),
        skipped(lot, Skip::NotACredit),
        skipped(first, Skip::Duplicate),
    ];
    assert_eq!(chunk.skipped, expected);
    assert_eq!(world.credit(&first).collateral.consumed, 1_000);
    assert_eq!(world.credit(&second).collateral.consumed, 2_000);
    assert_eq!(world.credit(&foreign).collateral.consumed, 0);
}

#[test]
fn each_credit_is_read_at_its_own_bit() {
    let mut world = World::new();
    let credits: Vec<_> = (1..=4).map(|nonce| world.active(&Loan::new(nonce))).collect();
    world.pass(60);
    // Credit 1 is not reported on; the accounts come in another order than the bits.
    let readings = [(0, 10, 1), (2, 30, 3), (3, 40, 4)];
    let given = [credits[3], credits[1], credits[0], credits[2]];
    let landed = world.sent(&[world.meter(&given, &readings)], &[]);
    assert_eq!(landed.chunk().skipped, [SkippedCredit { credit: credits[1], reason: Skip::NoQuorum }]);
    let read = |index: usize| {
        let meter = world.credit(&credits[index]).meter;
        (meter.cumulative, meter.in_flight)
    };
    assert_eq!([read(0), read(1), read(2), read(3)], [(10, 1), (0, 0), (30, 3), (40, 4)]);
}

#[test]
fn a_credit_of_another_chunk_is_skipped() {
    let mut world = World::new();
    let (first, second) = (world.active(&Loan::new(1)), world.active(&Loan::new(2)));
    world.change_provider(ProviderSettings { chunk_size: 1, ..World::settings() });
    world.pass(60);
    let landed = world.sent(&[world.meter(&[second, first], &[(0, 1_000, 0)])], &[]);
    assert_eq!(landed.chunk().skipped, [SkippedCredit { credit: second, reason: Skip::NotInChunk }]);
    assert_eq!(world.credit(&first).collateral.consumed, 1_000);
}

#[test]
fn a_credit_in_a_status_without_use_is_skipped() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(60);
    // Nothing leads to this status yet, so it is written.
    world.write::<Credit>(&credit, |credit| {
        credit.status = Status::Closed.byte();
        credit.blockable = 0;
        credit.debt = Default::default();
    });
    let landed = world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    assert_eq!(landed.chunk().skipped, [SkippedCredit { credit, reason: Skip::WrongStatus }]);
}

#[test]
fn every_status_with_live_units_is_metered() {
    let steps: [fn(&mut World, &Pubkey); 4] = [
        |world, credit| {
            world.pass(35 * DAY);
            world.sent(&[world.mark_delinquent(credit)], &[]);
        },
        |world, credit| {
            world.pass(10 * DAY);
            world.sent(&[world.mark_defaulted(credit)], &[]);
        },
        |world, credit| {
            world.pass(10 * DAY);
            world.sent(&[world.seize(credit, UnitBounds::exactly(100_000_000))], &["lender"]);
        },
        |world, credit| {
            world.sent(&[world.repay("borrower", credit, u64::MAX)], &["borrower"]);
        },
    ];
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    for (step, status) in
        steps.into_iter().zip([Status::Delinquent, Status::Defaulted, Status::Seizing, Status::Repaid])
    {
        step(&mut world, &credit);
        world.pass(60);
        let used = world.credit(&credit).meter.cumulative + 1_000;
        world.sent(&[world.meter(&[credit], &[(0, used, 0)])], &[]);
        let state = world.credit(&credit);
        assert_eq!((state.status(), state.collateral.consumed), (Ok(status), used));
    }
}

#[test]
fn units_bought_from_a_lot_are_metered_together_with_loans() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.sent(&[world.buy(&credit, 5_000, u64::MAX)], &["buyer"]);
    let bought = world.unrestricted("buyer");
    assert_eq!(world.credit(&bought).meter.index, 1);
    world.pass(60);
    world.sent(&[world.meter(&[bought, credit], &[(1, 4_000, 0)])], &[]);
    let units = world.credit(&bought).collateral;
    assert_eq!((units.consumed, units.remaining(), units.lien()), (4_000, 1_000, 0));
    assert!(world.wallet("buyer") < 1_000_000 * USDC);
}

#[test]
fn ten_credits_and_two_reporters_fit_in_one_transaction() {
    let mut world = World::new();
    let credits: Vec<_> = (1..=10).map(|nonce| world.active(&Loan::new(nonce))).collect();
    world.pass(60);
    let readings: Vec<_> = (0..10).map(|bit| (bit, 1_000 + u64::from(bit), 7)).collect();
    let meter = world.meter(&credits, &readings);
    // The fee payer's signature and its count come before the message.
    let message = Message::new(std::slice::from_ref(&meter), Some(&Parties::address("payer")));
    assert!(1 + 64 + message.serialize().len() <= 1_232, "a packet holds no more");

    let landed = world.sent(&[meter], &[]);
    assert_eq!((landed.records().len(), landed.chunk().skipped.len()), (10, 0));
    for (credit, (_, cumulative, in_flight)) in credits.iter().zip(readings) {
        let meter = world.credit(credit).meter;
        assert_eq!((meter.cumulative, meter.in_flight), (cumulative, in_flight));
    }
}
