//! What a chunk's reports would do to one credit.

use {
    crate::plan::{
        now::Now,
        quorum::{Consensus, consensus},
    },
    blockable_sdk::{
        program::{
            metering::{self, LATE_REPORT_SECONDS, Reading, Skip},
            state::{Credit, Provider},
            units::mul_div_ceil,
        },
        reports::ReportRecord,
    },
    std::sync::Arc,
};

/// What reports would do to a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Verdict {
    /// Fewer than the quorum speak of it.
    Unheard,
    /// No quorum agrees on it.
    Disagree(Consensus),
    /// The program would leave it out.
    Skipped(Skip, Consensus),
    /// It would be metered.
    Meterable {
        /// What the reports say.
        reading: Consensus,
        /// Whether that changes anything but the time of the last report.
        is_changed: bool,
        /// Since when that is due, or when it will be, in the chain's Unix seconds.
        due_at: i64,
    },
}

/// Whether it is time for a credit to be metered also where nothing was used; not where nothing is left to use.
pub(super) fn has_aged(now: &Now, credit: &Credit) -> bool {
    let due_at = credit.meter.reported_at.saturating_add(now.settings.meter_every);
    credit.collateral.remaining() > 0 && due_at <= now.clock.chain
}

/// Applies reports to a copy of what a credit is metered by, as the program would.
pub(in crate::plan) fn judge(
    now: &Now,
    provider: &Provider,
    reports: &[&Arc<ReportRecord>],
    bit: u32,
    credit: &Credit,
) -> Verdict {
    let Some(heard) = consensus(now.settings, provider, reports, bit, credit.meter.cumulative) else {
        return Verdict::Unheard;
    };
    if !heard.is_reached(provider) {
        return Verdict::Disagree(heard);
    }
    let (mut collateral, mut meter) = (credit.collateral, credit.meter);
    let rate = provider.max_units_per_second;
    let late = now.clock.market <= credit.frozen_at_market.saturating_add(LATE_REPORT_SECONDS);
    let applied = metering::apply(&mut collateral, &mut meter, &heard.reading, rate, now.clock.chain, late);
    if let Err(skip) = applied {
        return Verdict::Skipped(skip, heard);
    }
    if debt_is_out_of_range(now, credit) {
        return Verdict::Skipped(Skip::DebtOutOfRange, heard);
    }
    meter.reported_at = credit.meter.reported_at;
    let is_changed = collateral != credit.collateral || meter != credit.meter;
    let is_urgent = is_changed && (settles(credit) || runs_out(now, credit, &heard.reading));
    let every = if is_urgent { now.settings.urgent_every } else { now.settings.meter_every };
    Verdict::Meterable { reading: heard, is_changed, due_at: credit.meter.reported_at.saturating_add(every) }
}

/// The program accrues before it meters where coupons in kind follow what is unused.
fn debt_is_out_of_range(now: &Now, credit: &Credit) -> bool {
    if credit.rider.pay_in_kind_bps == 0 {
        return false;
    }
    let mut copy = *credit;
    copy.accrue(now.clock.market).is_err()
}

/// Whether jobs that ran at a freeze still draw on frozen units.
fn settles(credit: &Credit) -> bool {
    credit.collateral.frozen > 0 && credit.meter.settlement_left > 0
}

/// Whether what is available is less than what is used between two meterings.
fn runs_out(now: &Now, credit: &Credit, reading: &Reading) -> bool {
    let used = reading.cumulative.saturating_sub(credit.meter.cumulative);
    let seconds = reading.reported_at.min(now.clock.chain).saturating_sub(credit.meter.reported_at);
    let (Ok(every), Ok(seconds)) = (u64::try_from(now.settings.meter_every), u64::try_from(seconds)) else {
        return false;
    };
    let per_interval = mul_div_ceil(used, every, seconds.max(1)).unwrap_or(u64::MAX);
    credit.collateral.available() < per_interval
}
