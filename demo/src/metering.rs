//! The oracle side of a demo: three reporters sign what the provider measured, and anyone submits it.

use {
    super::{DemoError, cast::Cast, usage::Usage},
    blockable_sdk::{
        Pubkey,
        client::Landed,
        instructions,
        reports::{CreditReading, ReportScope, UsageReport},
    },
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
    let mut readings = Vec::with_capacity(usage.len());
    for (credit, usage) in usage {
        readings.push((cast.credit(credit).await?.meter.index, *usage));
    }
    let mut reports = Vec::with_capacity(cast.reporters.len());
    for (index, key) in (0u8..).zip(&cast.reporters) {
        let high = if index == 2 { THIRD_READS_HIGH_BPS } else { 0 };
        reports.push(report(scope, reported_at, &readings, high)?.sign(index, key)?);
    }
    let credits: Vec<Pubkey> = usage.iter().map(|(credit, _)| *credit).collect();
    let meter = instructions::usage_meter(&cast.keys.market, &cast.provider, 0, reports, &credits);
    cast.send(&[meter], &[]).await
}

/// What a reporter that reads `high_bps` too high says; readings by their bit in chunk 0.
fn report(
    scope: ReportScope,
    reported_at: i64,
    readings: &[(u32, Usage)],
    high_bps: u64,
) -> Result<UsageReport, DemoError> {
    let mut report = UsageReport::new(scope, reported_at);
    for (bit, usage) in readings {
        let cumulative = usage.cumulative + usage.cumulative * high_bps / 10_000;
        report.set(*bit, CreditReading { cumulative, in_flight: usage.in_flight })?;
    }
    Ok(report)
}
