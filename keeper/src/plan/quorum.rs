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
            metering::Reading,
            quorum::{QuorumReading, quorum_reading},
            state::{Credit, Provider},
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
    #[error("it was signed for another cluster")]
    OtherCluster,
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
    if report.cluster_tag.to_bytes() != provider.cluster_tag {
        return Some(ReportFault::OtherCluster);
    }
    if report.epoch != provider.epoch {
        return Some(ReportFault::OtherEpoch(report.epoch));
    }
    if report.chunk_size != provider.settings.chunk_size {
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
    let beyond = report.bitmap.checked_shr(u32::from(provider.settings.chunk_size)).unwrap_or(0);
    let is_sound = beyond == 0 && report.bitmap.count_ones() as usize == report.readings.len();
    (!is_sound).then_some(ReportFault::Malformed)
}

/// Collects the reports on a chunk that count, one per reporter, in the order of the provider's list.
pub(super) fn counting_reports<'a>(
    now: &Now,
    address: &Pubkey,
    provider: &Provider,
    chunk: u32,
    until: Option<ChainTime>,
    shelf: &'a Shelf,
) -> Vec<&'a Arc<ReportRecord>> {
    let latest = |(index, key): (usize, &Pubkey)| {
        let report = match until {
            Some(until) => shelf.latest_until(address, chunk, key, until)?,
            None => shelf.latest(address, chunk, key)?,
        };
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
    /// The reading that the program would choose, of the report with the median of the units.
    pub reading: Reading,
    /// As the program applies it.
    pub quorum: QuorumReading,
    /// True where fewer reports than the quorum are later than the last that was applied: the program would skip the credit.
    pub is_stale: bool,
    /// The number of reports that have a reading of the credit.
    pub reporting: usize,
    /// The number of reports within tolerance of the reading, itself among them.
    pub agreeing: usize,
}

/// Reads a credit out of reports. Reports that are not later than the credit's last reading are used only where those that are
/// later are fewer than the quorum. `None` where all together are fewer.
pub(super) fn consensus(
    settings: &PlanSettings,
    provider: &Provider,
    reports: &[&Arc<ReportRecord>],
    bit: u32,
    credit: &Credit,
) -> Option<Consensus> {
    let quorum = usize::from(provider.settings.quorum);
    let all: Vec<Reading> = readings_of(reports, bit).collect();
    let is_new = |reading: &Reading| reading.reported_at > credit.meter.reported_at;
    let new: Vec<Reading> = all.iter().copied().filter(is_new).collect();
    let is_stale = new.len() < quorum;
    let readings = if is_stale { all } else { new };
    if readings.is_empty() || readings.len() < quorum {
        return None;
    }
    let quorum = quorum_reading(&readings)?;
    let reporting = readings.len();
    let agreeing = group(settings, credit, &quorum.reading, &readings);
    Some(Consensus { reading: quorum.reading, quorum, is_stale, reporting, agreeing })
}

impl Consensus {
    /// Returns whether a reading made at `at` agrees with the chosen one.
    pub(super) fn is_near(
        &self,
        settings: &PlanSettings,
        credit: &Credit,
        cumulative: Units,
        at: ChainTime,
    ) -> bool {
        is_near(settings, credit, &self.reading, cumulative, at)
    }

    /// Returns whether a quorum of the provider's reporters agree.
    pub(super) fn is_reached(&self, provider: &Provider) -> bool {
        self.agreeing > 0 && self.agreeing >= usize::from(provider.settings.quorum)
    }
}

/// Returns whether reporters that are late can still make up a quorum with reports that count. Reporters answer at different
/// moments, so the first two that differ are no dispute while the third is on its way.
pub(super) fn is_undecided(
    now: &Now,
    provider: &Provider,
    reports: &[&Arc<ReportRecord>],
    bit: u32,
    credit: &Credit,
) -> bool {
    let is_new = |reading: &Reading| reading.reported_at > credit.meter.reported_at;
    let readings: Vec<Reading> = readings_of(reports, bit).filter(is_new).collect();
    let largest_group = readings.iter().map(|reading| group(now.settings, credit, reading, &readings)).max();
    let late = late_reporters(now, provider, credit, readings.len());
    largest_group.unwrap_or_default().saturating_add(late) >= usize::from(provider.settings.quorum)
}

/// Counts the reporters that have not reported since a credit was last metered or the epoch began, and still may: a report counts
/// for `report_max_age_seconds`, and the next one is awaited for as long.
fn late_reporters(now: &Now, provider: &Provider, credit: &Credit, reporting: usize) -> usize {
    let since = ChainTime(credit.meter.reported_at).max(ChainTime(provider.epoch_began_at));
    if now.chain.seconds_since(since) > now.settings.report_max_age_seconds {
        return 0;
    }
    let listed = provider.reporters().iter().filter(|reporter| now.chain < ChainTime(reporter.expires_at));
    listed.count().saturating_sub(reporting)
}

/// Iterates over the readings of the credit at a bit of the reports' chunk.
fn readings_of<'a>(reports: &'a [&Arc<ReportRecord>], bit: u32) -> impl Iterator<Item = Reading> + use<'a> {
    reports.iter().filter_map(move |report| {
        let RecordReading { cumulative, in_flight, .. } = *reading_of(report, bit)?;
        Some(Reading { cumulative, in_flight, reported_at: report.reported_at })
    })
}

/// Counts the readings that agree with one of them, itself among them.
fn group(settings: &PlanSettings, credit: &Credit, center: &Reading, readings: &[Reading]) -> usize {
    let agrees = |other: &&Reading| {
        is_near(settings, credit, center, Units(other.cumulative), ChainTime(other.reported_at))
    };
    readings.iter().filter(agrees).count()
}

/// Returns whether a reading made at `at` differs from `center` by no more than the time between the two and the growth of use
/// explain.
fn is_near(
    settings: &PlanSettings,
    credit: &Credit,
    center: &Reading,
    cumulative: Units,
    at: ChainTime,
) -> bool {
    let seconds = at.get().abs_diff(center.reported_at);
    let growth = Units(center.cumulative).saturating_sub(Units(credit.meter.cumulative));
    let tolerance = Units(credit.terms.max_units_per_second.saturating_mul(seconds))
        .saturating_add(settings.tolerance_units)
        .saturating_add(share(growth, settings.tolerance_bps));
    Units(cumulative.get().abs_diff(center.cumulative)) <= tolerance
}

/// A share of units, rounded up.
pub(super) fn share(units: Units, share: Bps) -> Units {
    mul_div_ceil(units.get(), share.get(), BPS).map_or(Units::MAX, Units)
}

/// Chooses as many of the reports that count as fit into a transaction, and keeps their order: first those that stray from the
/// others on the fewest credits, so that one reporter cannot crowd out the honest ones, of those the freshest.
///
/// `credits` are the chunk's, by their bits.
pub(super) fn choose<'a>(
    settings: &PlanSettings,
    provider: &Provider,
    reports: Vec<&'a Arc<ReportRecord>>,
    credits: &[(u32, &Credit)],
) -> Vec<&'a Arc<ReportRecord>> {
    let most = settings.max_reports.max(usize::from(provider.settings.quorum));
    if reports.len() <= most {
        return reports;
    }
    let mut strays = vec![0usize; reports.len()];
    for (bit, credit) in credits {
        let Some(consensus) = consensus(settings, provider, &reports, *bit, credit) else { continue };
        for (strays, report) in strays.iter_mut().zip(&reports) {
            let near = reading_of(report, *bit).is_some_and(|reading| {
                let at = ChainTime(report.reported_at);
                consensus.is_near(settings, credit, Units(reading.cumulative), at)
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
