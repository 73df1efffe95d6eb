//! Audits over nodes that hide, alter and mix up what a loan's transactions recorded: every tampering is found.
//!
//! `BLOCKABLE_TAMPERS=1000` runs a thousand tamperings instead of fifty.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic"
)]

mod cluster;
mod node;
mod tampering;

use {
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd, Units},
        audit::{AuditError, Auditor, Balance, Origin, Pauses, ProofError, Replay, ReplayError, Statement},
        events::{Change, Event},
        follow::{EventFollower, ObservedEvent, Start},
        program::{
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{FreezeReason, Party},
        },
    },
    blockable_testkit::{DAY, Loan, START, USDC, World},
    node::{Node, Shared},
};

/// Two loans and what they go through: the first is metered, late, frozen, paid, thawed, defaulted, seized, sold and paid off.
fn world() -> (World, Pubkey, Pubkey) {
    let mut world = World::new();
    let (credit, other) = (world.active(&Loan::new(1)), world.active(&Loan::new(2)));
    for day in 1..=20 {
        world.set_time(START + i64::from(day * DAY));
        let used = u64::from(day) * 2_000_000;
        world.sent(&[world.meter(&[credit, other], &[(0, used, 500), (1, used + 7, 0)])], &[]);
    }
    world.set_time(START + i64::from(36 * DAY));
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    world.sent(&[world.freeze(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment)], &["lender"]);
    world.sent(&[world.repay("borrower", &credit, 5_000 * USDC)], &["borrower"]);
    world.sent(&[world.repay("borrower", &other, 21_500 * USDC)], &["borrower"]);
    world.sent(&[world.thaw("freezer", &credit, ThawBounds { most: 1_000, keep: 0 })], &["freezer"]);
    world.set_time(START + i64::from(46 * DAY));
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.set_time(START + i64::from(57 * DAY));
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    world.sent(&[world.buy(&credit, 300_000_000, u64::MAX)], &["buyer"]);
    world.sent(&[world.repay("borrower", &credit, 9_000 * USDC)], &["borrower"]);
    (world, credit, other)
}

#[tokio::test]
async fn a_loan_is_audited_over_rpc_and_its_account_explained() {
    let (world, credit, other) = world();
    let node = Node::of(&world);
    for address in [credit, other, world.unrestricted("buyer")] {
        let (audited, records) = Auditor::new([node.clone()]).audit_with_records(&address).await.unwrap();
        let account = world.credit(&address);
        assert_eq!((audited.events, audited.hash), (account.event_seq, account.event_hash));
        let log: Vec<_> = records.into_iter().map(|found| found.record).collect();
        assert_eq!(log, world.log(&address));
    }
}

#[tokio::test]
async fn statements_of_all_periods_add_up_to_the_account() {
    let (world, credit, _) = world();
    let auditor = Auditor::new([Node::of(&world)]);
    let (audited, log) = auditor.audit_with_records(&credit).await.unwrap();
    let account = world.credit(&credit);
    for days in [1, 7, 30, 90] {
        let (mut from, mut opening) = (ChainTime(START), Balance::default());
        let (mut paid, mut used) = (MicroUsd::ZERO, Units::ZERO);
        while from.get() <= world.now() {
            let to = from.plus_seconds(i64::from(days * DAY)).min(ChainTime(world.now() + 1));
            let statement = Statement::compute(audited.replay.restart(), &log, from, to).unwrap();
            assert_eq!((statement.opening, statement.footing()), (opening, statement.closing));
            paid = paid.saturating_add(statement.received.total());
            used = used.saturating_add(statement.used);
            (from, opening) = (to, statement.closing);
        }
        let mut now = account;
        now.accrue(world.now() + 1).unwrap();
        assert_eq!(opening, Balance::from_debt(&now), "{days} days");
        assert_eq!((paid, used), (MicroUsd(14_000 * USDC), Units(account.collateral.consumed)));
    }
}

#[tokio::test]
async fn a_node_that_hides_a_transaction_is_made_good_by_another() {
    let (world, credit, _) = world();
    let whole = Node::of(&world);
    let mut hides = whole.clone();
    let hidden = hides.transactions_of(&credit)[7];
    hides.hide(&hidden);
    let alone = Auditor::new([hides.clone()]).audit(&credit).await.err();
    assert_eq!(alone, Some(AuditError::Log(ProofError::Gap { expected: 7, found: 8 })));
    let both = Auditor::new([hides, whole]).audit(&credit).await.unwrap();
    assert_eq!(both.events, world.credit(&credit).event_seq);
}

#[tokio::test]
async fn a_closed_loan_is_audited_by_its_offer_and_its_records() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let to = world.token_account("lender");
    world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);
    world.sent(&[world.close_vault(&credit)], &[]);
    world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    let mut node = Node::of(&world);
    let audited = Auditor::new([node.clone()]).audit(&credit).await.unwrap();
    assert!(audited.account.is_none());
    assert_eq!(audited.events, world.log(&credit).len() as u64);
    let last = *node.transactions_of(&credit).last().unwrap();
    node.hide(&last);
    let hidden = Auditor::new([node]).audit(&credit).await.err();
    assert_eq!(hidden, Some(AuditError::NoEnd(audited.events - 1)));
}

#[test]
fn pauses_are_read_from_the_markets_events_or_found_by_the_debts() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let pay = |world: &mut World, amount: u64| {
        world.sent(&[world.repay("borrower", &credit, amount * USDC)], &["borrower"]);
    };
    world.set_time(START + i64::from(10 * DAY));
    pay(&mut world, 3);
    world.sent(&[world.pause_by("guardian", 5_000)], &["guardian"]);
    world.set_time(START + i64::from(20 * DAY));
    pay(&mut world, 4);
    world.sent(&[world.unpause_by("stranger")], &["stranger"]);
    world.set_time(START + i64::from(25 * DAY));
    world.sent(&[world.meter(&[credit], &[(0, 5_000, 500)])], &[]);
    world.set_time(START + i64::from(37 * DAY));
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    pay(&mut world, 5_000);
    let (log, account) = (world.log(&credit), world.credit(&credit));
    let changes = world.events.iter().filter_map(|event| match event {
        Event::MarketChanged(event) => Some(event),
        _ => None,
    });
    let exact = Pauses::from_events(changes, world.now(), 5_000).unwrap();
    for pauses in [exact, Pauses::in_all(5_000), Pauses::in_all(1_000_000)] {
        let mut replay = Replay::new(credit, Origin::from_account(&account, log[0].at), pauses).unwrap();
        for record in &log {
            replay.apply(record).unwrap();
        }
        assert_eq!(replay.differences(&account), []);
    }
    let none = Pauses::from_events([], world.now(), 5_000);
    assert_eq!(none, None, "the sum by the account shows that events are missing");
}

#[tokio::test]
async fn a_follower_leaves_no_event_out_and_brings_none_twice() {
    let (world, credit, _) = world();
    let whole = Node::of(&world);
    let own = whole.transactions_of(&credit);
    let shared = Shared::default();
    *shared.0.lock().unwrap() = whole.clone_until(&own[4]);
    let mut follower = EventFollower::new(shared.clone(), credit, Start::Beginning);
    let seqs = |events: Vec<ObservedEvent>| -> Vec<u64> {
        let records = events.into_iter().flat_map(|one| one.event.records().to_vec());
        records.filter(|record| record.credit == credit).map(|record| record.seq).collect()
    };
    assert_eq!(seqs(follower.fill().await.unwrap()), [0, 1, 2, 3, 4]);
    assert!(follower.fill().await.unwrap().is_empty());
    // A transaction that is listed before it can be fetched holds up those after it.
    *shared.0.lock().unwrap() = whole.clone();
    shared.0.lock().unwrap().withheld.push(own[7]);
    assert_eq!(seqs(follower.fill().await.unwrap()), [5, 6]);
    shared.0.lock().unwrap().withheld.clear();
    // Another one is listed late.
    shared.0.lock().unwrap().hide(&own[9]);
    let count = own.len() as u64;
    let rest: Vec<u64> = (7..count).filter(|seq| *seq != 9).collect();
    assert_eq!(seqs(follower.fill().await.unwrap()), rest);
    *shared.0.lock().unwrap() = whole;
    assert_eq!(seqs(follower.fill().await.unwrap()), [9]);
    let later = Start::At(follower.checkpoint());
    let mut again = EventFollower::new(shared.clone(), credit, later);
    assert!(!again.fill().await.unwrap().is_empty(), "the last minute comes again");
    let mut now = EventFollower::new(shared, credit, Start::Now);
    assert!(now.fill().await.unwrap().is_empty() && now.fill().await.unwrap().is_empty());
}

#[tokio::test]
async fn tamperings_are_found() {
    let count = std::env::var("BLOCKABLE_TAMPERS").map_or(50, |count| count.parse().unwrap());
    tampering::run(count).await;
}

#[test]
fn an_event_that_the_program_would_not_have_recorded_is_named() {
    let (world, credit, _) = world();
    let (log, account) = (world.log(&credit), world.credit(&credit));
    let origin = Origin::from_account(&account, log[0].at);
    let mut replay = Replay::new(credit, origin, Pauses::in_all(0)).unwrap();
    for record in &log {
        let mut altered = record.clone();
        let field = match &mut altered.change {
            Change::Paid { debt, .. } | Change::MarkedDefaulted { debt, .. } | Change::Sold { debt, .. } => {
                debt
            }
            Change::Metered { in_flight, .. } => in_flight,
            Change::Frozen { units, .. } | Change::Thawed { units, .. } => units,
            Change::MarkedDelinquent { arrears } => arrears,
            _ => {
                replay.apply(record).unwrap();
                continue;
            }
        };
        *field += 1;
        match replay.clone().apply(&altered) {
            // More units in flight than the reading had cannot be told from a reading that had them.
            Ok(()) => assert!(matches!(altered.change, Change::Metered { .. }), "{altered:?}"),
            Err(ReplayError::Figures { seq, .. } | ReplayError::Refused { seq, .. }) => {
                assert_eq!(seq, record.seq);
            }
            Err(error) => panic!("{error}"),
        }
        replay.apply(record).unwrap();
    }
    assert_eq!(replay.differences(&account), []);
    let mut altered = account;
    altered.claims.lender += 1;
    assert_eq!(replay.differences(&altered)[0].field, "claims.lender");
}
