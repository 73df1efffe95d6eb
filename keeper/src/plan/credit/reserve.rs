//! Draws of the borrower's reserve.

use {
    super::{Obstacle, Timing, accrued, at_market_time, is_current, next_due_date, require_allowed},
    crate::plan::{Kind, now::Now},
    blockable_sdk::{
        Pubkey,
        amounts::MarketTime,
        errors::refusal,
        program::{
            errors::BlockableError,
            state::Credit,
            transitions::{Action, Status},
        },
    },
};

/// A draw, where the program accepts it: before default where it pays all arrears; in a recovery, and in default where nothing is
/// left to seize, as far as it reaches.
pub(super) fn draw_reserve(
    now: &Now,
    address: &Pubkey,
    credit: &Credit,
    status: Status,
) -> Result<Timing, Obstacle> {
    if credit.reserve_held == 0 {
        return Err(Obstacle::NoReserve);
    }
    if status < Status::Defaulted && is_current(now, credit) {
        let due_date = next_due_date(credit).ok_or(Obstacle::NotInArrears)?;
        return Ok(at_market_time(now, due_date));
    }
    let arrears_since = accrued(now, credit)?.debt.arrears_since;
    let mut copy = *credit;
    match copy.draw_reserve(*address, &now.clock).map_err(|error| refusal(&error)) {
        Ok(_) => {
            let since = [arrears_since, credit.defaulted_at].into_iter().find(|time| *time != 0);
            let since = MarketTime(since.unwrap_or(credit.debt.accrued_at));
            let since = if status == Status::Defaulted { super::cure_end(credit) } else { since };
            Ok(at_market_time(now, since.min(now.market)))
        }
        Err(Some(BlockableError::CurePeriodRunning)) => Ok(at_market_time(now, super::cure_end(credit))),
        Err(error) => Err(Obstacle::from_refusal(error)),
    }
}

/// Returns whether this keeper is about to cure the loan by a draw, which would undo a freeze.
pub(super) fn draw_would_cure(now: &Now, address: &Pubkey, credit: &Credit) -> bool {
    let mut copy = *credit;
    credit.reserve_held > 0
        && require_allowed(now, credit, Kind::DrawReserve, Action::DrawReserve).is_ok()
        && copy.draw_reserve(*address, &now.clock).is_ok()
        && copy.status().is_ok_and(|status| status == Status::Active)
}
