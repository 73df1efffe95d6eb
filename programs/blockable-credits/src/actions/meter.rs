//! Signed usage reports are verified and applied.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::{self, Reading, Skip, closed_before_freeze},
        quorum::{QuorumReading, quorum_reading},
        report::{MAX_CLOCK_SKEW_SECONDS, ReportScope, SignedReport},
        signature,
        state::{Credit, MAX_REPORTERS, MarketClock, Provider},
        transitions::{Action, next},
    },
    anchor_lang::prelude::*,
};

/// A quorum of reports on one chunk whose signatures have been verified, and the credits it has been applied to.
pub struct VerifiedReports<'a> {
    provider: &'a Provider,
    scope: &'a ReportScope,
    reports: &'a [SignedReport],
    clock: MarketClock,
    /// One bit per credit of the chunk that was given.
    seen: u32,
}

impl<'a> VerifiedReports<'a> {
    /// Requires a quorum of distinct, unexpired reporters of this epoch, each with a signature over the scope. Errors: the
    /// market is paused, [`BlockableError::ReportsMissing`], [`BlockableError::QuorumNotReached`], and those of a report:
    /// [`BlockableError::ReporterUnknown`], [`BlockableError::ReporterRepeated`], [`BlockableError::ReporterExpired`],
    /// [`BlockableError::ReportFromFuture`], [`BlockableError::ReportMalformed`],
    /// [`BlockableError::ReportSignatureInvalid`].
    pub fn verify(
        provider: &'a Provider,
        scope: &'a ReportScope,
        reports: &'a [SignedReport],
        clock: MarketClock,
    ) -> Result<VerifiedReports<'a>> {
        clock.require_open()?;
        ensure(!reports.is_empty(), BlockableError::ReportsMissing)?;
        ensure(reports.len() >= usize::from(provider.settings.quorum), BlockableError::QuorumNotReached)?;
        let mut seen = 0u64;
        for report in reports {
            let flag = 1u64.checked_shl(u32::from(report.reporter)).unwrap_or(0);
            verify_report(provider, scope, report, seen & flag != 0, &clock)?;
            seen |= flag;
        }
        Ok(VerifiedReports { provider, scope, reports, clock, seen: 0 })
    }

    /// Applies the reports to one credit of the chunk. Errors: the reason to leave it as it is.
    pub fn meter(&mut self, credit: &mut Credit) -> core::result::Result<Change, Skip> {
        let bit = self.bit_of(credit)?;
        let flag = 1u32.checked_shl(bit).unwrap_or(0);
        if self.seen & flag != 0 {
            return Err(Skip::Duplicate);
        }
        self.seen |= flag;
        if credit.status().ok().and_then(|status| next(Action::Meter, status)).is_none() {
            return Err(Skip::WrongStatus);
        }
        let reading = self.quorum_reading(bit, credit.meter.reported_at)?;
        credit.apply_reading(&reading, self.provider.epoch_began_at, &self.clock)
    }

    /// The quorum's reading for a bit, out of the reports that are later than `after`: older ones could only bring back units
    /// that jobs held then. Errors: [`Skip::Stale`], [`Skip::NoQuorum`].
    fn quorum_reading(&self, bit: u32, after: i64) -> core::result::Result<QuorumReading, Skip> {
        let mut readings = [Reading::default(); MAX_REPORTERS];
        let (mut count, mut reason) = (0usize, Skip::NoQuorum);
        for report in self.reports {
            let Some(reading) = report.reading(bit) else { continue };
            if report.reported_at <= after {
                reason = Skip::Stale;
                continue;
            }
            *readings.get_mut(count).ok_or(Skip::NoQuorum)? = Reading {
                cumulative: reading.cumulative,
                in_flight: reading.in_flight,
                reported_at: report.reported_at,
            };
            count = count.saturating_add(1);
        }
        if count < usize::from(self.provider.settings.quorum) {
            return Err(reason);
        }
        readings.get(..count).and_then(quorum_reading).ok_or(Skip::NoQuorum)
    }

    /// The credit's bit in the reports. Errors: [`Skip::NotInChunk`].
    fn bit_of(&self, credit: &Credit) -> core::result::Result<u32, Skip> {
        let scope = self.scope;
        if credit.market != scope.market || credit.provider != scope.provider || credit.has_index == 0 {
            return Err(Skip::NotInChunk);
        }
        let (size, index) = (u32::from(self.provider.settings.chunk_size), credit.meter.index);
        let chunk = index.checked_div(size).ok_or(Skip::NotInChunk)?;
        if chunk != scope.chunk {
            return Err(Skip::NotInChunk);
        }
        index.checked_rem(size).ok_or(Skip::NotInChunk)
    }
}

fn verify_report(
    provider: &Provider,
    scope: &ReportScope,
    report: &SignedReport,
    is_repeated: bool,
    clock: &MarketClock,
) -> Result<()> {
    let reporter =
        provider.reporters().get(usize::from(report.reporter)).ok_or(BlockableError::ReporterUnknown)?;
    ensure(!is_repeated, BlockableError::ReporterRepeated)?;
    ensure(clock.chain < reporter.expires_at, BlockableError::ReporterExpired)?;
    ensure(
        report.reported_at <= clock.chain.saturating_add(MAX_CLOCK_SKEW_SECONDS),
        BlockableError::ReportFromFuture,
    )?;
    let chunk_bits = report.bitmap.checked_shr(u32::from(provider.settings.chunk_size)).unwrap_or(0);
    ensure(
        chunk_bits == 0 && report.bitmap.count_ones() as usize == report.readings.len(),
        BlockableError::ReportMalformed,
    )?;
    ensure(
        signature::verify(&reporter.key, &report.signature, &report.digest(scope)),
        BlockableError::ReportSignatureInvalid,
    )
}

impl Credit {
    /// Counts the use of a reading within the bounds of the credit's own terms. `epoch_began_at` is the Unix time at which the
    /// reporters that signed came into force. Errors: the reason to leave the credit as it is.
    pub fn apply_reading(
        &mut self,
        quorum: &QuorumReading,
        epoch_began_at: i64,
        clock: &MarketClock,
    ) -> core::result::Result<Change, Skip> {
        // The part of a coupon paid in kind depends on the units unused at its date. So due dates that have passed are billed
        // before more use counts.
        if self.rider.pay_in_kind_bps > 0 && self.accrue(clock.market).is_err() {
            return Err(Skip::DebtOutOfRange);
        }
        let mut meter = self.meter;
        if self.promised_jobs_have_ended(quorum.reading.reported_at, clock) {
            metering::end_reopened(&self.collateral, &mut meter);
        }
        let freezes = self.freezes();
        let closed = closed_before_freeze(freezes, quorum.latest_at, epoch_began_at, clock);
        let in_flight = quorum.reading.in_flight.min(self.terms.most_in_flight());
        let reading = Reading { in_flight, ..quorum.reading };
        let rate = self.terms.max_units_per_second;
        // A reading that is left out changes nothing of the credit.
        let metered = metering::apply(&mut self.collateral, &mut meter, &reading, rate, clock.chain, closed)?;
        self.meter = meter;
        Ok(Change::Metered {
            cumulative: meter.cumulative,
            in_flight: meter.in_flight,
            reported_at: meter.reported_at,
            metered,
        })
    }

    /// Finds the first freeze for which reports from before it are still awaited. Returns its Unix time; `None` where there is
    /// none, or nothing is frozen. Gates sign and keepers submit these reports before any later one. `epoch_began_at` is the
    /// Unix time at which the provider's reporters came into force.
    pub fn awaited_freeze(&self, epoch_began_at: i64, market_time: i64) -> Option<i64> {
        let freezes = self.freezes();
        let awaited = metering::awaited_freeze(freezes, self.meter.reported_at, epoch_began_at, market_time);
        awaited.filter(|_| self.collateral.frozen() > 0)
    }

    /// Returns true where every job that the promise was made to must have ended before the Unix time `reported_at`: even the
    /// longest job of the terms, begun at the freeze, would have. A pause since the reading makes the reading's market time,
    /// as computed here, earlier than it was: jobs then count as running for longer, never for less.
    pub(crate) fn promised_jobs_have_ended(&self, reported_at: i64, clock: &MarketClock) -> bool {
        let since_reading = clock.chain.saturating_sub(reported_at).max(0);
        let ended_by = self.meter.promised_at.saturating_add(i64::from(self.terms.longest_job));
        clock.market.saturating_sub(since_reading) > ended_by
    }
}
