//! The health of a credit: a colour and the reasons for it. Pure: the same measure gives the same health.
//!
//! | colour | first condition that applies |
//! |---|---|
//! | red | marked delinquent or defaulted, or collateral was seized; a debt that no unit secures; collateral worth less than 70 % of the debt |
//! | amber | something in arrears; units frozen; collateral worth less than 80 % of the debt; units used up within 14 days at the short-term rate; a status of a later version |
//! | green | everything else |
//!
//! The thresholds are fixed, so that a colour means the same at every keeper; operators set those of alerts.

use {
    crate::watch::Measure,
    blockable_sdk::{
        amounts::{Bps, ChainTime},
        program::transitions::Status,
    },
    blockable_service::text::{percent, time, units, usd_owed},
    serde::Serialize,
    utoipa::ToSchema,
};

/// Coverage below which a credit is red, in basis points: the least that selling collateral is meant to recover.
pub(crate) const RED_COVERAGE_BPS: Bps = Bps(7_000);
/// Coverage below which a credit is amber, in basis points.
pub(crate) const AMBER_COVERAGE_BPS: Bps = Bps(8_000);
/// Seconds until the units are used up, below which a credit is amber.
pub(crate) const AMBER_EXHAUSTION: i64 = 14 * 86_400;

/// The urgency of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Colour {
    /// As agreed.
    Green,
    /// To be looked at.
    Amber,
    /// Money is at stake now.
    Red,
}

/// The health of a credit. Red: marked delinquent or defaulted, or seized; a debt that nothing secures; collateral worth less
/// than 70 % of the debt. Amber: in arrears; frozen; collateral worth less than 80 % of the debt; units used up within 14 days.
/// Green: everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CreditHealth {
    /// Its urgency.
    pub(crate) colour: Colour,
    /// The reasons, separated by semicolons.
    #[schema(example = "a payment was missed: $1,115.00 in arrears since 2027-02-14 08:00 UTC")]
    pub(crate) reason: String,
}

impl Colour {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Colour::Green => "green",
            Colour::Amber => "amber",
            Colour::Red => "red",
        }
    }
}

impl CreditHealth {
    /// The colour alone, of a measure.
    pub(crate) fn colour(measure: &Measure) -> Colour {
        match (red(measure).is_empty(), amber(measure).is_empty()) {
            (false, _) => Colour::Red,
            (true, false) => Colour::Amber,
            (true, true) => Colour::Green,
        }
    }

    pub(crate) fn new(measure: &Measure) -> CreditHealth {
        for (colour, reasons) in [(Colour::Red, red(measure)), (Colour::Amber, amber(measure))] {
            if !reasons.is_empty() {
                return CreditHealth { colour, reason: reasons.join("; ") };
            }
        }
        CreditHealth { colour: Colour::Green, reason: green(measure).to_string() }
    }
}

/// True for an unrestricted credit: units from a lot or a takeover, without a loan.
pub(crate) fn is_unrestricted(measure: &Measure) -> bool {
    measure.lender == measure.provider
}

fn is_secured(measure: &Measure) -> bool {
    measure.status.is_some_and(Status::is_secured) && !is_unrestricted(measure)
}

fn arrears(measure: &Measure) -> String {
    match measure.arrears_since {
        Some(since) => {
            format!("{} in arrears since {}", usd_owed(measure.arrears), time(since))
        }
        None => format!("{} in arrears", usd_owed(measure.arrears)),
    }
}

fn red(measure: &Measure) -> Vec<String> {
    let mut reasons = Vec::new();
    match measure.status {
        Some(Status::Delinquent) => reasons.push(format!("delinquent: {}", arrears(measure))),
        Some(Status::Defaulted) => reasons.push(match measure.cure_ends_at {
            Some(at) => {
                format!("in default: {}; the cure period ends on {}", arrears(measure), time(at))
            }
            None => format!("in default: {}", arrears(measure)),
        }),
        Some(Status::Seizing) => {
            reasons.push(format!("collateral was seized: {} are still owed", usd_owed(measure.debt)));
        }
        _ => {}
    }
    if is_secured(measure) && !measure.debt.is_zero() {
        match measure.coverage_bps {
            _ if measure.lien.is_zero() => {
                reasons.push(format!("no unit secures the {} owed", usd_owed(measure.debt)))
            }
            Some(bps) if bps < RED_COVERAGE_BPS => reasons.push(covered(bps)),
            _ => {}
        }
    }
    reasons
}

fn amber(measure: &Measure) -> Vec<String> {
    let mut reasons = Vec::new();
    if measure.status.is_none() {
        reasons.push("its status is of a later version of the program; use a newer keeper".to_string());
    }
    if !is_secured(measure) {
        return reasons;
    }
    if !measure.arrears.is_zero() {
        reasons.push(format!("a payment was missed: {}", arrears(measure)));
    }
    if !measure.frozen.is_zero() {
        reasons.push(format!("{} frozen of a lien of {}", units(measure.frozen), units(measure.lien)));
    }
    if let Some(bps) = measure.coverage_bps.filter(|bps| *bps < AMBER_COVERAGE_BPS) {
        reasons.push(covered(bps));
    }
    // Frozen units have not been used up, and a short record projects anything.
    let projects = measure.burn_is_settled && !measure.usable.is_zero();
    let soon = |at: &ChainTime| at.seconds_since(measure.at) < AMBER_EXHAUSTION;
    if let Some(at) = measure.exhausted_at.filter(soon).filter(|_| projects) {
        reasons.push(format!("the units are used up on {} at the short-term rate", time(at)));
    }
    reasons
}

fn covered(share: Bps) -> String {
    format!("the collateral is worth {} of the debt", percent(share))
}

fn green(measure: &Measure) -> &'static str {
    if is_unrestricted(measure) {
        return "units without a loan";
    }
    match measure.status {
        Some(Status::Offered) => "offered; waits for the borrower to accept",
        Some(Status::Accepted) => "accepted; waits for the provider to issue the units",
        Some(Status::Repaid) => "repaid",
        Some(Status::Closed) => "closed",
        _ => "as agreed: nothing is unpaid",
    }
}
