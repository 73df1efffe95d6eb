//! What is due on one credit, metering apart: what the program would accept, found by its own functions on a copy.

use {
    crate::plan::{Action as IntentAction, Intent, IntentId, Kind, because::because, now::Now},
    blockable_sdk::{
        Pubkey,
        program::{
            covenant,
            metering::held_by_jobs,
            state::Credit,
            transitions::{Action, Status, next},
            units::{after, elapsed},
        },
    },
};

/// Which of several things that are due goes first.
///
/// A draw of the reserve comes after marks and freezes, which look at the reserve themselves: whoever puts a little into
/// it again and again would hold them up otherwise.
pub(super) const PRECEDENCE: [Kind; 6] = [
    Kind::AutoFreeze,
    Kind::MarkDefaulted,
    Kind::MarkDelinquent,
    Kind::DrawReserve,
    Kind::ExpireUnits,
    Kind::ApplyCovenant,
];

/// When something that may be done is due, in the chain's Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Since then.
    Due(i64),
    /// Not before then, and only if nothing changes until then.
    NotBefore(i64),
}

/// Why something does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Why {
    #[error("it is switched off in this keeper; add it to enforcement.actions to have it done")]
    Off,
    #[error("the credit is of another market")]
    OtherMarket,
    #[error("the account is of version {0}, which this keeper does not know; update the keeper")]
    LaterVersion(u8),
    #[error("the account is of version {0}; migrate it")]
    OldVersion(u8),
    #[error("its status, {0:?}, does not allow it")]
    WrongStatus(Status),
    #[error("the market is paused")]
    Paused,
    #[error("nothing is in arrears")]
    NotInArrears,
    #[error("the reserve covers the arrears")]
    ReserveCovers,
    #[error("the reserve is empty")]
    NoReserve,
    #[error("the terms do not agree on it")]
    NotAgreed,
    #[error("all of the lien is frozen")]
    AlreadyFrozen,
    #[error("its units never expire")]
    NeverExpire,
    #[error("no unit is left that no running job holds")]
    NothingToExpire,
    #[error("something is in arrears, and the covenant rests until it is paid")]
    InArrears,
    #[error("usage reports have not reached the end of the covenant's window")]
    AwaitsReports,
    #[error("its amounts are out of range, and the program would refuse it")]
    OutOfRange,
}

/// The first in precedence of what is due.
pub(super) fn plan(now: &Now, address: &Pubkey, credit: &Credit) -> Option<Intent> {
    let due = |kind| match standing(now, address, credit, kind) {
        Ok(Timing::Due(at)) if now.is_mine(at) => Some((kind, at)),
        _ => None,
    };
    let (kind, due_at) = PRECEDENCE.into_iter().find_map(due)?;
    // The hash tells apart two credits that had one address one after the other.
    let id = IntentId::of(kind, address, &[&credit.event_seq.to_le_bytes(), &credit.event_hash]);
    let because = because(now, credit, kind);
    Some(Intent { id, action: IntentAction::Credit { kind, credit: *address }, due_at, because })
}

/// Where a kind of intent stands on a credit; metering is planned by chunks and not agreed here.
pub(super) fn standing(now: &Now, address: &Pubkey, credit: &Credit, kind: Kind) -> Result<Timing, Why> {
    let action = action(kind).ok_or(Why::NotAgreed)?;
    let status = allowed(now, credit, kind, action)?;
    match kind {
        Kind::AutoFreeze => auto_freeze(now, address, credit),
        Kind::MarkDefaulted => mark(now, address, credit, action, credit.terms.default_grace),
        Kind::MarkDelinquent => mark(now, address, credit, action, credit.terms.delinquency_grace),
        Kind::DrawReserve => draw_reserve(now, address, credit, status),
        Kind::ExpireUnits => expire_units(now, credit),
        Kind::ApplyCovenant => apply_covenant(now, credit),
        Kind::Meter => Err(Why::NotAgreed),
    }
}

/// The edge that a kind takes.
fn action(kind: Kind) -> Option<Action> {
    match kind {
        Kind::Meter => None,
        Kind::DrawReserve => Some(Action::DrawReserve),
        Kind::MarkDelinquent => Some(Action::MarkDelinquent),
        Kind::MarkDefaulted => Some(Action::MarkDefaulted),
        Kind::AutoFreeze => Some(Action::AutoFreeze),
        Kind::ExpireUnits => Some(Action::Expire),
        Kind::ApplyCovenant => Some(Action::ApplyCovenant),
    }
}

/// What every kind needs. Returns the status.
fn allowed(now: &Now, credit: &Credit, kind: Kind, action: Action) -> Result<Status, Why> {
    let check = |holds: bool, why: Why| if holds { Ok(()) } else { Err(why) };
    check(now.settings.enabled.contains(&kind), Why::Off)?;
    check(credit.market == now.snapshot.market_key, Why::OtherMarket)?;
    let later = Why::LaterVersion(credit.version);
    check(credit.version <= Credit::VERSION, later)?;
    let status = Status::from_byte(credit.status).ok_or(later)?;
    check(next(action, status).is_some(), Why::WrongStatus(status))?;
    check(kind == Kind::AutoFreeze || !now.is_paused, Why::Paused)?;
    Ok(status)
}

/// The due date of the next instalment, in market time.
pub(super) fn next_due_date(credit: &Credit) -> Option<i64> {
    credit.schedule().due_date(usize::from(credit.debt.instalments_billed)).ok().flatten()
}

/// Whether accrual up to now would put nothing in arrears; saves copying most credits.
fn is_current(now: &Now, credit: &Credit) -> bool {
    credit.debt.arrears_since == 0
        && !credit.schedule().has_matured(&credit.debt)
        && next_due_date(credit).is_some_and(|date| date > now.clock.market)
}

/// A copy with its debt brought up to now.
fn accrued(now: &Now, credit: &Credit) -> Result<Credit, Why> {
    let mut copy = *credit;
    copy.accrue(now.clock.market).map_err(|_| Why::OutOfRange)?;
    Ok(copy)
}

/// A market time as due since then or not before then.
fn at_market_time(now: &Now, time: i64) -> Timing {
    let at = now.chain_time(time);
    if time <= now.clock.market { Timing::Due(at) } else { Timing::NotBefore(at) }
}

fn mark(now: &Now, address: &Pubkey, credit: &Credit, action: Action, grace: u32) -> Result<Timing, Why> {
    if is_current(now, credit) {
        let due_date = next_due_date(credit).ok_or(Why::NotInArrears)?;
        return Ok(at_market_time(now, end_of_grace(now, credit, due_date, grace)?));
    }
    let mut copy = accrued(now, credit)?;
    if copy.debt.arrears_since == 0 {
        return Err(Why::NotInArrears);
    }
    copy.draw_for_arrears(*address).map_err(|_| Why::OutOfRange)?;
    // A draw that pays the oldest instalment leaves the grace of the next one.
    let unpaid_since = copy.debt.arrears_since;
    if unpaid_since == 0 {
        return Err(Why::ReserveCovers);
    }
    let status = Status::from_byte(copy.status).ok_or(Why::OutOfRange)?;
    next(action, status).ok_or(Why::WrongStatus(status))?;
    Ok(at_market_time(now, end_of_grace(now, credit, unpaid_since, grace)?))
}

/// Market time from which an instalment counts as late: its grace, the keeper's own, and what the cluster stood still.
fn end_of_grace(now: &Now, credit: &Credit, due_date: i64, grace: u32) -> Result<i64, Why> {
    let agreed = after(due_date, grace).map_err(|_| Why::OutOfRange)?;
    let extra = now.settings.extra_grace_seconds.saturating_add(now.lost_since(credit, due_date));
    Ok(agreed.saturating_add(extra.max(0)))
}

fn draw_reserve(now: &Now, address: &Pubkey, credit: &Credit, status: Status) -> Result<Timing, Why> {
    if credit.reserve_held == 0 {
        return Err(Why::NoReserve);
    }
    if status != Status::Seizing && is_current(now, credit) {
        let due_date = next_due_date(credit).ok_or(Why::NotInArrears)?;
        return Ok(at_market_time(now, due_date));
    }
    let mut copy = accrued(now, credit)?;
    let debt = copy.debt;
    copy.draw_for_arrears(*address).map_err(|_| Why::OutOfRange)?.ok_or(Why::NotInArrears)?;
    let since = [debt.arrears_since, credit.defaulted_at].into_iter().find(|time| *time != 0);
    let since = since.unwrap_or(credit.debt.accrued_at).min(now.clock.market);
    Ok(at_market_time(now, since))
}

fn auto_freeze(now: &Now, address: &Pubkey, credit: &Credit) -> Result<Timing, Why> {
    if credit.terms.auto_freeze != 1 {
        return Err(Why::NotAgreed);
    }
    if credit.collateral.lien() <= credit.collateral.frozen {
        return Err(Why::AlreadyFrozen);
    }
    if draw_would_cure(now, address, credit) {
        return Err(Why::ReserveCovers);
    }
    Ok(at_market_time(now, credit.defaulted_at.min(now.clock.market)))
}

/// Whether this keeper is about to end the default by a draw of the reserve, which would undo a freeze.
fn draw_would_cure(now: &Now, address: &Pubkey, credit: &Credit) -> bool {
    if credit.reserve_held == 0 || allowed(now, credit, Kind::DrawReserve, Action::DrawReserve).is_err() {
        return false;
    }
    let Ok(mut copy) = accrued(now, credit) else { return false };
    copy.draw_for_arrears(*address).is_ok() && copy.status != Status::Defaulted.byte()
}

fn expire_units(now: &Now, credit: &Credit) -> Result<Timing, Why> {
    credit.require_current().map_err(|_| Why::OldVersion(credit.version))?;
    if credit.units_expire_at == 0 {
        return Err(Why::NeverExpire);
    }
    if credit.require_unexpired(now.clock.market).is_ok() {
        return Ok(at_market_time(now, credit.units_expire_at));
    }
    let (mut collateral, meter) = (credit.collateral, credit.meter);
    let held = held_by_jobs(&collateral, &meter);
    let units = collateral.expire(held, meter.settlement_left).map_err(|_| Why::OutOfRange)?;
    if units == 0 {
        return Err(Why::NothingToExpire);
    }
    accrued(now, credit)?;
    Ok(at_market_time(now, credit.units_expire_at))
}

fn apply_covenant(now: &Now, credit: &Credit) -> Result<Timing, Why> {
    if !credit.rider.has_covenant() {
        return Err(Why::NotAgreed);
    }
    let window = credit.rider.covenant_window;
    let began = credit.covenant.measured_at;
    let ends = began.saturating_add(i64::from(window));
    let measured = elapsed(began, credit.meter.reported_at).map_err(|_| Why::OutOfRange)?;
    if measured < u64::from(window) {
        // The window is measured by the reports' own time, which is the chain's.
        return if ends > now.clock.chain { Ok(Timing::NotBefore(ends)) } else { Err(Why::AwaitsReports) };
    }
    let copy = accrued(now, credit)?;
    if copy.debt.arrears_since != 0 {
        return Err(Why::InArrears);
    }
    let used = copy.collateral.consumed.checked_sub(copy.covenant.consumed).ok_or(Why::OutOfRange)?;
    let share = covenant::utilisation_bps(used, copy.rider.planned_units, window, measured);
    let share = share.map_err(|_| Why::OutOfRange)?;
    covenant::outcome(&copy.rider, copy.covenant.apr_bps, share, copy.debt.principal, true)
        .map_err(|_| Why::OutOfRange)?;
    Ok(Timing::Due(ends.min(now.clock.chain)))
}
