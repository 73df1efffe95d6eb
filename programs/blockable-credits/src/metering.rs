//! The effect of a usage report on a credit, and the units that a freeze leaves to jobs that are already running.

use {
    crate::{
        state::{Collateral, Meter},
        units::{Overflow, add, elapsed, mul_div_ceil, sub},
    },
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
};

/// Seconds after a freeze in which a report from before it is still applied as of its own time.
///
/// Usage up to the freeze was admitted under the rules before it; without this every freeze would cost an honest
/// provider the units served since its last report. The quorum and the rate bound limit what a dishonest one can take.
pub const LATE_REPORT_SECONDS: i64 = 60;

/// The reading of one credit by one reporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Units used since issue.
    pub cumulative: u64,
    /// Units held by running jobs.
    pub in_flight: u64,
    /// Unix time of the reading.
    pub reported_at: i64,
}

/// The effect of one reading. All amounts in credit units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Units consumed.
    pub consumed: u64,
    /// Units used beyond those that the credit allowed.
    pub overrun: u64,
    /// Units above the rate bound, left for the next report.
    pub deferred: u64,
}

/// The reason for which a credit was left out of a metering transaction while others were applied.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Not an account of this program, or one that is closed.
    NotACredit,
    /// A credit of another market or provider, or of another chunk.
    NotInChunk,
    /// The same account was given before.
    Duplicate,
    /// Its status does not allow metering.
    WrongStatus,
    /// Fewer reporters than the quorum report on it.
    NoQuorum,
    /// A reading as new or newer has been applied.
    Stale,
    /// The reading is below the units already counted.
    Backwards,
    /// The account was given read-only.
    NotWritable,
    /// Its debt does not fit 64 bits.
    DebtOutOfRange,
}

/// Applies a reading: at most `max_per_second` x the time since the last one, at most the units open to use.
///
/// Use beyond that is counted as overrun and never touches the lien. `now` is the chain's Unix time;
/// `late_reports_count` within [`LATE_REPORT_SECONDS`] of the latest freeze.
/// Errors: the reason to skip this credit, with nothing changed.
pub fn apply(
    collateral: &mut Collateral,
    meter: &mut Meter,
    reading: &Reading,
    max_per_second: u64,
    now: i64,
    late_reports_count: bool,
) -> Result<Metered, Skip> {
    let at = reading.reported_at.min(now);
    if at <= meter.reported_at {
        return Err(Skip::Stale);
    }
    let wanted = reading.cumulative.checked_sub(meter.cumulative).ok_or(Skip::Backwards)?;
    let seconds = elapsed(meter.reported_at, at).map_err(|_| Skip::Stale)?;
    let counted = wanted.min(max_per_second.saturating_mul(seconds));

    let before_freeze = collateral.frozen > 0 && at <= meter.frozen_at_chain && late_reports_count;
    let metered = if before_freeze {
        count_use_before_freeze(collateral, meter, counted, reading.in_flight)
    } else {
        count_use(collateral, meter, counted, reading.in_flight)
    };
    meter.cumulative = meter.cumulative.saturating_add(counted);
    meter.reported_at = at;
    meter.overrun = meter.overrun.saturating_add(metered.overrun);
    Ok(Metered { deferred: wanted.saturating_sub(counted), ..metered })
}

/// Counts use as of now: first available units, then those promised to jobs in flight at the freeze.
fn count_use(collateral: &mut Collateral, meter: &mut Meter, counted: u64, in_flight: u64) -> Metered {
    let open = counted.min(collateral.available());
    let beyond = counted.saturating_sub(open);
    let promised = beyond.min(meter.settlement_left).min(collateral.frozen);
    collateral.frozen = collateral.frozen.saturating_sub(promised);
    collateral.consumed = collateral.consumed.saturating_add(open).saturating_add(promised);
    collateral.fit_frozen();
    let left = meter.settlement_left.saturating_sub(promised).min(promised_units(collateral, in_flight));
    meter.settlement_left = left;
    // Jobs were admitted against available units or got a promise before the freeze: they cannot hold more.
    meter.in_flight = in_flight.min(collateral.available().saturating_add(left));
    Metered { consumed: open.saturating_add(promised), overrun: beyond.saturating_sub(promised), deferred: 0 }
}

/// Counts use from before the latest freeze, against the units that were open before it.
fn count_use_before_freeze(
    collateral: &mut Collateral,
    meter: &mut Meter,
    counted: u64,
    in_flight: u64,
) -> Metered {
    let frozen_then = meter.frozen_before.min(collateral.frozen);
    let consumed = counted.min(collateral.remaining().saturating_sub(frozen_then));
    collateral.consumed = collateral.consumed.saturating_add(consumed);
    collateral.fit_frozen();
    meter.in_flight = in_flight.min(collateral.remaining().saturating_sub(frozen_then));
    meter.settlement_left = promised_units(collateral, meter.in_flight);
    Metered { consumed, overrun: counted.saturating_sub(consumed), deferred: 0 }
}

/// Frozen units promised to running jobs: those they hold beyond the units left available.
fn promised_units(collateral: &Collateral, in_flight: u64) -> u64 {
    in_flight.saturating_sub(collateral.available()).min(collateral.frozen)
}

/// Raises the frozen units to `target`. Jobs in flight keep the units promised to them.
///
/// `now` is the chain's Unix time. Returns the units newly frozen; zero when that much is frozen already.
/// Errors: [`Overflow`] when `target` exceeds the lien.
pub fn freeze_to(
    collateral: &mut Collateral,
    meter: &mut Meter,
    target: u64,
    now: i64,
) -> Result<u64, Overflow> {
    sub(collateral.lien(), target)?;
    let raised = target.saturating_sub(collateral.frozen);
    if raised > 0 {
        // Units promised to running jobs were still open to use. Freezes of one instant count as one freeze: reports are
        // measured against the units open before the first.
        let closed = collateral.frozen.saturating_sub(meter.settlement_left);
        let same_instant = collateral.frozen > 0 && now == meter.frozen_at_chain;
        meter.frozen_before = if same_instant { meter.frozen_before.min(closed) } else { closed };
        meter.frozen_at_chain = now;
        collateral.frozen = target;
        meter.settlement_left = promised_units(collateral, meter.in_flight);
    }
    Ok(raised)
}

/// Thaws frozen units. Errors: [`Overflow`] when fewer are frozen.
pub fn thaw(collateral: &mut Collateral, meter: &mut Meter, units: u64) -> Result<(), Overflow> {
    collateral.frozen = sub(collateral.frozen, units)?;
    // Units that are open again need no promise.
    meter.settlement_left = meter.settlement_left.min(promised_units(collateral, meter.in_flight));
    Ok(())
}

/// Units that running jobs hold, as of the last report: at most those open to them.
pub fn held_by_jobs(collateral: &Collateral, meter: &Meter) -> u64 {
    meter.in_flight.min(collateral.available().saturating_add(meter.settlement_left))
}

/// Units of the lien that no running job may still draw on, and that a seizure may therefore take.
///
/// Jobs draw on units outside the lien first. Units that a freeze promised to jobs are kept while `promise_holds`; units
/// that jobs hold and that are not frozen are always kept.
pub fn seizable(collateral: &Collateral, meter: &Meter, promise_holds: bool) -> u64 {
    let lien = collateral.lien();
    let running = if promise_holds {
        held_by_jobs(collateral, meter)
    } else {
        meter.in_flight.saturating_sub(meter.settlement_left).min(collateral.available())
    };
    let outside = collateral.remaining().saturating_sub(lien);
    lien.saturating_sub(running.saturating_sub(outside))
}

/// Takes units out of the lien, frozen ones first, and leaves running jobs the units they hold.
///
/// Errors: [`Overflow`] when fewer are [`seizable`], with nothing changed.
pub fn seize(
    collateral: &mut Collateral,
    meter: &mut Meter,
    units: u64,
    promise_holds: bool,
) -> Result<(), Overflow> {
    sub(seizable(collateral, meter, promise_holds), units)?;
    let kept = if promise_holds { meter.settlement_left } else { 0 };
    let seized = add(collateral.seized, units)?;
    collateral.frozen = collateral.frozen.saturating_sub(units).max(kept.min(collateral.frozen));
    collateral.seized = seized;
    collateral.fit_frozen();
    if !promise_holds {
        // A promise that has lapsed no longer holds units: a seizure in parts takes as many as a single one.
        meter.in_flight = meter.in_flight.saturating_sub(meter.settlement_left);
        meter.settlement_left = 0;
    }
    meter.settlement_left = meter.settlement_left.min(collateral.frozen);
    Ok(())
}

/// Lien units to freeze for a shortfall: `lien x arrears / debt`, rounded up. Errors: [`Overflow`] when nothing is owed.
pub fn shortfall_units(lien: u64, arrears: u64, debt: u64) -> Result<u64, Overflow> {
    mul_div_ceil(lien, arrears.min(debt), debt)
}

/// Adds units to a provider's outstanding ones, within its capacity. Errors: [`Overflow`] beyond it.
pub fn commit(outstanding: u64, units: u64, capacity: u64) -> Result<u64, Overflow> {
    let total = add(outstanding, units)?;
    sub(capacity, total)?;
    Ok(total)
}
