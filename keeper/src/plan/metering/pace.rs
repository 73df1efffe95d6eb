//! The time at which a credit's use should be on the chain: by what a reading may change, not by the clock alone.
//!
//! | pace | for |
//! |---|---|
//! | `urgent_every` | units that jobs draw from frozen ones; more use than `at_risk_bps` of the units that are left |
//! | `soon_every` | a loan that is late or in default; open units that run out; a moment at which a reading counts |
//! | `meter_every` | all others |
//!
//! The share of what is left bounds both sides: what a lender does not see yet, and what a borrower can make a keeper spend.

use {
    crate::plan::{credit::next_due_date, now::Now},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        program::{
            metering::{Reading, finishing},
            state::Credit,
            transitions::Status,
            units::{BPS, mul_div_ceil},
        },
    },
};

/// Seconds before a moment at which a reading counts from which on a credit is metered sooner.
const AHEAD: i64 = 3_600;

/// Works out when a reading is due to be on the chain. `is_changed` is set where it changes more than the time of the last reading.
pub(in crate::plan) fn due_at(now: &Now, credit: &Credit, reading: &Reading, is_changed: bool) -> ChainTime {
    let metered = ChainTime(credit.meter.reported_at);
    let after = |seconds: i64| metered.plus_seconds(seconds);
    let (quiet, soon, urgent) =
        (after(now.settings.meter_every), after(now.settings.soon_every), after(now.settings.urgent_every));
    if is_changed && (draws_on_frozen(credit) || is_at_risk(now, credit, reading)) {
        return urgent;
    }
    let moments = moments(now, credit);
    // The state of use at a moment that has passed is what counts then.
    if let Some(passed) = moments.iter().filter(|moment| metered < **moment && **moment <= now.chain).min() {
        return urgent.max(*passed).min(quiet);
    }
    let is_near =
        moments.iter().any(|moment| *moment > now.chain && moment.seconds_since(now.chain) <= AHEAD);
    if is_changed && (is_near || is_late(credit) || runs_out(now, credit, reading)) {
        return soon;
    }
    quiet
}

/// Returns whether jobs that ran at a freeze still draw on frozen units.
fn draws_on_frozen(credit: &Credit) -> bool {
    finishing(&credit.collateral, &credit.meter) > 0
}

/// Returns whether more was used since the last metering than the share of what is left that may be unmetered.
fn is_at_risk(now: &Now, credit: &Credit, reading: &Reading) -> bool {
    let used = reading.cumulative.saturating_sub(credit.meter.cumulative);
    let left = credit.collateral.remaining();
    used > 0 && mul_div_ceil(left, now.settings.at_risk_bps.get(), BPS).is_ok_and(|most| used >= most)
}

/// Returns whether a loan is late, in default or being recovered: acts on it go by what is used.
fn is_late(credit: &Credit) -> bool {
    matches!(credit.status(), Ok(Status::Delinquent | Status::Defaulted | Status::Seizing))
}

/// Returns whether the open units are fewer than those used between two meterings of a quiet credit.
fn runs_out(now: &Now, credit: &Credit, reading: &Reading) -> bool {
    let used = reading.cumulative.saturating_sub(credit.meter.cumulative);
    let read_at = ChainTime(reading.reported_at).min(now.chain);
    let seconds = read_at.seconds_since(ChainTime(credit.meter.reported_at));
    let (Ok(every), Ok(seconds)) = (u64::try_from(now.settings.meter_every), u64::try_from(seconds)) else {
        return false;
    };
    let per_interval = mul_div_ceil(used, every, seconds.max(1)).unwrap_or(u64::MAX);
    credit.collateral.available() < per_interval
}

/// The moments at which a reading counts, past and to come: due dates, the times from which a loan may be marked, the end of a
/// covenant's window and of the units.
fn moments(now: &Now, credit: &Credit) -> Vec<ChainTime> {
    let known = |time: i64| Some(MarketTime(time)).filter(|time| time.get() != 0);
    let after = |time: Option<MarketTime>, seconds: u32| Some(time?.plus_seconds(i64::from(seconds)));
    let (unpaid, defaulted) = (known(credit.debt.arrears_since), known(credit.defaulted_at));
    let market = [
        next_due_date(credit),
        after(unpaid, 0),
        after(unpaid, credit.terms.delinquency_grace),
        after(unpaid, credit.terms.default_grace),
        after(defaulted, credit.terms.cure_period),
        known(credit.units_expire_at),
    ];
    let mut moments: Vec<ChainTime> = market.into_iter().flatten().map(|time| now.chain_time(time)).collect();
    if credit.rider.has_covenant() {
        // The window is measured by the reports' own time, which is the chain's.
        let ends = ChainTime(credit.covenant.measured_at);
        moments.push(ends.plus_seconds(i64::from(credit.rider.covenant_window)));
    }
    moments
}
