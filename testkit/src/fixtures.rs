//! Accounts that a test makes up: one market, one provider and its credits, with no chain behind them.

use {
    blockable_sdk::{
        Pubkey,
        amounts::Units,
        program::{
            state::{Collateral, Credit},
            transitions::Status,
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

/// The same credit after one more event.
pub fn later(credit: &Credit, change: impl FnOnce(&mut Credit)) -> Credit {
    let mut next = *credit;
    change(&mut next);
    next.event_seq += 1;
    next.event_hash[..8].copy_from_slice(&next.event_seq.to_le_bytes());
    next
}
