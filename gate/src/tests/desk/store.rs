//! Orders whose records cannot be written.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_cannot_be_recorded_is_obeyed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    gate.write(|connection| connection.execute("DROP TABLE freezes", [])).await.unwrap();
    let obeyed = desk.obey(&order(&node, &lender(), 900)).await.unwrap();
    assert_eq!(frozen(&gate), 900);
    node.with_state(|state| state.height = obeyed.last_valid_height + 1);
    closed(&desk, &obeyed, OrderState::Expired).await;
    assert_eq!(frozen(&gate), 0);
}

/// A full disk must not cost the parties their notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_could_not_be_recorded_is_recorded_later() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let desk = start(&gate, &node, |_| {}).await;
    let bytes = order(&node, &lender(), 400);
    let obeyed = desk.obey(&bytes).await.unwrap();
    let rename = async |from: &'static str, to: &'static str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        gate.write(move |connection| connection.execute_batch(&sql)).await.unwrap();
    };
    rename("notices", "away").await;
    node.with_state(|state| state.height = obeyed.last_valid_height + 1);
    eventually("it is lifted", || frozen(&gate) == 0).await;
    eventually("it is over", || desk.state(&obeyed.signature) == Some(OrderState::Expired)).await;
    assert_eq!(desk.obey(&bytes).await, Err(OrderRefused::Replayed(OrderState::Expired)));
    rename("away", "notices").await;
    eventually("its end is recorded", || desk.open_orders() == 0).await;
    let sent_notices = notices(&gate).await;
    assert!(
        matches!(&sent_notices[..], [NoticeKind::FreezeObeyed { .. }, NoticeKind::FreezeLifted { .. }]),
        "{sent_notices:?}"
    );
}

/// A disk that stays full must not cost the lender its next freeze.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_end_waits_to_be_recorded_makes_room_and_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    let settings = |config: &mut FreezeDeskConfig| {
        (config.obey_for, config.max_open, config.max_open_per_credit) = (Duration::from_millis(20), 1, 1);
    };
    let desk = start(&gate, &node, settings).await;
    let rename = async |from: &'static str, to: &'static str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        gate.write(move |connection| connection.execute_batch(&sql)).await.unwrap();
    };
    rename("notices", "away").await;
    for units in [100, 200, 300] {
        let obeyed = desk.obey(&order(&node, &lender(), units)).await.unwrap();
        eventually("it has ended", || desk.state(&obeyed.signature) == Some(OrderState::Lapsed)).await;
    }
    assert_eq!((desk.open_orders(), frozen(&gate)), (3, 0));
    let unlanded = Err(OrderRefused::TooManyUnlanded { unlanded: 3 });
    assert_eq!(desk.obey(&order(&node, &lender(), 400)).await, unlanded);
    rename("away", "notices").await;
    eventually("their ends are recorded", || desk.open_orders() == 0).await;
    assert_eq!(desk.obey(&order(&node, &lender(), 400)).await, unlanded);
}
