//! Accounts that a test makes up: one market, one provider and its credits, with no chain behind them.

use {
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, Units},
        program::{
            state::{Collateral, Credit, FreezePolicy},
            transitions::Status,
            units::DAY,
        },
    },
    bytemuck::Zeroable,
};

/// The market.
pub const MARKET: Pubkey = Pubkey::new_from_array([1; 32]);
/// The provider.
pub const PROVIDER: Pubkey = Pubkey::new_from_array([2; 32]);
/// The lender of every credit.
pub const LENDER: Pubkey = Pubkey::new_from_array([4; 32]);
/// The borrower of every credit.
pub const BORROWER: Pubkey = Pubkey::new_from_array([5; 32]);

/// The address of a credit by a number that the test chooses.
pub fn address(number: u64) -> Pubkey {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Pubkey::new_from_array(bytes)
}

/// An active credit with all of its units under lien.
pub fn active_credit(index: u32, granted: Units) -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.blockable = 1;
    credit.has_index = 1;
    credit.meter.index = index;
    (credit.market, credit.provider) = (MARKET, PROVIDER);
    (credit.lender, credit.borrower) = (LENDER, BORROWER);
    credit.collateral = Collateral { granted: granted.get(), ..Collateral::default() };
    (credit.terms.max_units_per_second, credit.terms.longest_job) = (u64::MAX, u32::MAX);
    credit
}

/// An active loan that was issued at a market time, of which `ahead` units are unlocked: 100 micro-USDC per unit, at 12 % in ten
/// instalments of 30 days, whose graces are 5 and 15 days.
pub fn locked_credit(index: u32, granted: Units, ahead: Units, issued_at: MarketTime) -> Credit {
    let mut credit = active_credit(index, granted);
    let principal = granted.get().saturating_mul(100);
    let parts = credit.due_after.iter_mut().zip(&mut credit.principal_due);
    for (part, (due_after, due)) in (1..=10).zip(parts) {
        (*due_after, *due) = (part * 30 * DAY, principal / 10);
    }
    credit.instalment_count = 10;
    let terms = &mut credit.terms;
    (terms.principal, terms.units, terms.unlocked_ahead) = (principal, granted.get(), ahead.get());
    (terms.apr_bps, terms.delinquency_grace, terms.default_grace) = (1_200, 5 * DAY, 15 * DAY);
    terms.freeze_policy = FreezePolicy::OnDelinquency as u8;
    credit.collateral.locked_at_issue = granted.get().saturating_sub(ahead.get());
    credit.issued_at = issued_at.get();
    (credit.debt.principal, credit.debt.accrued_at) = (principal, issued_at.get());
    credit
}

/// The same credit after one more event.
pub fn later(credit: &Credit, change: impl FnOnce(&mut Credit)) -> Credit {
    let mut next = *credit;
    change(&mut next);
    next.event_seq += 1;
    next.event_hash[..8].copy_from_slice(&next.event_seq.to_le_bytes());
    next
}
