//! Freezes that the terms agree on, and thaws of what was frozen for the default of another credit.

use {
    super::{Obstacle, Timing, at_market_time, reserve::draw_would_cure},
    crate::{chain::OtherCredit, plan::now::Now},
    blockable_sdk::{
        Pubkey,
        amounts::MarketTime,
        errors::refusal,
        program::{
            state::{AutoFreeze, Credit},
            transitions::Status,
            units::after,
        },
    },
};

/// Another freeze of less than one in this many parts is no work for a keeper at once: whoever pays a little again and again
/// would have it spend a fee each time until its cap is reached.
const SMALL_PART: u64 = 100;
/// Seconds of market time from a freeze after which a small rest is frozen all the same.
const SMALL_FREEZE_EVERY: i64 = 3_600;

/// A freeze in full, from the mark that the terms name.
pub(super) fn auto_freeze(
    now: &Now,
    address: &Pubkey,
    credit: &Credit,
    status: Status,
) -> Result<Timing, Obstacle> {
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
    if draw_would_cure(now, address, credit) {
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

/// Returns whether a part is too small to be worth a fee at once.
fn is_small(part: u64, whole: u64) -> bool {
    u128::from(part) * u128::from(SMALL_PART) < u128::from(whole)
}

/// A thaw of what rests on the default of another credit, once that is over.
pub(super) fn thaw_cross(now: &Now, credit: &Credit) -> Result<Timing, Obstacle> {
    if credit.collateral.frozen_for_cross == 0 {
        return Err(Obstacle::NoCrossFreeze);
    }
    let other = match now.snapshot.other_credit(&credit.cross_credit) {
        OtherCredit::Open(other) => Some(other),
        OtherCredit::Closed => None,
        OtherCredit::Unread => return Err(Obstacle::OtherCreditUnread),
    };
    let mut copy = *credit;
    copy.thaw_cross(other).map_err(|error| Obstacle::from_refusal(refusal(&error)))?;
    // The account does not have the time at which the other credit was cured: it was after the freeze.
    Ok(at_market_time(now, MarketTime(credit.frozen_at_market).min(now.market)))
}
