//! Causes outside a loan: told once, named by `explain`, and never run against.

use {
    crate::{
        books::{alerts, is_open, lanes, seen, transactions},
        setup::Setup,
    },
    blockable_sdk::{Pubkey, instructions, program::transitions::Status},
    blockable_testkit::{DAY, Parties},
    std::path::Path,
};

/// Cycles run once a second; this many seconds show what a keeper does again and again.
const LONG: u64 = 12;

/// The transactions of enforcement that a keeper has written down.
fn marks(store: &Path) -> usize {
    transactions(store).iter().filter(|written| written.role == "enforcement").count()
}

async fn start() -> (Setup, i64) {
    let setup = Setup::new(1).await;
    let nodes = [setup.cluster.rpc_url(), setup.cluster.rpc_url()];
    setup.write_config("keeper", &nodes, "");
    let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    (setup, due)
}

/// Moves the chain's clock on, and waits until the keeper has seen it.
async fn go_to(setup: &Setup, unix: i64) {
    setup.cluster.chain.wait_until(unix).await;
    let store = setup.store("keeper");
    setup.until("the keeper sees the clock", async |_: &Setup| seen(&store) >= unix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_marked_and_nothing_is_tried_while_a_vault_is_frozen() {
    let (setup, due) = start().await;
    let (keeper, store, credit) = (setup.spawn("keeper", ""), setup.store("keeper"), setup.credits[0]);
    go_to(&setup, due - 60).await;
    setup.cluster.set_vault_frozen(&credit, true).await;
    go_to(&setup, due + i64::from(6 * DAY)).await;
    let alerted = async |_: &Setup| is_open(&store, "vault_frozen", &credit);
    setup.until("the frozen vault is alerted", alerted).await;
    setup.stay(LONG).await;
    assert_eq!(setup.status(0).await, Status::Active, "the grace is over, and nobody could pay");
    assert_eq!((marks(&store), lanes(&store)), (0, 0), "nothing is tried, so nothing fails");
    assert_eq!(alerts(&store, "vault_frozen").len(), 1, "it is told once");
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
async fn a_halt_and_a_suspension_are_told_once_and_stop_nothing_of_the_keepers() {
    let (mut setup, due) = start().await;
    let (keeper, store) = (setup.spawn("keeper", ""), setup.store("keeper"));
    let (market, provider) = (setup.cluster.chain.keys.market, setup.cluster.chain.provider);
    let (guardian, admin) = (Parties::address("guardian"), Parties::address("payer"));
    let halt = instructions::market_halt(&market, &guardian);
    setup.cluster.chain.send(&[halt], &["guardian"]).await;
    let suspend = instructions::provider_suspend(&market, &admin, &provider);
    setup.cluster.chain.send(&[suspend], &["payer"]).await;
    let told = |store: &Path| {
        let subjects: [(&str, Pubkey); 2] = [("market_halted", market), ("provider_suspended", provider)];
        subjects.iter().all(|(rule, subject)| is_open(store, rule, subject))
    };
    setup.until("both are alerted", async |_: &Setup| told(&store)).await;

    setup.set_used(0, 5_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 5_000).await;
    go_to(&setup, due + i64::from(6 * DAY)).await;
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
