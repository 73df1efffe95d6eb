//! Times that count against nobody: pauses of the market, and stalls of the cluster.

use {
    crate::{
        books::{seen, stalls, transactions},
        setup::Setup,
    },
    blockable_sdk::{events::Change, instructions, program::transitions::Status},
    blockable_testkit::{Cluster, DAY, Parties},
    std::time::Duration,
    tokio::time::sleep,
};

const HOUR: u32 = 3_600;
/// Days after a due date at which a loan that tests begin with may be marked delinquent.
const GRACE: u32 = 5 * DAY;

/// Moves the chain's clock to a Unix time, and waits until the keeper has seen it and gone round twice.
async fn go_to(setup: &Setup, unix: i64) {
    setup.go_to(unix).await;
    setup.stay(3).await;
}

/// Time by the chain's clock at which the credit was marked delinquent: the event in the transaction that the keeper landed.
async fn marked_at(setup: &Setup) -> i64 {
    setup.until("it is marked", async |setup| setup.status(0).await == Status::Delinquent).await;
    let store = setup.store("keeper");
    let is_marked =
        |written: &crate::books::Written| written.role == "enforcement" && written.state == "landed";
    setup.until("the mark is on record", async |_: &Setup| transactions(&store).iter().any(is_marked)).await;
    for written in transactions(&store).into_iter().filter(is_marked) {
        let landed = setup.cluster.chain.client.landed(&written.signature).await.unwrap();
        let records = landed.events.iter().flat_map(|event| event.records());
        for record in records {
            if matches!(record.change, Change::MarkedDelinquent { .. }) {
                return record.at;
            }
        }
    }
    panic!("no mark in what the keeper landed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_over_a_due_date_makes_nobody_late_and_the_mark_comes_as_much_later() {
    let (mut setup, due) = Setup::with_keeper(Cluster::ticking(100).await, &[]).await;
    let keeper = setup.spawn("keeper", "");
    let (market, guardian, admin) =
        (setup.cluster.chain.keys.market, Parties::address("guardian"), Parties::address("payer"));

    go_to(&setup, due - i64::from(HOUR)).await;
    let pause = instructions::market_pause(&market, &guardian, 6 * HOUR);
    setup.cluster.chain.send(&[pause], &["guardian"]).await;
    let ends = setup.cluster.chain.client.market(&market).await.unwrap().pause_expires_at;
    go_to(&setup, ends + 60).await;
    assert_eq!(setup.status(0).await, Status::Active);

    // A second pause, of which the admin takes back four hours of six.
    go_to(&setup, due + i64::from(2 * DAY)).await;
    let pause = instructions::market_pause(&market, &guardian, 6 * HOUR);
    setup.cluster.chain.send(&[pause], &["guardian"]).await;
    let paused_at = setup.cluster.chain.client.market(&market).await.unwrap().paused_at;
    go_to(&setup, paused_at + i64::from(2 * HOUR)).await;
    let unpause = instructions::market_unpause(&market, &admin, paused_at);
    setup.cluster.chain.send(&[unpause], &["payer"]).await;
    let paused = setup.cluster.chain.client.market(&market).await.unwrap().paused_seconds;
    assert!((8 * HOUR..8 * HOUR + 60).contains(&u32::try_from(paused).unwrap()), "{paused}");

    let mark = due + i64::from(GRACE) + i64::try_from(paused).unwrap();
    for early in [i64::from(8 * HOUR), i64::from(HOUR), 40] {
        go_to(&setup, mark - early).await;
        assert_eq!(setup.status(0).await, Status::Active, "{early} s before its time");
    }
    setup.cluster.chain.wait_until(mark).await;
    let marked = marked_at(&setup).await;
    assert!((mark..mark + 20).contains(&marked), "marked {} s after its time", marked - mark);
    keeper.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_that_no_keeper_has_watched_makes_the_grace_longer() {
    // A slot of this cluster takes 12 seconds by its clock: whenever that is moved, it has stalled for 95 % of the time.
    // The limit is a day, so that smaller moves are none. A transaction takes some dozen slots, until it is finalized.
    let stall = [("lag_slots = 50", "lag_slots = 50\nstall_seconds = 86400")];
    let (setup, due) = Setup::with_keeper(Cluster::with_slots_of(12_000).await, &stall).await;
    setup.cluster.chain.wait_until(due - i64::from(DAY)).await;
    let mut keeper = setup.spawn("keeper", "");
    let store = setup.store("keeper");
    setup.until("the keeper has read the chain", async |_: &Setup| seen(&store) > 0).await;
    keeper.kill();

    setup.cluster.chain.wait_until(due + i64::from(GRACE) + 600).await;
    let keeper = setup.spawn("keeper", "");
    setup.until("the stall is found", async |_: &Setup| !stalls(&store).is_empty()).await;
    let lost = stalls(&store)[0];
    let stood = i64::from(GRACE + DAY);
    assert!((stood * 94 / 100..stood).contains(&lost), "{lost} of {stood}");
    setup.stay(4).await;
    assert_eq!(setup.status(0).await, Status::Active, "the grace was lost to the stall");

    let mark = due + i64::from(GRACE) + lost;
    let mut clock = setup.clock().await;
    while clock < mark - i64::from(20 * HOUR) {
        clock += i64::from(20 * HOUR);
        go_to(&setup, clock).await;
        assert_eq!(setup.status(0).await, Status::Active, "{} s before its time", mark - clock);
    }
    assert_eq!(stalls(&store), [lost]);
    go_to(&setup, mark - i64::from(2 * HOUR)).await;
    let left = mark - setup.clock().await;
    assert_eq!(setup.status(0).await, Status::Active, "{left} s before its time\n{}", setup.logs());
    setup.cluster.chain.wait_until(mark).await;
    let marked = marked_at(&setup).await;
    assert!(
        (mark..mark + i64::from(2 * HOUR)).contains(&marked),
        "marked {} s after its time",
        marked - mark
    );
    keeper.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_under_the_keepers_eyes_makes_the_grace_longer() {
    let stall = [("lag_slots = 50", "lag_slots = 50\nstall_seconds = 5")];
    let (setup, due) = Setup::with_keeper(Cluster::ticking(100).await, &stall).await;
    let keeper = setup.spawn("keeper", "");
    let (store, mark) = (setup.store("keeper"), due + i64::from(GRACE));
    go_to(&setup, mark - 60).await;
    assert!(stalls(&store).is_empty(), "moving the clock is no stall here");
    setup.cluster.stand_still(true).await;
    sleep(Duration::from_secs(12)).await;
    setup.cluster.stand_still(false).await;
    setup.until("the stall is found", async |_: &Setup| !stalls(&store).is_empty()).await;
    let lost = stalls(&store)[0];
    assert!((10..60).contains(&lost), "{lost}");
    setup.cluster.chain.wait_until(mark).await;
    let marked = marked_at(&setup).await;
    assert!((mark + lost..mark + lost + 20).contains(&marked), "marked {} s after its time", marked - mark);
    keeper.stop().await;
    setup.cluster.stop();
}
