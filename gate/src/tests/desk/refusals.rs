//! Orders that the desk does not obey.

use {
    super::*,
    crate::tests::{MARKET, open, refresh},
    blockable_sdk::{Hash, instructions::credit_freeze, program::state::FreezeReason},
    proptest::{prelude::*, strategy::ValueTree},
};

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_orders_are_open_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    gate.observe_credit(address(2), 10, Some(&loan()));
    let desk = start(&gate, &node, |config| (config.max_open, config.max_open_per_credit) = (3, 2)).await;
    for units in [100, 200] {
        desk.obey(&order(&node, &lender(), units)).await.unwrap();
    }
    let third = desk.obey(&order(&node, &lender(), 300)).await;
    assert_eq!(third, Err(OrderRefused::TooManyOpen { open: 2 }));
    assert_eq!(frozen(&gate), 200);
    let other = |units| {
        let by = lender();
        let amount = FreezeAmount::Units(units);
        let freeze = credit_freeze(&MARKET, &by.pubkey(), &address(2), amount, FreezeReason::Risk);
        signed(&by, &[freeze], node.with_state(|state| state.blockhash))
    };
    desk.obey(&other(1)).await.unwrap();
    assert_eq!(desk.obey(&other(2)).await, Err(OrderRefused::TooManyOpen { open: 3 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_never_land_make_no_freeze_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |config| config.obey_for = Duration::from_millis(20)).await;
    for units in [100, 200, 300] {
        let obeyed = desk.obey(&order(&node, &lender(), units)).await.unwrap();
        closed(&desk, &obeyed, OrderState::Lapsed).await;
    }
    let fourth = desk.obey(&order(&node, &freezer(), 400)).await;
    assert_eq!(fourth, Err(OrderRefused::TooManyUnlanded { unlanded: 3 }));
    assert_eq!(frozen(&gate), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blockhash_must_be_alive() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |config| config.poll_blockhash_every = Duration::from_millis(10)).await;
    let with =
        |units, blockhash| signed(&lender(), &[freeze(&lender(), FreezeAmount::Units(units))], blockhash);
    let unknown = desk.obey(&with(1, Hash::new_unique())).await;
    assert_eq!(unknown, Err(OrderRefused::BlockhashUnknown));
    let elsewhere = Hash::new_unique();
    node.with_state(|state| state.valid.push(elsewhere));
    let obeyed = desk.obey(&with(2, elsewhere)).await.unwrap();
    assert_eq!(obeyed.last_valid_height, 1_150, "the node was asked");

    let old = node.with_state(|state| state.blockhash);
    node.with_state(|state| state.valid.clear());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.obey(&with(3, old)).await.unwrap().last_valid_height, 1_150);
    node.with_state(|state| (state.height, state.blockhash) = (1_151, Hash::new_unique()));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.obey(&with(4, old)).await, Err(OrderRefused::BlockhashExpired));
    node.with_state(|state| state.is_down = true);
    assert_eq!(desk.obey(&with(5, Hash::new_unique())).await, Err(OrderRefused::Unchecked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_landed_and_was_thawed_elsewhere_is_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    let bytes = order(&node, &lender(), 900);
    let signature = crate::FreezeOrder::read(&bytes).unwrap().signature;
    // The desk was not shown it before it landed.
    node.with_state(|state| state.landed.insert(signature, (20, true, false)));
    let thawed = later(&loan(), |credit| credit.frozen_at_market = 1_799_999_990);
    gate.observe_credit(address(1), 30, Some(&thawed));
    assert_eq!(desk.obey(&bytes).await, Err(OrderRefused::Replayed(OrderState::Landed)));
    assert_eq!((frozen(&gate), notices(&gate).await.len()), (0, 0));
    assert!(desk.obey(&order(&node, &lender(), 901)).await.is_ok(), "a new freeze is");
    node.with_state(|state| state.is_down = true);
    assert_eq!(desk.obey(&order(&node, &lender(), 902)).await, Err(OrderRefused::Unchecked));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_orders_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    let valid = order(&node, &lender(), 900);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let index = any::<proptest::sample::Index>();
    for _ in 0..500 {
        refresh(&gate);
        let (at, change) = (&index, 1..=255_u8).new_tree(&mut runner).unwrap().current();
        let mut bytes = valid.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        assert!(desk.obey(&bytes).await.is_err(), "byte {at}");
    }
    let foreign = Keypair::new();
    assert!(desk.obey(&order(&node, &foreign, 1)).await.is_err());
    assert!(desk.obey(&order(&node, &lender(), 0)).await.is_err());
    assert_eq!((desk.open_orders(), frozen(&gate), notices(&gate).await.len()), (0, 0, 0));
    assert!(node.with_state(|state| state.sent.is_empty()), "and nothing is sent");

    let stale = tempfile::tempdir().unwrap();
    let gate = open(stale.path(), |config| config.max_staleness = Duration::from_secs(2));
    gate.observe_credit(address(1), 10, Some(&loan()));
    let desk = start(&gate, &node, |_| {}).await;
    sleep(Duration::from_millis(2_100)).await;
    assert_eq!(desk.obey(&valid).await, Err(OrderRefused::Stale));
    refresh(&gate);
    assert!(desk.obey(&valid).await.is_ok());
}
