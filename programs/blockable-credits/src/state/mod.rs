//! Accounts and the parts they are made of. Layouts are fixed, little-endian and checked at compile time.

mod agreement;
mod bounds;
mod collateral;
mod credit;
mod debt;
mod freeze;
mod holdback;
mod lot;
mod market;
mod meter;
mod pause;
mod provider;
mod provider_settings;
mod rider;
mod schedule_runs;
pub mod seeds;
mod settings;
mod terms;
mod vault;

pub use {
    agreement::{LoanParties, TERMS_DOMAIN, terms_hash},
    bounds::{MAX_PRINCIPAL, TermBounds},
    collateral::Collateral,
    credit::Credit,
    debt::Debt,
    freeze::{FreezeReason, FreezeRecord},
    lot::Lot,
    market::Market,
    meter::Meter,
    pause::{MAX_PAUSE_PER_30_DAYS, MAX_PAUSE_PER_DAY, MarketClock, PAUSE_DAYS},
    provider::Provider,
    provider_settings::{MAX_CHUNK_SIZE, MAX_REPORTERS, ProviderSettings, REPORTERS_DOMAIN, Reporter},
    rider::{CovenantState, Rider},
    schedule_runs::{DueRun, PrincipalRun, ScheduleRuns},
    settings::{
        CHANGE_LIFETIME, MAX_CHANGE_DELAY, MAX_PROVIDER_DELAY, MAX_REDISTRIBUTION_FEE_BPS, MAX_SUSPENSION,
        MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY, MIN_SUSPENSION, MarketSettings, shortest_delay,
        shortest_provider_delay, shortest_suspension,
    },
    terms::{AutoFreeze, FreezePolicy, Instalment, MAX_INSTALMENTS, Terms, TermsRefused},
    vault::{Party, VaultClaims},
};
