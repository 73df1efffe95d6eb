//! Every act lands when the right wallet signs it, and every other wallet is refused with the reason.

use {
    super::{Site, wallet::Manner},
    blockable_sdk::{
        Pubkey, addresses, instructions,
        program::{instructions::UnitBounds, state::FreezePolicy, transitions::Status},
    },
    blockable_testkit::{DAY, Loan, Parties, USDC},
    reqwest::StatusCode,
};

const UNITS: u64 = 1_000_000_000;
const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A loan that its lender may freeze at will.
fn at_will(nonce: u64) -> Loan {
    Loan::new(nonce).with(|terms| {
        terms.freeze_policy = FreezePolicy::AtWill as u8;
        terms.offer_expires_at = 0;
    })
}

impl Site {
    async fn active(&mut self, nonce: u64) -> Pubkey {
        self.cluster.chain.active(at_will(nonce).args).await
    }

    async fn fund(&self, names: &[&str]) {
        for name in names {
            blockable_testkit::Chain::fund(&self.cluster.chain.client, name).await;
        }
    }

    async fn frozen(&self, credit: &Pubkey) -> u64 {
        self.cluster.chain.credit(credit).await.collateral.frozen()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn freezes_and_thaws_land_in_every_manner_of_a_wallet() {
    let mut site = Site::new().await;
    site.fund(&["freezer", "borrower", "stranger"]).await;
    for (number, manner) in Manner::ALL.into_iter().enumerate() {
        let credit = site.active(number as u64 + 1).await;
        for party in ["borrower", "stranger"] {
            let told = site.refused(&format!("freeze/{credit}"), party, REFUSED).await;
            assert!(told.starts_with("Only the lender or the freeze authority"), "{told}");
        }
        // A quarter first, by the freeze authority; then all, by the lender.
        let part = site.button("part-freeze", &credit).await;
        let (status, answer) = site.asked(&part, "freezer").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert!(answer["message"].as_str().unwrap().starts_with("Freezes 250,000,000 units."), "{answer}");
        site.signed(&answer, "freezer", manner).await.unwrap();
        assert_eq!(site.frozen(&credit).await, UNITS / 4);
        let all = site.button("freeze", &credit).await;
        let (_, answer) = site.asked(&all, "lender").await;
        site.signed(&answer, "lender", manner).await.unwrap();
        assert_eq!(site.frozen(&credit).await, UNITS);
        let told = site.refused(&all, "lender", REFUSED).await;
        assert!(told.starts_with("At least that many units are frozen already."), "{told}");

        let thaw = site.button("thaw", &credit).await;
        assert!(thaw.ends_with("units=1000000000&keep=0"), "{thaw}");
        site.refused(&thaw, "borrower", REFUSED).await;
        let (_, answer) = site.asked(&thaw, "freezer").await;
        site.signed(&answer, "freezer", manner).await.unwrap();
        assert_eq!(site.frozen(&credit).await, 0);
    }
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_asks_for_the_share_that_is_frozen() {
    let mut site = Site::new().await;
    let credit = site.active(1).await;
    let template = site.buttons(&format!("part-freeze/{credit}")).await.pop().unwrap();
    assert!(template.ends_with("&percent={percent}"), "{template}");
    let typed = template.replace("{percent}", "12.5");
    let (_, answer) = site.asked(&typed, "lender").await;
    site.signed(&answer, "lender", Manner::Replacing).await.unwrap();
    assert_eq!(site.frozen(&credit).await, UNITS / 8);
    for wrong in ["0", "101", "-5", "1e2", "{percent}", ""] {
        site.refused(&template.replace("{percent}", wrong), "lender", StatusCode::BAD_REQUEST).await;
    }
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_borrower_accepts_what_the_link_has_shown_and_repays() {
    let mut site = Site::new().await;
    site.fund(&["borrower", "stranger"]).await;
    let args = at_will(1).args;
    let chain = &mut site.cluster.chain;
    let credit = chain.credit_of(&args);
    let offer = chain.offer(args);
    chain.send(&[offer], &["lender"]).await;
    let accept = site.button("accept", &credit).await;
    let told = site.refused(&accept, "lender", REFUSED).await;
    assert!(told.starts_with("Only the borrower of this loan"), "{told}");
    let (_, answer) = site.asked(&accept, "borrower").await;
    assert_eq!(answer["message"], "Accepts the offer: $100,000.00 for 1,000,000,000 units.");
    site.signed(&answer, "borrower", Manner::Replacing).await.unwrap();
    assert_eq!(site.cluster.chain.credit(&credit).await.status().unwrap(), Status::Accepted);

    let read = site.cluster.chain.offer_read(&credit).await;
    let issue = site.cluster.chain.issue(&credit, read);
    site.cluster.chain.send(&[issue], &["provider"]).await;
    let before = site.cluster.chain.balance("borrower").await;
    let buttons = site.buttons(&format!("repay/{credit}")).await;
    // The next instalment: $20,000 and a month of interest.
    assert!(buttons[0].contains("&amount=20986.31"), "{buttons:?}");
    let (status, answer) = site.asked(&buttons[0], "borrower").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    site.signed(&answer, "borrower", Manner::Guarding).await.unwrap();
    let paid = before - site.cluster.chain.balance("borrower").await;
    assert_eq!(paid, 20_986_310_000, "as much as the link has shown");
    // Anyone may pay, with money of its own.
    let told = site.refused(&buttons[0], "stranger", REFUSED).await;
    assert!(told.contains("no account for the market's stablecoin"), "{told}");
    let typed = buttons.last().unwrap().replace("{amount}", "99.5");
    let (_, answer) = site.asked(&typed, "borrower").await;
    assert!(answer["message"].as_str().unwrap().starts_with("Pays $99.50, at most $99.5."), "{answer}");
    let whole = &site.buttons(&format!("repay/{credit}")).await[1];
    let (_, answer) = site.asked(whole, "borrower").await;
    site.signed(&answer, "borrower", Manner::AsGiven).await.unwrap();
    assert_eq!(site.cluster.chain.credit(&credit).await.status().unwrap(), Status::Repaid);
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_buys_from_a_lot_at_no_more_than_the_link_has_shown() {
    let mut site = Site::new().await;
    site.fund(&["stranger"]).await;
    let credit = site.active(1).await;
    let (market, lender) = (site.cluster.chain.keys.market, Parties::address("lender"));
    site.cluster.pass(35 * DAY).await;
    let mark = instructions::credit_mark_delinquent(&market, &credit);
    site.cluster.chain.send(&[mark], &[]).await;
    site.cluster.pass(10 * DAY).await;
    let mark = instructions::credit_mark_defaulted(&market, &credit);
    site.cluster.chain.send(&[mark], &[]).await;
    site.cluster.pass(10 * DAY).await;
    let terms = at_will(1).standard_lot();
    let amount = UnitBounds::exactly(UNITS / 2);
    let seize = instructions::credit_seize_to_pool(&market, &lender, &lender, &credit, 0, amount, terms);
    site.cluster.chain.send(&[seize], &["lender"]).await;
    let lot = addresses::lot(&credit, 0);

    let buttons = site.buttons(&format!("buy/{lot}")).await;
    let typed = buttons.last().unwrap().replace("{units}", "1000000");
    let told = site.refused(&typed, "stranger", REFUSED).await;
    assert!(told.contains("no account for the market's stablecoin"), "{told}");
    let before = site.cluster.chain.balance("buyer").await;
    let (status, answer) = site.asked(&typed, "buyer").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    site.signed(&answer, "buyer", Manner::Guarding).await.unwrap();
    let cost = before - site.cluster.chain.balance("buyer").await;
    assert!(cost <= 100 * USDC, "a million units cost {cost} micro-USDC, and the loan paid $100");
    let told =
        site.refused(&typed.replace("max_price=", "max_price=1&x="), "buyer", StatusCode::BAD_REQUEST).await;
    assert!(told.contains("cannot be read"), "{told}");
    let dear = format!("buy/{lot}?units=1000000&max_price=1");
    let told = site.refused(&dear, "buyer", REFUSED).await;
    assert!(told.starts_with("The price is above the most that you pay."), "{told}");
    site.cluster.stop();
}
