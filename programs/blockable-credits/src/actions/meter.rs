//! Signed usage reports are verified and applied.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::{self, LATE_REPORT_SECONDS, Reading, Skip, lower_median},
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
        ensure(reports.len() >= usize::from(provider.quorum), BlockableError::QuorumNotReached)?;
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
        let reading = quorum_reading(self.reports, bit, self.provider.quorum).ok_or(Skip::NoQuorum)?;
        credit.apply_reading(&reading, self.provider.max_units_per_second, &self.clock)
    }

    /// The credit's bit in the reports. Errors: [`Skip::NotInChunk`].
    fn bit_of(&self, credit: &Credit) -> core::result::Result<u32, Skip> {
        let scope = self.scope;
        if credit.market != scope.market || credit.provider != scope.provider || credit.has_index == 0 {
            return Err(Skip::NotInChunk);
        }
        let (size, index) = (u32::from(self.provider.chunk_size), credit.meter.index);
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
    let chunk_bits = report.bitmap.checked_shr(u32::from(provider.chunk_size)).unwrap_or(0);
    ensure(
        chunk_bits == 0 && report.bitmap.count_ones() as usize == report.readings.len(),
        BlockableError::ReportMalformed,
    )?;
    ensure(
        signature::verify(&reporter.key, &report.signature, &report.digest(scope)),
        BlockableError::ReportSignatureInvalid,
    )
}

/// The lower median of each value over the reports on a credit; `None` below the quorum.
fn quorum_reading(reports: &[SignedReport], bit: u32, quorum: u8) -> Option<Reading> {
    let mut cumulative = [0u64; MAX_REPORTERS];
    let mut in_flight = [0u64; MAX_REPORTERS];
    let mut reported_at = [0i64; MAX_REPORTERS];
    let mut count = 0usize;
    for report in reports {
        if let Some(reading) = report.reading(bit) {
            *cumulative.get_mut(count)? = reading.cumulative;
            *in_flight.get_mut(count)? = reading.in_flight;
            *reported_at.get_mut(count)? = report.reported_at;
            count = count.checked_add(1)?;
        }
    }
    if count < usize::from(quorum) {
        return None;
    }
    Some(Reading {
        cumulative: lower_median(cumulative.get(..count)?)?,
        in_flight: lower_median(in_flight.get(..count)?)?,
        reported_at: lower_median(reported_at.get(..count)?)?,
    })
}

impl Credit {
    /// Counts the use of a reading, at most `rate` units per second. Errors: the reason to leave the credit as it is.
    fn apply_reading(
        &mut self,
        reading: &Reading,
        rate: u64,
        clock: &MarketClock,
    ) -> core::result::Result<Change, Skip> {
        // A coupon in kind is a share of the units unused at its date: dates that have passed are billed before more use counts.
        if self.rider.pay_in_kind_bps > 0 && self.accrue(clock.market).is_err() {
            return Err(Skip::DebtOutOfRange);
        }
        let (mut collateral, mut meter) = (self.collateral, self.meter);
        let late = clock.market <= self.frozen_at_market.saturating_add(LATE_REPORT_SECONDS);
        let metered = metering::apply(&mut collateral, &mut meter, reading, rate, clock.chain, late)?;
        (self.collateral, self.meter) = (collateral, meter);
        Ok(Change::Metered {
            cumulative: meter.cumulative,
            in_flight: meter.in_flight,
            reported_at: meter.reported_at,
            metered,
        })
    }
}
