//! The covenant and the reserve of a rider, and the expiry of units.

use {
    crate::setup::Setup,
    blockable_sdk::program::{
        state::{Credit, Rider},
        transitions::Status,
    },
    blockable_testkit::{Cluster, DAY, Loan, USDC, covenant},
};

const WINDOW: u32 = 20 * DAY;
const RESERVE: u64 = 25_000 * USDC;

async fn credit(setup: &Setup) -> Credit {
    setup.cluster.chain.credit(&setup.credits[0]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn covenants_are_applied_reserves_drawn_and_units_expired_in_their_time() {
    let rider = Rider { reserve: RESERVE, ..covenant(100_000_000, WINDOW) };
    let loan = Loan::new(1).with_rider(rider).with(|terms| {
        (terms.offer_expires_at, terms.unit_lifetime) = (0, 191 * DAY);
    });
    let mut setup = Setup::lend(Cluster::ticking(400).await, 1, &loan.args).await;
    let url = setup.cluster.rpc_url();
    setup.write_config("keeper", &[url.clone(), url], "");
    let keeper = setup.spawn("keeper", "");
    let agreed = credit(&setup).await;
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;

    setup.cluster.pass(WINDOW + 60).await;
    setup.set_used(0, 1_001).await;
    setup
        .until("little use has raised the APR", async |setup: &Setup| {
            credit(setup).await.covenant.apr_bps == agreed.covenant.apr_bps + 100
        })
        .await;
    assert_eq!(credit(&setup).await.reserve_held, RESERVE);

    setup.cluster.pass(30 * DAY - WINDOW).await;
    setup
        .until("the reserve has paid the first instalment", async |setup: &Setup| {
            let now = credit(setup).await;
            now.reserve_held < RESERVE && now.debt.principal == agreed.debt.principal - 20_000 * USDC
        })
        .await;
    assert_eq!(setup.status(0).await, Status::Active, "a reserve that pays keeps a loan from being late");

    setup.cluster.pass(162 * DAY).await;
    setup
        .until("the units have expired", async |setup: &Setup| {
            let collateral = credit(setup).await.collateral;
            collateral.lien() == 0 && collateral.available() == 0
        })
        .await;
    assert_eq!(credit(&setup).await.collateral.consumed, 1_001);
    keeper.stop().await;
    setup.cluster.stop();
}
