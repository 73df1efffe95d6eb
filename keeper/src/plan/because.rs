//! Times and amounts in words, and why something is done.

use {
    crate::plan::{Kind, now::Now},
    blockable_sdk::program::state::Credit,
};

/// A time of the chain for people, in UTC.
pub(super) fn time(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.to_string(),
        Err(_) => format!("second {seconds}"),
    }
}

/// Micro-USDC for people.
pub(super) fn money(amount: u64) -> String {
    const MICRO: u64 = 1_000_000;
    format!("{}.{:06} USDC", amount / MICRO, amount % MICRO)
}

/// Why a credit calls for an action that is due on it.
pub(super) fn because(now: &Now, credit: &Credit, kind: Kind) -> String {
    let then = now.snapshot.accrued(credit);
    let arrears = money(then.arrears());
    let unpaid = || {
        format!("{arrears} in arrears, the oldest since {}", time(now.chain_time(then.debt.arrears_since)))
    };
    match kind {
        Kind::AutoFreeze => {
            let open = then.collateral.lien().saturating_sub(then.collateral.frozen);
            format!(
                "in default since {}; the terms have it frozen in full, and {open} units of the lien are not frozen",
                time(now.chain_time(credit.defaulted_at))
            )
        }
        Kind::MarkDelinquent => {
            format!("{}; past the delinquency grace of {} s", unpaid(), credit.terms.delinquency_grace)
        }
        Kind::MarkDefaulted => {
            format!("{}; past the default grace of {} s", unpaid(), credit.terms.default_grace)
        }
        Kind::DrawReserve => {
            format!("{arrears} in arrears; the reserve holds {}", money(credit.reserve_held))
        }
        Kind::ExpireUnits => {
            format!("the lifetime of its units ended at {}", time(now.chain_time(credit.units_expire_at)))
        }
        Kind::ApplyCovenant => format!(
            "usage is metered up to {}, past the covenant's window of {} s that began at {}",
            time(credit.meter.reported_at),
            credit.rider.covenant_window,
            time(credit.covenant.measured_at)
        ),
        Kind::Meter => "usage is reported".to_string(),
    }
}
