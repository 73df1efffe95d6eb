//! No key spends more than it may in a day, whatever is due.

use {
    crate::{
        books::{is_open, transactions},
        setup::Setup,
    },
    blockable_sdk::Signer,
    blockable_testkit::Parties,
};

/// Lamports that the key may spend: two signatures, and not a third.
const CAP: usize = 14_999;
const SIGNATURE: usize = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_stops_at_its_cap_and_its_operator_is_alerted() {
    let mut setup = Setup::new(1).await;
    let url = setup.cluster.rpc_url();
    let spending = format!("\n[spending]\nmetering_lamports_per_day = {CAP}\n");
    setup.write_config("keeper", &[url.clone(), url], &spending);
    let keeper = setup.spawn("keeper", "");
    let key = Parties::key("keeper metering").pubkey();
    let balance = async |setup: &Setup| setup.cluster.chain.client.rpc().get_balance(&key).await.unwrap();
    let before = balance(&setup).await;
    // A reading a second is due, so the cap is reached by itself.
    setup
        .until("the operator is alerted", async |setup: &Setup| {
            is_open(&setup.store("keeper"), "funds", &key)
        })
        .await;
    setup.set_used(0, 9_999).await;
    for _ in 0..6 {
        setup.reporters.report(setup.cluster.chain.client.chain_time().await.unwrap());
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!(setup.consumed(0).await < 9_999, "nothing more is sent");
    assert_eq!(transactions(&setup.store("keeper")).len(), CAP / SIGNATURE);
    assert!(before - balance(&setup).await <= CAP as u64);
    keeper.stop().await;
    setup.cluster.stop();
}
