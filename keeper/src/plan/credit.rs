//! Plans the due actions on one credit, without metering: those that the program accepts on a copy of the credit.

use {
    crate::plan::{Intent, IntentAction, IntentId, Kind, causes, now::Now, reason::Reason},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, Units},
        program::{
            covenant,
            metering::{finishing, held_by_jobs},
            state::{AutoFreeze, Credit},
            transitions::{Action, Status, next},
            units::{after, elapsed},
        },
    },
    std::collections::BTreeSet,
};

/// The order in which several kinds go that are due on one credit.
///
/// A draw of the reserve comes after marks and freezes, which are not due where the reserve pays all arrears: somebody who puts
/// a little into it again and again would hold them up otherwise.
pub(super) const PRECEDENCE: [Kind; 6] = [
    Kind::AutoFreeze,
    Kind::MarkDefaulted,
    Kind::MarkDelinquent,
    Kind::DrawReserve,
    Kind::ExpireUnits,
    Kind::ApplyCovenant,
];

/// Another freeze of less than one in this many parts is no work for a keeper at once: whoever pays a little again and again
/// would have it spend a fee each time until its cap is reached.
const SMALL_PART: u64 = 100;
/// Seconds of market time from a freeze after which a small rest is frozen all the same.
const SMALL_FREEZE_EVERY: i64 = 3_600;

/// The time at which a kind of intent that applies is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Due since then.
    Due(ChainTime),
    /// Due from then on, if nothing changes until then.
    NotBefore(ChainTime),
}

/// The obstacle for which a kind of intent does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Obstacle {
    #[error("it is switched off in this keeper; add it to enforcement.actions to have it done")]
    Off,
    #[error("its lender is not in this keeper's enforcement.lenders; add it there to have it done")]
    OtherLender,
    #[error("its provider is not in this keeper's enforcement.providers; add it there to have it done")]
    OtherProvider,
    #[error("the credit is of another market")]
    OtherMarket,
    #[error("the account is of version {0}, which this keeper does not know; update the keeper")]
    LaterVersion(u8),
    #[error("its status, {0:?}, does not allow it")]
    WrongStatus(Status),
    #[error("the market is paused")]
    Paused,
    #[error("the payment token's issuer has frozen the vault: nobody can pay, and the program marks nobody")]
    VaultFrozen,
    #[error("nothing is in arrears")]
    NotInArrears,
    #[error("the reserve covers the arrears")]
    ReserveCovers,
    #[error("the reserve is empty")]
    NoReserve,
    #[error("the reserve does not pay all arrears, and is drawn only where it does")]
    ReserveTooSmall,
    #[error("units that the holdback covers are to be cancelled before the reserve is drawn")]
    CancelFirst,
    #[error("the terms do not agree on it")]
    NotAgreed,
    #[error("all of the lien that is not locked is frozen")]
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

/// Plans the first kind, in precedence, that is due on a credit and for this keeper to do.
pub(super) fn plan(now: &Now, address: &Pubkey, credit: &Credit) -> Option<Intent> {
    let due = |kind| match timing(now, address, credit, kind) {
        Ok(Timing::Due(at)) if now.is_mine(at) => Some((kind, at)),
        _ => None,
    };
    let (kind, due_at) = PRECEDENCE.into_iter().find_map(due)?;
    // The hash distinguishes two credits that had one address one after the other.
    let id = IntentId::from_parts(kind, address, &[&credit.event_seq.to_le_bytes(), &credit.event_hash]);
    let reason = Reason::for_credit(now, credit, kind)?;
    Some(Intent { id, action: IntentAction::Credit { kind, credit: *address }, due_at, reason })
}

/// Evaluates a kind of intent on a credit. Metering is planned by chunks and does not apply here. Errors: [`Obstacle`].
pub(super) fn timing(now: &Now, address: &Pubkey, credit: &Credit, kind: Kind) -> Result<Timing, Obstacle> {
    let action = action(kind).ok_or(Obstacle::NotAgreed)?;
    let status = require_allowed(now, credit, kind, action)?;
    if is_mark(kind) && causes::vault_is_frozen(now, address) {
        return Err(Obstacle::VaultFrozen);
    }
    match kind {
        Kind::AutoFreeze => auto_freeze(now, credit, status),
        Kind::MarkDefaulted => mark(now, credit, credit.terms.default_grace),
        Kind::MarkDelinquent => mark(now, credit, credit.terms.delinquency_grace),
        Kind::DrawReserve => draw_reserve(now, credit, status),
        Kind::ExpireUnits => expire_units(now, credit),
        Kind::ApplyCovenant => apply_covenant(now, credit),
        Kind::Meter => Err(Obstacle::NotAgreed),
    }
}

/// Returns whether a kind marks a borrower late, which the program does only while the vault takes payments.
fn is_mark(kind: Kind) -> bool {
    matches!(kind, Kind::MarkDelinquent | Kind::MarkDefaulted)
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

/// Requires what every kind needs. Returns the status. Errors: [`Obstacle`].
fn require_allowed(now: &Now, credit: &Credit, kind: Kind, action: Action) -> Result<Status, Obstacle> {
    let check = |holds: bool, obstacle: Obstacle| if holds { Ok(()) } else { Err(obstacle) };
    check(now.settings.enabled.contains(&kind), Obstacle::Off)?;
    check(credit.market == now.snapshot.market_key, Obstacle::OtherMarket)?;
    check(is_listed(&now.settings.providers, &credit.provider), Obstacle::OtherProvider)?;
    // Units without a lender were bought by somebody: only their provider can be listed.
    let has_lender = !credit.is_unrestricted();
    check(!has_lender || is_listed(&now.settings.lenders, &credit.lender), Obstacle::OtherLender)?;
    let later = Obstacle::LaterVersion(credit.version);
    check(credit.version <= Credit::VERSION, later)?;
    let status = Status::from_byte(credit.status).ok_or(later)?;
    check(next(action, status).is_some(), Obstacle::WrongStatus(status))?;
    check(kind == Kind::AutoFreeze || !now.clock.is_paused, Obstacle::Paused)?;
    Ok(status)
}

/// Returns whether a keeper acts for a key: an empty list stands for all keys.
fn is_listed(listed: &BTreeSet<Pubkey>, key: &Pubkey) -> bool {
    listed.is_empty() || listed.contains(key)
}

/// The due date of the next instalment.
pub(super) fn next_due_date(credit: &Credit) -> Option<MarketTime> {
    let billed = usize::from(credit.debt.instalments_billed);
    credit.schedule().due_date(billed).ok().flatten().map(MarketTime)
}

/// Returns whether accrual up to now would put nothing in arrears; saves copying most credits.
fn is_current(now: &Now, credit: &Credit) -> bool {
    credit.debt.arrears_since == 0
        && !credit.schedule().has_matured(&credit.debt)
        && next_due_date(credit).is_some_and(|date| date > now.market)
}

/// Copies a credit with its debt brought up to now.
fn accrued(now: &Now, credit: &Credit) -> Result<Credit, Obstacle> {
    let mut copy = *credit;
    copy.accrue(now.market.get()).map_err(|_| Obstacle::OutOfRange)?;
    Ok(copy)
}

/// Due since a market time, or not before it.
fn at_market_time(now: &Now, time: MarketTime) -> Timing {
    let at = now.chain_time(time);
    if time <= now.market { Timing::Due(at) } else { Timing::NotBefore(at) }
}

fn mark(now: &Now, credit: &Credit, grace: u32) -> Result<Timing, Obstacle> {
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

fn draw_reserve(now: &Now, credit: &Credit, status: Status) -> Result<Timing, Obstacle> {
    if credit.reserve_held == 0 {
        return Err(Obstacle::NoReserve);
    }
    let is_recovery = status == Status::Seizing;
    if !is_recovery && is_current(now, credit) {
        let due_date = next_due_date(credit).ok_or(Obstacle::NotInArrears)?;
        return Ok(at_market_time(now, due_date));
    }
    let copy = accrued(now, credit)?;
    let owed = if is_recovery { copy.debt.total() } else { copy.arrears() };
    if owed == 0 {
        return Err(Obstacle::NotInArrears);
    }
    if !is_recovery && copy.reserve_held < owed {
        return Err(Obstacle::ReserveTooSmall);
    }
    if is_recovery && copy.covered().map_err(|_| Obstacle::OutOfRange)? > 0 {
        return Err(Obstacle::CancelFirst);
    }
    let since = [copy.debt.arrears_since, credit.defaulted_at].into_iter().find(|time| *time != 0);
    let since = MarketTime(since.unwrap_or(credit.debt.accrued_at));
    Ok(at_market_time(now, since.min(now.market)))
}

/// Returns whether a part is too small to be worth a fee at once.
fn is_small(part: u64, whole: u64) -> bool {
    u128::from(part) * u128::from(SMALL_PART) < u128::from(whole)
}

fn auto_freeze(now: &Now, credit: &Credit, status: Status) -> Result<Timing, Obstacle> {
    let is_agreed = match AutoFreeze::from_byte(credit.terms.auto_freeze) {
        Some(AutoFreeze::FromDelinquency) => true,
        Some(AutoFreeze::FromDefault) => status == Status::Defaulted,
        Some(AutoFreeze::Never) | None => false,
    };
    if !is_agreed {
        return Err(Obstacle::NotAgreed);
    }
    if credit.collateral.freezable() <= credit.collateral.frozen() {
        return Err(Obstacle::AlreadyFrozen);
    }
    if draw_would_cure(now, credit) {
        return Err(Obstacle::ReserveCovers);
    }
    let since = match status {
        Status::Defaulted => MarketTime(credit.defaulted_at),
        // The account does not have the time of the mark: it was made after the grace.
        _ => {
            let grace = credit.terms.delinquency_grace;
            after(credit.debt.arrears_since, grace).map(MarketTime).map_err(|_| Obstacle::OutOfRange)?
        }
    };
    let since = since.min(now.market);
    let (freezable, frozen) = (credit.collateral.freezable(), credit.collateral.frozen());
    if frozen > 0 && is_small(freezable.saturating_sub(frozen), freezable) {
        let again_at = MarketTime(credit.frozen_at_market).plus_seconds(SMALL_FREEZE_EVERY);
        return Ok(at_market_time(now, again_at.max(since)));
    }
    Ok(at_market_time(now, since))
}

/// Returns whether this keeper is about to end the delinquency by a draw of the reserve, which would undo a freeze.
fn draw_would_cure(now: &Now, credit: &Credit) -> bool {
    if credit.reserve_held == 0
        || require_allowed(now, credit, Kind::DrawReserve, Action::DrawReserve).is_err()
    {
        return false;
    }
    accrued(now, credit).is_ok_and(|copy| (1..=copy.reserve_held).contains(&copy.arrears()))
}

fn expire_units(now: &Now, credit: &Credit) -> Result<Timing, Obstacle> {
    if credit.units_expire_at == 0 {
        return Err(Obstacle::NeverExpire);
    }
    let expires_at = MarketTime(credit.units_expire_at);
    if credit.require_unexpired(now.market.get()).is_ok() {
        return Ok(at_market_time(now, expires_at));
    }
    let (mut collateral, meter) = (credit.collateral, credit.meter);
    let held = held_by_jobs(&collateral, &meter);
    let units = collateral.expire(held, finishing(&collateral, &meter)).map_err(|_| Obstacle::OutOfRange)?;
    if Units(units).is_zero() {
        return Err(Obstacle::NothingToExpire);
    }
    accrued(now, credit)?;
    Ok(at_market_time(now, expires_at))
}

fn apply_covenant(now: &Now, credit: &Credit) -> Result<Timing, Obstacle> {
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
    let copy = accrued(now, credit)?;
    if copy.debt.arrears_since != 0 {
        return Err(Obstacle::InArrears);
    }
    let used = copy.collateral.consumed.checked_sub(copy.covenant.consumed).ok_or(Obstacle::OutOfRange)?;
    let share = covenant::utilisation_bps(used, copy.rider.planned_units, window, measured);
    let share = share.map_err(|_| Obstacle::OutOfRange)?;
    covenant::outcome(&copy.rider, copy.covenant.apr_bps, share, copy.debt.principal, true)
        .map_err(|_| Obstacle::OutOfRange)?;
    Ok(Timing::Due(ends.min(now.chain)))
}
