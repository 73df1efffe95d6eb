//! The freeze desk with a node that the test controls: an order from its signature to its end.

mod notices;
mod refusals;
mod store;

use {
    super::{
        address, later,
        node::Node,
        order::{freeze, freezer, gate, lender, loan, signed},
    },
    crate::{
        FreezeDesk, FreezeDeskConfig, Gate, Job, NoticeKind, ObeyedOrder, OrderRefused, OrderState, Refusal,
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Keypair, Signer,
        amounts::Units,
        program::{instructions::FreezeAmount, state::Credit},
    },
    std::time::{Duration, Instant},
    tokio::time::sleep,
};

const MINUTE: Duration = Duration::from_secs(60);

async fn start(gate: &Gate, node: &Node, change: impl FnOnce(&mut FreezeDeskConfig)) -> FreezeDesk {
    let mut config = FreezeDeskConfig::new(node.url());
    config.track_every = Duration::from_millis(20);
    change(&mut config);
    FreezeDesk::start(gate.clone(), config).await.unwrap()
}

/// The freeze of `units` that `by` signs with the node's latest blockhash.
fn order(node: &Node, by: &Keypair, units: u64) -> Vec<u8> {
    let blockhash = node.with_state(|state| {
        state.valid = vec![state.blockhash];
        state.blockhash
    });
    signed(by, &[freeze(by, FreezeAmount::Units(units))], blockhash)
}

async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + MINUTE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn closed(desk: &FreezeDesk, obeyed: &ObeyedOrder, state: OrderState) {
    eventually(state.name(), || desk.state(&obeyed.signature) == Some(state)).await;
}

async fn notices(gate: &Gate) -> Vec<NoticeKind> {
    gate.notices_after(0, 100).await.unwrap().into_iter().map(|notice| notice.kind).collect()
}

fn frozen(gate: &Gate) -> u64 {
    gate.room(&address(1)).unwrap().frozen.get()
}

/// The view after a freeze of `units` has landed in a slot.
fn show_frozen(gate: &Gate, slot: u64, units: u64) -> Credit {
    let seen = gate.credit(&address(1)).unwrap();
    let next = later(&seen, |credit| credit.collateral.frozen_for_payment = units);
    gate.observe_credit(address(1), slot, Some(&next));
    next
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_is_obeyed_at_once_and_until_the_chain_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    let running = gate.admit(&address(1), Job::new(Units(300), "running", MINUTE)).await.unwrap();
    let bytes = order(&node, &lender(), 900);
    let obeyed = desk.obey(&bytes).await.unwrap();
    assert_eq!((obeyed.frozen, obeyed.by, obeyed.credit), (Units(900), lender().pubkey(), address(1)));
    let refused = gate.admit(&address(1), Job::new(Units(1), "new", MINUTE)).await;
    assert_eq!(refused, Err(Refusal::Frozen { available: Units(0), needed: Units(1), missing: Units(201) }));
    assert_eq!(gate.settle(&running, Units(50)).await.unwrap(), Units(50), "what runs may finish");
    assert_eq!(desk.obey(&bytes).await, Ok(obeyed), "the same answer again");
    eventually("it is sent", || node.with_state(|state| state.sent.contains(&STANDARD.encode(&bytes)))).await;

    node.with_state(|state| state.landed.insert(obeyed.signature, (50, false, false)));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(desk.state(&obeyed.signature), Some(OrderState::Open), "a processed block may be dropped");
    node.with_state(|state| state.landed.insert(obeyed.signature, (50, true, false)));
    sleep(Duration::from_millis(100)).await;
    assert_eq!((desk.state(&obeyed.signature), frozen(&gate)), (Some(OrderState::Open), 900));
    show_frozen(&gate, 50, 900);
    closed(&desk, &obeyed, OrderState::Landed).await;
    let signature = obeyed.signature.to_string();
    let expected = [
        NoticeKind::FreezeObeyed {
            signature: signature.clone(),
            by: lender().pubkey().to_string(),
            frozen: Units(900),
        },
        NoticeKind::FreezeLanded { signature, slot: 50 },
    ];
    assert_eq!(notices(&gate).await, expected);
    let standing = gate.notices_after(0, 1).await.unwrap().remove(0).standing.unwrap();
    assert_eq!((standing.frozen, standing.available), (Units(900), Units(100)), "as it is obeyed");

    show_frozen(&gate, 60, 0);
    assert_eq!(desk.obey(&bytes).await, Err(OrderRefused::Replayed(OrderState::Landed)));
    assert_eq!(frozen(&gate), 0, "thawed and shown again, it changes nothing");
    desk.stop().await;
    let desk = start(&gate, &node, |_| {}).await;
    assert_eq!(
        desk.obey(&bytes).await,
        Err(OrderRefused::Replayed(OrderState::Landed)),
        "nor after a restart"
    );
    assert_eq!(desk.state(&obeyed.signature), Some(OrderState::Landed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_fails_or_never_lands_is_lifted_and_both_are_notified() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    let expired = desk.obey(&order(&node, &lender(), 400)).await.unwrap();
    let failed = desk.obey(&order(&node, &freezer(), 700)).await.unwrap();
    assert_eq!((frozen(&gate), desk.open_orders()), (700, 2));
    node.with_state(|state| state.landed.insert(failed.signature, (50, false, true)));
    sleep(Duration::from_millis(100)).await;
    assert_eq!(frozen(&gate), 700, "a processed failure may be undone");
    node.with_state(|state| state.landed.insert(failed.signature, (50, true, true)));
    closed(&desk, &failed, OrderState::Failed).await;
    assert_eq!(frozen(&gate), 400);
    node.with_state(|state| state.height = expired.last_valid_height);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(frozen(&gate), 400, "it can land in this very block");
    node.with_state(|state| state.height += 1);
    closed(&desk, &expired, OrderState::Expired).await;
    assert_eq!(frozen(&gate), 0);

    let lapsing = start(&gate, &node, |config| config.obey_for = Duration::from_millis(50)).await;
    desk.stop().await;
    let lapsed = lapsing.obey(&order(&node, &lender(), 500)).await.unwrap();
    closed(&lapsing, &lapsed, OrderState::Lapsed).await;
    node.with_state(|state| state.is_down = true);
    assert_eq!(frozen(&gate), 0);
    let all = gate.notices_after(0, 100).await.unwrap();
    let about = |signature: String| {
        let all = all.iter().filter(move |notice| match &notice.kind {
            NoticeKind::FreezeObeyed { signature: of, .. }
            | NoticeKind::FreezeLanded { signature: of, .. }
            | NoticeKind::FreezeLifted { signature: of, .. } => *of == signature,
            _ => false,
        });
        all.collect::<Vec<_>>()
    };
    for (obeyed, word) in [(expired, "expired"), (failed, "failed: "), (lapsed, "as long as")] {
        let sent_notices = about(obeyed.signature.to_string());
        assert!(matches!(&sent_notices[0].kind, NoticeKind::FreezeObeyed { .. }));
        assert!(
            matches!(&sent_notices[1].kind, NoticeKind::FreezeLifted { reason, .. } if reason.contains(word)),
            "{sent_notices:?}"
        );
        assert_eq!(sent_notices.len(), 2);
        assert!(sent_notices.iter().all(|notice| notice.lender == lender().pubkey().to_string()));
        assert!(sent_notices.iter().all(|notice| notice.borrower == loan().borrower.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_an_order_is_obeyed_for_a_bounded_time_only() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |config| config.obey_for = Duration::from_secs(3)).await;
    let obeyed = desk.obey(&order(&node, &lender(), 500)).await.unwrap();
    node.with_state(|state| state.is_down = true);
    assert_eq!(frozen(&gate), 500);
    closed(&desk, &obeyed, OrderState::Lapsed).await;
    assert_eq!(frozen(&gate), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_landed_is_obeyed_until_the_gate_has_seen_it_however_long_that_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |config| config.obey_for = Duration::from_secs(3)).await;
    let obeyed = desk.obey(&order(&node, &lender(), 500)).await.unwrap();
    node.with_state(|state| state.landed.insert(obeyed.signature, (50, true, false)));
    sleep(Duration::from_secs(1)).await;
    node.with_state(|state| state.is_down = true);
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!((desk.state(&obeyed.signature), frozen(&gate)), (Some(OrderState::Open), 500));
    show_frozen(&gate, 49, 500);
    closed(&desk, &obeyed, OrderState::Landed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_obeys_what_is_open_again_at_once_and_for_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start();
    let before = gate(folder.path());
    let desk = start(&before, &node, |_| {}).await;
    let obeyed = desk.obey(&order(&node, &lender(), 800)).await.unwrap();
    desk.stop().await;
    let after_stop = desk.obey(&order(&node, &lender(), 801)).await;
    assert_eq!(after_stop, Err(OrderRefused::ShuttingDown));
    // The calendar jumps a day back while the gate is down.
    before
        .write(|connection| connection.execute("UPDATE freezes SET until_ms = until_ms + 86400000", []))
        .await
        .unwrap();
    before.close().await;

    let after = gate(folder.path());
    node.with_state(|state| state.is_down = true);
    let desk = start(&after, &node, |config| config.obey_for = Duration::from_secs(3)).await;
    assert_eq!((frozen(&after), desk.open_orders()), (800, 1));
    closed(&desk, &obeyed, OrderState::Lapsed).await;
    assert_eq!(frozen(&after), 0);
}
