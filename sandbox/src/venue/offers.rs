//! A market, a provider and a loan as they are offered: without the values that the keyring and the chain give.

use blockable_sdk::{
    Pubkey,
    amounts::Units,
    program::state::{Instalment, Rider, TermBounds, Terms},
};

/// Reporters that must agree.
pub const QUORUM: u8 = 2;
/// Seconds that changes of a market of tests and of its provider wait.
const TEST_DELAY: u32 = 60;
/// The bounds of a market of tests: everything may take seconds.
pub const TEST_BOUNDS: TermBounds = TermBounds {
    min_instalment_interval: 1,
    min_delinquency_grace: 1,
    min_default_grace: 1,
    min_cure_period: 1,
    min_lot_window: 1,
    ..TermBounds::PRODUCTION
};

/// A loan as the lender offers it.
#[derive(Clone, Debug)]
pub struct LoanOffer {
    /// The number in the credit's address.
    pub nonce: u64,
    /// The key that may freeze for the lender; the lender's own for none.
    pub freeze_authority: Pubkey,
    /// The terms; the hash of the reporters is filled in.
    pub terms: Terms,
    /// The rider.
    pub rider: Rider,
    /// The instalments.
    pub schedule: Vec<Instalment>,
}

/// A market as its admin creates it; the keyring has the rest.
#[derive(Clone, Debug)]
pub struct MarketOffer {
    /// True for a market of tests, whose bounds may be below those for real money.
    pub is_test: bool,
    /// May pause the market.
    pub guardian: Pubkey,
    /// Share of a sale's price that goes to the treasury, in basis points.
    pub fee_bps: u16,
    /// Seconds that a change of the market waits.
    pub change_delay: u32,
    /// Seconds that a change of a provider waits.
    pub provider_delay: u32,
    /// Seconds that a suspension of a provider lasts at least.
    pub min_suspension: u32,
    /// The bounds of terms.
    pub bounds: TermBounds,
}

impl MarketOffer {
    /// A market of tests: delays of a minute, terms of seconds, and a guardian that is still to be named.
    pub fn for_tests(fee_bps: u16) -> MarketOffer {
        MarketOffer {
            is_test: true,
            guardian: Pubkey::default(),
            fee_bps,
            change_delay: TEST_DELAY,
            provider_delay: TEST_DELAY,
            min_suspension: TEST_DELAY,
            bounds: TEST_BOUNDS,
        }
    }
}

/// A provider as it registers; the keyring has its payout, its reporters and their quorum.
#[derive(Clone, Copy, Debug)]
pub struct ProviderOffer {
    /// Units that it commits to serve.
    pub capacity: Units,
    /// Most units per second that reports may count.
    pub max_units_per_second: u64,
    /// Seconds of the longest job.
    pub longest_job: u32,
}
