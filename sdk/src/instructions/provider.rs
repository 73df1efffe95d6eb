//! The provider: registration, capacity, reporters, authority, suspension.

use {
    crate::{addresses, instructions::build},
    anchor_lang::system_program,
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{CapacityArgs, ReportersArgs},
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Registers a provider. Signer: `authority`. `payout` is the token account that principal is paid to.
pub fn provider_register(
    market: &Pubkey,
    authority: &Pubkey,
    payout: &Pubkey,
    capacity: CapacityArgs,
    reporters: ReportersArgs,
) -> Instruction {
    let accounts = accounts::ProviderRegister {
        authority: *authority,
        market: *market,
        provider: addresses::provider(market, authority),
        payout: *payout,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderRegister { capacity, reporters })
}

fn provider_update(market: &Pubkey, authority: &Pubkey, provider: &Pubkey) -> accounts::ProviderUpdate {
    accounts::ProviderUpdate {
        authority: *authority,
        market: *market,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Replaces a provider's reporters and voids every older report. Signer: `authority`.
pub fn provider_set_reporters(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    reporters: ReportersArgs,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderSetReporters { reporters })
}

/// Sets a provider's capacity and rate bound. Signer: `authority`.
pub fn provider_set_capacity(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    capacity: CapacityArgs,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderSetCapacity { capacity })
}

/// Sets the token account that a provider's principal is paid to. Signer: `authority`.
pub fn provider_set_payout(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
) -> Instruction {
    let accounts = accounts::ProviderSetPayout {
        authority: *authority,
        market: *market,
        provider: *provider,
        payout: *payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderSetPayout {})
}

/// Offers the authority role to `to`; the zero key withdraws the offer. Signer: `authority`.
pub fn provider_offer_authority(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    to: Pubkey,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderOfferAuthority { to })
}

/// Takes the authority role; the provider keeps its address. Signer: `new_authority`, the key it was offered to.
pub fn provider_accept_authority(market: &Pubkey, new_authority: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, new_authority, provider), data::ProviderAcceptAuthority {})
}

/// Stops new credits of a provider. Signer: `signer`, its authority or the market's admin.
pub fn provider_suspend(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderSuspend {})
}

/// Lets a provider take new credits again. Signer: `signer`, who suspended it.
pub fn provider_resume(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderResume {})
}
