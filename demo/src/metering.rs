//! Usage reports of a demo: three reporters sign the provider's measurements, and anyone submits them.

use {
    crate::{DemoError, cast::Cast, demand::Usage},
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, Units},
        client::Landed,
        instructions,
        reports::{CreditReading, ReportScope, UsageReport},
    },
};

/// Share by which the third reporter reads high; the lower median ignores it.
const THIRD_READS_HIGH: Bps = Bps(300);

/// Meters a credit as of the chain's clock: the first two reporters agree, the third reads high.
pub(crate) async fn meter(cast: &Cast, credit: &Pubkey, usage: Usage) -> Result<Landed, DemoError> {
    let client = &cast.cluster.client;
    let provider = client.provider(&cast.venue.provider).await?;
    let scope = ReportScope {
        cluster_tag: provider.cluster_tag,
        market: cast.venue.keys.market,
        provider: cast.venue.provider,
        epoch: provider.epoch,
        chunk: 0,
    };
    let reported_at = client.chain_time().await?;
    let bit = cast.credit(credit).await?.meter.index;
    let mut reports = Vec::with_capacity(cast.venue.keyring.reporters.len());
    for (index, key) in (0u8..).zip(&cast.venue.keyring.reporters) {
        let high = if index == 2 { THIRD_READS_HIGH } else { Bps::ZERO };
        reports.push(report(scope, reported_at, bit, usage, high)?.sign(index, key)?);
    }
    let meter =
        instructions::usage_meter(&cast.venue.keys.market, &cast.venue.provider, 0, reports, &[*credit]);
    cast.send(&[meter], &[]).await
}

/// Makes the report of a reporter that reads too high by a share. The reading stands at its bit in chunk 0.
fn report(
    scope: ReportScope,
    reported_at: i64,
    bit: u32,
    usage: Usage,
    high: Bps,
) -> Result<UsageReport, DemoError> {
    let mut report = UsageReport::new(scope, reported_at);
    let too_much = Units(usage.cumulative.get() * high.get() / 10_000);
    let cumulative = usage.cumulative.saturating_add(too_much).get();
    report.set(bit, CreditReading { cumulative, in_flight: usage.in_flight.get() })?;
    Ok(report)
}
