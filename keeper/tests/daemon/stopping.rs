//! The end of a keeper: within its bound, with nothing lost that is on its way.

use {
    crate::{
        proxy::{Fault, Proxy, SEND},
        record,
        setup::Setup,
    },
    std::time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_stops_within_its_bound_and_the_next_one_follows_what_is_on_its_way() {
    let mut setup = Setup::new(1).await;
    let url = setup.cluster.rpc_url();
    let nodes = [Proxy::before(&url), Proxy::before(&url)];
    setup.write_config("keeper", &nodes.each_ref().map(Proxy::url), "");
    setup.edit_config("keeper", &[("[cycle]\n", "[cycle]\nshutdown_seconds = 4\n")]);
    nodes.iter().for_each(|node| node.set(SEND, Fault::Error(-32_005)));
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    let open = |setup: &Setup| {
        record::ask(&record::open(setup, "keeper"), "SELECT count(*) FROM transactions WHERE state = 'open'")
    };
    setup
        .until("a transaction is on its way", async |setup: &Setup| {
            // Before its first cycle the store may have no tables yet.
            setup.log("keeper").contains("keeper: cycle ") && open(setup) > 0
        })
        .await;

    let began = Instant::now();
    keeper.stop().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "4 s were allowed: {took:?}");
    assert!(open(&setup) > 0, "it is on record");
    assert_eq!(setup.consumed(0).await, 0);

    assert!(nodes.iter().map(Proxy::mend).sum::<usize>() > 0, "it was sent and did not get there");
    let keeper = setup.spawn("keeper", "");
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;
    setup.until("nothing is open", async |setup: &Setup| open(setup) == 0).await;
    keeper.stop().await;
    setup.cluster.stop();
}
