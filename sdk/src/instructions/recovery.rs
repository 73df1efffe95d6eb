//! Seizures, lots, writing off.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_vault},
    },
    anchor_lang::system_program,
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{LoanRead, LotTerms, UnitBounds},
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Moves collateral into the lot numbered `lot_index`, the credit's `lots_opened`. Signers: `lender`, `rent_payer`, who
/// gets the lot's rent back.
pub fn credit_seize_to_pool(
    market: &Pubkey,
    lender: &Pubkey,
    rent_payer: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
    amount: UnitBounds,
    terms: LotTerms,
) -> Instruction {
    let accounts = accounts::CreditSeizeToPool {
        lender: *lender,
        rent_payer: *rent_payer,
        market: *market,
        credit: *credit,
        vault: addresses::vault(credit),
        lot: addresses::lot(credit, lot_index),
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditSeizeToPool { amount, terms })
}

/// A lot to buy from: its credit, its number, the provider of its units and their expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotKeys {
    /// The credit the units were seized from.
    pub credit: Pubkey,
    /// The lot's number.
    pub index: u32,
    /// The provider's account.
    pub provider: Pubkey,
    /// Expiry of the credit's units, in Unix seconds of market time; 0 for never.
    pub units_expire_at: i64,
}

/// Takes collateral over at what the loan paid for it. Signers: `lender`, `rent_payer` of the credit that the units go to.
/// `units_expire_at` as in [`LotKeys`].
pub fn credit_seize_to_lender(
    market: &Pubkey,
    lender: &Pubkey,
    rent_payer: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    units_expire_at: i64,
    amount: UnitBounds,
) -> Instruction {
    let accounts = accounts::CreditSeizeToLender {
        lender: *lender,
        rent_payer: *rent_payer,
        market: *market,
        credit: *credit,
        vault: addresses::vault(credit),
        provider: *provider,
        lender_credit: addresses::unrestricted_credit(market, provider, lender, units_expire_at),
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditSeizeToLender { amount })
}

/// Buys units at the current price, at most `max_price` micro-USDC per `PRICE_SCALE` units. Signers: `buyer`, `rent_payer` of
/// the credit that the units go to.
pub fn lot_buy(
    keys: &MarketKeys,
    buyer: &Pubkey,
    rent_payer: &Pubkey,
    source: &Pubkey,
    lot: &LotKeys,
    amount: UnitBounds,
    max_price: u64,
) -> Instruction {
    let accounts = accounts::LotBuy {
        credit_vault: credit_vault(keys, &lot.credit),
        buyer: *buyer,
        rent_payer: *rent_payer,
        provider: lot.provider,
        lot: addresses::lot(&lot.credit, lot.index),
        buyer_credit: addresses::unrestricted_credit(&keys.market, &lot.provider, buyer, lot.units_expire_at),
        source: *source,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotBuy { amount, max_price })
}

/// Closes a lot; its rent goes back to `rent_payer`, who paid it. Signer: `closer`.
pub fn lot_close(
    market: &Pubkey,
    closer: &Pubkey,
    rent_payer: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
) -> Instruction {
    let accounts = accounts::LotClose {
        closer: *closer,
        rent_payer: *rent_payer,
        market: *market,
        credit: *credit,
        lot: addresses::lot(credit, lot_index),
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotClose {})
}

/// Cancels units under the holdback within `amount`, in no worse status than was `read`. Signers: `signer`, the lender, or
/// anyone once that is open; on a loan that is not in default also the `borrower`.
pub fn credit_cancel_locked(
    market: &Pubkey,
    signer: &Pubkey,
    borrower: Option<&Pubkey>,
    credit: &Pubkey,
    provider: &Pubkey,
    amount: UnitBounds,
    read: LoanRead,
) -> Instruction {
    let accounts = accounts::CreditCancelLocked {
        signer: *signer,
        borrower: borrower.copied(),
        market: *market,
        credit: *credit,
        vault: addresses::vault(credit),
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditCancelLocked { amount, read })
}

/// Waives the whole debt, at most `most_debt` micro-USDC, of the loan whose offer was made in `offer_slot`, after the covered
/// units that it pays for are cancelled. Signer: `lender`.
pub fn credit_write_off(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    offer_slot: u64,
    most_debt: u64,
) -> Instruction {
    let accounts = accounts::CreditWriteOff {
        authority: *lender,
        market: *market,
        credit: *credit,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditWriteOff { offer_slot, most_debt })
}
