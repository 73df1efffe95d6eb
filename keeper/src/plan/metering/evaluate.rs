//! Evaluates the effect of a chunk's reports on one credit.

use {
    crate::plan::{
        metering::{Reports, pace},
        now::Now,
        quorum::{Consensus, consensus, is_undecided},
    },
    blockable_sdk::{
        amounts::ChainTime,
        program::{
            metering::Skip,
            state::{Credit, Provider},
        },
    },
};

/// The effect of reports on a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Verdict {
    /// Fewer reports than the quorum have a reading of it.
    TooFew,
    /// No quorum agrees on a reading yet, and reporters that are late can still make one up.
    Undecided(Consensus),
    /// No quorum agrees on a reading.
    Disagree(Consensus),
    /// The program would leave it out.
    Skipped(Skip, Consensus),
    /// It would be metered.
    Meterable {
        /// The reading.
        reading: Consensus,
        /// Set where that changes anything but the time of the last report.
        is_changed: bool,
        /// Time at which that is due, in the past or to come.
        due_at: ChainTime,
    },
}

/// Returns whether a credit has not been metered for longer than one that matters would be; never where nothing is left to use.
pub(super) fn has_aged(now: &Now, credit: &Credit) -> bool {
    let since = ChainTime(credit.meter.reported_at).plus_seconds(now.settings.soon_every);
    credit.collateral.remaining() > 0 && since <= now.chain
}

/// Evaluates reports by applying them to a copy of a credit, as the program would.
pub(in crate::plan) fn evaluate(
    now: &Now,
    provider: &Provider,
    reports: &Reports,
    bit: u32,
    credit: &Credit,
) -> Verdict {
    let Some(reading) = consensus(now.settings, provider, &reports.chosen, bit, credit) else {
        return Verdict::TooFew;
    };
    if !reading.is_reached(provider) {
        return match is_undecided(now, provider, &reports.counting, bit, credit) {
            true => Verdict::Undecided(reading),
            false => Verdict::Disagree(reading),
        };
    }
    if reading.is_stale {
        return Verdict::Skipped(Skip::Stale, reading);
    }
    let mut metered = *credit;
    if let Err(skip) = metered.apply_reading(&reading.quorum, provider.epoch_began_at, &now.clock) {
        return Verdict::Skipped(skip, reading);
    }
    let (collateral, mut meter) = (metered.collateral, metered.meter);
    meter.reported_at = credit.meter.reported_at;
    let is_changed = collateral != credit.collateral || meter != credit.meter;
    let due_at = pace::due_at(now, credit, &reading.reading, is_changed);
    Verdict::Meterable { reading, is_changed, due_at }
}
