//! The provider: registration, settings, capacity, authority, suspension.

use {
    crate::{addresses, instructions::build},
    anchor_lang::system_program,
    blockable_credits::{
        ID, accounts, instruction as data, instructions::SLOT_HASHES, state::ProviderSettings,
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Registers a provider that commits to serve `capacity_units`. Signers: `authority`, `rent_payer`.
pub fn provider_register(
    market: &Pubkey,
    authority: &Pubkey,
    rent_payer: &Pubkey,
    capacity_units: u64,
    settings: ProviderSettings,
) -> Instruction {
    let accounts = accounts::ProviderRegister {
        authority: *authority,
        rent_payer: *rent_payer,
        market: *market,
        provider: addresses::provider(market, authority),
        payout: settings.payout,
        slot_hashes: SLOT_HASHES,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderRegister { capacity_units, settings })
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

/// Changes a provider's settings: at once where that only tightens, else after the market's `provider_delay`. Signer:
/// `authority`.
pub fn provider_propose_change(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    settings: ProviderSettings,
) -> Instruction {
    let accounts = accounts::ProviderProposeChange {
        authority: *authority,
        market: *market,
        provider: *provider,
        payout: settings.payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderProposeChange { settings })
}

/// Applies the change proposed for the market time `ready_at`, once that has come. Signer: `authority`.
pub fn provider_apply_change(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    ready_at: i64,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderApplyChange { ready_at })
}

/// Drops the change proposed for the market time `ready_at`. Signer: `authority`.
pub fn provider_cancel_change(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    ready_at: i64,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderCancelChange { ready_at })
}

/// Sets the units that a provider commits to serve, no fewer than are outstanding. Signer: `authority`.
pub fn provider_set_capacity(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    capacity_units: u64,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderSetCapacity { capacity_units })
}

/// Offers the authority role to `to`, who may take it after the market's `provider_delay`; the zero key withdraws the offer.
/// Signer: `authority`.
pub fn provider_offer_authority(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    to: Pubkey,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderOfferAuthority { to })
}

/// Takes the authority role of a provider that owes at most `most_outstanding` units; it keeps its address. Signer:
/// `new_authority`, the key it was offered to.
pub fn provider_accept_authority(
    market: &Pubkey,
    new_authority: &Pubkey,
    provider: &Pubkey,
    most_outstanding: u64,
) -> Instruction {
    build(
        provider_update(market, new_authority, provider),
        data::ProviderAcceptAuthority { most_outstanding },
    )
}

/// Stops new credits of a provider, and drops what it has proposed. Signer: `signer`, its authority or the market's admin.
pub fn provider_suspend(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderSuspend {})
}

/// Lets a provider take new credits again. Signer: `signer`, who suspended it.
pub fn provider_resume(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderResume {})
}
