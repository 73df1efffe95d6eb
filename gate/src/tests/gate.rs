use {
    super::{address, credit, later, open, refresh},
    crate::{Gate, Hold, Job, Refusal, WhenStale, gate::now_us},
    blockable_sdk::amounts::Units,
    std::time::{Duration, Instant},
    tokio::time::sleep,
};

const MINUTE: Duration = Duration::from_secs(60);

async fn admit(gate: &Gate, units: u64) -> Result<Hold, Refusal> {
    gate.admit(&address(1), Job::new(Units(units), "job", MINUTE)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_and_use_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let (kept, settled, released) = (
        admit(&gate, 300).await.unwrap(),
        admit(&gate, 200).await.unwrap(),
        admit(&gate, 500).await.unwrap(),
    );
    assert_eq!(admit(&gate, 1).await, Err(Refusal::Exhausted { available: Units(0), needed: Units(1) }));
    assert_eq!(gate.settle(&settled, Units(150)).await.unwrap(), Units(150));
    gate.release(&released).await.unwrap();
    gate.close().await;
    assert_eq!(admit(&gate, 1).await, Err(Refusal::ShuttingDown));

    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    assert_eq!(gate.holds(), std::slice::from_ref(&kept));
    let room = gate.room(&address(1)).unwrap();
    assert_eq!((room.available, room.in_flight, room.unreported), (Units(550), Units(300), Units(150)));
    let next = admit(&gate, 1).await.unwrap();
    assert!(next.id > released.id, "a number is used once");
    assert_eq!(gate.settle(&kept, Units(300)).await.unwrap(), Units(450));
}

/// Each customer sees the numbers of its own holds: from a plain count it would know how many all others have had in between.
#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_holds_show_the_time_and_no_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for _ in 0..2 {
        let gate = open(folder.path(), |_| {});
        gate.observe_credit(address(1), 10, Some(&credit(0)));
        for is_renewed in [false, true, false] {
            sleep(Duration::from_millis(2)).await;
            let before = now_us().unsigned_abs();
            let hold = admit(&gate, 1).await.unwrap();
            let hold = match is_renewed {
                true => gate.renew(&hold, Units(0), Job::new(Units(1), "next", MINUTE)).await.unwrap(),
                false => hold,
            };
            assert!((before..=now_us().unsigned_abs() + 1).contains(&hold.id.0), "{before} {hold:?}");
            assert!(hold.id.0 > last && hold.id.0 < 1 << 53, "JSON has it whole: {hold:?}");
            last = hold.id.0;
        }
        gate.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_again_counts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let hold = admit(&gate, 100).await.unwrap();
    let both = tokio::join!(gate.settle(&hold, Units(60)), gate.settle(&hold, Units(60)));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (Units(60), Units(60)));
    assert_eq!(gate.settle(&hold, Units(99)).await.unwrap(), Units(60));
    assert_eq!(gate.settled(hold.id).await.unwrap(), Some(Units(60)));
    assert_eq!(gate.room(&address(1)).unwrap().in_flight, Units(0));
    gate.close().await;
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    assert_eq!(gate.settle(&hold, Units(60)).await.unwrap(), Units(60), "also after a restart");
    assert_eq!(gate.readings()[0].cumulative, Units(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_hold_and_a_late_result_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let short = Duration::from_millis(1);
    let job = gate.admit(&address(1), Job::new(Units(100), "job", short)).await.unwrap();
    let lease = Job::new(Units(200), "lease", short).settled_at_deadline();
    let lease = gate.admit(&address(1), lease).await.unwrap();
    let deadline = Instant::now() + MINUTE;
    while !gate.holds().is_empty() {
        assert!(Instant::now() < deadline, "nobody ends them");
        sleep(Duration::from_millis(20)).await;
    }
    let room = gate.room(&address(1)).unwrap();
    assert_eq!(
        (room.unreported, room.available),
        (Units(200), Units(800)),
        "the lease is used, the job is not"
    );
    assert_eq!(gate.settled(lease.id).await.unwrap(), Some(Units(200)));
    assert_eq!(gate.settle(&job, Units(40)).await.unwrap(), Units(240));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_gives_no_hold_more_time_than_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    gate.admit(&address(1), Job::new(Units(100), "job", Duration::from_millis(300))).await.unwrap();
    // The calendar jumps a day back while the gate is down.
    gate.write(|connection| {
        connection.execute(
            "UPDATE holds SET deadline_ms = deadline_ms + 86400000, admitted_ms = admitted_ms + 86400000",
            [],
        )
    })
    .await
    .unwrap();
    gate.close().await;
    let gate = open(folder.path(), |_| {});
    let opened = Instant::now();
    while !gate.holds().is_empty() {
        assert!(opened.elapsed() < MINUTE, "it runs for a day");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_stale_chain_view_it_refuses_or_admits_as_configured() {
    let folder = tempfile::tempdir().unwrap();
    let short = Duration::from_millis(50);
    let gate = open(folder.path(), |config| config.max_staleness = short);
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    assert!(admit(&gate, 1).await.is_ok());
    sleep(2 * short).await;
    assert_eq!(admit(&gate, 1).await, Err(Refusal::Stale));
    gate.chain_view().observe_slot(1);
    assert_eq!(admit(&gate, 1).await, Err(Refusal::Stale), "an old slot is no news");
    refresh(&gate);
    assert!(admit(&gate, 1).await.is_ok());

    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |config| {
        (config.max_staleness, config.when_stale) = (short, WhenStale::Admit);
    });
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    sleep(2 * short).await;
    assert!(admit(&gate, 1).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_or_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let lease = |units| Job::new(Units(units), "lease", MINUTE).settled_at_deadline();
    let first = gate.admit(&address(1), lease(600)).await.unwrap();
    let second = gate.renew(&first, Units(600), lease(400)).await.unwrap();
    let room = gate.room(&address(1)).unwrap();
    assert_eq!((room.unreported, room.in_flight, room.available), (Units(600), Units(400), Units(0)));
    assert_eq!(gate.renew(&first, Units(1), lease(1)).await, Err(Refusal::Expired), "it has ended");
    gate.observe_credit(
        address(1),
        11,
        Some(&later(&credit(0), |credit| credit.collateral.frozen_for_payment = 1_000)),
    );
    let refused = gate.renew(&second, Units(100), lease(300)).await;
    assert_eq!(
        refused,
        Err(Refusal::Frozen { available: Units(0), needed: Units(300), missing: Units(1_000) })
    );
    assert_eq!(gate.holds(), std::slice::from_ref(&second));
    assert_eq!(gate.settle(&second, Units(400)).await.unwrap(), Units(1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_of_others_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let mut foreign = credit(0);
    foreign.provider = address(9);
    gate.observe_credit(address(1), 10, Some(&foreign));
    assert_eq!(admit(&gate, 1).await, Err(Refusal::UnknownCredit));
}

/// Admitting locks the ledger while it notes a deadline; ending overdue holds needs both.
#[test]
fn admitting_and_ending_overdue_holds_never_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let gate = {
        let _entered = runtime.enter();
        open(folder.path(), |_| {})
    };
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let (done, ended) = std::sync::mpsc::channel();
    for ending in [false, true, false, true] {
        let (gate, done, runtime) = (gate.clone(), done.clone(), runtime.handle().clone());
        std::thread::spawn(move || {
            for _ in 0..2_000 {
                match ending {
                    true => runtime.block_on(gate.end_overdue()),
                    false => {
                        drop(gate.admit_in_memory(&address(1), Job::new(Units(1), "job", Duration::ZERO)))
                    }
                }
            }
            done.send(()).unwrap();
        });
    }
    let all_ended = (0..4).all(|_| ended.recv_timeout(MINUTE).is_ok());
    // Threads that wait for ever must not keep the test from saying so.
    runtime.shutdown_background();
    assert!(all_ended, "they wait for each other");
}
