//! Causes outside a loan: alerted once, named by `explain`, and no transaction is tried against them.

use {
    crate::{
        books::{alerts, is_open, lanes, transactions},
        setup::{SLOT_MS, Setup},
    },
    blockable_sdk::{Pubkey, instructions, program::transitions::Status},
    blockable_testkit::{Cluster, DAY, Parties},
    std::path::Path,
};

/// Cycles run once a second; this many seconds show what a keeper does again and again.
const LONG: u64 = 12;

/// The transactions of enforcement that a keeper has written down.
fn marks(store: &Path) -> usize {
    transactions(store).iter().filter(|written| written.role == "enforcement").count()
}

async fn start() -> (Setup, i64) {
    Setup::with_keeper(Cluster::ticking(SLOT_MS).await, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_marked_and_nothing_is_tried_while_a_vault_is_frozen() {
    let (setup, due) = start().await;
    let (keeper, store, credit) = (setup.spawn("keeper", ""), setup.store("keeper"), setup.credits[0]);
    setup.go_to(due - 60).await;
    setup.cluster.set_vault_frozen(&credit, true).await;
    setup.go_to(due + i64::from(6 * DAY)).await;
    let alerted = async |_: &Setup| is_open(&store, "vault_frozen", &credit);
    setup.until("the frozen vault is alerted", alerted).await;
    setup.stay(LONG).await;
    assert_eq!(setup.status(0).await, Status::Active, "the grace is over, and nobody could pay");
    assert_eq!((marks(&store), lanes(&store)), (0, 0), "nothing is tried, so nothing fails");
    assert_eq!(alerts(&store, "vault_frozen").len(), 1, "there is one alert");
    let explained = setup.command("keeper", &["explain", &credit.to_string()]);
    let text = String::from_utf8(explained.stdout).unwrap();
    assert!(text.contains("mark_delinquent no: the payment token's issuer has frozen the vault"), "{text}");
    assert!(
        text.contains("vault_frozen: The payment token's issuer has frozen the credit's vault"),
        "{text}"
    );

    setup.cluster.set_vault_frozen(&credit, false).await;
    let marked = async |setup: &Setup| setup.status(0).await == Status::Delinquent;
    setup.until("it is marked once the vault is open", marked).await;
    let cleared = async |_: &Setup| !is_open(&store, "vault_frozen", &credit);
    setup.until("the alert has ended", cleared).await;
    keeper.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halt_and_a_suspension_are_alerted_once_and_stop_no_work_of_the_keeper() {
    let (mut setup, due) = start().await;
    let (keeper, store) = (setup.spawn("keeper", ""), setup.store("keeper"));
    let (market, provider) = (setup.cluster.chain.keys.market, setup.cluster.chain.provider);
    let (guardian, admin) = (Parties::address("guardian"), Parties::address("payer"));
    let halt = instructions::market_halt(&market, &guardian);
    setup.cluster.chain.send(&[halt], &["guardian"]).await;
    let suspend = instructions::provider_suspend(&market, &admin, &provider);
    setup.cluster.chain.send(&[suspend], &["payer"]).await;
    let alerted = |store: &Path| {
        let subjects: [(&str, Pubkey); 2] = [("market_halted", market), ("provider_suspended", provider)];
        subjects.iter().all(|(rule, subject)| is_open(store, rule, subject))
    };
    setup.until("both are alerted", async |_: &Setup| alerted(&store)).await;

    setup.set_used(0, 5_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 5_000).await;
    setup.go_to(due + i64::from(6 * DAY)).await;
    let marked = async |setup: &Setup| setup.status(0).await == Status::Delinquent;
    setup.until("the loan is marked", marked).await;
    assert!(alerts(&store, "market_halted").len() == 1 && alerts(&store, "provider_suspended").len() == 1);

    let resume = instructions::provider_resume(&market, &admin, &provider);
    setup.cluster.chain.send(&[resume], &["payer"]).await;
    let cleared = async |_: &Setup| !is_open(&store, "provider_suspended", &provider);
    setup.until("the suspension is over", cleared).await;
    assert!(is_open(&store, "market_halted", &market));
    keeper.stop().await;
    setup.cluster.stop();
}
