//! Loans with a lock: what a payment opens is open as soon as the gate sees the payment.

use {
    crate::{PATIENCE, admits, eventually, gate, loan},
    blockable_gate::{FollowConfig, Follower, Gate, Job, Refusal},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_testkit::Cluster,
    std::time::{Duration, Instant},
};

/// Payments that are measured.
const ROUNDS: usize = 10;
/// Milliseconds per block, as on a local validator.
const SLOT_MS: u64 = 400;

/// Holds all units that are open, and requires that no further job may begin.
async fn use_up(gate: &Gate, credit: &Pubkey) {
    let open = gate.room(credit).unwrap().available;
    gate.admit(credit, Job::new(open, "all", PATIENCE * 10)).await.unwrap();
    let refused = admits(gate, credit).await;
    let locked = Refusal::Locked { available: Units(0), needed: Units(1), missing: Units(1) };
    assert_eq!(refused, Err(locked));
}

/// Asks the gate over and over; returns the time until it admits a job.
async fn until_admitted(gate: Gate, credit: Pubkey, began: Instant) -> Duration {
    loop {
        match admits(&gate, &credit).await {
            Ok(()) => return began.elapsed(),
            Err(Refusal::Locked { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
            Err(refusal) => panic!("{refusal}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_refused_passes_as_soon_as_its_payment_is_seen() {
    let mut cluster = Cluster::ticking(SLOT_MS).await;
    let mut args = loan(1);
    args.terms.unlocked_ahead = 1_000_000;
    let credit = cluster.chain.active(args).await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&cluster, folder.path());
    // The stream alone brings what happens: the next comparison is far away.
    let far = Duration::from_secs(600);
    let mut config = FollowConfig::new(cluster.rpc_url(), cluster.ws_url());
    (config.reconcile_every, config.trust_stream_for) = (far, far);
    let follower = Follower::start(gate.clone(), config);
    eventually("the gate follows", async || follower.status().caught_up && gate.room(&credit).is_ok()).await;

    let (mut times, compared) = (Vec::new(), follower.status().reconciles);
    for _ in 0..ROUNDS {
        use_up(&gate, &credit).await;
        let wanted = Units(1_000);
        let least = gate.opening_payments(&credit, wanted).unwrap().least.unwrap();
        assert_eq!(least.opens, wanted);
        let payment = cluster.chain.repay(&credit, least.amount.get()).await;
        let admitted = tokio::spawn(until_admitted(gate.clone(), credit, Instant::now()));
        cluster.chain.send(&[payment], &["borrower"]).await;
        times.push(
            tokio::time::timeout(PATIENCE, admitted).await.expect("the payment opens nothing").unwrap(),
        );
        // What was quoted for two minutes later has opened as much, or a little more.
        assert!(gate.room(&credit).unwrap().available >= wanted);
    }
    times.sort_unstable();
    println!("from the payment to the job: p50 {:?}, most {:?}", times[ROUNDS / 2], times[ROUNDS - 1]);
    assert!(times[ROUNDS / 2] < Duration::from_secs(5), "{times:?}");
    let status = follower.status();
    assert_eq!((status.reconciles, status.missed), (compared, 0), "the stream brought all of it");
    follower.stop().await;
    cluster.stop();
}
