//! The market: creation, changes of its settings, roles, pauses, halts.

use {
    crate::{addresses, instructions::build},
    anchor_lang::system_program,
    blockable_credits::{ID, accounts, instruction as data, instructions::MarketArgs, state::MarketSettings},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Creates a market. Signers: `rent_payer`, `admin`.
pub fn market_create(
    rent_payer: &Pubkey,
    admin: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
    treasury: &Pubkey,
    args: MarketArgs,
) -> Instruction {
    let accounts = accounts::MarketCreate {
        rent_payer: *rent_payer,
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

/// Applies the change proposed for the market time `ready_at`, once that has come. Signer: `admin`.
pub fn market_apply_change(market: &Pubkey, admin: &Pubkey, ready_at: i64) -> Instruction {
    build(market_control(market, admin), data::MarketApplyChange { ready_at })
}

/// Drops the change proposed for the market time `ready_at`. Signer: `admin`.
pub fn market_cancel_change(market: &Pubkey, admin: &Pubkey, ready_at: i64) -> Instruction {
    build(market_control(market, admin), data::MarketCancelChange { ready_at })
}

/// Offers the admin role to `to`, who may take it after the market's delay; the zero key withdraws the offer. Signer: `admin`.
pub fn market_offer_admin(market: &Pubkey, admin: &Pubkey, to: Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketOfferAdmin { to })
}

/// Takes the admin role. Signer: `new_admin`, the key it was offered to.
pub fn market_accept_admin(market: &Pubkey, new_admin: &Pubkey) -> Instruction {
    build(market_control(market, new_admin), data::MarketAcceptAdmin {})
}

/// Pauses a market for `seconds`, at most six hours per UTC day and 24 hours in 30 days. Signer: `authority`, the
/// guardian or the admin.
pub fn market_pause(market: &Pubkey, authority: &Pubkey, seconds: u32) -> Instruction {
    build(market_control(market, authority), data::MarketPause { seconds })
}

/// Ends the pause that began at the Unix time `began_at`, the market's `paused_at`. Signer: `authority`, the admin, or anyone
/// once the pause has expired.
pub fn market_unpause(market: &Pubkey, authority: &Pubkey, began_at: i64) -> Instruction {
    build(market_control(market, authority), data::MarketUnpause { began_at })
}

/// Stops new business without an end. Signer: `authority`, the guardian or the admin.
pub fn market_halt(market: &Pubkey, authority: &Pubkey) -> Instruction {
    build(market_control(market, authority), data::MarketHalt {})
}

/// Lets the halt of the market time `halted_at`, the market's own, end once the market's delay has passed. Signer: `admin`.
pub fn market_lift_halt(market: &Pubkey, admin: &Pubkey, halted_at: i64) -> Instruction {
    build(market_control(market, admin), data::MarketLiftHalt { halted_at })
}
