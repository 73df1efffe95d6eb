//! Reporters that fail or lie: while a quorum is honest nothing else is metered, and without one nothing is.

use {
    crate::{
        books::{alerts, is_open},
        setup::Setup,
    },
    blockable_sdk::{
        Signer, instructions,
        program::{instructions::ReportersArgs, state::Reporter},
    },
    blockable_testkit::{Lie, Parties},
};

/// Units used in a phase: at 10,000 a second that takes 100 seconds.
const USE: u64 = 1_000_000;
/// Seconds of a phase: longer than a reporter may be silent.
const PHASE: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn metering_is_right_while_two_of_three_are_honest_and_stops_while_they_are_not() {
    let mut setup = Setup::new(1).await;
    let nodes = [setup.cluster.rpc_url(), setup.cluster.rpc_url()];
    setup.write_config("keeper", &nodes, "");
    let keeper = setup.spawn("keeper", "");
    let mut used = meters(&mut setup, 0, "all are honest").await;

    // The high lie comes last: whoever has once counted too much is believed again only in a new epoch.
    let lies = [
        Lie::Silent,
        Lie::Replay,
        Lie::Reorder,
        Lie::OldEpoch,
        Lie::OtherMarket,
        Lie::Garbage,
        Lie::Low,
        Lie::High,
    ];
    let (store, liar) = (setup.store("keeper"), Parties::reporter(0).pubkey());
    for lie in lies {
        setup.reporters.lie(0, lie);
        used = meters(&mut setup, used, &format!("one is {lie:?}")).await;
        setup.stay(3).await;
        assert_eq!(setup.consumed(0).await, used, "nothing else is metered while one is {lie:?}");
        if lie == Lie::Silent {
            let told = async |_: &Setup| is_open(&store, "reporter_silent", &liar);
            setup.until("the silent one is told of", told).await;
        }
        if lie == Lie::Replay {
            assert!(is_open(&store, "reporter_silent", &liar), "what is old is not news");
        }
        if lie == Lie::Reorder {
            let cleared = async |_: &Setup| !is_open(&store, "reporter_silent", &liar);
            setup.until("it is heard again", cleared).await;
        }
    }

    // Reports of the new epoch come before the chain shows it.
    setup.reporters.rotate(2, 10);
    setup.reporters.lie(0, Lie::Honest);
    setup.stay(2).await;
    rotate(&mut setup, 10).await;
    used = meters(&mut setup, used, "the reporters have other keys").await;

    setup.reporters.rotate(3, 20);
    setup.reporters.lie(0, Lie::Low);
    setup.reporters.lie(1, Lie::High);
    rotate(&mut setup, 20).await;
    let honest = used + USE;
    setup.set_used(0, honest).await;
    setup.cluster.pass(PHASE).await;
    let credit = setup.credits[0];
    let told = async |_: &Setup| is_open(&store, "reporters_disagree", &credit);
    setup.until("the disagreement is told of", told).await;
    setup.cluster.pass(PHASE).await;
    setup.stay(8).await;
    assert_eq!(setup.consumed(0).await, used, "nothing is metered that no quorum agrees on");
    assert!(is_open(&store, "reporters_disagree", &credit));

    setup.reporters.lie(0, Lie::Honest);
    setup.reporters.lie(1, Lie::Honest);
    let cleared = async |setup: &Setup| {
        setup.consumed(0).await == honest && !is_open(&store, "reporters_disagree", &credit)
    };
    setup.until("they agree again", cleared).await;
    assert_eq!(alerts(&store, "reporters_disagree").len(), 1, "one disagreement, one alert");

    // Two say nothing for longer than a report counts.
    let provider = setup.cluster.chain.provider;
    setup.reporters.lie(0, Lie::Silent);
    setup.reporters.lie(1, Lie::Silent);
    setup.stay(2).await;
    setup.cluster.pass(2 * PHASE).await;
    setup.set_used(0, honest + USE).await;
    let told = async |_: &Setup| is_open(&store, "no_quorum", &provider);
    setup.until("it is told that there is no quorum", told).await;
    assert_eq!(setup.consumed(0).await, honest, "one reporter is not believed");
    setup.reporters.lie(0, Lie::Honest);
    let cleared = async |setup: &Setup| {
        setup.consumed(0).await == honest + USE && !is_open(&store, "no_quorum", &provider)
    };
    setup.until("there is a quorum again", cleared).await;
    keeper.stop().await;
    setup.cluster.stop();
}

/// More is used, and metered. Returns how much has been used.
async fn meters(setup: &mut Setup, used: u64, when: &str) -> u64 {
    let used = used + USE;
    setup.set_used(0, used).await;
    setup.cluster.pass(PHASE).await;
    setup.until(&format!("use is metered when {when}"), async |setup| setup.consumed(0).await == used).await;
    used
}

/// The provider lists the keys from `first` on, two of which must agree.
async fn rotate(setup: &mut Setup, first: u8) {
    let reporter = |number| Reporter { key: Parties::reporter(number).pubkey(), expires_at: i64::MAX };
    let reporters =
        ReportersArgs { reporters: (first..first + 3).map(reporter).collect(), quorum: 2, chunk_size: 32 };
    let chain = &mut setup.cluster.chain;
    let authority = Parties::address("provider");
    let set =
        instructions::provider_set_reporters(&chain.keys.market, &authority, &chain.provider, reporters);
    chain.send(&[set], &["provider"]).await;
}
