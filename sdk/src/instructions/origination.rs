//! From the offer of a loan to live units.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_control, credit_vault},
    },
    anchor_lang::system_program,
    blockable_credits::{ID, accounts, instruction as data, instructions::OfferArgs},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Offers a loan; the principal leaves `source` for the credit's vault. Signer: `lender`.
pub fn credit_offer(
    keys: &MarketKeys,
    lender: &Pubkey,
    borrower: &Pubkey,
    provider: &Pubkey,
    source: &Pubkey,
    args: OfferArgs,
) -> Instruction {
    let credit = addresses::credit(&keys.market, lender, borrower, args.nonce);
    let accounts = accounts::CreditOffer {
        lender: *lender,
        borrower: *borrower,
        market: keys.market,
        provider: *provider,
        credit,
        mint: keys.mint,
        vault: addresses::vault(&credit),
        source: *source,
        token_program: keys.token_program,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditOffer { args })
}

/// Accepts an offer by the hash of its terms. Signer: `borrower`.
pub fn credit_accept(
    market: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    terms_hash: [u8; 32],
) -> Instruction {
    build(credit_control(market, borrower, credit), data::CreditAccept { terms_hash })
}

/// Issues the units; the principal goes to `payout`, the provider's own. Signer: `authority` of the provider.
pub fn credit_issue(
    keys: &MarketKeys,
    authority: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
    credit: &Pubkey,
) -> Instruction {
    let accounts = accounts::CreditIssue {
        credit_vault: credit_vault(keys, credit),
        authority: *authority,
        provider: *provider,
        payout: *payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditIssue {})
}

/// Withdraws an offer; the principal goes to `refund`, a token account of the lender. Signer: `party`.
pub fn credit_cancel_offer(
    keys: &MarketKeys,
    party: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    refund: &Pubkey,
) -> Instruction {
    let accounts = accounts::CreditCancelOffer {
        credit_vault: credit_vault(keys, credit),
        party: *party,
        lender: *lender,
        refund: *refund,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditCancelOffer {})
}

/// Names the freeze authority, which may only freeze and thaw. Signer: `lender`.
pub fn credit_set_freeze_authority(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    to: Pubkey,
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditSetFreezeAuthority { to })
}
