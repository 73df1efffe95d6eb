//! The presets: prepaid terms, terms in steps from them, and the named ones.

use super::{Freezing, LotPlan, Preset};

/// Annual rate of every preset, in basis points.
const APR_BPS: u16 = 1_400;

/// Every preset, from prepaid terms to the safest.
pub(super) fn all() -> Vec<Preset> {
    vec![
        prepaid("prepaid-4", "prepaid, 4 instalments", 4),
        prepaid("prepaid-12", "prepaid, 12 instalments", 12),
        advance("advance", "paid in advance, full freeze by a bot", 0.0),
        advance("advance-reserve", "paid in advance, reserve", HALF),
        advance("advance-reserve-8", "paid in advance, reserve of 8 % of the principal", 0.08 * 12.0),
        frozen(),
        locked("ahead-1", "1 instalment ahead", 1.0, 0.0, 0.0),
        locked("ahead-1-reserve", "1 ahead, reserve", 1.0, 0.0, HALF),
        locked("ahead-half", "half an instalment ahead", 0.5, 0.0, 0.0),
        locked("ahead-half-reserve", "half ahead, reserve", 0.5, 0.0, HALF),
        locked("light", "half ahead, 25 % held back", 0.5, 0.25, 0.0),
        locked("light-reserve", "half ahead, 25 % held back, reserve", 0.5, 0.25, HALF),
        locked("standard", "half ahead, 50 % held back", 0.5, 0.5, 0.0),
        locked("standard-reserve", "half ahead, 50 % held back, reserve", 0.5, 0.5, HALF),
        locked("bursty", "1 ahead, 50 % held back, reserve", 1.0, 0.5, HALF),
        locked("sealed", "half ahead, all held back", 0.5, 1.0, 0.0),
        locked("sealed-reserve", "half ahead, all held back, reserve", 0.5, 1.0, HALF),
        arrears(),
    ]
}

/// Prepaid terms: due in arrears, everything paid to the provider at issue, freezes in steps, lots of ten days.
fn prepaid(name: &str, title: &str, instalments: u32) -> Preset {
    Preset {
        name: name.to_string(),
        title: title.to_string(),
        instalments,
        interval_days: 30,
        in_advance: false,
        ahead: None,
        holdback: 0.0,
        apr_bps: APR_BPS,
        holdback_apr_bps: 0,
        late_fee: 0.02,
        delinquency_days: 5,
        default_days: 15,
        cure_days: 10,
        freeze: Freezing::InSteps,
        reserve: 0.0,
        lifetime_days: 0,
        // Eight times what uses everything up within one instalment's time.
        rate_multiple: 8.0 * f64::from(instalments),
        lot: LotPlan { window_days: 10, start: 1.0, floor: 0.6 },
    }
}

/// A reserve of half an instalment.
const HALF: f64 = 0.5;

/// Paid in advance, with a bot that freezes in full from delinquency, short graces and lots of 45 days; `reserve` in
/// instalments.
fn advance(name: &str, title: &str, reserve: f64) -> Preset {
    Preset {
        in_advance: true,
        delinquency_days: 2,
        default_days: 7,
        freeze: Freezing::Full,
        reserve,
        rate_multiple: RATE_MULTIPLE,
        lot: LotPlan::SLOW,
        ..prepaid(name, title, 12)
    }
}

/// The same, frozen in full from issue for risk: a lock by hand.
fn frozen() -> Preset {
    Preset { freeze: Freezing::AtIssue, ..advance("frozen", "paid in advance, all frozen at issue", 0.0) }
}

/// The rate bound of locked terms, as a multiple of the planned pace: the largest day of nine tenants in ten of the most
/// uneven class is 15.8 times the mean.
const RATE_MULTIPLE: f64 = 16.0;

/// Terms with a lock, as the standard preset has them but for what is given.
fn locked(name: &str, title: &str, ahead: f64, holdback: f64, reserve: f64) -> Preset {
    let holdback_apr_bps = if holdback > 0.0 { APR_BPS / 2 } else { 0 };
    Preset { ahead: Some(ahead), holdback, holdback_apr_bps, ..advance(name, title, reserve) }
}

/// The standard preset, but due in arrears.
fn arrears() -> Preset {
    Preset { in_advance: false, ..locked("standard-arrears", "standard, but paid in arrears", 0.5, 0.5, 0.0) }
}
