//! A node that takes requests and answers none.

use {
    crate::{
        chain::{NodeError, Nodes},
        land::tests::nodes::Played,
    },
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// Longest time for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Probes, and returns the names of the usable nodes and whether the third one rests.
async fn probe(nodes: &Nodes) -> (Vec<String>, bool) {
    let (usable, faults) = nodes.probe().await;
    let rests = faults.iter().any(|(name, error)| *name == "third" && *error == NodeError::Resting);
    (usable.iter().map(|node| node.name().to_string()).collect(), rests)
}

#[tokio::test]
async fn it_is_waited_for_once_and_then_asked_in_the_background_until_it_answers() {
    let played = [Played::at(1).await, Played::at(1).await, Played::at(1).await];
    let deadline = Duration::from_millis(500);
    let named = ["first", "second", "third"].iter().zip(&played);
    let nodes = Nodes::new(named.map(|(name, node)| node.node_within(name, deadline)).collect(), 30);
    played[2].show(|view| view.black_hole = true);
    let sound = vec!["first".to_string(), "second".to_string()];
    assert_eq!(probe(&nodes).await, (sound.clone(), false), "its first request ran into the deadline");
    let asked = || played[2].asked.lock().unwrap().len();
    let before = asked();
    for _ in 0..100 {
        assert_eq!(probe(&nodes).await, (sound.clone(), true));
    }
    assert!(asked() <= before + 1, "{before} requests, then {}", asked());
    assert_eq!(nodes.answering(2).len(), 2);
    assert_eq!(nodes.answering(3).len(), 3, "where all are needed it is asked");

    played[2].show(|view| view.black_hole = false);
    let until = Instant::now() + PATIENCE;
    while probe(&nodes).await.1 {
        assert!(Instant::now() < until, "it answers again and still rests");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(probe(&nodes).await.0.len(), 3);
}

#[tokio::test]
async fn a_node_that_is_alone_is_asked_whether_it_rests_or_not() {
    let played = Played::at(1).await;
    let nodes = Nodes::new(vec![played.node_within("only", Duration::from_millis(500))], 30);
    played.show(|view| view.black_hole = true);
    assert!(nodes.probe().await.0.is_empty());
    played.show(|view| view.black_hole = false);
    assert_eq!(nodes.probe().await.0.len(), 1);
}
