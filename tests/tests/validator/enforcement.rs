//! The borrower who does not pay: frozen in proportion, defaulted, frozen in full, seized, sold, and nothing left behind.

use {
    crate::terms,
    blockable_sdk::{
        Pubkey, addresses,
        client::{Landed, Sender},
        events::Change,
        instructions::{self, LotKeys},
        program::{
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            metering::shortfall_units,
            state::{Credit, FreezeReason, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{Chain, Parties, USDC},
    solana_client::rpc_config::{CommitmentConfig, RpcSendTransactionConfig},
    std::time::{Duration, Instant},
    tokio::time::sleep,
};

/// Seconds from issue to each due date.
const DUE: [u32; 2] = [6, 3_600];
const DELINQUENCY_GRACE: u32 = 2;
const DEFAULT_GRACE: u32 = 10;
const CURE_PERIOD: u32 = 3;
/// First price of a million units in the lot: twice what the loan paid.
const START_PRICE: u64 = 200 * USDC;

/// Runs the test.
pub async fn run(mut chain: Chain) {
    let args = terms::loan(1, &DUE, |terms| {
        terms.delinquency_grace = DELINQUENCY_GRACE;
        terms.default_grace = DEFAULT_GRACE;
        terms.cure_period = CURE_PERIOD;
    });
    let credit = chain.active(args).await;
    let due = chain.credit(&credit).await.issued_at + i64::from(DUE[0]);
    let meter = chain.metering(3, &[(credit, 200_000_000, 0)]).await;
    chain.send(&[meter], &[]).await;
    miss_and_freeze(&mut chain, &credit, due).await;
    default_and_seize(&mut chain, &credit, due).await;
    sell(&mut chain, &credit).await;
    remove(&mut chain, &credit).await;
}

/// The missed instalment is marked, and the lender freezes the share of the lien that the arrears are of the debt.
async fn miss_and_freeze(chain: &mut Chain, credit: &Pubkey, due: i64) {
    let market = chain.keys.market;
    chain.wait_until(due + i64::from(DELINQUENCY_GRACE) + 1).await;
    chain.send(&[instructions::credit_mark_delinquent(&market, credit)], &[]).await;
    let millis = freeze(chain, credit).await;
    println!("freeze: {millis} ms from the signature to the frozen account at `processed`");
    let state = chain.credit(credit).await;
    let collateral = &state.collateral;
    let share = shortfall_units(collateral.lien(), state.arrears(), state.debt.total()).unwrap();
    assert!(share > 0 && share < collateral.lien());
    assert_eq!((state.status, collateral.frozen()), (Status::Delinquent.byte(), share));
}

/// Freezes in proportion; returns the milliseconds from the signature until the account is seen frozen.
async fn freeze(chain: &mut Chain, credit: &Pubkey) -> u128 {
    let lender = Parties::key("lender");
    let (amount, reason) = (FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    let freeze =
        instructions::credit_freeze(&chain.keys.market, &Parties::address("lender"), credit, amount, reason);
    let client = &chain.client;
    let recorded = client.sign(&[freeze], &lender, &[]).await.unwrap().without_record();
    let signed = Instant::now();
    let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
    client.rpc().send_transaction_with_config(recorded.transaction(), config).await.unwrap();
    while client.fetch_at::<Credit>(credit, CommitmentConfig::processed()).await.unwrap().collateral.frozen()
        == 0
    {
        assert!(signed.elapsed() < Duration::from_secs(60), "the freeze does not land");
        sleep(Duration::from_millis(1)).await;
    }
    let millis = signed.elapsed().as_millis();
    let landed = Sender::new(client).follow(&recorded).await.unwrap();
    chain.keep(&landed);
    millis
}

/// Default; anyone freezes the rest; after the cure period the lender seizes everything into a lot.
async fn default_and_seize(chain: &mut Chain, credit: &Pubkey, due: i64) {
    let (market, lender) = (chain.keys.market, Parties::address("lender"));
    chain.wait_until(due + i64::from(DEFAULT_GRACE) + 1).await;
    chain.send(&[instructions::credit_mark_defaulted(&market, credit)], &[]).await;
    chain.send(&[instructions::credit_auto_freeze(&market, credit)], &[]).await;
    let state = chain.credit(credit).await;
    assert_eq!((state.collateral.frozen(), state.collateral.available()), (800_000_000, 0));

    chain.wait_until(state.defaulted_at + i64::from(CURE_PERIOD) + 1).await;
    let terms = LotTerms { start_price: START_PRICE, floor_price: START_PRICE / 2, window: 3_600 };
    let all = UnitBounds::ALL;
    let seize = instructions::credit_seize_to_pool(&market, &lender, &lender, credit, 0, all, terms);
    chain.send(&[seize], &["lender"]).await;
    let lot = chain.client.lot(&addresses::lot(credit, 0)).await.unwrap();
    assert_eq!((lot.units, lot.units_left), (800_000_000, 800_000_000));
}

/// The proceeds of two sales, in micro-USDC.
#[derive(Default)]
struct Sales {
    cost: u64,
    fee: u64,
    recovered: u64,
    surplus: u64,
}

impl Sales {
    fn add(&mut self, landed: &Landed) {
        for record in landed.events.iter().flat_map(|event| event.records()) {
            if let Change::Sold { cost, fee, recovered, surplus, .. } = record.change {
                self.cost += cost;
                self.fee += fee;
                self.recovered += recovered;
                self.surplus += surplus;
            }
        }
    }
}

/// A buyer takes the lot in two parts; the debt is paid, and everyone collects what is theirs.
async fn sell(chain: &mut Chain, credit: &Pubkey) {
    let (buyer, source) = (Parties::address("buyer"), chain.wallet("buyer"));
    let lot = LotKeys { credit: *credit, index: 0, provider: chain.provider, units_expire_at: 0 };
    let mut sales = Sales::default();
    for units in [500_000_000, 300_000_000] {
        let exactly = UnitBounds::exactly(units);
        let buy = instructions::lot_buy(&chain.keys, &buyer, &buyer, &source, &lot, exactly, START_PRICE);
        sales.add(&chain.send(&[buy], &["buyer"]).await);
    }
    assert_eq!(chain.credit(credit).await.status, Status::Repaid.byte());
    let bought = addresses::unrestricted_credit(&chain.keys.market, &chain.provider, &buyer, 0);
    assert_eq!(chain.credit(&bought).await.collateral.available(), 800_000_000);
    chain.prove_log(&bought).await;

    let (payer, lender) = (Parties::address("payer"), Parties::address("lender"));
    let close = instructions::lot_close(&chain.keys.market, &payer, &lender, credit, 0);
    chain.send(&[close], &[]).await;
    for (party, name) in
        [(Party::Lender, "lender"), (Party::Borrower, "borrower"), (Party::Treasury, "treasury")]
    {
        let collect = chain.collect(credit, party, name);
        chain.send(&[collect], &[]).await;
    }
    assert_eq!(sales.cost, sales.fee + sales.recovered + sales.surplus);
    assert_eq!(chain.balance("buyer").await, 1_000_000 * USDC - sales.cost);
    assert_eq!(chain.balance("lender").await, 900_000 * USDC + sales.recovered);
    assert_eq!(chain.balance("borrower").await, 1_000_000 * USDC + sales.surplus);
    assert_eq!(chain.balance("treasury").await, sales.fee);
}

/// Anyone removes the empty vault and credit; the log is proven before the account is gone.
async fn remove(chain: &mut Chain, credit: &Pubkey) {
    let (payer, lender) = (Parties::address("payer"), Parties::address("lender"));
    let close_vault = instructions::vault_close(&chain.keys, credit, &lender, &chain.wallet("treasury"));
    chain.send(&[close_vault], &[]).await;
    chain.prove_log(credit).await;
    let records = chain.log.iter().filter(|record| record.credit == *credit).count();
    println!("log: {records} records of the seized credit proven from fetched transactions");
    let (market, provider) = (&chain.keys.market, &chain.provider);
    let close = instructions::credit_close(market, &payer, &lender, credit, provider, 0);
    chain.send(&[close], &[]).await;
    assert!(chain.client.credit(credit).await.is_err(), "the credit is gone");
}
