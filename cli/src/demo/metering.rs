//! The oracle side of a demo: three reporters sign what the provider measured, and anyone submits it.

use {
    super::{DemoError, cast::Cast, trace::Usage},
    blockable_sdk::{
        Pubkey,
        client::Landed,
        instructions,
        reports::{CreditReading, ReportScope, UsageReport},
    },
    solana_sdk::signature::Keypair,
};

/// By how much the third reporter reads high, in basis points; the lower median ignores it.
const THIRD_READS_HIGH_BPS: u64 = 300;

/// Meters credits as of the chain's clock: the first two reporters agree, the third reads high.
pub async fn meter(cast: &Cast, usage: &[(Pubkey, Usage)]) -> Result<Landed, DemoError> {
    let client = &cast.cluster.client;
    let provider = client.provider(&cast.provider).await?;
    let scope =
        ReportScope { market: cast.keys.market, provider: cast.provider, epoch: provider.epoch, chunk: 0 };
    let reported_at = client.chain_time().await?;
    let mut reports = Vec::new();
    for (index, key) in (0u8..).zip(&cast.reporters) {
        let high = if index == 2 { THIRD_READS_HIGH_BPS } else { 0 };
        let report = reading(cast, scope, reported_at, usage, high).await?;
        reports.push(sign(&report, index, key)?);
    }
    let credits: Vec<Pubkey> = usage.iter().map(|(credit, _)| *credit).collect();
    let meter = instructions::usage_meter(&cast.keys.market, &cast.provider, 0, reports, &credits);
    cast.send(&[meter], &[]).await
}

async fn reading(
    cast: &Cast,
    scope: ReportScope,
    reported_at: i64,
    usage: &[(Pubkey, Usage)],
    high_bps: u64,
) -> Result<UsageReport, DemoError> {
    let mut report = UsageReport::new(scope, reported_at);
    for (credit, usage) in usage {
        let bit = cast.credit(credit).await?.meter.index;
        let cumulative = usage.cumulative + usage.cumulative * high_bps / 10_000;
        report.set(bit, CreditReading { cumulative, in_flight: usage.in_flight })?;
    }
    Ok(report)
}

fn sign(
    report: &UsageReport,
    index: u8,
    key: &Keypair,
) -> Result<blockable_sdk::reports::SignedReport, DemoError> {
    Ok(report.sign(index, key)?)
}
