//! Seizures, lots, writing off.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_control, credit_vault},
    },
    anchor_lang::system_program,
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{LotTerms, UnitAmount},
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Moves collateral into the lot numbered `lot_index`, the credit's `lots_opened`. Signer: `lender`.
pub fn credit_seize_to_pool(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
    amount: UnitAmount,
    terms: LotTerms,
) -> Instruction {
    let accounts = accounts::CreditSeizeToPool {
        lender: *lender,
        market: *market,
        credit: *credit,
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

/// Takes collateral over at the price that the loan paid for it. Signer: `lender`. `units_expire_at` as in [`LotKeys`].
pub fn credit_seize_to_lender(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    units_expire_at: i64,
    amount: UnitAmount,
) -> Instruction {
    let accounts = accounts::CreditSeizeToLender {
        lender: *lender,
        market: *market,
        credit: *credit,
        provider: *provider,
        lender_credit: addresses::unrestricted_credit(market, provider, lender, units_expire_at),
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditSeizeToLender { amount })
}

/// Buys `units` at the current price, at most `max_price` micro-USDC per `PRICE_SCALE` units. Signer: `buyer`.
pub fn lot_buy(
    keys: &MarketKeys,
    buyer: &Pubkey,
    source: &Pubkey,
    lot: &LotKeys,
    units: u64,
    max_price: u64,
) -> Instruction {
    let accounts = accounts::LotBuy {
        credit_vault: credit_vault(keys, &lot.credit),
        buyer: *buyer,
        provider: lot.provider,
        lot: addresses::lot(&lot.credit, lot.index),
        buyer_credit: addresses::unrestricted_credit(&keys.market, &lot.provider, buyer, lot.units_expire_at),
        source: *source,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotBuy { units, max_price })
}

/// Closes a lot; its rent goes back to `lender`, who opened it. Signer: `closer`.
pub fn lot_close(
    market: &Pubkey,
    closer: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
) -> Instruction {
    let accounts = accounts::LotClose {
        closer: *closer,
        lender: *lender,
        market: *market,
        credit: *credit,
        lot: addresses::lot(credit, lot_index),
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotClose {})
}

/// Waives the whole debt. Signer: `lender`.
pub fn credit_write_off(market: &Pubkey, lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWriteOff {})
}
