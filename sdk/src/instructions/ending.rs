//! Claims, expiry, and the removal of accounts.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_upkeep, credit_vault},
    },
    blockable_credits::{ID, accounts, instruction as data, state::Party},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Pays a party's whole claim, at least `least` micro-USDC, out of a credit's vault to `destination`; with a least of 0 nothing
/// to collect is no failure. Signer: `caller`, anyone.
pub fn vault_collect(
    keys: &MarketKeys,
    caller: &Pubkey,
    credit: &Pubkey,
    destination: &Pubkey,
    party: Party,
    least: u64,
) -> Instruction {
    let accounts = collect_accounts(keys, caller, credit, destination, None);
    build(accounts, data::VaultCollect { party, least })
}

/// Pays the provider's whole claim, at least `least` micro-USDC, out of a credit's vault to `payout`, the provider's payout
/// account. Signer: `caller`, anyone.
pub fn vault_collect_for_provider(
    keys: &MarketKeys,
    caller: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
    least: u64,
) -> Instruction {
    let accounts = collect_accounts(keys, caller, credit, payout, Some(*provider));
    build(accounts, data::VaultCollect { party: Party::Provider, least })
}

fn collect_accounts(
    keys: &MarketKeys,
    caller: &Pubkey,
    credit: &Pubkey,
    destination: &Pubkey,
    provider: Option<Pubkey>,
) -> accounts::VaultCollect {
    accounts::VaultCollect {
        credit_vault: credit_vault(keys, credit),
        caller: *caller,
        destination: *destination,
        provider,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Expires unused units past their lifetime. No signer but the fee payer.
pub fn credit_expire_units(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_upkeep(market, credit), data::CreditExpireUnits {})
}

/// Removes a vault that owes nothing. Its rent goes to `receiver`, who paid it, and the rest of its balance to `treasury`.
/// No signer but the fee payer.
pub fn vault_close(keys: &MarketKeys, credit: &Pubkey, receiver: &Pubkey, treasury: &Pubkey) -> Instruction {
    let accounts = accounts::VaultClose {
        credit_vault: credit_vault(keys, credit),
        receiver: *receiver,
        treasury: *treasury,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::VaultClose {})
}

/// Removes a credit that has ended; its rent goes to `receiver`, who paid it. Signer: `closer`, the borrower where units are
/// left, at most `most_units` of which it gives up.
pub fn credit_close(
    market: &Pubkey,
    closer: &Pubkey,
    receiver: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    most_units: u64,
) -> Instruction {
    let accounts = accounts::CreditClose {
        closer: *closer,
        receiver: *receiver,
        market: *market,
        credit: *credit,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditClose { most_units })
}
