//! The program's constants, as the IDL should have them.

use blockable_sdk::program::{
    actions::{LEAST_FIRST_SEIZURE, ThawBounds, UnitBounds},
    instructions::SLOT_HASHES,
    metering::LATE_REPORT_SECONDS,
    report::{MAX_CLOCK_SKEW_SECONDS, REPORT_DOMAIN},
    schedule::LENDER_CANCELS_FOR,
    state::*,
    units::{BPS, DAY, MIN_UNIT_PRICE, PRICE_SCALE, SECONDS_PER_YEAR},
};

/// A constant as its type and value in the IDL.
trait Written {
    fn written(&self) -> (&'static str, String);
}

macro_rules! numbers {
    ($($ty:ty: $name:literal),*) => {
        $(impl Written for $ty {
            fn written(&self) -> (&'static str, String) {
                ($name, self.to_string())
            }
        })*
    };
}

numbers! { u8: "u8", u16: "u16", u32: "u32", u64: "u64", usize: "u64", i64: "i64", blockable_sdk::Pubkey: "pubkey" }

impl Written for &[u8] {
    fn written(&self) -> (&'static str, String) {
        ("bytes", format!("{self:?}"))
    }
}

macro_rules! constants {
    ($($name:ident),* $(; $($long:ident = $value:expr),* $(,)?)?) => {
        vec![
            $((stringify!($name), $name.written()),)*
            $($((stringify!($long), $value.written()),)*)?
        ]
    };
}

/// Name, type and value of every constant, by name.
pub(crate) fn all() -> Vec<(String, String, String)> {
    let production = TermBounds::PRODUCTION;
    let mut all = constants![
        BPS, CHANGE_LIFETIME, DAY, LATE_REPORT_SECONDS, LEAST_FIRST_SEIZURE, LENDER_CANCELS_FOR, MAX_CHANGE_DELAY,
        MAX_CHUNK_SIZE, MAX_CLOCK_SKEW_SECONDS, MAX_INSTALMENTS, MAX_PAUSE_PER_30_DAYS, MAX_PAUSE_PER_DAY,
        MAX_PRINCIPAL, MAX_PROVIDER_DELAY, MAX_REDISTRIBUTION_FEE_BPS, MAX_REPORTERS, MAX_SUSPENSION,
        MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY, MIN_SUSPENSION, MIN_UNIT_PRICE, PAUSE_DAYS, PRICE_SCALE, REPORTERS_DOMAIN, REPORT_DOMAIN, SECONDS_PER_YEAR, SLOT_HASHES,
        TERMS_DOMAIN;
        CREDIT_SPACE = Credit::SPACE,
        CREDIT_VERSION = Credit::VERSION,
        LOT_SPACE = Lot::SPACE,
        LOT_VERSION = Lot::VERSION,
        MARKET_SPACE = Market::SPACE,
        MARKET_VERSION = Market::VERSION,
        PROVIDER_SPACE = Provider::SPACE,
        PROVIDER_SUSPENDED_BY_ADMIN = Provider::SUSPENDED_BY_ADMIN,
        PROVIDER_SUSPENDED_BY_ITSELF = Provider::SUSPENDED_BY_ITSELF,
        PROVIDER_VERSION = Provider::VERSION,
        SEED_CREDIT = seeds::CREDIT,
        SEED_LOT = seeds::LOT,
        SEED_MARKET = seeds::MARKET,
        SEED_PROVIDER = seeds::PROVIDER,
        SEED_VAULT = seeds::VAULT,
        TERM_BOUNDS_PRODUCTION_MAX_APR_BPS = production.max_apr_bps,
        TERM_BOUNDS_PRODUCTION_MAX_LATE_FEE_BPS = production.max_late_fee_bps,
        TERM_BOUNDS_PRODUCTION_MAX_LOT_WINDOW = production.max_lot_window,
        TERM_BOUNDS_PRODUCTION_MAX_PRINCIPAL = production.max_principal,
        TERM_BOUNDS_PRODUCTION_MAX_START_PRICE_BPS = production.max_start_price_bps,
        TERM_BOUNDS_PRODUCTION_MAX_TERM = production.max_term,
        TERM_BOUNDS_PRODUCTION_MIN_CURE_PERIOD = production.min_cure_period,
        TERM_BOUNDS_PRODUCTION_MIN_DEFAULT_GRACE = production.min_default_grace,
        TERM_BOUNDS_PRODUCTION_MIN_DELINQUENCY_GRACE = production.min_delinquency_grace,
        TERM_BOUNDS_PRODUCTION_MIN_FLOOR_PRICE_BPS = production.min_floor_price_bps,
        TERM_BOUNDS_PRODUCTION_MIN_INSTALMENT_INTERVAL = production.min_instalment_interval,
        TERM_BOUNDS_PRODUCTION_MIN_LOT_WINDOW = production.min_lot_window,
        TERM_BOUNDS_PRODUCTION_MIN_PRINCIPAL = production.min_principal,
        TERM_BOUNDS_PRODUCTION_MIN_START_PRICE_BPS = production.min_start_price_bps,
        THAW_BOUNDS_ALL_KEEP = ThawBounds::ALL.keep,
        THAW_BOUNDS_ALL_MOST = ThawBounds::ALL.most,
        UNIT_BOUNDS_ALL_LEAST = UnitBounds::ALL.least,
        UNIT_BOUNDS_ALL_MOST = UnitBounds::ALL.most,
    ];
    all.sort_by_key(|(name, _)| *name);
    let owned = |(name, (ty, value)): (&str, (&str, String))| (name.to_string(), ty.to_string(), value);
    all.into_iter().map(owned).collect()
}
