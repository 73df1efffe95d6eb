//! A provider's gate follows a cluster inside this process, and what happens when its node fails it.

use {
    crate::{admits, cluster, eventually, freeze, gate, liar::Liar, loan, thaw},
    blockable_gate::{FollowConfig, Follower, Refusal},
    blockable_sdk::program::instructions::FreezeAmount,
    blockable_testkit::Pipe,
    std::time::Duration,
};

/// Impatient enough for a test.
fn config(rpc_url: String, ws_url: String) -> FollowConfig {
    let mut config = FollowConfig::new(rpc_url, ws_url);
    config.reconcile_every = Duration::from_secs(1);
    config.poll_every = Duration::from_millis(200);
    config.trust_stream_for = Duration::from_secs(3);
    config.silence = Duration::from_secs(2);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_freezes_and_thaws_are_seen_as_they_happen() {
    let (mut cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&cluster, folder.path());
    assert_eq!(admits(&gate, &credit).await, Err(Refusal::Stale), "it has seen nothing");
    let mut config = config(cluster.rpc_url(), cluster.ws_url());
    // The stream alone brings what happens: the next comparison is far away.
    (config.reconcile_every, config.trust_stream_for) = (Duration::from_secs(600), Duration::from_secs(600));
    let follower = Follower::start(gate.clone(), config);
    eventually("the gate follows", async || follower.status().caught_up).await;
    assert_eq!(admits(&gate, &credit).await, Ok(()));
    assert!(gate.market().is_some() && gate.provider().is_some());
    let chain_time = cluster.chain.client.chain_time().await.unwrap();
    assert!(gate.chain_view().chain_time().unwrap().get().abs_diff(chain_time) <= 2);

    let order = freeze(&cluster, "lender", &credit, FreezeAmount::All);
    cluster.chain.send(&[order], &["lender"]).await;
    let refused = async || matches!(admits(&gate, &credit).await, Err(Refusal::Frozen { .. }));
    let took = eventually("the freeze is seen", refused).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let order = thaw(&cluster, &credit);
    cluster.chain.send(&[order], &["lender"]).await;
    eventually("the thaw is seen", async || admits(&gate, &credit).await.is_ok()).await;
    let second = cluster.chain.active(loan(2)).await;
    eventually("a new credit is seen", async || admits(&gate, &second).await.is_ok()).await;

    let status = follower.status();
    assert!(status.stream_up && status.updates > 0 && status.slot >= gate.chain_view().slot());
    assert_eq!((status.reconnects, status.rpc_errors, status.stale_answers), (0, 0, 0));
    follower.stop().await;
    eventually("it is stale", async || admits(&gate, &credit).await == Err(Refusal::Stale)).await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_a_cut_stream_misses_is_found_and_the_stream_comes_back() {
    let (mut cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let (gate, pipe) = (gate(&cluster, folder.path()), Pipe::to(&cluster.ws_url()));
    let follower = Follower::start(gate.clone(), config(cluster.rpc_url(), pipe.url("ws")));
    eventually("the gate follows", async || follower.status().caught_up).await;

    pipe.cut();
    let order = freeze(&cluster, "freezer", &credit, FreezeAmount::All);
    cluster.chain.send(&[order], &["freezer"]).await;
    let refused = async || matches!(admits(&gate, &credit).await, Err(Refusal::Frozen { .. }));
    let took = eventually("the freeze is found", refused).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(!follower.status().stream_up && follower.status().missed > 0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(gate.chain_view().is_fresh(), "reconciles alone keep it fresh");

    pipe.mend();
    eventually("the stream is back", async || follower.status().caught_up).await;
    assert!(follower.status().reconnects > 0);
    let order = thaw(&cluster, &credit);
    cluster.chain.send(&[order], &["lender"]).await;
    eventually("the thaw is seen", async || admits(&gate, &credit).await.is_ok()).await;
    follower.stop().await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_node_the_gate_fails_closed_until_it_is_back() {
    let (cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&cluster, folder.path());
    let (rpc, ws) = (Pipe::to(&cluster.rpc_url()), Pipe::to(&cluster.ws_url()));
    let follower = Follower::start(gate.clone(), config(rpc.url("http"), ws.url("ws")));
    eventually("the gate follows", async || admits(&gate, &credit).await.is_ok()).await;

    rpc.cut();
    let stale = async || admits(&gate, &credit).await == Err(Refusal::Stale);
    eventually("a stream alone is not believed for ever", stale).await;
    assert!(follower.status().rpc_errors > 0);
    rpc.mend();
    eventually("it is back", async || admits(&gate, &credit).await.is_ok()).await;
    rpc.cut();
    ws.cut();
    eventually("the gate is stale", stale).await;
    rpc.mend();
    ws.mend();
    eventually("it is back", async || admits(&gate, &credit).await.is_ok()).await;
    follower.stop().await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_answers_with_old_slots_is_not_believed() {
    let (mut cluster, credit) = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let (gate, liar) = (gate(&cluster, folder.path()), Liar::before(&cluster.rpc_url()));
    let follower = Follower::start(gate.clone(), config(liar.url(), cluster.ws_url()));
    eventually("the gate follows", async || follower.status().caught_up).await;

    liar.lie(true);
    let stale = async || admits(&gate, &credit).await == Err(Refusal::Stale);
    eventually("the gate is stale although its node answers", stale).await;
    assert!(follower.status().stale_answers > 0);
    liar.lie(false);
    let order = freeze(&cluster, "lender", &credit, FreezeAmount::All);
    cluster.chain.send(&[order], &["lender"]).await;
    let refused = async || matches!(admits(&gate, &credit).await, Err(Refusal::Frozen { .. }));
    eventually("the truth is back", refused).await;
    let (seen, slot) = (gate.credit(&credit).unwrap(), gate.chain_view().slot());
    let order = thaw(&cluster, &credit);
    liar.lie(true);
    cluster.chain.send(&[order], &["lender"]).await;
    eventually("the gate is stale again", stale).await;
    let now = gate.credit(&credit).unwrap();
    assert!(now.event_seq >= seen.event_seq && gate.chain_view().slot() >= slot, "nothing goes back");
    follower.stop().await;
    cluster.stop();
}
