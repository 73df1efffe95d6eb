//! The lifecycle on a cluster inside this process, over JSON-RPC and WebSocket, through the SDK's async client alone.

// What runs on solana-test-validator runs here as well, so that it is tested where that is missing.
#[path = "validator/enforcement.rs"]
mod enforcement;
#[path = "validator/metering.rs"]
mod metering;
#[path = "validator/repayment.rs"]
mod repayment;
#[path = "validator/terms.rs"]
mod terms;

use {
    blockable_sdk::{
        accounts::{BlockableAccount, CreditFilter},
        addresses,
        audit::RpcHistory,
        client::Client,
        events::{Change, CreditRecord},
        follow::{EventFollower, Start, WebSocketWake},
        instructions::{self, LotKeys},
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{Credit, FreezeReason, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{Cluster, DAY, Parties, Pipe, USDC},
    solana_client::{
        nonblocking::pubsub_client::PubsubClient,
        rpc_config::{CommitmentConfig, RpcAccountInfoConfig, UiAccountEncoding},
    },
    std::time::Duration,
    tokio::time::timeout,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_repaid_and_released() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    cluster.pass(DAY).await;
    cluster.meter(&credit, 200_000_000, 0).await;
    assert_eq!(cluster.chain.credit(&credit).await.collateral.consumed, 200_000_000);

    cluster.pass(29 * DAY).await;
    let arrears = cluster.chain.client.credit_now(&credit).await.unwrap().arrears();
    assert!(arrears > 20_000 * USDC);
    let instalment = cluster.chain.repay(&credit, arrears).await;
    let rest = cluster.chain.repay(&credit, u64::MAX).await;
    cluster.chain.send(&[instalment], &["borrower"]).await;
    assert_eq!(cluster.chain.credit(&credit).await.collateral.lien(), 800_000_000);
    cluster.chain.send(std::slice::from_ref(&rest), &["borrower"]).await;

    let state = cluster.chain.credit(&credit).await;
    assert_eq!(state.status, Status::Repaid.byte());
    assert_eq!((state.collateral.lien(), state.collateral.available()), (0, 800_000_000));
    let collect = cluster.chain.collect(&credit, Party::Lender, "lender");
    cluster.chain.send(&[collect], &[]).await;
    let paid = 1_000_000 * USDC - cluster.chain.balance("borrower").await;
    assert_eq!(cluster.chain.balance("lender").await, 900_000 * USDC + paid);
    cluster.chain.refused(rest, &["borrower"], BlockableError::NothingOwed).await;
    cluster.chain.prove_log(&credit).await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_loan_is_frozen_seized_and_sold() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    let market = cluster.chain.keys.market;
    let mark = instructions::credit_mark_delinquent(&market, &credit);
    cluster.chain.refused(mark.clone(), &[], BlockableError::NotInArrears).await;
    cluster.pass(35 * DAY).await;
    cluster.chain.send(&[mark], &[]).await;
    cluster.meter(&credit, 300_000_000, 5_000).await;
    cluster.pass(10 * DAY).await;
    cluster.chain.send(&[instructions::credit_mark_defaulted(&market, &credit)], &[]).await;
    let freeze = instructions::credit_freeze(
        &market,
        &Parties::address("lender"),
        &credit,
        FreezeAmount::All,
        FreezeReason::Default,
    );
    cluster.chain.send(&[freeze], &["lender"]).await;
    cluster.pass(10 * DAY).await;
    cluster.meter(&credit, 300_010_000, 0).await;
    let state = cluster.chain.credit(&credit).await;
    assert_eq!((state.collateral.consumed, state.meter.overrun), (300_005_000, 5_000));

    let terms = LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 10 * DAY };
    let lender = Parties::address("lender");
    let all = UnitBounds::ALL;
    let seize = instructions::credit_seize_to_pool(&market, &lender, &lender, &credit, 0, all, terms);
    cluster.chain.send(&[seize], &["lender"]).await;
    let lot = LotKeys { credit, index: 0, provider: cluster.chain.provider, units_expire_at: 0 };
    let source = cluster.chain.wallet("buyer");
    let units = cluster.chain.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left;
    assert_eq!(units, 699_995_000);
    let buy = instructions::lot_buy(
        &cluster.chain.keys,
        &Parties::address("buyer"),
        &Parties::address("buyer"),
        &source,
        &lot,
        UnitBounds::exactly(units),
        100 * USDC,
    );
    cluster.chain.send(&[buy], &["buyer"]).await;
    let bought =
        addresses::unrestricted_credit(&market, &cluster.chain.provider, &Parties::address("buyer"), 0);
    let state = cluster.chain.credit(&bought).await;
    assert_eq!((state.collateral.granted, state.collateral.available()), (units, units));
    let found =
        cluster.chain.client.credits(&[CreditFilter::Borrower(Parties::address("buyer"))]).await.unwrap();
    assert_eq!(found.iter().map(|(address, _)| *address).collect::<Vec<_>>(), [bought]);
    cluster.chain.prove_log(&credit).await;
    cluster.chain.prove_log(&bought).await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_reaches_a_websocket_subscriber() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    cluster.pass(35 * DAY).await;
    cluster
        .chain
        .send(&[instructions::credit_mark_delinquent(&cluster.chain.keys.market, &credit)], &[])
        .await;
    let pubsub = PubsubClient::new(cluster.ws_url()).await.unwrap();
    let config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::processed()),
        ..RpcAccountInfoConfig::default()
    };
    let (mut updates, unsubscribe) = pubsub.account_subscribe(&credit, Some(config)).await.unwrap();
    let amount = FreezeAmount::Units(123_456);
    let reason = FreezeReason::MissedPayment;
    let freeze = instructions::credit_freeze(
        &cluster.chain.keys.market,
        &Parties::address("lender"),
        &credit,
        amount,
        reason,
    );
    cluster.chain.send(&[freeze], &["lender"]).await;
    let update = timeout(Duration::from_secs(20), futures_util::StreamExt::next(&mut updates)).await;
    let account = update.expect("an update within the deadline").expect("the stream is open").value;
    let state = Credit::decode(&account.data.decode().unwrap()).unwrap();
    assert_eq!(state.collateral.frozen(), 123_456);
    unsubscribe().await;
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_woken_by_the_websocket() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    let commitment = CommitmentConfig::confirmed();
    let history = RpcHistory::from_client(&cluster.chain.client, commitment);
    let mut follower = EventFollower::new(history, credit, Start::Beginning);
    // The interval is longer than this test waits.
    let mut wake = WebSocketWake::open(cluster.ws_url(), credit, commitment, Duration::from_secs(300));
    let within = Duration::from_secs(30);
    let first = timeout(within, follower.next(&mut wake, |_| ())).await.unwrap();
    assert_eq!(first.len(), 3);
    for amount in [5, 6] {
        let repay = cluster.chain.repay(&credit, amount).await;
        cluster.chain.send(&[repay], &["borrower"]).await;
        let next = timeout(within, follower.next(&mut wake, |_| ())).await.unwrap();
        let changes: Vec<_> = next.iter().flat_map(|observed| observed.event.records()).collect();
        assert!(matches!(changes[..], [CreditRecord { change: Change::Paid { .. }, .. }]), "{changes:?}");
    }
    cluster.stop();
}

/// Both connections of a follower break again and again while events come.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_over_broken_connections_leaves_no_event_out_and_brings_none_twice() {
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    let (rpc, ws) = (Pipe::to(&cluster.chain.client.rpc().url()), Pipe::to(&cluster.ws_url()));
    let commitment = CommitmentConfig::confirmed();
    let node = Client::with_commitment(rpc.url("http"), commitment);
    let mut follower =
        EventFollower::new(RpcHistory::from_client(&node, commitment), credit, Start::Beginning);
    let mut wake = WebSocketWake::open(ws.url("ws"), credit, commitment, Duration::from_secs(300));
    let within = Duration::from_secs(60);
    let (mut seen, mut failures) = (Vec::new(), 0);
    for round in 1..=4u64 {
        // A stream alone is cut, the requests alone, both; then neither.
        let (cuts_stream, cuts_requests) = (round % 2 == 1, round % 4 >= 2);
        if cuts_stream {
            ws.cut();
        }
        if cuts_requests {
            rpc.cut();
        }
        for amount in [round * 10, round * 10 + 1] {
            let repay = cluster.chain.repay(&credit, amount).await;
            cluster.chain.send(&[repay], &["borrower"]).await;
        }
        if cuts_requests {
            assert!(follower.fill().await.is_err(), "no node answers");
            failures += 1;
        }
        ws.mend();
        rpc.mend();
        let last = cluster.chain.credit(&credit).await.event_seq;
        while seen.last().is_none_or(|seq: &u64| *seq + 1 < last) {
            let events = timeout(within, follower.next(&mut wake, |_| failures += 1)).await.unwrap();
            seen.extend(events.iter().flat_map(|observed| observed.event.records()).map(|record| record.seq));
        }
    }
    assert_eq!(seen, (0..11).collect::<Vec<_>>());
    assert!(failures >= 2, "{failures}");
    cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_chunk_is_metered_in_one_transaction() {
    let cluster = Cluster::with(terms::market(1), terms::CAPACITY, terms::settings()).await;
    metering::run(cluster.chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_repaid_and_removed() {
    let cluster = Cluster::with(terms::market(1), terms::CAPACITY, terms::settings()).await;
    repayment::run(cluster.chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_loan_is_frozen_seized_sold_and_removed() {
    let cluster = Cluster::with(terms::market(1), terms::CAPACITY, terms::settings()).await;
    enforcement::run(cluster.chain).await;
}
