//! Marks of late loans, units that expire, and the covenant.

use {
    super::{Obstacle, Timing, accrued, at_market_time, is_current, next_due_date},
    crate::plan::now::Now,
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        errors::refusal,
        program::{
            state::Credit,
            units::{after, elapsed},
        },
    },
};

/// A mark of a loan that has been unpaid for `grace` seconds.
pub(super) fn mark(now: &Now, credit: &Credit, grace: u32) -> Result<Timing, Obstacle> {
    if is_current(now, credit) {
        let due_date = next_due_date(credit).ok_or(Obstacle::NotInArrears)?;
        return Ok(at_market_time(now, end_of_grace(now, credit, due_date, grace)?));
    }
    let copy = accrued(now, credit)?;
    if copy.debt.arrears_since == 0 {
        return Err(Obstacle::NotInArrears);
    }
    if copy.reserve_held >= copy.arrears() {
        return Err(Obstacle::ReserveCovers);
    }
    let unpaid_since = MarketTime(copy.debt.arrears_since);
    Ok(at_market_time(now, end_of_grace(now, credit, unpaid_since, grace)?))
}

/// The market time from which an instalment counts as late: after the agreed grace, the keeper's own, and all stalls since.
fn end_of_grace(
    now: &Now,
    credit: &Credit,
    due_date: MarketTime,
    grace: u32,
) -> Result<MarketTime, Obstacle> {
    let agreed = after(due_date.get(), grace).map_err(|_| Obstacle::OutOfRange)?;
    let extra = now.settings.extra_grace_seconds.saturating_add(now.stalled_since(credit, due_date));
    Ok(MarketTime(agreed).plus_seconds(extra.max(0)))
}

/// The end of the units' lifetime.
pub(super) fn expire_units(now: &Now, credit: &Credit) -> Result<Timing, Obstacle> {
    if credit.units_expire_at == 0 {
        return Err(Obstacle::NeverExpire);
    }
    let expires_at = MarketTime(credit.units_expire_at);
    if credit.require_unexpired(now.market.get()).is_ok() {
        return Ok(at_market_time(now, expires_at));
    }
    let mut copy = *credit;
    copy.expire_units(&now.clock).map_err(|error| Obstacle::from_refusal(refusal(&error)))?;
    Ok(at_market_time(now, expires_at))
}

/// The covenant, once reports have reached the end of its window.
pub(super) fn apply_covenant(now: &Now, credit: &Credit) -> Result<Timing, Obstacle> {
    if !credit.rider.has_covenant() {
        return Err(Obstacle::NotAgreed);
    }
    let window = credit.rider.covenant_window;
    let began = credit.covenant.measured_at;
    let ends = ChainTime(began).plus_seconds(i64::from(window));
    let measured = elapsed(began, credit.meter.reported_at).map_err(|_| Obstacle::OutOfRange)?;
    if measured < u64::from(window) {
        // The window is measured by the reports' own time, which is the chain's.
        return if ends > now.chain { Ok(Timing::NotBefore(ends)) } else { Err(Obstacle::AwaitsReports) };
    }
    let mut copy = *credit;
    copy.apply_covenant(&now.clock).map_err(|error| Obstacle::from_refusal(refusal(&error)))?;
    Ok(Timing::Due(ends.min(now.chain)))
}
