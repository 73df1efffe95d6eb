//! Plans the due actions on one credit, without metering: those that the program accepts on a copy of the credit.
//!
//! | file | content |
//! |---|---|
//! | this one | the order of the kinds, and what every kind needs |
//! | `loan` | marks, units that expire, the covenant |
//! | `reserve` | draws of the reserve |
//! | `freezes` | freezes by the terms, and thaws of freezes for cross-default |
//! | `holdback` | cancels of units under the holdback |
//! | `obstacle` | reasons for which an action does not apply |

mod freezes;
mod holdback;
mod loan;
mod obstacle;
mod reserve;

pub(super) use obstacle::Obstacle;

use {
    crate::plan::{Intent, IntentAction, IntentId, Kind, causes, now::Now, reason::Reason},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime},
        program::{
            state::Credit,
            transitions::{Action, Status, next},
        },
        terms::cure_ends,
    },
    std::collections::BTreeSet,
};

/// The order in which several kinds go that are due on one credit.
///
/// A draw of the reserve comes after marks and freezes, which are not due where the reserve pays all arrears: somebody who puts
/// a little into it again and again would hold them up otherwise. A cancel comes before it, since the program draws nothing in a
/// recovery while units can be cancelled.
pub(super) const PRECEDENCE: [Kind; 8] = [
    Kind::AutoFreeze,
    Kind::MarkDefaulted,
    Kind::MarkDelinquent,
    Kind::CancelLocked,
    Kind::DrawReserve,
    Kind::ThawCross,
    Kind::ExpireUnits,
    Kind::ApplyCovenant,
];

/// The time at which a kind of intent that applies is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Due since then.
    Due(ChainTime),
    /// Due from then on, if nothing changes until then.
    NotBefore(ChainTime),
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
    Some(Intent { id, action: intent_action(kind, address, credit), due_at, reason })
}

/// The action of a kind on a credit, with everything its instruction needs.
fn intent_action(kind: Kind, address: &Pubkey, credit: &Credit) -> IntentAction {
    match kind {
        Kind::CancelLocked => IntentAction::CancelLocked {
            credit: *address,
            provider: credit.provider,
            offer_slot: credit.offer_slot,
        },
        Kind::ThawCross => IntentAction::ThawCross { credit: *address, other: credit.cross_credit },
        kind => IntentAction::Credit { kind, credit: *address },
    }
}

/// Evaluates a kind of intent on a credit. Metering is planned by chunks and does not apply here. Errors: [`Obstacle`].
pub(super) fn timing(now: &Now, address: &Pubkey, credit: &Credit, kind: Kind) -> Result<Timing, Obstacle> {
    let action = action(kind).ok_or(Obstacle::NotAgreed)?;
    let status = require_allowed(now, credit, kind, action)?;
    if needs_open_vault(kind) && causes::vault_is_frozen(now, address) {
        return Err(Obstacle::VaultFrozen);
    }
    match kind {
        Kind::AutoFreeze => freezes::auto_freeze(now, address, credit, status),
        Kind::MarkDefaulted => loan::mark(now, credit, credit.terms.default_grace),
        Kind::MarkDelinquent => loan::mark(now, credit, credit.terms.delinquency_grace),
        Kind::CancelLocked => holdback::cancel_locked(now, credit, status),
        Kind::DrawReserve => reserve::draw_reserve(now, address, credit, status),
        Kind::ThawCross => freezes::thaw_cross(now, credit),
        Kind::ExpireUnits => loan::expire_units(now, credit),
        Kind::ApplyCovenant => loan::apply_covenant(now, credit),
        Kind::Meter => Err(Obstacle::NotAgreed),
    }
}

/// Returns whether a kind takes something from a borrower that could not pay into a frozen vault: the program refuses it.
fn needs_open_vault(kind: Kind) -> bool {
    matches!(kind, Kind::MarkDelinquent | Kind::MarkDefaulted | Kind::CancelLocked)
}

/// The edge that a kind takes.
fn action(kind: Kind) -> Option<Action> {
    match kind {
        Kind::Meter => None,
        Kind::DrawReserve => Some(Action::DrawReserve),
        Kind::MarkDelinquent => Some(Action::MarkDelinquent),
        Kind::MarkDefaulted => Some(Action::MarkDefaulted),
        Kind::AutoFreeze => Some(Action::AutoFreeze),
        Kind::CancelLocked => Some(Action::CancelLocked),
        Kind::ThawCross => Some(Action::Thaw),
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
    let goes_on_while_paused = matches!(kind, Kind::AutoFreeze | Kind::ThawCross);
    check(goes_on_while_paused || !now.clock.is_paused, Obstacle::Paused)?;
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

/// The end of the cure period of a loan in default.
fn cure_end(credit: &Credit) -> MarketTime {
    cure_ends(credit).unwrap_or_default()
}
