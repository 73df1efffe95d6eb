//! A trace through the server: no token is lost between the client, the ledger, the signed report and the chain.

use {
    super::{
        ledger::{self, units},
        setup::{PATIENCE, Setup},
    },
    blockable_sdk::{instructions, reports::ReportRecord},
    blockable_testkit::{
        replay::{ReplayConfig, Reply, replay},
        trace::{Request, generate},
    },
    serde::Deserialize,
    std::{
        collections::HashMap,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// The seed of the generated trace.
const SEED: u64 = 11;
const BORROWERS: usize = 8;

#[derive(Deserialize)]
struct Reports {
    reports: Vec<ReportRecord>,
}

/// The newest report of each reporter, signed just now.
async fn latest_reports(setup: &Setup) -> Vec<ReportRecord> {
    let url = format!("{}/v1/reports/latest?fresh=true", setup.url());
    reqwest::get(url).await.unwrap().json::<Reports>().await.unwrap().reports
}

/// The reports of both reporters, signed an hour of the chain later and once nothing runs any more.
///
/// The provider's bound is 10,000 units per second: a machine that answers faster has used more than reports may say before
/// that time has passed. What ran at a kill is returned by its deadline.
pub async fn reports_an_hour_later(setup: &mut Setup) -> Vec<ReportRecord> {
    setup.cluster.pass(3_600).await;
    let later = setup.cluster.chain.client.chain_time().await.unwrap() - 60;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reports = latest_reports(setup).await;
        let is_quiet = |report: &ReportRecord| report.readings.iter().all(|reading| reading.in_flight == 0);
        let is_late = |report: &ReportRecord| report.reported_at >= later && is_quiet(report);
        if reports.len() == 2 && reports.iter().all(is_late) {
            return reports;
        }
        assert!(
            Instant::now() < deadline,
            "no report knows the chain's clock, or a hold outlives its deadline"
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// The first requests of a generated trace.
pub fn trace(count: usize) -> Vec<Request> {
    println!("trace seed {SEED}");
    generate(SEED).into_iter().take(count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_loses_no_token_from_the_client_to_the_chain() {
    let mut setup = Setup::new(BORROWERS).await;
    let server = setup.serve().await;
    let config =
        ReplayConfig { url: setup.url(), keys: setup.keys(), model: "echo".to_string(), speed: 100.0 };
    let trace = trace(1_500);
    let replies = replay(&config, &trace, "trace", |_| {}).await;
    assert!(replies.iter().all(|reply| matches!(reply.reply, Reply::Answered { .. })), "{}", setup.log());
    let mut sums = HashMap::new();
    for (number, request) in trace.iter().enumerate() {
        *sums.entry(setup.credits[number % BORROWERS]).or_insert(0) += units(request);
    }
    let reports = reports_an_hour_later(&mut setup).await;
    let provider = setup.cluster.chain.client.provider(&setup.cluster.chain.provider).await.unwrap();
    let mut signed = Vec::new();
    for report in &reports {
        for reading in &report.readings {
            assert_eq!(reading.cumulative, sums[&reading.credit], "{}", reading.credit);
            assert_eq!(reading.in_flight, 0);
        }
        signed.push(report.verify(&setup.cluster.chain.provider, &provider).unwrap());
    }
    server.stop().await;
    assert_eq!(ledger::check(&setup, &[("trace".to_string(), replies)]), sums);

    let chain = &mut setup.cluster.chain;
    let meter = instructions::usage_meter(&chain.keys.market, &chain.provider, 0, signed, &setup.credits);
    chain.send_v1(&[meter], &[]).await;
    for credit in &setup.credits {
        assert_eq!(chain.credit(credit).await.collateral.consumed, sums[credit]);
    }
    let log = setup.log();
    for key in config.keys {
        assert!(!log.contains(&key), "an API key is in the log");
    }
    setup.cluster.stop();
}
