//! A credit's health in a colour and in words. Pure: the same measure gives the same health.
//!
//! | colour | when, the first that applies |
//! |---|---|
//! | red | marked delinquent or defaulted, or collateral was seized; a debt that no unit secures; collateral worth less than 70 % of the debt |
//! | amber | something in arrears; units frozen; collateral worth less than 80 % of the debt; units used up within 14 days at the rate of late; a status of a later version |
//! | green | everything else |
//!
//! The marks are fixed, so that a colour means the same at every keeper; alerts have marks that operators set.

use {
    crate::watch::{
        Measure,
        words::{percent, time, units, usd},
    },
    blockable_sdk::program::transitions::Status,
    serde::Serialize,
    utoipa::ToSchema,
};

/// Coverage below which a credit is red, in basis points: the least that selling collateral is meant to recover.
pub const RED_COVERAGE_BPS: u64 = 7_000;
/// Coverage below which a credit is amber, in basis points.
pub const AMBER_COVERAGE_BPS: u64 = 8_000;
/// Seconds until the units are used up, from which on a credit is amber.
pub const AMBER_EXHAUSTION: i64 = 14 * 86_400;

/// How urgent a credit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// As agreed.
    Green,
    /// To be looked at.
    Amber,
    /// Money is at stake now.
    Red,
}

/// A credit's health. Red: marked delinquent or defaulted, or seized; a debt that nothing secures; collateral worth less than
/// 70 % of the debt. Amber: in arrears; frozen; collateral worth less than 80 % of the debt; units used up within 14 days.
/// Green: everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Condition {
    /// How urgent it is.
    pub colour: Colour,
    /// Why, in words.
    #[schema(example = "a payment was missed: $1,115.00 in arrears since 2027-02-14 08:00 UTC")]
    pub words: String,
}

impl Condition {
    /// The health of a credit.
    pub fn of(measure: &Measure) -> Condition {
        for (colour, reasons) in [(Colour::Red, red(measure)), (Colour::Amber, amber(measure))] {
            if !reasons.is_empty() {
                return Condition { colour, words: reasons.join("; ") };
            }
        }
        Condition { colour: Colour::Green, words: green(measure).to_string() }
    }
}

/// Whether a credit is units alone, bought or taken over, without a loan on them.
pub fn is_unrestricted(measure: &Measure) -> bool {
    measure.lender == measure.provider
}

fn is_secured(measure: &Measure) -> bool {
    measure.status.is_some_and(Status::is_secured) && !is_unrestricted(measure)
}

fn arrears(measure: &Measure) -> String {
    match measure.arrears_since {
        Some(since) => format!("{} in arrears since {}", usd(measure.arrears), time(since)),
        None => format!("{} in arrears", usd(measure.arrears)),
    }
}

fn red(measure: &Measure) -> Vec<String> {
    let mut reasons = Vec::new();
    match measure.status {
        Some(Status::Delinquent) => reasons.push(format!("delinquent: {}", arrears(measure))),
        Some(Status::Defaulted) => reasons.push(match measure.cure_ends_at {
            Some(at) => format!("in default: {}; the cure period ends on {}", arrears(measure), time(at)),
            None => format!("in default: {}", arrears(measure)),
        }),
        Some(Status::Seizing) => {
            reasons.push(format!("collateral was seized: {} are still owed", usd(measure.debt)));
        }
        _ => {}
    }
    if is_secured(measure) && measure.debt > 0 {
        match measure.coverage_bps {
            _ if measure.lien == 0 => reasons.push(format!("no unit secures the {} owed", usd(measure.debt))),
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
    if measure.arrears > 0 {
        reasons.push(format!("a payment was missed: {}", arrears(measure)));
    }
    if measure.frozen > 0 {
        reasons.push(format!("{} frozen of a lien of {}", units(measure.frozen), units(measure.lien)));
    }
    if let Some(bps) = measure.coverage_bps.filter(|bps| *bps < AMBER_COVERAGE_BPS) {
        reasons.push(covered(bps));
    }
    // What is closed by a freeze has not been used up, and a short record projects anything.
    let projects = measure.burn_is_settled && measure.available > 0;
    let soon = |at: &i64| at.saturating_sub(measure.at) < AMBER_EXHAUSTION;
    if let Some(at) = measure.exhausted_at.filter(soon).filter(|_| projects) {
        reasons.push(format!("the units are used up on {} at the rate of late", time(at)));
    }
    reasons
}

fn covered(bps: u64) -> String {
    format!("the collateral is worth {} of the debt", percent(bps))
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
