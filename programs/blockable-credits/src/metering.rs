//! The effect of a usage report on a credit, and the units that a freeze leaves to jobs that are already running.

use {
    crate::{
        state::{Collateral, FreezeReason, FreezeRecord, MarketClock, Meter},
        units::{Overflow, add, elapsed, mul_div_ceil, sub},
    },
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
};

/// Seconds after a freeze in which a report from before it is still applied as of its own time.
///
/// Use up to the freeze was admitted under the rules before it. Without this time every freeze would cost an honest
/// provider the units served since its last report. Quorum and rate bound limit the units that a dishonest provider can take.
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
/// Use beyond that is counted as overrun and never touches the lien. `now` is the chain's Unix time. For a late reading
/// `closed_then` are the units that were closed to use before its freeze; see [`closed_before_freeze`].
/// Errors: the reason to skip this credit, with nothing changed.
pub fn apply(
    collateral: &mut Collateral,
    meter: &mut Meter,
    reading: &Reading,
    max_per_second: u64,
    now: i64,
    closed_then: Option<u64>,
) -> Result<Metered, Skip> {
    let at = reading.reported_at.min(now);
    if at <= meter.reported_at {
        return Err(Skip::Stale);
    }
    let wanted = reading.cumulative.checked_sub(meter.cumulative).ok_or(Skip::Backwards)?;
    let seconds = elapsed(meter.reported_at, at).map_err(|_| Skip::Stale)?;
    let counted = wanted.min(max_per_second.saturating_mul(seconds));

    let metered = match closed_then.filter(|_| collateral.frozen() > 0) {
        Some(closed) => count_use_before_freeze(collateral, meter, counted, reading.in_flight, closed),
        None => count_use(collateral, meter, counted, reading.in_flight),
    };
    meter.cumulative = meter.cumulative.saturating_add(counted);
    meter.reported_at = at;
    meter.overrun = meter.overrun.saturating_add(metered.overrun);
    Ok(Metered { deferred: wanted.saturating_sub(counted), ..metered })
}

/// Counts use against the units open now: first available ones, then held ones that jobs in flight at the freeze may still
/// use.
fn count_use(collateral: &mut Collateral, meter: &mut Meter, counted: u64, in_flight: u64) -> Metered {
    let left = finishing(collateral, meter);
    let reopened = reopened(meter, left);
    let open = counted.min(collateral.available());
    let beyond = counted.saturating_sub(open);
    let finished = beyond.min(left);
    collateral.limit_frozen(collateral.frozen().saturating_sub(finished));
    collateral.consumed = collateral.consumed.saturating_add(open).saturating_add(finished);
    collateral.fit_frozen();
    // Jobs were admitted against available units, or were running at the freeze: they cannot hold more.
    let left = left.saturating_sub(finished).min(collateral.held());
    meter.in_flight = in_flight.min(collateral.available().saturating_add(left));
    fit_promises(collateral, meter, reopened);
    Metered { consumed: open.saturating_add(finished), overrun: beyond.saturating_sub(finished), deferred: 0 }
}

/// Finds the freeze by which a late reading is measured. Returns the units that were closed to use before that freeze; `None`
/// for a reading that counts as of now.
///
/// It is the first of `freezes` that landed a minute ago or less, after every report of the quorum was dated and after its
/// reporters came into force. So no change of reporters after a freeze, or within its second, opens frozen units.
/// `latest_at` is the Unix time of the quorum's latest report; `epoch_began_at` is that at which its reporters came into force.
pub fn closed_before_freeze(
    freezes: [FreezeRecord; 2],
    latest_at: i64,
    epoch_began_at: i64,
    clock: &MarketClock,
) -> Option<u64> {
    let measures = |freeze: &FreezeRecord| {
        counts_late_reports(freeze, epoch_began_at, clock.market) && latest_at <= freeze.at_chain
    };
    freezes.into_iter().find(measures).map(|freeze| freeze.closed_before)
}

/// Returns true while reports from before a freeze still count as such, at a market time.
fn late_reports_come(freeze: &FreezeRecord, market_time: i64) -> bool {
    *freeze != FreezeRecord::default() && market_time <= freeze.at_market.saturating_add(LATE_REPORT_SECONDS)
}

/// Returns true while reports from before a freeze still count as such, at a market time, where their reporters came into force
/// before it, at the Unix time `epoch_began_at`.
fn counts_late_reports(freeze: &FreezeRecord, epoch_began_at: i64, market_time: i64) -> bool {
    late_reports_come(freeze, market_time) && epoch_began_at < freeze.at_chain
}

/// Finds the first of `freezes` for which late reports still count, while no report dated at the freeze or later has been
/// applied. Returns the Unix time of the freeze. A report dated after it must wait: once applied, it rules out those from
/// before the freeze, and the use that they bring is the provider's loss.
///
/// `reported_at` is the Unix time of the latest report applied; `epoch_began_at` is that at which the reporters came into
/// force.
pub fn awaited_freeze(
    freezes: [FreezeRecord; 2],
    reported_at: i64,
    epoch_began_at: i64,
    market_time: i64,
) -> Option<i64> {
    let awaits = |freeze: &FreezeRecord| {
        counts_late_reports(freeze, epoch_began_at, market_time) && reported_at < freeze.at_chain
    };
    freezes.into_iter().find(awaits).map(|freeze| freeze.at_chain)
}

/// Chooses the two records that are kept for late reports when the freeze `next` lands. Reports from before a freeze count for
/// a minute, also where other freezes follow in it. So the earlier record stays for its minute, and a third freeze within that
/// minute joins the later record. Freezes of one instant count as one: late reports are measured against the units that were
/// open before the first. Returns the earlier and the later record.
pub fn follow_freeze(
    [earlier, latest]: [FreezeRecord; 2],
    next: FreezeRecord,
    clock: &MarketClock,
) -> [FreezeRecord; 2] {
    let joined = FreezeRecord { closed_before: next.closed_before.min(latest.closed_before), ..next };
    if late_reports_come(&earlier, clock.market) || latest.at_chain == next.at_chain {
        return [earlier, joined];
    }
    let earlier = if late_reports_come(&latest, clock.market) { latest } else { FreezeRecord::default() };
    [earlier, next]
}

/// Counts use from before a freeze, against the units that were open before it: all but the `closed` ones.
fn count_use_before_freeze(
    collateral: &mut Collateral,
    meter: &mut Meter,
    counted: u64,
    in_flight: u64,
    closed: u64,
) -> Metered {
    let reopened = reopened(meter, finishing(collateral, meter));
    let closed_then = closed.min(collateral.held());
    let consumed = counted.min(collateral.remaining().saturating_sub(closed_then));
    collateral.consumed = collateral.consumed.saturating_add(consumed);
    collateral.fit_frozen();
    meter.in_flight = in_flight.min(collateral.remaining().saturating_sub(closed_then));
    fit_promises(collateral, meter, reopened);
    promise_rest(collateral, meter);
    Metered { consumed, overrun: counted.saturating_sub(consumed), deferred: 0 }
}

/// Held units that jobs in flight may still use: those they hold beyond the units left available.
///
/// No job begins on locked or frozen units. Jobs that run on open ones get there by a freeze, and by a seizure or an expiry that
/// leaves no other units than locked ones.
pub fn finishing(collateral: &Collateral, meter: &Meter) -> u64 {
    meter.in_flight.saturating_sub(collateral.available()).min(collateral.held())
}

/// Units of jobs with a promise, whether it holds or has lapsed, that a thaw or a release has opened again, where jobs are
/// `finishing` on held units.
fn reopened(meter: &Meter, finishing: u64) -> u64 {
    meter.promised.saturating_add(meter.lapsed).saturating_sub(finishing)
}

/// Lowers `promised` and `lapsed` to the units that the jobs of the promises may still hold after a report: those on held
/// units, and at most `reopened` on open ones. Jobs whose promise has lapsed count as ended first.
fn fit_promises(collateral: &Collateral, meter: &mut Meter, reopened: u64) {
    let on_held = finishing(collateral, meter);
    let on_open = meter.in_flight.saturating_sub(on_held);
    let most = on_held.saturating_add(reopened.min(on_open));
    meter.promised = meter.promised.min(most);
    meter.lapsed = meter.lapsed.min(most.saturating_sub(meter.promised));
}

/// Ends the promises for units that are open again: the jobs that they were made to can no longer run. Those for held units
/// stay, since no other job can hold such units.
pub fn end_reopened(collateral: &Collateral, meter: &mut Meter) {
    fit_promises(collateral, meter, 0);
}

/// Gives the promise of the latest freeze to the jobs on held units that have had none.
fn promise_rest(collateral: &Collateral, meter: &mut Meter) {
    let had_one = meter.promised.saturating_add(meter.lapsed);
    let rest = finishing(collateral, meter).saturating_sub(had_one);
    meter.promised = meter.promised.saturating_add(rest);
}

/// Notes that the promise has lapsed.
fn lapse_promise(meter: &mut Meter) {
    meter.lapsed = meter.lapsed.saturating_add(meter.promised);
    meter.promised = 0;
}

/// Raises the frozen amount of the kind of `reason` to `target`, which is at most what can be frozen. Running jobs may still use
/// the units they hold, and those that have had no promise yet get one. `promise_holds` is false once the promise has lapsed.
///
/// Returns the units newly frozen: zero when the amount of another kind is as large; `None`, with nothing changed, when
/// this amount is as large already.
pub fn freeze_to(
    collateral: &mut Collateral,
    meter: &mut Meter,
    target: u64,
    reason: FreezeReason,
    promise_holds: bool,
    clock: &MarketClock,
) -> Option<u64> {
    // Held units of running jobs are still open to use before the freeze.
    let closed_before = collateral.held().saturating_sub(finishing(collateral, meter));
    let raised = collateral.freeze(target, reason)?;
    if raised == 0 {
        return Some(0);
    }
    if !promise_holds {
        lapse_promise(meter);
    }
    if meter.promised == 0 {
        meter.promised_at = clock.market;
    }
    meter.closed_before = closed_before;
    meter.frozen_at_chain = clock.chain;
    promise_rest(collateral, meter);
    Some(raised)
}

/// Thaws frozen units, whatever they are frozen for. Errors: [`Overflow`] when fewer are frozen.
pub fn thaw(collateral: &mut Collateral, units: u64) -> Result<(), Overflow> {
    collateral.limit_frozen(sub(collateral.frozen(), units)?);
    Ok(())
}

/// Units that running jobs hold, as of the last report: at most those open to them.
pub fn held_by_jobs(collateral: &Collateral, meter: &Meter) -> u64 {
    meter.in_flight.min(collateral.available().saturating_add(finishing(collateral, meter)))
}

/// Units of the lien that no running job may still draw on, and that a seizure may therefore take: frozen and open ones before
/// locked ones.
///
/// Jobs draw on units outside the lien first. A seizure leaves them the units that a freeze promised while `promise_holds`,
/// and all units of jobs that no freeze has met. It leaves nothing to jobs whose promise has lapsed.
pub fn seizable(collateral: &Collateral, meter: &Meter, promise_holds: bool) -> u64 {
    let lien = collateral.lien();
    let promised = if promise_holds { 0 } else { meter.promised };
    let kept = held_by_jobs(collateral, meter).saturating_sub(meter.lapsed).saturating_sub(promised);
    let outside = collateral.remaining().saturating_sub(lien);
    lien.saturating_sub(kept.saturating_sub(outside))
}

/// Takes units out of the lien, frozen ones first and locked ones last, and leaves running jobs as many units as [`seizable`]
/// keeps for them: where open ones no longer suffice, they finish on locked ones. It unlocks nothing.
///
/// Errors: [`Overflow`] when fewer are [`seizable`], with nothing changed.
pub fn seize(
    collateral: &mut Collateral,
    meter: &mut Meter,
    units: u64,
    promise_holds: bool,
) -> Result<(), Overflow> {
    sub(seizable(collateral, meter, promise_holds), units)?;
    let seized = add(collateral.seized, units)?;
    if !promise_holds {
        lapse_promise(meter);
    }
    let kept = meter.in_flight.saturating_sub(meter.lapsed);
    let left = finishing(collateral, meter);
    let frozen = collateral.frozen();
    collateral.limit_frozen(frozen.saturating_sub(units).max(left.min(meter.promised)));
    collateral.seized = seized;
    collateral.fit_frozen();
    // Only jobs whose promise has lapsed lose units that they hold.
    let left = left.min(collateral.frozen());
    meter.in_flight = meter.in_flight.min(collateral.available().saturating_add(left).max(kept));
    meter.lapsed = meter.in_flight.saturating_sub(kept);
    Ok(())
}

/// Units to freeze for a shortfall: `freezable x arrears / debt`, rounded up. Errors: [`Overflow`] when nothing is owed.
pub fn shortfall_units(freezable: u64, arrears: u64, debt: u64) -> Result<u64, Overflow> {
    mul_div_ceil(freezable, arrears.min(debt), debt)
}

/// Adds units to a provider's outstanding ones, within its capacity. Errors: [`Overflow`] beyond it.
pub fn commit(outstanding: u64, units: u64, capacity: u64) -> Result<u64, Overflow> {
    let total = add(outstanding, units)?;
    sub(capacity, total)?;
    Ok(total)
}
