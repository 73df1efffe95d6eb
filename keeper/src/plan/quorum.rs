//! Which reports count, and whether enough of them agree on a credit.

use {
    crate::{
        ingest::Shelf,
        plan::{PlanSettings, now::Now},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            metering::{Reading, lower_median},
            state::Provider,
            units::{BPS, mul_div_ceil},
        },
        reports::{MAX_CLOCK_SKEW_SECONDS, RecordReading, ReportRecord},
    },
    std::sync::Arc,
};

/// Why a report does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is of another market")]
    OtherMarket,
    #[error("it is of epoch {0}, not the provider's")]
    OtherEpoch(u32),
    #[error("it is of chunks of {0}, not the provider's size")]
    OtherChunkSize(u8),
    #[error("its reporter is not in its place in the provider's list")]
    NotListed,
    #[error("its reporter's key has expired")]
    Expired,
    #[error("it is ahead of the chain's clock")]
    FromFuture,
    #[error("it is too old")]
    TooOld,
    #[error("its readings are not those of its bits")]
    Malformed,
}

/// Why the program or this keeper would not take a verified report now.
pub(super) fn fault(now: &Now, provider: &Provider, report: &ReportRecord) -> Option<Fault> {
    let clock = now.clock.chain;
    if report.market != now.snapshot.market_key {
        return Some(Fault::OtherMarket);
    }
    if report.epoch != provider.epoch {
        return Some(Fault::OtherEpoch(report.epoch));
    }
    if report.chunk_size != provider.chunk_size {
        return Some(Fault::OtherChunkSize(report.chunk_size));
    }
    let listed = provider.reporters().get(usize::from(report.reporter_index));
    let Some(reporter) = listed.filter(|listed| listed.key == report.reporter) else {
        return Some(Fault::NotListed);
    };
    if clock >= reporter.expires_at {
        return Some(Fault::Expired);
    }
    if report.reported_at > clock.saturating_add(MAX_CLOCK_SKEW_SECONDS) {
        return Some(Fault::FromFuture);
    }
    if report.reported_at < clock.saturating_sub(now.settings.report_max_age_seconds) {
        return Some(Fault::TooOld);
    }
    let beyond = report.bitmap.checked_shr(u32::from(provider.chunk_size)).unwrap_or(0);
    let is_sound = beyond == 0 && report.bitmap.count_ones() as usize == report.readings.len();
    (!is_sound).then_some(Fault::Malformed)
}

/// The reports on a chunk that count, one per reporter, in the order of the provider's list.
pub(super) fn heard<'a>(
    now: &Now,
    address: &Pubkey,
    provider: &Provider,
    chunk: u32,
    shelf: &'a Shelf,
) -> Vec<&'a Arc<ReportRecord>> {
    let latest = |(index, key): (usize, &Pubkey)| {
        let report = shelf.latest(address, chunk, key)?;
        let counts = usize::from(report.reporter_index) == index && fault(now, provider, report).is_none();
        counts.then_some(report)
    };
    provider.reporters().iter().map(|reporter| &reporter.key).enumerate().filter_map(latest).collect()
}

/// What a report says of the credit at a bit of its chunk.
pub(super) fn reading_of(report: &ReportRecord, bit: u32) -> Option<&RecordReading> {
    let place = report.readings.binary_search_by_key(&bit, |reading| reading.bit).ok()?;
    report.readings.get(place)
}

/// What reports together say of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consensus {
    /// The median that the program would apply.
    pub reading: Reading,
    /// Unix time of the report that the median of the units is from.
    pub median_at: i64,
    /// Reports that speak of the credit.
    pub speaking: usize,
    /// Reports within tolerance of the median, itself among them.
    pub agreeing: usize,
}

/// Reads a credit, of which `counted` units are on the chain, out of reports. `None` where fewer than the provider's
/// quorum speak of it.
pub(super) fn consensus(
    settings: &PlanSettings,
    provider: &Provider,
    reports: &[&Arc<ReportRecord>],
    bit: u32,
    counted: u64,
) -> Option<Consensus> {
    let spoken = |report: &&Arc<ReportRecord>| Some((*reading_of(report, bit)?, report.reported_at));
    let spoken: Vec<(RecordReading, i64)> = reports.iter().filter_map(spoken).collect();
    if spoken.is_empty() || spoken.len() < usize::from(provider.quorum) {
        return None;
    }
    let cumulatives: Vec<u64> = spoken.iter().map(|(reading, _)| reading.cumulative).collect();
    let in_flights: Vec<u64> = spoken.iter().map(|(reading, _)| reading.in_flight).collect();
    let times: Vec<i64> = spoken.iter().map(|(_, at)| *at).collect();
    let cumulative = lower_median(&cumulatives)?;
    let reading =
        Reading { cumulative, in_flight: lower_median(&in_flights)?, reported_at: lower_median(&times)? };
    let (_, median_at) = *spoken.iter().find(|(reading, _)| reading.cumulative == cumulative)?;
    let mut consensus = Consensus { reading, median_at, speaking: spoken.len(), agreeing: 0 };
    let agrees = |(spoken, at): &&(RecordReading, i64)| {
        consensus.is_near(settings, provider, counted, spoken.cumulative, *at)
    };
    let agreeing = spoken.iter().filter(agrees).count();
    consensus.agreeing = agreeing;
    Some(consensus)
}

impl Consensus {
    /// Whether a reading made at `at` is as near to the median as time and growth between the two explain.
    pub fn is_near(
        &self,
        settings: &PlanSettings,
        provider: &Provider,
        counted: u64,
        cumulative: u64,
        at: i64,
    ) -> bool {
        let seconds = at.abs_diff(self.median_at);
        let growth = self.reading.cumulative.saturating_sub(counted);
        let tolerance = provider
            .max_units_per_second
            .saturating_mul(seconds)
            .saturating_add(settings.tolerance_units)
            .saturating_add(share(growth, settings.tolerance_bps));
        cumulative.abs_diff(self.reading.cumulative) <= tolerance
    }

    /// Whether a quorum of the provider's reporters agree.
    pub fn is_reached(&self, provider: &Provider) -> bool {
        self.agreeing > 0 && self.agreeing >= usize::from(provider.quorum)
    }
}

/// A share of units in basis points, rounded up.
pub(super) fn share(units: u64, bps: u64) -> u64 {
    mul_div_ceil(units, bps, BPS).unwrap_or(u64::MAX)
}

/// Chooses at most `most` of the reports that count, and keeps their order: first those that stray from the others on the
/// fewest credits, so that one reporter cannot crowd out the honest ones, of those the freshest.
///
/// `credits` are the chunk's, as bit and units counted on the chain.
pub(super) fn choose<'a>(
    settings: &PlanSettings,
    provider: &Provider,
    heard: Vec<&'a Arc<ReportRecord>>,
    credits: &[(u32, u64)],
) -> Vec<&'a Arc<ReportRecord>> {
    let most = settings.max_reports.max(usize::from(provider.quorum));
    if heard.len() <= most {
        return heard;
    }
    let mut strays = vec![0usize; heard.len()];
    for (bit, counted) in credits {
        let Some(consensus) = consensus(settings, provider, &heard, *bit, *counted) else { continue };
        for (strays, report) in strays.iter_mut().zip(&heard) {
            let near = reading_of(report, *bit).is_some_and(|reading| {
                consensus.is_near(settings, provider, *counted, reading.cumulative, report.reported_at)
            });
            *strays = strays.saturating_add(usize::from(!near));
        }
    }
    let mut ranked: Vec<_> = strays.into_iter().zip(heard).collect();
    // By reporter last, so that equals have an order.
    ranked.sort_by_key(|(strays, report)| {
        (*strays, std::cmp::Reverse(report.reported_at), report.reporter_index)
    });
    let mut chosen: Vec<_> = ranked.into_iter().take(most).map(|(_, report)| report).collect();
    chosen.sort_by_key(|report| report.reporter_index);
    chosen
}
