//! A market of tests, whose loans last seconds.

use {
    blockable_sdk::program::{
        instructions::{MarketArgs, OfferArgs},
        state::{Instalment, ProviderSettings, ScheduleRuns, TermBounds, Terms},
    },
    blockable_testkit::{Loan, World},
};

/// The market numbered `id`.
pub fn market(id: u64) -> MarketArgs {
    let bounds = TermBounds {
        min_instalment_interval: 1,
        min_delinquency_grace: 1,
        min_default_grace: 1,
        min_cure_period: 1,
        min_lot_window: 1,
        ..TermBounds::PRODUCTION
    };
    MarketArgs { id, is_test: true, change_delay: 1, bounds, ..World::market_args() }
}

/// Units that a provider of such loans registers.
pub const CAPACITY: u64 = 100_000_000_000;
/// Rate bound of the provider and of each loan: in seconds as much is used as elsewhere in months.
const MAX_UNITS_PER_SECOND: u64 = 1_000_000_000;

/// The settings of a provider for loans that last seconds.
pub fn settings() -> ProviderSettings {
    ProviderSettings { max_units_per_second: MAX_UNITS_PER_SECOND, ..World::settings() }
}

/// The loan of $100,000 for 1,000,000,000 units, in equal instalments at these seconds after issue.
pub fn loan(nonce: u64, due: &[u32], change: impl FnOnce(&mut Terms)) -> OfferArgs {
    let mut args = Loan::new(nonce).args;
    args.terms.offer_expires_at = 0;
    args.terms.max_units_per_second = MAX_UNITS_PER_SECOND;
    change(&mut args.terms);
    let principal = args.terms.principal / due.len() as u64;
    let instalment = |due_after: &u32| Instalment { due_after: *due_after, principal };
    let schedule: Vec<Instalment> = due.iter().map(instalment).collect();
    args.schedule = ScheduleRuns::from_schedule(&schedule);
    args
}
