//! From the offer of a loan to live units.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_control, credit_vault},
    },
    anchor_lang::system_program,
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{OfferArgs, OfferRead},
    },
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Offers a loan; the principal leaves `source` for the credit's vault. Signers: `lender`, `rent_payer`, who gets the rent of
/// credit and vault back.
pub fn credit_offer(
    keys: &MarketKeys,
    lender: &Pubkey,
    rent_payer: &Pubkey,
    borrower: &Pubkey,
    provider: &Pubkey,
    source: &Pubkey,
    args: OfferArgs,
) -> Instruction {
    let credit = addresses::credit(&keys.market, lender, borrower, args.nonce);
    let accounts = accounts::CreditOffer {
        lender: *lender,
        rent_payer: *rent_payer,
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

/// Accepts the offer that was read. Signer: `borrower`.
pub fn credit_accept(market: &Pubkey, borrower: &Pubkey, credit: &Pubkey, read: OfferRead) -> Instruction {
    build(credit_control(market, borrower, credit), data::CreditAccept { read })
}

/// Issues the units of the offer that was read; the principal goes to `payout`, the provider's own. Signer: `authority`
/// of the provider.
pub fn credit_issue(
    keys: &MarketKeys,
    authority: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
    credit: &Pubkey,
    read: OfferRead,
) -> Instruction {
    let accounts = accounts::CreditIssue {
        credit_vault: credit_vault(keys, credit),
        authority: *authority,
        provider: *provider,
        payout: *payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditIssue { read })
}

/// Withdraws the offer made in the slot `offer_slot`; the principal goes to `refund`, the lender's associated token account, or
/// any of the lender's where it signs, the rent to `receiver`, who paid it. With the vault as `refund` the principal of an
/// accepted offer stays there as the lender's claim. Signer: `party`.
pub fn credit_cancel_offer(
    keys: &MarketKeys,
    party: &Pubkey,
    receiver: &Pubkey,
    credit: &Pubkey,
    refund: &Pubkey,
    offer_slot: u64,
) -> Instruction {
    let accounts = accounts::CreditCancelOffer {
        credit_vault: credit_vault(keys, credit),
        party: *party,
        receiver: *receiver,
        refund: *refund,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditCancelOffer { offer_slot })
}

/// Names the freeze authority of the loan that was offered in `offer_slot`; it may only freeze and thaw. Signer: `lender`.
pub fn credit_set_freeze_authority(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    offer_slot: u64,
    to: Pubkey,
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditSetFreezeAuthority { offer_slot, to })
}
