//! Payments, the reserve, the covenant, agreed changes, assignment, metering.

use {
    crate::{
        addresses,
        instructions::{MarketKeys, build, credit_control, credit_upkeep, credit_vault},
    },
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{BorrowerLimits, LoanRead, PurchaseLimits, RestructureLimits},
        report::SignedReport,
        state::{Instalment, ScheduleRuns, Terms},
        transitions::Status,
    },
    solana_instruction::{AccountMeta, Instruction},
    solana_pubkey::Pubkey,
};

/// A payment, and the state of the loan that it is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The most to pay, in micro-USDC; the debt where that is less.
    pub amount: u64,
    /// The loan and the worst status.
    pub read: LoanRead,
    /// True for a payment that is refused unless it cures the loan or pays it off.
    pub must_cure: bool,
}

impl Payment {
    /// A payment in any status of the loan whose offer was made in `offer_slot`.
    pub fn in_any_status(amount: u64, offer_slot: u64) -> Payment {
        Payment { amount, read: LoanRead { offer_slot, worst_status: Status::Seizing }, must_cure: false }
    }

    /// A payment that is refused once a seizure has begun, when payments release nothing any more.
    pub fn while_it_releases(amount: u64, offer_slot: u64) -> Payment {
        Payment { amount, read: LoanRead { offer_slot, worst_status: Status::Defaulted }, must_cure: false }
    }

    /// A payment that is refused unless it cures the loan or pays it off.
    pub fn that_cures(amount: u64, offer_slot: u64) -> Payment {
        Payment { must_cure: true, ..Payment::while_it_releases(amount, offer_slot) }
    }
}

/// Pays a part of the debt, or all of it, from `source`. Signer: `payer`.
///
/// Follow it with [`vault_collect`] in the same transaction where the lender wants the cash at once.
pub fn credit_repay(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    payment: Payment,
) -> Instruction {
    let Payment { amount, read, must_cure } = payment;
    build(credit_repay_accounts(keys, payer, source, credit), data::CreditRepay { amount, read, must_cure })
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

/// Puts up to `amount` micro-USDC from `source` into the borrower's reserve, in no worse status than was `read`. Signer:
/// `payer`.
pub fn reserve_fund(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    amount: u64,
    read: LoanRead,
) -> Instruction {
    build(credit_repay_accounts(keys, payer, source, credit), data::ReserveFund { amount, read })
}

/// Pays the arrears from the borrower's reserve. No signer but the fee payer.
pub fn reserve_draw(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_upkeep(market, credit), data::ReserveDraw {})
}

/// Applies the covenant on utilisation at the end of its window. No signer but the fee payer.
pub fn covenant_apply(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_upkeep(market, credit), data::CovenantApply {})
}

/// Puts new terms and a schedule counted from now in the place of the old ones. The instalments add up to the most principal
/// that may be outstanding. Signers: `lender`, `borrower`.
pub fn credit_restructure(
    market: &Pubkey,
    lender: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    terms: Terms,
    schedule: &[Instalment],
    limits: RestructureLimits,
) -> Instruction {
    let schedule = ScheduleRuns::from_schedule(schedule);
    let accounts = accounts::CreditRestructure {
        lender: *lender,
        borrower: *borrower,
        market: *market,
        credit: *credit,
        provider: None,
        provider_authority: None,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditRestructure { terms, schedule, limits })
}

/// Adds the provider's agreement to a [`credit_restructure`] by which its holdback waits for longer. Signer besides the others:
/// `authority`, the provider's.
pub fn with_provider(mut restructuring: Instruction, provider: &Pubkey, authority: &Pubkey) -> Instruction {
    let accounts = [AccountMeta::new_readonly(*provider, false), AccountMeta::new_readonly(*authority, true)];
    // The two optional accounts are the last before those of the event.
    let at = restructuring.accounts.len().saturating_sub(4);
    for (place, account) in restructuring.accounts.iter_mut().skip(at).zip(accounts) {
        *place = account;
    }
    restructuring
}

/// Offers the borrower's place in the loan that was offered in `offer_slot` to `to`, who may take it after the market's delay;
/// the zero key withdraws the offer. Signers: `lender`, `borrower`.
pub fn credit_offer_borrower(
    market: &Pubkey,
    lender: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    offer_slot: u64,
    to: Pubkey,
) -> Instruction {
    let accounts = accounts::CreditOfferBorrower {
        lender: *lender,
        borrower: *borrower,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditOfferBorrower { offer_slot, to })
}

/// Withdraws the offer of the borrower's place. Signer: `party`, the lender or the borrower.
pub fn credit_withdraw_borrower(market: &Pubkey, party: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, party, credit), data::CreditWithdrawBorrower {})
}

/// Takes the borrower's place, where the loan is within the limits. Signer: `new_borrower`, the key it was offered to.
///
/// The old borrower's claim must have been collected first: put [`vault_collect`](crate::instructions::vault_collect) with a
/// least of 0 before it in the same transaction.
pub fn credit_accept_borrower(
    market: &Pubkey,
    new_borrower: &Pubkey,
    credit: &Pubkey,
    limits: BorrowerLimits,
) -> Instruction {
    build(credit_control(market, new_borrower, credit), data::CreditAcceptBorrower { limits })
}

/// Waives up to `amount` micro-USDC of late fees. Signer: `lender`.
pub fn credit_waive_fee(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, amount: u64) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWaiveFee { amount })
}

/// Offers the loan that was offered in `offer_slot` to another lender; the zero key withdraws the offer. Signer: `lender`.
pub fn credit_offer_lender(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    offer_slot: u64,
    to: Pubkey,
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditOfferLender { offer_slot, to })
}

/// Takes a loan over, where it is within the limits. Signer: `new_lender`, the key it was offered to.
///
/// The seller's payments must have been collected first: put [`vault_collect`](crate::instructions::vault_collect) with a
/// least of 0 before it in the same transaction.
pub fn credit_accept_lender(
    market: &Pubkey,
    new_lender: &Pubkey,
    credit: &Pubkey,
    limits: PurchaseLimits,
) -> Instruction {
    build(credit_control(market, new_lender, credit), data::CreditAcceptLender { limits })
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
