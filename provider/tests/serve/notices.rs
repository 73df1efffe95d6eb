//! Changes that come by the chain reach the parties once, also those that happen while the server is down.

use {
    super::setup::{PATIENCE, Setup},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::FreezeReason,
        },
    },
    blockable_testkit::Parties,
    serde_json::Value,
    std::time::Instant,
    tokio::time::{Duration, sleep},
};

/// The notices of a credit once there are as many.
async fn notices(setup: &Setup, key: &str, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let url = format!("{}/v1/notices", setup.url());
        let answer = reqwest::Client::new().get(url).bearer_auth(key).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        let found = body["data"].as_array().unwrap().clone();
        if found.len() >= count {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{found:?}\n{}", setup.log());
        sleep(Duration::from_millis(50)).await;
    }
}

async fn freeze(setup: &mut Setup, credit: &Pubkey, units: u64) {
    let (market, lender) = (setup.cluster.chain.keys.market, Parties::address("lender"));
    let amount = FreezeAmount::Units(units);
    let freeze = instructions::credit_freeze(&market, &lender, credit, amount, FreezeReason::Risk);
    setup.cluster.chain.send(&[freeze], &["lender"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn freezes_thaws_and_payments_by_the_chain_are_noticed_once_each() {
    let mut setup = Setup::with_terms(1, |terms| {
        terms.unlocked_ahead = terms.units / 2;
        terms.holdback = terms.principal / 4;
    })
    .await;
    let (credit, key) = (setup.credits[0], setup.keys().remove(0));
    let mut server = setup.serve().await;
    freeze(&mut setup, &credit, 1_000).await;
    let found = notices(&setup, &key, 1).await;
    assert_eq!((&found[0]["kind"], found[0]["units"].as_u64()), (&"frozen".into(), Some(1_000)), "{found:?}");
    assert_eq!(
        (&found[0]["standing"]["status"], found[0]["standing"]["frozen"].as_u64()),
        (&"active".into(), Some(1_000))
    );

    // While the server is down: a thaw, another freeze, and a payment that opens the lock.
    server.kill();
    let (market, lender) = (setup.cluster.chain.keys.market, Parties::address("lender"));
    let thaw = instructions::credit_thaw(&market, &lender, &credit, ThawBounds::ALL);
    setup.cluster.chain.send(&[thaw], &["lender"]).await;
    freeze(&mut setup, &credit, 3_000).await;
    setup.cluster.chain.borrower = "borrower".to_string();
    let payment = setup.cluster.chain.repay(&credit, 1_000_000_000).await;
    setup.cluster.chain.send(&[payment], &["borrower"]).await;
    let mut server = setup.serve().await;
    let found = notices(&setup, &key, 3).await;
    let kinds: Vec<&str> = found.iter().map(|notice| notice["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["frozen", "frozen", "unlocked"], "{found:?}");
    assert_eq!(found[1]["units"].as_u64(), Some(2_000), "what was frozen when it looked again");

    // Nothing comes again after another start.
    server.kill();
    let server = setup.serve().await;
    let thaw = instructions::credit_thaw(&market, &lender, &credit, ThawBounds::ALL);
    setup.cluster.chain.send(&[thaw], &["lender"]).await;
    let found = notices(&setup, &key, 4).await;
    assert_eq!((found.len(), &found[3]["kind"]), (4, &"thawed".into()), "{found:?}");
    server.stop().await;
    setup.cluster.stop();
}
