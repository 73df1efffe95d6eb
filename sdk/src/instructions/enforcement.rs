//! Marks, notices, freezes.

use {
    crate::instructions::{build, credit_control, credit_mark},
    blockable_credits::{
        instruction as data,
        instructions::{FreezeAmount, UnitAmount},
        state::FreezeReason,
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Marks a credit delinquent. No signer but the fee payer.
pub fn credit_mark_delinquent(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditMarkDelinquent {})
}

/// Marks a credit defaulted. No signer but the fee payer.
pub fn credit_mark_defaulted(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditMarkDefaulted {})
}

/// Freezes a defaulted credit in full where its terms say so. No signer but the fee payer.
pub fn credit_auto_freeze(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditAutoFreeze {})
}

/// Freezes collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_freeze(
    market: &Pubkey,
    authority: &Pubkey,
    credit: &Pubkey,
    amount: FreezeAmount,
    reason: FreezeReason,
) -> Instruction {
    build(credit_control(market, authority, credit), data::CreditFreeze { amount, reason })
}

/// Thaws collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_thaw(market: &Pubkey, authority: &Pubkey, credit: &Pubkey, amount: UnitAmount) -> Instruction {
    build(credit_control(market, authority, credit), data::CreditThaw { amount })
}

/// Gives notice of default for a breach; `document` is the hash of what states it. Signer: `lender`.
pub fn credit_give_notice(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    document: [u8; 32],
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditGiveNotice { document })
}

/// Withdraws the notice of default. Signer: `lender`.
pub fn credit_withdraw_notice(market: &Pubkey, lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWithdrawNotice {})
}
