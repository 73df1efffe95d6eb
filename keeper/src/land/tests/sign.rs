//! Keys that sign and keys that do not, fees, and what gets its turn.

use {
    super::{
        LAST_VALID,
        ground::{Ground, due, key, meter, snapshot},
    },
    crate::{
        chain::{NodeError, Nodes},
        finding::Fact,
        land::{LandError, Landing},
        plan::{Intent, Kind, Role},
    },
    blockable_sdk::{Pubkey, keys::KeySource},
    std::collections::BTreeMap,
};

/// The keys that cannot be used, with the reason.
async fn faults(ground: &Ground) -> Vec<(Pubkey, String)> {
    let faults = ground.lander.findings().await.unwrap().into_iter().filter_map(|finding| {
        let Some(Fact::Funds { fault: Some(reason), .. }) = finding.fact() else { return None };
        Some((finding.subject(), reason.clone()))
    });
    faults.collect()
}

#[tokio::test]
async fn a_key_that_does_not_sign_holds_up_its_own_work_alone() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "a token").unwrap();
    let mute = key(Role::Enforcement).public_key();
    // Nobody listens there.
    let vault = serde_json::json!({
        "kind": "vault", "url": "http://127.0.0.1:1", "key": "enforcement", "public_key": mute.to_string(),
        "token_file": token_file,
    });
    let vault: KeySource = serde_json::from_value(vault).unwrap();
    let keys = BTreeMap::from([
        (Role::Metering, key(Role::Metering)),
        (Role::Enforcement, vault.open().await.unwrap()),
    ]);
    let ground = Ground::with(1, |_| {}, keys).await;
    let work = [due(Kind::MarkDefaulted, 1), due(Kind::ExpireUnits, 2), due(Kind::MarkDefaulted, 3)];
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 1, untried: 2, ..Landing::default() });
    let found = faults(&ground).await;
    assert_eq!(found.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [mute]);
    assert!(found[0].1.contains("it does not sign"), "{found:?}");

    ground.land(&work[1..2]).await;
    assert!(faults(&ground).await.is_empty(), "nothing waits for the key any more");
}

#[tokio::test]
async fn what_is_due_on_a_credit_goes_before_its_metering() {
    let ground = Ground::new(1, |_| {}).await;
    let work = [meter(0, &[1, 2], 0), due(Kind::AutoFreeze, 1), meter(1, &[3], 0), due(Kind::ExpireUnits, 3)];
    let landing = ground.land(&work).await;
    assert_eq!((landing.sent, landing.busy), (2, 2));
    let lanes: Vec<String> = [&work[1], &work[3]].iter().map(|intent| intent.lane()).collect();
    assert_eq!(ground.carried().await, lanes);
}

#[tokio::test]
async fn metering_takes_no_room_from_what_is_held_against_a_borrower() {
    let ground = Ground::new(1, |settings| settings.max_in_flight = 2).await;
    // Each of them fills a transaction of its own.
    let numbers = |from: u8| (from..from + 20).collect::<Vec<u8>>();
    let metering: Vec<Intent> =
        (0u8..4).map(|chunk| meter(u32::from(chunk), &numbers(100 + 20 * chunk), 0)).collect();
    let landing = ground.land(&metering).await;
    assert_eq!((landing.transactions, landing.busy), (2, 2), "{landing:?}");
    let landing = ground.land(&[due(Kind::MarkDelinquent, 1)]).await;
    assert_eq!((landing.transactions, landing.busy), (1, 0), "{landing:?}");
}

#[tokio::test]
async fn work_that_dies_again_and_again_pays_more_each_time_whatever_its_reports() {
    let ground = Ground::new(2, |_| {}).await;
    let mut paid = Vec::new();
    for attempt in 0..3 {
        // New reports make it another intent.
        ground.land(&[meter(0, &[1], attempt)]).await;
        let latest = |connection: &rusqlite::Connection| {
            let sql = "SELECT lamports FROM transactions WHERE state = 'open'";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        paid.push(ground.store.read(latest).await.unwrap() - 5_000);
        let height = LAST_VALID * (u64::from(attempt) + 1);
        ground.nodes.iter().for_each(|node| node.show(|view| view.height = height));
        for _ in 0..2 {
            ground.lander.track().await.unwrap();
        }
        assert_eq!(ground.lander.in_flight(), 0, "it is dead");
    }
    assert_eq!(paid[0], 0);
    assert!(0 < paid[1] && paid[1] < paid[2], "{paid:?}");
}

#[tokio::test]
async fn the_second_node_does_what_the_first_does_not() {
    let ground = Ground::new(2, |_| {}).await;
    for mute in ["simulateTransaction", "getLatestBlockhash", "getRecentPrioritizationFees"] {
        ground.nodes[0].show(|view| view.mute = vec![mute]);
        let landing = ground.land(&[meter(0, &[mute.len() as u8], 0)]).await;
        assert_eq!((landing.transactions, landing.untried), (1, 0), "{mute}");
    }
    ground.nodes[1].show(|view| view.mute = vec!["getLatestBlockhash"]);
    ground.nodes[0].show(|view| view.mute = vec!["getLatestBlockhash"]);
    let refused = ground.lander.land(vec![meter(1, &[77], 0)], &snapshot()).await;
    assert!(matches!(refused, Err(LandError::Node { node, .. }) if node == "node 1"));
}

#[tokio::test]
async fn a_node_of_another_cluster_is_reported_and_its_slots_count_for_nothing() {
    let ground = Ground::new(2, |_| {}).await;
    ground.nodes[1].show(|view| {
        (view.genesis, view.slot) = ("SysvarC1ock11111111111111111111111111111111", 900_000_000);
    });
    let nodes = Nodes::new(vec![ground.nodes[0].node("own"), ground.nodes[1].node("other")], 30);
    let (usable, faults) = nodes.probe().await;
    assert_eq!(usable.iter().map(|node| node.name()).collect::<Vec<_>>(), ["own"]);
    assert_eq!((faults.len(), faults[0].0), (1, "other"));
    assert!(faults[0].1.to_string().contains("another cluster"), "{}", faults[0].1);
    assert_eq!(nodes.highest_slot(), 5_000);
}

#[tokio::test]
async fn of_three_nodes_the_one_that_differs_is_of_another_cluster_also_where_it_is_the_first() {
    let ground = Ground::new(3, |_| {}).await;
    ground.nodes[0].show(|view| view.genesis = "SysvarC1ock11111111111111111111111111111111");
    let named = ground.nodes.iter().zip(["other", "own", "own too"]);
    let nodes = Nodes::new(named.map(|(node, name)| node.node(name)).collect(), 30);
    let (usable, faults) = nodes.probe().await;
    assert_eq!(usable.iter().map(|node| node.name()).collect::<Vec<_>>(), ["own", "own too"]);
    assert_eq!(faults.iter().map(|(node, _)| *node).collect::<Vec<_>>(), ["other"]);
}

#[tokio::test]
async fn a_node_that_shows_a_slot_that_cannot_be_stops_no_other_and_is_believed_again() {
    let ground = Ground::new(2, |_| {}).await;
    let nodes = Nodes::new(vec![ground.nodes[0].node("wrong"), ground.nodes[1].node("right")], 30);
    let probe = async || {
        let (usable, faults) = nodes.probe().await;
        let names = usable.iter().map(|node| node.name()).collect::<Vec<_>>();
        (names, faults.into_iter().map(|(_, error)| error).collect::<Vec<_>>())
    };
    assert_eq!(probe().await, (vec!["wrong", "right"], vec![]));
    let absurd = 900_000_000;
    ground.nodes[0].show(|view| view.slot = absurd);
    ground.nodes[1].show(|view| view.slot = 5_004);
    assert_eq!(probe().await, (vec!["right"], vec![NodeError::Ahead { slot: absurd, highest: 5_004 }]));
    assert_eq!(nodes.believable(&[absurd, 4_990]), 4_960..=4_990, "nor does it hold up marks");
    ground.nodes[0].show(|view| view.slot = 5_010);
    assert_eq!(probe().await, (vec!["wrong", "right"], vec![]));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent() {
    let ground = Ground::new(1, |_| {}).await;
    let refuse = |connection: &rusqlite::Transaction| {
        let sql = "CREATE TRIGGER full BEFORE INSERT ON transactions BEGIN SELECT RAISE(ABORT, 'full'); END";
        Ok(connection.execute_batch(sql)?)
    };
    ground.store.write(refuse).await.unwrap();
    let refused = ground.lander.land(vec![meter(0, &[1], 0)], &snapshot()).await;
    assert!(matches!(refused, Err(LandError::Store(_))));
    assert_eq!((ground.nodes[0].sent(), ground.lander.in_flight()), (0, 0));
}
