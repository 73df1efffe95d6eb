//! The effect of every instruction on the accounts, as functions of the state types, free of Anchor's contexts.
//!
//! A handler loads accounts, calls one or two of these functions, moves tokens and emits the change that they return. Gate
//! and keeper call the same functions on copies. Each function checks the pause, the signer, the status and the amounts.
//! Anchor's constraints alone check relations between accounts, and signers that they name. After an error a value may be
//! half changed: on chain the transaction fails, off chain the copy is to be dropped.

mod assign;
mod begin;
mod cancel;
mod cancel_locked;
mod close;
mod covenant;
mod emergency;
mod expire;
mod forgive;
mod freeze;
mod hand_over;
mod issue;
mod loan_read;
mod lot;
mod mark;
mod market;
mod meter;
mod notice;
mod offer;
mod provider;
mod repay;
mod reserve;
mod restructure;
mod seize;
mod unit_bounds;
mod unrestricted;

pub use {
    cancel_locked::CancelSigners,
    freeze::{CrossCredit, FreezeAmount, ThawBounds},
    hand_over::BorrowerLimits,
    loan_read::{LoanRead, PurchaseLimits},
    lot::{LotTerms, NewLot, Quote, Sale},
    market::{MarketArgs, NewMarket},
    meter::VerifiedReports,
    notice::Notice,
    offer::{NewCredit, OfferArgs, OfferRead},
    provider::{NewProvider, latest_slot_hash},
    restructure::RestructureLimits,
    seize::LEAST_FIRST_SEIZURE,
    unit_bounds::UnitBounds,
    unrestricted::NewUnrestricted,
};

use crate::events::Change;

/// A change for which money leaves the vault.
#[must_use = "the amount is to be paid out of the vault"]
#[derive(Debug)]
pub struct Payout {
    /// Micro-USDC to be paid out of the vault.
    pub amount: u64,
    /// The change.
    pub change: Change,
}
