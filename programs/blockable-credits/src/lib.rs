//! Blockable: loans secured by prepaid compute credits that the lender can freeze.
//!
//! This file is the table of contents: one line per instruction, each in its own file under `instructions/`. Modules further
//! down never use those further up:
//!
//! | modules | hold |
//! |---|---|
//! | `instructions`, `tokens` | accounts, constraints, transfers |
//! | `actions` | the effect of every instruction, as functions of the state types |
//! | `events` | changes, and the hash chain over them |
//! | `waterfall`, `schedule`, `metering`, `quorum`, `covenant`, `report` | arithmetic on parts of accounts |
//! | `state` | the accounts |
//! | `auction`, `holdback`, `transitions`, `errors`, `units`, `hash`, `signature`, `plain` | rules and arithmetic without accounts |
//!
//! All but the first row are free of Anchor's contexts.

#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used))]

pub mod actions;
pub mod auction;
pub mod covenant;
pub mod errors;
pub mod events;
pub mod hash;
pub mod holdback;
pub mod instructions;
pub mod metering;
pub mod plain;
pub mod quorum;
pub mod report;
pub mod schedule;
#[cfg(not(feature = "no-entrypoint"))]
mod security;
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
    state::{FreezeReason, MarketSettings, Party, ProviderSettings, ScheduleRuns, Terms},
};

declare_id!("BLKCM2RJHws8Tiz9r7yK9nTzCSD3F8Hk71tTezHRxWVR");

/// The program's instructions.
#[program]
pub mod blockable_credits {
    use super::*;

    // Market.

    /// Creates a market; see [`MarketCreate`].
    pub fn market_create(ctx: Context<MarketCreate>, args: MarketArgs) -> Result<()> {
        MarketCreate::handle(ctx, args)
    }

    /// Proposes other settings of the market, which are in force at once where they only tighten; see [`MarketProposeChange`].
    pub fn market_propose_change(ctx: Context<MarketProposeChange>, settings: MarketSettings) -> Result<()> {
        MarketProposeChange::handle(ctx, settings)
    }

    /// Applies the change proposed for `ready_at`; see [`MarketControl::apply_change`].
    pub fn market_apply_change(ctx: Context<MarketControl>, ready_at: i64) -> Result<()> {
        MarketControl::apply_change(ctx, ready_at)
    }

    /// Drops the change proposed for `ready_at`; see [`MarketControl::cancel_change`].
    pub fn market_cancel_change(ctx: Context<MarketControl>, ready_at: i64) -> Result<()> {
        MarketControl::cancel_change(ctx, ready_at)
    }

    /// Offers the admin role; see [`MarketControl::offer_admin`].
    pub fn market_offer_admin(ctx: Context<MarketControl>, to: Pubkey) -> Result<()> {
        MarketControl::offer_admin(ctx, to)
    }

    /// Takes the admin role; see [`MarketControl::accept_admin`].
    pub fn market_accept_admin(ctx: Context<MarketControl>) -> Result<()> {
        MarketControl::accept_admin(ctx)
    }

    /// Pauses the market for a number of seconds; see [`MarketControl::pause`].
    pub fn market_pause(ctx: Context<MarketControl>, seconds: u32) -> Result<()> {
        MarketControl::pause(ctx, seconds)
    }

    /// Ends a pause; see [`MarketControl::unpause`].
    pub fn market_unpause(ctx: Context<MarketControl>, began_at: i64) -> Result<()> {
        MarketControl::unpause(ctx, began_at)
    }

    /// Stops new business without an end; see [`MarketControl::halt`].
    pub fn market_halt(ctx: Context<MarketControl>) -> Result<()> {
        MarketControl::halt(ctx)
    }

    /// Lets a halt end after the market's delay; see [`MarketControl::lift_halt`].
    pub fn market_lift_halt(ctx: Context<MarketControl>, halted_at: i64) -> Result<()> {
        MarketControl::lift_halt(ctx, halted_at)
    }

    // Provider.

    /// Registers a GPU provider; see [`ProviderRegister`].
    pub fn provider_register(
        ctx: Context<ProviderRegister>,
        capacity_units: u64,
        settings: ProviderSettings,
    ) -> Result<()> {
        ProviderRegister::handle(ctx, capacity_units, settings)
    }

    /// Proposes other settings of a provider, which are in force at once where they only tighten; see
    /// [`ProviderProposeChange`].
    pub fn provider_propose_change(
        ctx: Context<ProviderProposeChange>,
        settings: ProviderSettings,
    ) -> Result<()> {
        ProviderProposeChange::handle(ctx, settings)
    }

    /// Applies the change proposed for `ready_at`; see [`ProviderUpdate::apply_change`].
    pub fn provider_apply_change(ctx: Context<ProviderUpdate>, ready_at: i64) -> Result<()> {
        ProviderUpdate::apply_change(ctx, ready_at)
    }

    /// Drops the change proposed for `ready_at`; see [`ProviderUpdate::cancel_change`].
    pub fn provider_cancel_change(ctx: Context<ProviderUpdate>, ready_at: i64) -> Result<()> {
        ProviderUpdate::cancel_change(ctx, ready_at)
    }

    /// Sets the units that a provider commits to; see [`ProviderUpdate::set_capacity`].
    pub fn provider_set_capacity(ctx: Context<ProviderUpdate>, capacity_units: u64) -> Result<()> {
        ProviderUpdate::set_capacity(ctx, capacity_units)
    }

    /// Offers the authority role; see [`ProviderUpdate::offer_authority`].
    pub fn provider_offer_authority(ctx: Context<ProviderUpdate>, to: Pubkey) -> Result<()> {
        ProviderUpdate::offer_authority(ctx, to)
    }

    /// Takes the authority role; see [`ProviderUpdate::accept_authority`].
    pub fn provider_accept_authority(ctx: Context<ProviderUpdate>, most_outstanding: u64) -> Result<()> {
        ProviderUpdate::accept_authority(ctx, most_outstanding)
    }

    /// Stops new credits of a provider; see [`ProviderUpdate::suspend`].
    pub fn provider_suspend(ctx: Context<ProviderUpdate>) -> Result<()> {
        ProviderUpdate::suspend(ctx)
    }

    /// Lets a provider take new credits again; see [`ProviderUpdate::resume`].
    pub fn provider_resume(ctx: Context<ProviderUpdate>) -> Result<()> {
        ProviderUpdate::resume(ctx)
    }

    // Origination.

    /// Offers a loan with the principal in escrow; see [`CreditOffer`].
    pub fn credit_offer(ctx: Context<CreditOffer>, args: OfferArgs) -> Result<()> {
        CreditOffer::handle(ctx, args)
    }

    /// Accepts an offer by its terms hash and slot; see [`CreditControl::accept`].
    pub fn credit_accept(ctx: Context<CreditControl>, read: OfferRead) -> Result<()> {
        CreditControl::accept(ctx, read)
    }

    /// Issues the units of an offer, by its terms hash and slot, against the principal; see [`CreditIssue`].
    pub fn credit_issue(ctx: Context<CreditIssue>, read: OfferRead) -> Result<()> {
        CreditIssue::handle(ctx, read)
    }

    /// Withdraws the offer made in the slot `offer_slot`, where it is not issued; see [`CreditCancelOffer`].
    pub fn credit_cancel_offer(ctx: Context<CreditCancelOffer>, offer_slot: u64) -> Result<()> {
        CreditCancelOffer::handle(ctx, offer_slot)
    }

    // Servicing.

    /// Pays up to `amount` micro-USDC of the debt; see [`CreditRepay`].
    pub fn credit_repay(
        ctx: Context<CreditRepay>,
        amount: u64,
        read: LoanRead,
        must_cure: bool,
    ) -> Result<()> {
        CreditRepay::handle(ctx, amount, read, must_cure)
    }

    /// Puts up to `amount` micro-USDC into the borrower's reserve; see [`CreditRepay::fund_reserve`].
    pub fn reserve_fund(ctx: Context<CreditRepay>, amount: u64, read: LoanRead) -> Result<()> {
        CreditRepay::fund_reserve(ctx, amount, read)
    }

    /// Pays the arrears from the reserve; see [`CreditUpkeep::draw_reserve`].
    pub fn reserve_draw(ctx: Context<CreditUpkeep>) -> Result<()> {
        CreditUpkeep::draw_reserve(ctx)
    }

    /// Applies the covenant on utilisation; see [`CreditUpkeep::apply_covenant`].
    pub fn covenant_apply(ctx: Context<CreditUpkeep>) -> Result<()> {
        CreditUpkeep::apply_covenant(ctx)
    }

    /// Puts a new schedule in the place of the old one; see [`CreditRestructure::handle`].
    pub fn credit_restructure(
        ctx: Context<CreditRestructure>,
        terms: Terms,
        schedule: ScheduleRuns,
        limits: RestructureLimits,
    ) -> Result<()> {
        CreditRestructure::handle(ctx, terms, schedule, limits)
    }

    /// Waives up to `amount` micro-USDC of late fees; see [`CreditControl::waive_fee`].
    pub fn credit_waive_fee(ctx: Context<CreditControl>, amount: u64) -> Result<()> {
        CreditControl::waive_fee(ctx, amount)
    }

    /// Offers the loan to another lender; see [`CreditControl::offer_lender`].
    pub fn credit_offer_lender(ctx: Context<CreditControl>, offer_slot: u64, to: Pubkey) -> Result<()> {
        CreditControl::offer_lender(ctx, offer_slot, to)
    }

    /// Takes a loan over within the buyer's limits; see [`CreditControl::accept_lender`].
    pub fn credit_accept_lender(ctx: Context<CreditControl>, limits: PurchaseLimits) -> Result<()> {
        CreditControl::accept_lender(ctx, limits)
    }

    /// Offers the borrower's place to another key; see [`CreditOfferBorrower::handle`].
    pub fn credit_offer_borrower(
        ctx: Context<CreditOfferBorrower>,
        offer_slot: u64,
        to: Pubkey,
    ) -> Result<()> {
        CreditOfferBorrower::handle(ctx, offer_slot, to)
    }

    /// Withdraws the offer of the borrower's place; see [`CreditControl::withdraw_borrower`].
    pub fn credit_withdraw_borrower(ctx: Context<CreditControl>) -> Result<()> {
        CreditControl::withdraw_borrower(ctx)
    }

    /// Takes the borrower's place within the new key's limits; see [`CreditControl::accept_borrower`].
    pub fn credit_accept_borrower(ctx: Context<CreditControl>, limits: BorrowerLimits) -> Result<()> {
        CreditControl::accept_borrower(ctx, limits)
    }

    /// Names the freeze authority; see [`CreditControl::set_freeze_authority`].
    pub fn credit_set_freeze_authority(
        ctx: Context<CreditControl>,
        offer_slot: u64,
        to: Pubkey,
    ) -> Result<()> {
        CreditControl::set_freeze_authority(ctx, offer_slot, to)
    }

    /// Pays a party's claim of at least `least` micro-USDC out of a credit's vault; see [`VaultCollect`].
    pub fn vault_collect(ctx: Context<VaultCollect>, party: Party, least: u64) -> Result<()> {
        VaultCollect::handle(ctx, party, least)
    }

    // Enforcement.

    /// Marks a credit delinquent; see [`CreditMarkUnpaid::mark_delinquent`].
    pub fn credit_mark_delinquent(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        CreditMarkUnpaid::mark_delinquent(ctx)
    }

    /// Marks a credit defaulted; see [`CreditMarkUnpaid::mark_defaulted`].
    pub fn credit_mark_defaulted(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        CreditMarkUnpaid::mark_defaulted(ctx)
    }

    /// Gives notice of default for a breach; see [`CreditGiveNotice`].
    pub fn credit_give_notice(ctx: Context<CreditGiveNotice>, notice: Notice) -> Result<()> {
        CreditGiveNotice::handle(ctx, notice)
    }

    /// Withdraws the notice given at the market time `given_at`; see [`CreditControl::withdraw_notice`].
    pub fn credit_withdraw_notice(ctx: Context<CreditControl>, given_at: i64) -> Result<()> {
        CreditControl::withdraw_notice(ctx, given_at)
    }

    /// Freezes collateral; see [`CreditFreeze`].
    pub fn credit_freeze(
        ctx: Context<CreditFreeze>,
        amount: FreezeAmount,
        reason: FreezeReason,
    ) -> Result<()> {
        CreditFreeze::handle(ctx, amount, reason)
    }

    /// Thaws collateral; see [`CreditControl::thaw`].
    pub fn credit_thaw(ctx: Context<CreditControl>, bounds: ThawBounds) -> Result<()> {
        CreditControl::thaw(ctx, bounds)
    }

    /// Thaws what is frozen for a cross-default that is over; see [`CreditThawCross`].
    pub fn credit_thaw_cross<'info>(ctx: Context<'info, CreditThawCross<'info>>) -> Result<()> {
        CreditThawCross::handle(ctx)
    }

    /// Freezes an unpaid credit in full where its terms say so; see [`CreditUpkeep::auto_freeze`].
    pub fn credit_auto_freeze(ctx: Context<CreditUpkeep>) -> Result<()> {
        CreditUpkeep::auto_freeze(ctx)
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
        amount: UnitBounds,
        terms: LotTerms,
    ) -> Result<()> {
        CreditSeizeToPool::handle(ctx, amount, terms)
    }

    /// Buys units of a lot at `max_price` micro-USDC per `PRICE_SCALE` units or less; see [`LotBuy`].
    pub fn lot_buy(ctx: Context<LotBuy>, amount: UnitBounds, max_price: u64) -> Result<()> {
        LotBuy::handle(ctx, amount, max_price)
    }

    /// Takes collateral over at the price the loan paid for it; see [`CreditSeizeToLender`].
    pub fn credit_seize_to_lender(ctx: Context<CreditSeizeToLender>, amount: UnitBounds) -> Result<()> {
        CreditSeizeToLender::handle(ctx, amount)
    }

    /// Cancels units under the holdback for the money that was held back for them; see [`CreditCancelLocked`].
    pub fn credit_cancel_locked(
        ctx: Context<CreditCancelLocked>,
        amount: UnitBounds,
        read: LoanRead,
    ) -> Result<()> {
        CreditCancelLocked::handle(ctx, amount, read)
    }

    /// Gives up the rest of the debt, at most `most_debt` micro-USDC; see [`CreditWriteOff`].
    pub fn credit_write_off(ctx: Context<CreditWriteOff>, offer_slot: u64, most_debt: u64) -> Result<()> {
        CreditWriteOff::handle(ctx, offer_slot, most_debt)
    }

    /// Closes a lot; see [`LotClose`].
    pub fn lot_close(ctx: Context<LotClose>) -> Result<()> {
        LotClose::handle(ctx)
    }

    // Housekeeping.

    /// Expires unused units past their lifetime; see [`CreditUpkeep::expire_units`].
    pub fn credit_expire_units(ctx: Context<CreditUpkeep>) -> Result<()> {
        CreditUpkeep::expire_units(ctx)
    }

    /// Removes a vault from which nothing is owed; see [`VaultClose`].
    pub fn vault_close(ctx: Context<VaultClose>) -> Result<()> {
        VaultClose::handle(ctx)
    }

    /// Removes a credit that has ended, with at most `most_units` left in it; see [`CreditClose`].
    pub fn credit_close(ctx: Context<CreditClose>, most_units: u64) -> Result<()> {
        CreditClose::handle(ctx, most_units)
    }
}
