//! Reporters that fail or lie: while a quorum is honest nothing else is metered, and without one nothing is.

use {
    crate::{
        books::{alerts, is_open},
        setup::Setup,
    },
    blockable_sdk::{
        Signer, instructions,
        program::state::{ProviderSettings, Reporter},
    },
    blockable_testkit::{Lie, Parties, World},
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

    // The high lie comes last: a reporter that has once counted too much is believed again only in a new epoch.
    for lie in [
        Lie::Silent,
        Lie::Replay,
        Lie::Reorder,
        Lie::OldEpoch,
        Lie::OtherMarket,
        Lie::Garbage,
        Lie::Low,
        Lie::High,
    ] {
        used = one_lies(&mut setup, used, lie).await;
    }

    // Reports of the new epoch come before the chain shows it.
    setup.reporters.rotate(2, 10);
    setup.reporters.lie(0, Lie::Honest);
    setup.stay(2).await;
    rotate(&mut setup, 10).await;
    used = meters(&mut setup, used, "the reporters have other keys").await;
    let (store, provider) = (setup.store("keeper"), setup.cluster.chain.provider);
    assert!(!is_open(&store, "provider_change_proposed", &provider), "the change is in force");

    setup.reporters.rotate(3, 20);
    setup.reporters.lie(0, Lie::Low);
    setup.reporters.lie(1, Lie::High);
    rotate(&mut setup, 20).await;
    used = two_disagree(&mut setup, used).await;
    two_are_silent(&mut setup, used).await;
    keeper.stop().await;
    setup.cluster.stop();
}

/// Has one reporter lie in a way; metering goes on by the two others. Returns the units used.
async fn one_lies(setup: &mut Setup, used: u64, lie: Lie) -> u64 {
    let (store, liar) = (setup.store("keeper"), Parties::reporter(0).pubkey());
    setup.reporters.lie(0, lie);
    let used = meters(setup, used, &format!("one is {lie:?}")).await;
    setup.stay(3).await;
    assert_eq!(setup.consumed(0).await, used, "nothing else is metered while one is {lie:?}");
    if lie == Lie::Silent {
        let alerted = async |_: &Setup| is_open(&store, "reporter_silent", &liar);
        setup.until("the silence is alerted", alerted).await;
    }
    if lie == Lie::Replay {
        assert!(is_open(&store, "reporter_silent", &liar), "an old report does not end the silence");
    }
    if lie == Lie::Reorder {
        let cleared = async |_: &Setup| !is_open(&store, "reporter_silent", &liar);
        setup.until("the silence is cleared", cleared).await;
    }
    used
}

/// Two of three lie in different ways: nothing is metered until they are honest again. Returns the units used.
async fn two_disagree(setup: &mut Setup, used: u64) -> u64 {
    let (store, credit) = (setup.store("keeper"), setup.credits[0]);
    let honest = used + USE;
    setup.set_used(0, honest).await;
    setup.cluster.pass(PHASE).await;
    let alerted = async |_: &Setup| is_open(&store, "reporters_disagree", &credit);
    setup.until("the disagreement is alerted", alerted).await;
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
    honest
}

/// Two of three are silent for longer than a report counts: nothing is metered until there is a quorum again.
async fn two_are_silent(setup: &mut Setup, used: u64) {
    let (store, provider) = (setup.store("keeper"), setup.cluster.chain.provider);
    setup.reporters.lie(0, Lie::Silent);
    setup.reporters.lie(1, Lie::Silent);
    setup.stay(2).await;
    setup.cluster.pass(2 * PHASE).await;
    setup.set_used(0, used + USE).await;
    let alerted = async |_: &Setup| is_open(&store, "no_quorum", &provider);
    setup.until("the missing quorum is alerted", alerted).await;
    assert_eq!(setup.consumed(0).await, used, "one reporter is not believed");
    setup.reporters.lie(0, Lie::Honest);
    let cleared = async |setup: &Setup| {
        setup.consumed(0).await == used + USE && !is_open(&store, "no_quorum", &provider)
    };
    setup.until("there is a quorum again", cleared).await;
}

/// Uses more units, which are metered. Returns the units used.
async fn meters(setup: &mut Setup, used: u64, when: &str) -> u64 {
    let used = used + USE;
    setup.set_used(0, used).await;
    setup.cluster.pass(PHASE).await;
    setup.until(&format!("use is metered when {when}"), async |setup| setup.consumed(0).await == used).await;
    used
}

/// Has the provider list the keys from `first` on, two of which must agree, once the market's delay has passed.
async fn rotate(setup: &mut Setup, first: u8) {
    let mut settings = World::settings_with(first..first + 3);
    settings.reporters[..3].iter_mut().for_each(|reporter: &mut Reporter| reporter.expires_at = i64::MAX);
    let (market, provider) = (setup.cluster.chain.keys.market, setup.cluster.chain.provider);
    let payout = setup.cluster.chain.wallet("provider");
    let (authority, settings) = (Parties::address("provider"), ProviderSettings { payout, ..settings });
    let propose = instructions::provider_propose_change(&market, &authority, &provider, settings);
    setup.cluster.chain.send(&[propose], &["provider"]).await;
    let store = setup.store("keeper");
    let alerted = async |_: &Setup| is_open(&store, "provider_change_proposed", &provider);
    setup.until("the proposal is alerted", alerted).await;
    setup.cluster.pass(World::market_args().provider_delay).await;
    let ready_at = setup.cluster.chain.client.provider(&provider).await.unwrap().change_ready_at;
    let apply = instructions::provider_apply_change(&market, &authority, &provider, ready_at);
    setup.cluster.chain.send(&[apply], &["provider"]).await;
}
