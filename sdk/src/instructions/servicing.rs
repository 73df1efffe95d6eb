//! Payments, the reserve, the covenant, agreed changes, assignment, metering.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_control, credit_mark, credit_vault},
    },
    blockable_credits::{
        ID, accounts, instruction as data,
        report::SignedReport,
        state::{Instalment, Terms},
    },
    solana_instruction::{AccountMeta, Instruction},
    solana_pubkey::Pubkey,
};

/// Pays up to `amount` micro-USDC of the debt from `source`. Signer: `payer`.
///
/// Follow it with [`vault_collect`] in the same transaction where the lender wants the cash at once.
pub fn credit_repay(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    amount: u64,
) -> Instruction {
    build(credit_repay_accounts(keys, payer, source, credit), data::CreditRepay { amount })
}

fn credit_repay_accounts(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
) -> accounts::CreditRepay {
    accounts::CreditRepay {
        credit_vault: credit_vault(keys, credit),
        payer: *payer,
        source: *source,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Puts up to `amount` micro-USDC from `source` into the borrower's reserve. Signer: `payer`.
pub fn reserve_fund(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    amount: u64,
) -> Instruction {
    build(credit_repay_accounts(keys, payer, source, credit), data::ReserveFund { amount })
}

/// Pays the arrears from the borrower's reserve. No signer but the fee payer.
pub fn reserve_draw(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::ReserveDraw {})
}

/// Applies the covenant on utilisation at the end of its window. No signer but the fee payer.
pub fn covenant_apply(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CovenantApply {})
}

/// Puts new terms and a schedule counted from now in the place of the old ones. Signers: `lender`, `borrower`.
pub fn credit_restructure(
    market: &Pubkey,
    lender: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    terms: Terms,
    schedule: Vec<Instalment>,
) -> Instruction {
    let accounts = accounts::CreditRestructure {
        lender: *lender,
        borrower: *borrower,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditRestructure { terms, schedule })
}

/// Waives `amount` micro-USDC of late fees. Signer: `lender`.
pub fn credit_waive_fee(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, amount: u64) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWaiveFee { amount })
}

/// Offers the loan to another lender; the zero key withdraws the offer. Signer: `lender`.
pub fn credit_offer_lender(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, to: Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditOfferLender { to })
}

/// Takes a loan over. Signer: `new_lender`, to whom it was offered.
///
/// The seller's payments must have been collected first: put [`vault_collect`] before it in the same transaction.
pub fn credit_accept_lender(market: &Pubkey, new_lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, new_lender, credit), data::CreditAcceptLender {})
}

/// Applies a quorum of signed reports to the credits of a chunk. No signer but the fee payer.
pub fn usage_meter(
    market: &Pubkey,
    provider: &Pubkey,
    chunk: u32,
    reports: Vec<SignedReport>,
    credits: &[Pubkey],
) -> Instruction {
    let accounts = accounts::UsageMeter {
        market: *market,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    let mut instruction = build(accounts, data::UsageMeter { chunk, reports });
    instruction.accounts.extend(credits.iter().map(|credit| AccountMeta::new(*credit, false)));
    instruction
}
