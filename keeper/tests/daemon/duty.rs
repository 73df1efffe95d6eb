//! The duties of a keeper: use is metered, late loans are marked and frozen, and nobody is marked early.

use {crate::setup::Setup, blockable_sdk::program::transitions::Status, blockable_testkit::DAY};

#[tokio::test(flavor = "multi_thread")]
async fn use_is_metered_and_a_missed_loan_is_marked_and_frozen_in_its_time() {
    let mut setup = Setup::new(3).await;
    let url = setup.cluster.rpc_url();
    setup.write_config("keeper", &[url.clone(), url], "");
    let keeper = setup.spawn("keeper", "");
    for (number, units) in [(0, 5_000), (1, 700), (2, 0)] {
        let index = setup.cluster.chain.credit(&setup.credits[number]).await.meter.index;
        setup.reporters.set(index, setup.credits[number], units, 0);
    }
    setup
        .until("use is metered", async |setup: &Setup| {
            setup.consumed(0).await == 5_000 && setup.consumed(1).await == 700
        })
        .await;

    // The first instalment falls due after 30 days; the grace to the mark of delinquency is 5 more.
    setup.cluster.pass(34 * DAY).await;
    setup.until("time has passed", async |setup: &Setup| setup.consumed(0).await == 5_000).await;
    assert_eq!(setup.status(0).await, Status::Active, "a day before its time");
    setup.cluster.pass(DAY + 60).await;
    setup
        .until("all are marked delinquent", async |setup: &Setup| {
            setup.status(0).await == Status::Delinquent && setup.status(2).await == Status::Delinquent
        })
        .await;

    setup.cluster.pass(10 * DAY).await;
    setup
        .until("all are in default and frozen", async |setup: &Setup| {
            let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
            setup.status(0).await == Status::Defaulted
                && credit.collateral.frozen() == credit.collateral.lien()
        })
        .await;
    keeper.stop().await;
    for credit in setup.credits.clone() {
        let events = setup.cluster.chain.credit(&credit).await.event_seq;
        assert!(events > 4, "{events}");
    }
    setup.cluster.stop();
}
