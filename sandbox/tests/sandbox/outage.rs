//! A keeper that is stopped alone.

use {
    super::played::Played,
    blockable_sandbox::{Options, loans::LoanName},
    std::time::Duration,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_stops_alone_and_goes_on_where_it_was() {
    let options = Options { late_after: Duration::from_secs(2), ..Options::default() };
    let mut played = Played::start(options).await;
    let url = played.facts().keeper_url.clone();
    let market = reqwest::get(format!("{url}/v1/market")).await.unwrap();
    assert!(market.status().is_success());

    played.sandbox.stop_keeper().await.unwrap();
    assert!(reqwest::get(format!("{url}/v1/market")).await.unwrap_err().is_connect());
    // The rest goes on, and the sandbox with it.
    let ended = tokio::time::timeout(Duration::from_secs(2), played.sandbox.ended()).await;
    assert!(ended.is_err(), "{ended:?}");
    assert!(played.chat(LoanName::Healthy).await.0.is_success());
    played.sandbox.stop_keeper().await.unwrap();

    played.sandbox.start_keeper().await.unwrap();
    played.sandbox.start_keeper().await.unwrap();
    assert_eq!(played.facts().keeper_url, url);
    let late = format!("/v1/credits/{}", played.loan(LoanName::Late).address);
    let is_marked = async |played: &Played| played.keeper(&late).await["status"] == "delinquent";
    played.until("the mark of the late loan", is_marked).await;
    played.sandbox.stop().await.unwrap();
}
