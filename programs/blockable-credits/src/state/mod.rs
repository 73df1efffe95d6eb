//! Accounts and the parts they are made of. Layouts are fixed, little-endian and checked at compile time.

mod collateral;
mod credit;
mod debt;
mod lot;
mod market;
mod meter;
mod provider;
mod rider;
pub mod seeds;
mod terms;

pub use {
    collateral::Collateral,
    credit::{Credit, FreezeReason, LoanParties, Party, VaultClaims, terms_hash},
    debt::Debt,
    lot::Lot,
    market::{
        CHANGE_LIFETIME, MAX_CHANGE_DELAY, MAX_PAUSE_PER_DAY, MAX_PRINCIPAL, MAX_REDISTRIBUTION_FEE_BPS,
        MIN_CHANGE_DELAY, Market, MarketClock, MarketSettings, TermBounds, shortest_delay,
    },
    meter::Meter,
    provider::{MAX_CHUNK_SIZE, MAX_REPORTERS, Provider, Reporter},
    rider::{CovenantState, Rider},
    terms::{FreezePolicy, Instalment, MAX_INSTALMENTS, Terms, TermsRefused},
};
