//! The borrower who pays: a pause, a reserve that pays a missed instalment, a pay-off, and nothing left behind.

use {
    crate::terms,
    blockable_sdk::{
        events::Change,
        instructions,
        program::{
            errors::BlockableError,
            state::{Party, Rider},
            transitions::Status,
        },
    },
    blockable_testkit::{Chain, Parties, USDC},
};

/// Seconds from issue to each due date.
const DUE: [u32; 2] = [8, 3_600];
const RESERVE: u64 = 60_000 * USDC;

/// Runs the test.
pub async fn run(mut chain: Chain) {
    let mut args = terms::loan(1, &DUE, |_| {});
    args.rider = Rider { reserve: RESERVE, ..Rider::default() };
    pause(&mut chain, &args).await;

    let credit = chain.active(args).await;
    let issued_at = chain.credit(&credit).await.issued_at;
    assert_eq!(chain.balance("provider").await, 100_000 * USDC);
    let meter = chain.metering(3, &[(credit, 200_000_000, 1_000)]).await;
    chain.send(&[meter], &[]).await;
    assert_eq!(chain.credit(&credit).await.collateral.consumed, 200_000_000);

    // The first instalment is paid out of the reserve: half the principal, which frees half of the lien.
    let paused =
        i64::try_from(chain.client.market(&chain.keys.market).await.unwrap().paused_seconds).unwrap();
    chain.wait_until(issued_at + paused + i64::from(DUE[0]) + 1).await;
    let lien = chain.credit(&credit).await.collateral.lien();
    let draw = instructions::reserve_draw(&chain.keys.market, &credit);
    chain.send(&[draw], &[]).await;
    let state = chain.credit(&credit).await;
    assert!(state.reserve_held < 10_000 * USDC && state.collateral.lien() < lien);
    assert_eq!((state.arrears(), state.status), (0, Status::Active.byte()));

    let pay_off = chain.repay(&credit, u64::MAX).await;
    chain.send(&[pay_off], &["borrower"]).await;
    let state = chain.credit(&credit).await;
    assert_eq!(state.status, Status::Repaid.byte());
    assert_eq!((state.collateral.lien(), state.collateral.available()), (0, 800_000_000));
    remove(&mut chain, &credit).await;
}

/// While the market is paused nothing new begins; the admin ends the pause.
async fn pause(chain: &mut Chain, args: &blockable_sdk::program::instructions::OfferArgs) {
    let (market, guardian) = (chain.keys.market, Parties::address("guardian"));
    chain.send(&[instructions::market_pause(&market, &guardian, 600)], &["guardian"]).await;
    let offer = chain.offer(args.clone());
    chain.refused(offer, &["lender"], BlockableError::MarketPaused).await;
    let began_at = chain.client.market(&market).await.unwrap().paused_at;
    let unpause = instructions::market_unpause(&market, &Parties::address("payer"), began_at);
    chain.send(&[unpause], &[]).await;
}

/// Everyone collects, then the vault and the credit go; the rent goes back to the lender, who paid it.
async fn remove(chain: &mut Chain, credit: &blockable_sdk::Pubkey) {
    for (party, name) in [(Party::Lender, "lender"), (Party::Borrower, "borrower")] {
        let collect = chain.collect(credit, party, name);
        chain.send(&[collect], &[]).await;
    }
    let total = chain.balance("lender").await + chain.balance("borrower").await;
    assert_eq!(total, 1_900_000 * USDC, "lender and borrower have all but the principal");
    let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
    let treasury = chain.wallet("treasury");
    let close_vault = instructions::vault_close(&chain.keys, credit, &lender, &treasury);
    chain.send(&[close_vault], &[]).await;
    chain.prove_log(credit).await;

    let (market, provider) = (&chain.keys.market, &chain.provider);
    let close = instructions::credit_close(market, &borrower, &lender, credit, provider, 800_000_000);
    chain.send(&[close], &["borrower"]).await;
    assert!(chain.client.credit(credit).await.is_err(), "the credit is gone");
    let last = chain.log.iter().rfind(|record| record.credit == *credit).map(|record| &record.change);
    assert_eq!(last, Some(&Change::Closed { given_up: 800_000_000 }));
}
