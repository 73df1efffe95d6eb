//! Freezes for cross-default and cancels under the holdback: alerted while a party may act, done once anybody may.

use {
    crate::{books::is_open, setup::Setup},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, OfferArgs},
            state::{Credit, Rider},
            transitions::Status,
        },
    },
    blockable_testkit::{Cluster, DAY, Loan, Parties, USDC},
};

async fn credit(setup: &Setup, number: usize) -> Credit {
    setup.cluster.chain.credit(&setup.credits[number]).await
}

/// A loan on the standard terms, whose first instalment is due on day 1, and one of the same parties with cross-default, whose
/// first is due on day 30.
fn loans() -> [OfferArgs; 2] {
    let forever = |terms: &mut blockable_sdk::program::state::Terms| terms.offer_expires_at = 0;
    let standard = Loan::standard(1, 120_000 * USDC, 1_200_000_000).with(forever);
    let rider = Rider { cross_default: 1, ..Rider::default() };
    [standard.args, Loan::new(2).with_rider(rider).with(forever).args]
}

/// Waits until an alert on a credit is open, or is not.
async fn alerted(setup: &Setup, rule: &str, credit: &Pubkey, open: bool) {
    let store = setup.store("keeper");
    let done = async |_: &Setup| is_open(&store, rule, credit) == open;
    setup.until(&format!("{rule} is {}", if open { "raised" } else { "cleared" }), done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cross_default_that_is_over_is_thawed_and_covered_units_are_cancelled_once_anybody_may() {
    let [standard, other] = loans();
    let mut setup = Setup::lend(Cluster::ticking(400).await, 1, &standard).await;
    let second = setup.cluster.chain.active(other).await;
    setup.credits.push(second);
    let (first, url) = (setup.credits[0], setup.cluster.rpc_url());
    setup.write_config("keeper", &[url.clone(), url], "");
    let keeper = setup.spawn("keeper", "");

    setup.cluster.pass(9 * DAY).await;
    let status = async |setup: &Setup, wanted| setup.status(0).await == wanted;
    setup.until("the first is in default", async |setup| status(setup, Status::Defaulted).await).await;
    alerted(&setup, "cross_default", &second, true).await;
    let (market, lender) = (setup.cluster.chain.keys.market, Parties::address("lender"));
    let freeze =
        instructions::credit_freeze_for_cross_default(&market, &lender, &second, &first, FreezeAmount::All);
    setup.cluster.chain.send(&[freeze], &["lender"]).await;
    assert!(credit(&setup, 1).await.collateral.frozen_for_cross > 0);
    alerted(&setup, "cross_default", &second, false).await;
    assert!(credit(&setup, 1).await.collateral.frozen_for_cross > 0, "the other default stands");

    setup.pay_arrears(0).await;
    let thawed = async |setup: &Setup| credit(setup, 1).await.collateral.frozen_for_cross == 0;
    setup.until("the keeper thaws what rests on a default that is over", thawed).await;

    // The second instalment is due on day 31, and its default grace ends a week later.
    setup.cluster.pass(32 * DAY).await;
    setup.until("the first is in default again", async |setup| status(setup, Status::Defaulted).await).await;
    assert!(!is_open(&setup.store("keeper"), "lender_cancel", &first), "the cure period runs");
    setup.cluster.pass(10 * DAY).await;
    alerted(&setup, "lender_cancel", &first, true).await;
    let held = credit(&setup, 0).await.holdback_left;
    assert!(held > 0 && status(&setup, Status::Defaulted).await, "nobody but the lender may yet");
    setup.cluster.pass(30 * DAY).await;
    setup.until("the keeper has cancelled", async |setup| status(setup, Status::Seizing).await).await;
    let after = credit(&setup, 0).await;
    assert_eq!((after.holdback_left, after.recovered), (0, held));
    assert!(after.collateral.cancelled > 0);
    alerted(&setup, "lender_cancel", &first, false).await;
    keeper.stop().await;
    setup.cluster.stop();
}
