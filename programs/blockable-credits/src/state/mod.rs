//! Accounts and the parts they are made of. Layouts are fixed, little-endian and checked at compile time.

mod collateral;
mod credit;
mod debt;
mod lot;
mod market;
mod meter;
mod provider;
pub mod seeds;
mod terms;

pub use {
    collateral::Collateral,
    credit::{Credit, FreezeReason, Party, VaultClaims, terms_hash},
    debt::Debt,
    lot::Lot,
    market::{MAX_PRINCIPAL, MAX_REDISTRIBUTION_FEE_BPS, Market, MarketClock, TermBounds},
    meter::Meter,
    provider::{MAX_CHUNK_SIZE, MAX_REPORTERS, Provider, Reporter},
    terms::{FreezePolicy, Instalment, MAX_INSTALMENTS, Terms, TermsRefused},
};
