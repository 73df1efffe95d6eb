//! Finds the reports that count, and whether enough of them agree on a credit.

use {
    crate::{
        ingest::Shelf,
        plan::{PlanSettings, now::Now},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Units},
        program::{
            metering::{Reading, lower_median},
            state::Provider,
            units::{BPS, mul_div_ceil},
        },
        reports::{MAX_CLOCK_SKEW_SECONDS, RecordReading, ReportRecord},
    },
    std::sync::Arc,
};

/// The fault for which a report does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReportFault {
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

/// Validates a verified report. Returns the fault for which the program or this keeper would not take it now.
pub(super) fn report_fault(now: &Now, provider: &Provider, report: &ReportRecord) -> Option<ReportFault> {
    let clock = now.chain;
    if report.market != now.snapshot.market_key {
        return Some(ReportFault::OtherMarket);
    }
    if report.epoch != provider.epoch {
        return Some(ReportFault::OtherEpoch(report.epoch));
    }
    if report.chunk_size != provider.chunk_size {
        return Some(ReportFault::OtherChunkSize(report.chunk_size));
    }
    let listed = provider.reporters().get(usize::from(report.reporter_index));
    let Some(reporter) = listed.filter(|listed| listed.key == report.reporter) else {
        return Some(ReportFault::NotListed);
    };
    if clock >= ChainTime(reporter.expires_at) {
        return Some(ReportFault::Expired);
    }
    let reported_at = ChainTime(report.reported_at);
    if reported_at > clock.plus_seconds(MAX_CLOCK_SKEW_SECONDS) {
        return Some(ReportFault::FromFuture);
    }
    if reported_at < clock.plus_seconds(now.settings.report_max_age_seconds.saturating_neg()) {
        return Some(ReportFault::TooOld);
    }
    let beyond = report.bitmap.checked_shr(u32::from(provider.chunk_size)).unwrap_or(0);
    let is_sound = beyond == 0 && report.bitmap.count_ones() as usize == report.readings.len();
    (!is_sound).then_some(ReportFault::Malformed)
}

/// Collects the reports on a chunk that count, one per reporter, in the order of the provider's list.
pub(super) fn counting_reports<'a>(
    now: &Now,
    address: &Pubkey,
    provider: &Provider,
    chunk: u32,
    shelf: &'a Shelf,
) -> Vec<&'a Arc<ReportRecord>> {
    let latest = |(index, key): (usize, &Pubkey)| {
        let report = shelf.latest(address, chunk, key)?;
        let counts =
            usize::from(report.reporter_index) == index && report_fault(now, provider, report).is_none();
        counts.then_some(report)
    };
    provider.reporters().iter().map(|reporter| &reporter.key).enumerate().filter_map(latest).collect()
}

/// Finds a report's reading of the credit at a bit of its chunk.
pub(super) fn reading_of(report: &ReportRecord, bit: u32) -> Option<&RecordReading> {
    let place = report.readings.binary_search_by_key(&bit, |reading| reading.bit).ok()?;
    report.readings.get(place)
}

/// The reading of a credit that reports together give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consensus {
    /// The median that the program would apply.
    pub reading: Reading,
    /// Time of the report that the median of the units is from.
    pub median_at: ChainTime,
    /// The number of reports that have a reading of the credit.
    pub reporting: usize,
    /// The number of reports within tolerance of the median, itself among them.
    pub agreeing: usize,
}

/// Reads a credit out of reports. `counted` are the units of it that the chain has. `None` where fewer reports than the
/// provider's quorum have a reading.
pub(super) fn consensus(
    settings: &PlanSettings,
    provider: &Provider,
    reports: &[&Arc<ReportRecord>],
    bit: u32,
    counted: Units,
) -> Option<Consensus> {
    let read = |report: &&Arc<ReportRecord>| Some((*reading_of(report, bit)?, ChainTime(report.reported_at)));
    let readings: Vec<(RecordReading, ChainTime)> = reports.iter().filter_map(read).collect();
    if readings.is_empty() || readings.len() < usize::from(provider.quorum) {
        return None;
    }
    let cumulatives: Vec<u64> = readings.iter().map(|(reading, _)| reading.cumulative).collect();
    let in_flights: Vec<u64> = readings.iter().map(|(reading, _)| reading.in_flight).collect();
    let times: Vec<i64> = readings.iter().map(|(_, at)| at.get()).collect();
    let cumulative = lower_median(&cumulatives)?;
    let reading =
        Reading { cumulative, in_flight: lower_median(&in_flights)?, reported_at: lower_median(&times)? };
    let (_, median_at) = *readings.iter().find(|(reading, _)| reading.cumulative == cumulative)?;
    let mut consensus = Consensus { reading, median_at, reporting: readings.len(), agreeing: 0 };
    let agrees = |(reading, at): &&(RecordReading, ChainTime)| {
        consensus.is_near(settings, provider, counted, Units(reading.cumulative), *at)
    };
    consensus.agreeing = readings.iter().filter(agrees).count();
    Some(consensus)
}

impl Consensus {
    /// Returns whether a reading made at `at` is as near to the median as time and growth between the two explain.
    pub(super) fn is_near(
        &self,
        settings: &PlanSettings,
        provider: &Provider,
        counted: Units,
        cumulative: Units,
        at: ChainTime,
    ) -> bool {
        let seconds = at.get().abs_diff(self.median_at.get());
        let growth = Units(self.reading.cumulative).saturating_sub(counted);
        let tolerance = Units(provider.max_units_per_second.saturating_mul(seconds))
            .saturating_add(settings.tolerance_units)
            .saturating_add(share(growth, settings.tolerance_bps));
        Units(cumulative.get().abs_diff(self.reading.cumulative)) <= tolerance
    }

    /// Returns whether a quorum of the provider's reporters agree.
    pub(super) fn is_reached(&self, provider: &Provider) -> bool {
        self.agreeing > 0 && self.agreeing >= usize::from(provider.quorum)
    }
}

/// A share of units, rounded up.
pub(super) fn share(units: Units, share: Bps) -> Units {
    mul_div_ceil(units.get(), share.get(), BPS).map_or(Units::MAX, Units)
}

/// Chooses as many of the reports that count as fit into a transaction, and keeps their order: first those that stray from the
/// others on the fewest credits, so that one reporter cannot crowd out the honest ones, of those the freshest.
///
/// `credits` are the chunk's, as bit and units that the chain has.
pub(super) fn choose<'a>(
    settings: &PlanSettings,
    provider: &Provider,
    reports: Vec<&'a Arc<ReportRecord>>,
    credits: &[(u32, Units)],
) -> Vec<&'a Arc<ReportRecord>> {
    let most = settings.max_reports.max(usize::from(provider.quorum));
    if reports.len() <= most {
        return reports;
    }
    let mut strays = vec![0usize; reports.len()];
    for (bit, counted) in credits {
        let Some(consensus) = consensus(settings, provider, &reports, *bit, *counted) else { continue };
        for (strays, report) in strays.iter_mut().zip(&reports) {
            let near = reading_of(report, *bit).is_some_and(|reading| {
                let at = ChainTime(report.reported_at);
                consensus.is_near(settings, provider, *counted, Units(reading.cumulative), at)
            });
            *strays = strays.saturating_add(usize::from(!near));
        }
    }
    let mut ranked: Vec<_> = strays.into_iter().zip(reports).collect();
    // By reporter last, so that equals have an order.
    ranked.sort_by_key(|(strays, report)| {
        (*strays, std::cmp::Reverse(report.reported_at), report.reporter_index)
    });
    let mut chosen: Vec<_> = ranked.into_iter().take(most).map(|(_, report)| report).collect();
    chosen.sort_by_key(|report| report.reporter_index);
    chosen
}
