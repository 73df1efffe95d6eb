//! Marks, notices, freezes.

use {
    crate::{
        addresses,
        instructions::{build, credit_control, credit_mark_unpaid, credit_upkeep, payable_credit},
    },
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{FreezeAmount, Notice, ThawBounds},
        state::FreezeReason,
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Marks a credit delinquent. No signer but the fee payer.
pub fn credit_mark_delinquent(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark_unpaid(market, credit), data::CreditMarkDelinquent {})
}

/// Marks a credit defaulted. No signer but the fee payer.
pub fn credit_mark_defaulted(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark_unpaid(market, credit), data::CreditMarkDefaulted {})
}

/// Freezes an unpaid credit in full where its terms say so. No signer but the fee payer.
pub fn credit_auto_freeze(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_upkeep(market, credit), data::CreditAutoFreeze {})
}

/// Freezes collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_freeze(
    market: &Pubkey,
    authority: &Pubkey,
    credit: &Pubkey,
    amount: FreezeAmount,
    reason: FreezeReason,
) -> Instruction {
    build(freeze_accounts(market, authority, credit, None), data::CreditFreeze { amount, reason })
}

/// Freezes collateral for the default of `other`, another credit of the same lender and borrower. Signer: `authority`, the
/// lender or the freeze authority.
pub fn credit_freeze_for_cross_default(
    market: &Pubkey,
    authority: &Pubkey,
    credit: &Pubkey,
    other: &Pubkey,
    amount: FreezeAmount,
) -> Instruction {
    let reason = FreezeReason::CrossDefault;
    let accounts = freeze_accounts(market, authority, credit, Some(*other));
    build(accounts, data::CreditFreeze { amount, reason })
}

fn freeze_accounts(
    market: &Pubkey,
    authority: &Pubkey,
    credit: &Pubkey,
    other: Option<Pubkey>,
) -> accounts::CreditFreeze {
    accounts::CreditFreeze {
        authority: *authority,
        market: *market,
        credit: *credit,
        other,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Thaws what is frozen for the default of `other`, the credit's `cross_credit`, once that is over. No signer but the fee payer.
pub fn credit_thaw_cross(market: &Pubkey, credit: &Pubkey, other: &Pubkey) -> Instruction {
    let accounts = accounts::CreditThawCross {
        market: *market,
        credit: *credit,
        other: *other,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditThawCross {})
}

/// Thaws collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_thaw(market: &Pubkey, authority: &Pubkey, credit: &Pubkey, bounds: ThawBounds) -> Instruction {
    build(credit_control(market, authority, credit), data::CreditThaw { bounds })
}

/// Gives notice of default for a breach. Signer: `lender`.
pub fn credit_give_notice(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, notice: Notice) -> Instruction {
    let accounts = accounts::CreditGiveNotice {
        authority: *lender,
        payable: payable_credit(market, credit),
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditGiveNotice { notice })
}

/// Withdraws the notice of default that was given at the market time `given_at`, the credit's `defaulted_at`. Signer: `lender`.
pub fn credit_withdraw_notice(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    given_at: i64,
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWithdrawNotice { given_at })
}
