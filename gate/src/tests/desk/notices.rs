//! A freeze by an order has the order's notices and no other.

use super::*;

/// Waits until the view that the chain shows is recorded.
async fn recorded(gate: &Gate, frozen: u64) {
    let wanted = format!("\"frozen\":{frozen},");
    let deadline = Instant::now() + MINUTE;
    loop {
        let found = gate.write(|connection| {
            connection
                .query_row("SELECT group_concat(body) FROM views", [], |row| row.get::<_, Option<String>>(0))
        });
        if found.await.unwrap().is_some_and(|body| body.contains(&wanted)) {
            return;
        }
        assert!(Instant::now() < deadline, "nothing with {wanted} is recorded");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_lands_by_its_order_is_noticed_once_and_its_thaw_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, node) = (gate(folder.path()), Node::start());
    gate.note_all_observed();
    recorded(&gate, 0).await;
    let desk = start(&gate, &node, |_| {}).await;
    let obeyed = desk.obey(&order(&node, &lender(), 900)).await.unwrap();
    node.with_state(|state| state.landed.insert(obeyed.signature, (50, true, false)));
    show_frozen(&gate, 50, 900);
    closed(&desk, &obeyed, OrderState::Landed).await;
    recorded(&gate, 900).await;
    show_frozen(&gate, 60, 0);
    recorded(&gate, 0).await;
    show_frozen(&gate, 70, 900);
    recorded(&gate, 900).await;
    let sent_notices = notices(&gate).await;
    assert!(
        matches!(
            &sent_notices[..],
            [
                NoticeKind::FreezeObeyed { .. },
                NoticeKind::FreezeLanded { .. },
                NoticeKind::Thawed { units: Units(900) },
                NoticeKind::Frozen { units: Units(900) },
            ]
        ),
        "the second freeze came by the chain: {sent_notices:?}"
    );
}

/// After a restart the chain may show the freeze before the desk has taken its order up again.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_landed_while_the_server_was_down_is_noticed_once() {
    let folder = tempfile::tempdir().unwrap();
    let (first, node) = (gate(folder.path()), Node::start());
    first.note_all_observed();
    recorded(&first, 0).await;
    let desk = start(&first, &node, |_| {}).await;
    let obeyed = desk.obey(&order(&node, &lender(), 900)).await.unwrap();
    desk.stop().await;
    first.close().await;

    let again = gate(folder.path());
    show_frozen(&again, 50, 900);
    recorded(&again, 900).await;
    node.with_state(|state| state.landed.insert(obeyed.signature, (50, true, false)));
    let desk = start(&again, &node, |_| {}).await;
    closed(&desk, &obeyed, OrderState::Landed).await;
    let sent_notices = notices(&again).await;
    assert!(
        matches!(&sent_notices[..], [NoticeKind::FreezeObeyed { .. }, NoticeKind::FreezeLanded { .. }]),
        "{sent_notices:?}"
    );
}
