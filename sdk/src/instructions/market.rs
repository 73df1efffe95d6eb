//! The market: creation, changes of its settings, roles, pauses.

use {
    crate::{addresses, instructions::build},
    anchor_lang::system_program,
    blockable_credits::{ID, accounts, instruction as data, instructions::MarketArgs, state::MarketSettings},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Creates a market. Signers: `payer` (rent), `admin`.
pub fn market_create(
    payer: &Pubkey,
    admin: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
    treasury: &Pubkey,
    args: MarketArgs,
) -> Instruction {
    let accounts = accounts::MarketCreate {
        payer: *payer,
        admin: *admin,
        market: addresses::market(args.id),
        mint: *mint,
        treasury: *treasury,
        token_program: *token_program,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::MarketCreate { args })
}

/// Changes a market's settings: at once where that only tightens, else after its delay. Signer: `admin`.
pub fn market_propose_change(market: &Pubkey, admin: &Pubkey, settings: MarketSettings) -> Instruction {
    let accounts = accounts::MarketProposeChange {
        authority: *admin,
        market: *market,
        treasury: settings.treasury,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::MarketProposeChange { settings })
}

fn market_control(market: &Pubkey, authority: &Pubkey) -> accounts::MarketControl {
    accounts::MarketControl {
        authority: *authority,
        market: *market,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Applies the proposed change, once its delay has passed. Signer: `admin`.
pub fn market_apply_change(market: &Pubkey, admin: &Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketApplyChange {})
}

/// Drops the proposed change. Signer: `admin`.
pub fn market_cancel_change(market: &Pubkey, admin: &Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketCancelChange {})
}

/// Offers the admin role to `to`; the zero key withdraws the offer. Signer: `admin`.
pub fn market_offer_admin(market: &Pubkey, admin: &Pubkey, to: Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketOfferAdmin { to })
}

/// Takes the admin role. Signer: `new_admin`, the key it was offered to.
pub fn market_accept_admin(market: &Pubkey, new_admin: &Pubkey) -> Instruction {
    build(market_control(market, new_admin), data::MarketAcceptAdmin {})
}

/// Names the guardian. Signer: `admin`.
pub fn market_set_guardian(market: &Pubkey, admin: &Pubkey, to: Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketSetGuardian { to })
}

/// Pauses a market for `seconds`, at most six hours per UTC day. Signer: `authority`, the guardian or the admin.
pub fn market_pause(market: &Pubkey, authority: &Pubkey, seconds: u32) -> Instruction {
    build(market_control(market, authority), data::MarketPause { seconds })
}

/// Ends a pause. Signer: `authority`, the admin, or anyone once the pause has expired.
pub fn market_unpause(market: &Pubkey, authority: &Pubkey) -> Instruction {
    build(market_control(market, authority), data::MarketUnpause {})
}
