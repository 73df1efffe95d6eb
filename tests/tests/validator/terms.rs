//! A market of tests, whose loans last seconds.

use {
    blockable_sdk::program::{
        instructions::{CapacityArgs, MarketArgs, OfferArgs},
        state::{Instalment, TermBounds, Terms},
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

/// A provider's capacity for loans that last seconds.
pub fn capacity() -> CapacityArgs {
    CapacityArgs { capacity_units: 100_000_000_000, max_units_per_second: 1_000_000_000 }
}

/// The loan of $100,000 for 1,000,000,000 units, in equal instalments at these seconds after issue.
pub fn loan(nonce: u64, due: &[u32], change: impl FnOnce(&mut Terms)) -> OfferArgs {
    let mut args = Loan::new(nonce).args;
    args.terms.offer_expires_at = 0;
    change(&mut args.terms);
    let principal = args.terms.principal / due.len() as u64;
    args.schedule = due.iter().map(|due_after| Instalment { due_after: *due_after, principal }).collect();
    args
}
