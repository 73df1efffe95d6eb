//! Cancels of units under the holdback, once anybody may.

use {
    super::{Obstacle, Timing, at_market_time, cure_end},
    crate::plan::now::Now,
    blockable_sdk::{
        Pubkey,
        amounts::MarketTime,
        errors::refusal,
        program::{
            actions::{CancelSigners, LoanRead, UnitBounds},
            errors::BlockableError,
            state::{Credit, Provider},
            transitions::Status,
        },
    },
    bytemuck::Zeroable,
};

/// A cancel by anybody: all units that the debt pays for, 30 days after the cure period at the latest.
pub(super) fn cancel_locked(now: &Now, credit: &Credit, status: Status) -> Result<Timing, Obstacle> {
    if credit.holdback_left == 0 {
        return Err(Obstacle::NothingCovered);
    }
    if status < Status::Defaulted {
        return Err(Obstacle::OnlyBothParties);
    }
    let opens_at = MarketTime(credit.cancel_opens_at());
    let opens_at = if status == Status::Defaulted { opens_at.max(cure_end(credit)) } else { opens_at };
    match cancelled_by_anybody(now, credit) {
        Ok(()) => Ok(at_market_time(now, opens_at.min(now.market))),
        Err(Some(BlockableError::CancelNotOpen | BlockableError::CurePeriodRunning)) => {
            Ok(at_market_time(now, opens_at))
        }
        Err(error) => Err(Obstacle::from_refusal(error)),
    }
}

/// Cancels on a copy, as the program does for a key that is no party. Errors: its refusal.
fn cancelled_by_anybody(now: &Now, credit: &Credit) -> Result<(), Option<BlockableError>> {
    let mut copy = *credit;
    // The provider only gets capacity back. Finalized state is read without providers.
    let mut provider = Provider { outstanding_units: u64::MAX, ..Provider::zeroed() };
    let signers = CancelSigners { signer: Pubkey::default(), borrower: None };
    let read = LoanRead { offer_slot: credit.offer_slot, worst_status: Status::Seizing };
    let market = &now.snapshot.market;
    let done = copy.cancel_locked(signers, UnitBounds::ALL, read, &mut provider, market, &now.clock);
    done.map(drop).map_err(|error| refusal(&error))
}
