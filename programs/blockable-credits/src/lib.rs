//! Blockable: loans secured by prepaid compute credits that the lender can freeze.
//!
//! This file is the table of contents: one line per instruction, each in its own file under `instructions/`.
//! `state/` holds the accounts; `units`, `schedule`, `waterfall`, `metering`, `auction` and `transitions` hold the
//! arithmetic and the rules, free of Anchor's contexts.

#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used))]

pub mod auction;
pub mod errors;
pub mod events;
pub mod hash;
pub mod instructions;
pub mod metering;
pub mod report;
pub mod schedule;
pub mod signature;
pub mod state;
pub mod tokens;
pub mod transitions;
pub mod units;
pub mod waterfall;

#[cfg(test)]
mod tests;

use {
    anchor_lang::prelude::*,
    instructions::*,
    report::SignedReport,
    state::{FreezeReason, Party},
};

declare_id!("BLKCM2RJHws8Tiz9r7yK9nTzCSD3F8Hk71tTezHRxWVR");

/// The program's instructions.
#[program]
pub mod blockable_credits {
    use super::*;

    // Market and provider.

    /// Creates a market; see [`MarketCreate`].
    pub fn market_create(ctx: Context<MarketCreate>, args: MarketArgs) -> Result<()> {
        MarketCreate::handle(ctx, args)
    }

    /// Registers a GPU provider; see [`ProviderRegister`].
    pub fn provider_register(
        ctx: Context<ProviderRegister>,
        capacity: CapacityArgs,
        reporters: ReportersArgs,
    ) -> Result<()> {
        ProviderRegister::handle(ctx, capacity, reporters)
    }

    /// Replaces a provider's reporters; see [`ProviderUpdate::set_reporters`].
    pub fn provider_set_reporters(ctx: Context<ProviderUpdate>, reporters: ReportersArgs) -> Result<()> {
        ProviderUpdate::set_reporters(ctx, reporters)
    }

    /// Sets what a provider commits to; see [`ProviderUpdate::set_capacity`].
    pub fn provider_set_capacity(ctx: Context<ProviderUpdate>, capacity: CapacityArgs) -> Result<()> {
        ProviderUpdate::set_capacity(ctx, capacity)
    }

    // Origination.

    /// Offers a loan with the principal in escrow; see [`CreditOffer`].
    pub fn credit_offer(ctx: Context<CreditOffer>, args: OfferArgs) -> Result<()> {
        CreditOffer::handle(ctx, args)
    }

    /// Accepts an offer by its terms hash; see [`CreditAccept`].
    pub fn credit_accept(ctx: Context<CreditAccept>, terms_hash: [u8; 32]) -> Result<()> {
        CreditAccept::handle(ctx, terms_hash)
    }

    /// Issues the units against the principal; see [`CreditIssue`].
    pub fn credit_issue(ctx: Context<CreditIssue>) -> Result<()> {
        CreditIssue::handle(ctx)
    }

    /// Withdraws an offer that is not issued; see [`CreditCancelOffer`].
    pub fn credit_cancel_offer(ctx: Context<CreditCancelOffer>) -> Result<()> {
        CreditCancelOffer::handle(ctx)
    }

    // Servicing.

    /// Pays up to `amount` micro-USDC of the debt; see [`CreditRepay`].
    pub fn credit_repay(ctx: Context<CreditRepay>, amount: u64) -> Result<()> {
        CreditRepay::handle(ctx, amount)
    }

    /// Pays a party's claim out of a credit's vault; see [`VaultCollect`].
    pub fn vault_collect(ctx: Context<VaultCollect>, party: Party) -> Result<()> {
        VaultCollect::handle(ctx, party)
    }

    // Enforcement.

    /// Marks a credit delinquent; see [`CreditMark::mark_delinquent`].
    pub fn credit_mark_delinquent(ctx: Context<CreditMark>) -> Result<()> {
        CreditMark::mark_delinquent(ctx)
    }

    /// Marks a credit defaulted; see [`CreditMark::mark_defaulted`].
    pub fn credit_mark_defaulted(ctx: Context<CreditMark>) -> Result<()> {
        CreditMark::mark_defaulted(ctx)
    }

    /// Freezes collateral; see [`CreditFreeze`].
    pub fn credit_freeze(
        ctx: Context<CreditFreeze>,
        amount: FreezeAmount,
        reason: FreezeReason,
    ) -> Result<()> {
        CreditFreeze::handle(ctx, amount, reason)
    }

    /// Thaws collateral; see [`CreditFreeze::thaw`].
    pub fn credit_thaw(ctx: Context<CreditFreeze>, amount: UnitAmount) -> Result<()> {
        CreditFreeze::thaw(ctx, amount)
    }

    /// Freezes a defaulted credit in full where its terms say so; see [`CreditMark::auto_freeze`].
    pub fn credit_auto_freeze(ctx: Context<CreditMark>) -> Result<()> {
        CreditMark::auto_freeze(ctx)
    }

    // Metering.

    /// Applies a quorum of signed usage reports to the credits of a chunk; see [`UsageMeter`].
    pub fn usage_meter<'info>(
        ctx: Context<'info, UsageMeter<'info>>,
        chunk: u32,
        reports: Vec<SignedReport>,
    ) -> Result<()> {
        UsageMeter::handle(ctx, chunk, reports)
    }

    // Recovery.

    /// Moves collateral into a lot for sale; see [`CreditSeizeToPool`].
    pub fn credit_seize_to_pool(
        ctx: Context<CreditSeizeToPool>,
        amount: UnitAmount,
        terms: LotTerms,
    ) -> Result<()> {
        CreditSeizeToPool::handle(ctx, amount, terms)
    }

    /// Buys units of a lot; see [`LotBuy`].
    pub fn lot_buy(ctx: Context<LotBuy>, units: u64, max_price: u64) -> Result<()> {
        LotBuy::handle(ctx, units, max_price)
    }

    /// Closes a lot; see [`LotClose`].
    pub fn lot_close(ctx: Context<LotClose>) -> Result<()> {
        LotClose::handle(ctx)
    }
}
