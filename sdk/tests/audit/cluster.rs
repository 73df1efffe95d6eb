//! An audit over JSON-RPC of a cluster in this process.
//!
//! `BLOCKABLE_AUDIT_EVENTS=10000` makes a log of that many events and holds the audit against 10 s.

use {
    blockable_sdk::{
        audit::Auditor,
        instructions::{self, Payment},
        rpc::CommitmentConfig,
    },
    blockable_testkit::{Cluster, Parties},
    std::{
        env,
        time::{Duration, Instant},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_audited_within_seconds() {
    let events: u64 = env::var("BLOCKABLE_AUDIT_EVENTS").map_or(60, |count| count.parse().unwrap());
    let mut cluster = Cluster::start().await;
    let credit = cluster.active().await;
    let chain = &cluster.chain;
    let (payer, borrower) = (Parties::key("payer"), Parties::key("borrower"));
    let (slot, source) = (chain.credit(&credit).await.offer_slot, chain.wallet("borrower"));
    let repay = |amount: u64| {
        let payment = Payment::in_any_status(amount, slot);
        instructions::credit_repay(&chain.keys, &Parties::address("borrower"), &source, &credit, payment)
    };
    for amount in 1..=events - 3 {
        chain.client.send(&[repay(amount)], &payer, &[&borrower]).await.unwrap();
    }
    let auditor = Auditor::over([&chain.client], CommitmentConfig::confirmed());
    let began = Instant::now();
    let audited = auditor.audit(&credit).await.unwrap();
    let took = began.elapsed();
    assert_eq!((audited.events, audited.hash), (events, chain.credit(&credit).await.event_hash));
    println!("{events} events audited in {:.2} s", took.as_secs_f64());
    assert!(events < 10_000 || took <= Duration::from_secs(10), "{took:?}");
    cluster.stop();
}
