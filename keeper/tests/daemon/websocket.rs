//! Confirmations over WebSocket, and landing without them.

use {crate::setup::Setup, blockable_testkit::Pipe};

/// The keeper's log line for each confirmation over WebSocket.
const CONFIRMED: &str = "a confirmation was heard";

#[tokio::test(flavor = "multi_thread")]
async fn confirmations_come_over_websocket_and_a_stream_that_is_cut_costs_nothing() {
    let mut setup = Setup::new(1).await;
    let (url, pipe) = (setup.cluster.rpc_url(), Pipe::to(&setup.cluster.ws_url()));
    let streamed = format!(
        "\n[[rpc]]\nname = \"streamed\"\nurl = \"{url}/streamed\"\nws_url = \"{}\"\n",
        pipe.url("ws")
    );
    setup.write_config("keeper", &[url], &streamed);
    let keeper = setup.spawn_with("keeper", &[("RUST_LOG", "info,blockable_keeper::land::hints=debug")]);
    let confirmed = |setup: &Setup| setup.log("keeper").matches(CONFIRMED).count();

    setup.set_used(0, 1_000).await;
    setup
        .until("use is metered and confirmed", async |setup: &Setup| {
            setup.consumed(0).await == 1_000 && confirmed(setup) > 0
        })
        .await;
    pipe.cut();
    setup.set_used(0, 2_000).await;
    setup.until("use is metered by polling", async |setup: &Setup| setup.consumed(0).await == 2_000).await;
    pipe.mend();
    let before = confirmed(&setup);
    setup.set_used(0, 3_000).await;
    setup
        .until("confirmations come again", async |setup: &Setup| {
            setup.consumed(0).await == 3_000 && confirmed(setup) > before
        })
        .await;
    keeper.stop().await;
    setup.cluster.stop();
}
