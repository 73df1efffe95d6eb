//! What an alert says: what happened, what it means, what to do next.

use {
    crate::{
        alert::Rule,
        watch::{
            measure::Measure,
            words::{per_day, percent, span, thousands, time, units, usd},
        },
    },
    blockable_sdk::program::transitions::Status,
};

/// The three parts of an alert's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub happened: String,
    /// What it means.
    pub means: String,
    /// What to do next.
    pub next: String,
}

fn told(happened: impl Into<String>, means: impl Into<String>, next: impl Into<String>) -> Told {
    Told { happened: happened.into(), means: means.into(), next: next.into() }
}

/// The text of an alert on a market whose cluster stood still.
pub fn stall(lost_seconds: i64) -> Told {
    told(
        format!("The cluster stood still for {} within the last hour.", span(lost_seconds)),
        "Nobody could pay meanwhile; this keeper adds the time to every grace before it marks anyone late.",
        "Check the cluster's status and the RPC nodes; nothing has to be done on the credits.",
    )
}

/// The text of an alert on a credit; `other` is the borrower's credit used last at another provider.
pub fn of_credit(rule: Rule, measure: &Measure, other: Option<&Measure>) -> Told {
    match rule {
        Rule::BurnRate => burn_rate(measure),
        Rule::Exhaustion => exhaustion(measure),
        Rule::Idle => idle(measure),
        Rule::ProviderSwitch => provider_switch(measure, other),
        Rule::Coverage => coverage(measure),
        Rule::PaymentDue => payment_due(measure),
        Rule::PaymentMissed => payment_missed(measure),
        Rule::Delinquent => delinquent(measure),
        Rule::Defaulted => defaulted(measure),
        Rule::Frozen => frozen(measure),
        Rule::CovenantLow | Rule::CovenantHigh => covenant(rule, measure),
        Rule::Overrun => overrun(measure),
        // The rules of other modules come with their texts.
        _ => Told::default(),
    }
}

fn burn_rate(measure: &Measure) -> Told {
    let ratio = measure.burn_ratio.unwrap_or(1.0);
    told(
        format!(
            "Use has risen to {}, {ratio:.1} times the long-term rate of {}.",
            per_day(measure.burn_rate),
            per_day(measure.long_burn_rate)
        ),
        match measure.exhausted_at {
            Some(at) => format!(
                "At this rate the {} available are used up on {}, and the collateral shrinks faster than planned.",
                units(measure.available),
                time(at)
            ),
            None => "The collateral shrinks faster than planned.".to_string(),
        },
        "The lender should ask the borrower whether this was planned, and freeze in part if the policy allows it and it was \
         not; the borrower should check who uses its keys.",
    )
}

fn exhaustion(measure: &Measure) -> Told {
    let happened = match measure.exhausted_at {
        Some(at) if measure.remaining > 0 => format!(
            "The {} available are used up on {} at the present rate of {}.",
            units(measure.available),
            time(at),
            per_day(measure.burn_rate)
        ),
        _ => format!("No units are left of the {} granted.", units(measure.granted)),
    };
    told(
        happened,
        format!(
            "{} are still owed; once the units are gone nothing secures them, and new jobs are refused.",
            usd(measure.debt)
        ),
        "The borrower should slow down or arrange for more compute; the lender should agree on an early repayment, or \
         freeze what the policy allows.",
    )
}

fn idle(measure: &Measure) -> Told {
    told(
        format!(
            "No use has been metered for {}, since {}.",
            span(measure.idle_seconds),
            time(measure.used_at)
        ),
        match measure.reported_at {
            Some(at) => {
                format!(
                    "The compute is not needed, or is not reported; the latest report is of {}.",
                    time(at)
                )
            }
            None => {
                "The compute is not needed, or is not reported: no report has been applied yet.".to_string()
            }
        },
        "The borrower should check that its jobs run against this credit; the lender should ask how the business goes.",
    )
}

fn provider_switch(measure: &Measure, other: Option<&Measure>) -> Told {
    let elsewhere = match other {
        Some(other) => format!("credit {} at provider {}", other.credit, other.provider),
        None => "a credit at another provider".to_string(),
    };
    told(
        format!(
            "The borrower has used nothing of this credit for {}, and meanwhile uses {elsewhere}.",
            span(measure.idle_seconds)
        ),
        "The workload seems to have moved; this loan's collateral is no longer what the borrower's business runs on.",
        "The lender should ask the borrower why, and check this provider's service and the covenant on utilisation.",
    )
}

fn coverage(measure: &Measure) -> Told {
    let bps = measure.coverage_bps.unwrap_or(0);
    told(
        format!(
            "The lien of {} is worth {} against a debt of {}: {}.",
            units(measure.lien),
            usd(measure.lien_value),
            usd(measure.debt),
            percent(bps)
        ),
        format!(
            "If the loan defaulted now, selling the collateral would leave up to {} unpaid.",
            usd(measure.debt.saturating_sub(measure.lien_value))
        ),
        "The lender should agree on an early repayment, or freeze what the policy allows; the borrower can repay early.",
    )
}

fn payment_due(measure: &Measure) -> Told {
    let Some(payment) = measure.next_payment else { return Told::default() };
    let fees = match payment.late_fees {
        0 => String::new(),
        fees => format!(", {} late fees", usd(fees)),
    };
    let reserve = match measure.reserve {
        0 => String::new(),
        reserve => format!(" The reserve of {} is drawn first.", usd(reserve)),
    };
    told(
        format!(
            "{} fall due on {}: {} principal, {} interest{fees}.",
            usd(payment.amount),
            time(payment.due_at),
            usd(payment.principal),
            usd(payment.interest)
        ),
        format!("What is unpaid after that counts as missed.{reserve}"),
        "The borrower should pay by then; anyone may pay for it.",
    )
}

fn payment_missed(measure: &Measure) -> Told {
    let since = measure.arrears_since.map(time).unwrap_or_default();
    let marks = match (measure.status, measure.delinquent_from, measure.default_from) {
        (Some(Status::Active), Some(at), _) => {
            format!("The credit can be marked delinquent from {} on.", time(at))
        }
        (Some(Status::Delinquent), _, Some(at)) => {
            format!("The credit can be marked defaulted from {} on.", time(at))
        }
        _ => "The loan is in arrears.".to_string(),
    };
    let missed = match measure.missed {
        1 => "A payment was missed".to_string(),
        missed => format!("{} payments were missed", thousands(missed)),
    };
    told(
        format!("{missed}: {} have been due since {since}.", usd(measure.arrears)),
        marks,
        format!("The borrower should pay {} now; interest goes on.", usd(measure.arrears)),
    )
}

fn delinquent(measure: &Measure) -> Told {
    told(
        format!(
            "The credit was marked delinquent: {} are unpaid past the grace period.",
            usd(measure.arrears)
        ),
        match measure.default_from {
            Some(at) => format!("It can be marked defaulted from {} on.", time(at)),
            None => "Paying the arrears makes it active again.".to_string(),
        },
        format!(
            "The borrower should pay {} to be current; the lender may freeze where the policy is at will or on delinquency.",
            usd(measure.arrears)
        ),
    )
}

fn defaulted(measure: &Measure) -> Told {
    let cure = measure.cure_ends_at.map(time);
    told(
        format!(
            "The credit was marked defaulted: {} are owed, {} of them in arrears.",
            usd(measure.debt),
            usd(measure.arrears)
        ),
        match &cure {
            Some(at) => {
                format!("The cure period ends on {at}; from then on the lender may seize the collateral.")
            }
            None => "The cure period runs; after it the lender may seize the collateral.".to_string(),
        },
        format!(
            "The borrower should pay the arrears of {} before the cure period ends; the lender should freeze the lien of {} \
             and prepare the sale.",
            usd(measure.arrears),
            units(measure.lien)
        ),
    )
}

fn frozen(measure: &Measure) -> Told {
    told(
        format!("{} of a lien of {} are frozen.", units(measure.frozen), units(measure.lien)),
        format!("Jobs that run finish; new jobs may draw on {} alone.", units(measure.available)),
        match measure.arrears {
            0 => {
                "The borrower should ask the lender what the freeze is for; the lender thaws it.".to_string()
            }
            arrears => format!(
                "The borrower should pay the arrears of {}: a freeze for missed payments thaws as they are paid.",
                usd(arrears)
            ),
        },
    )
}

fn covenant(rule: Rule, measure: &Measure) -> Told {
    let Some(used) = measure.utilisation else { return Told::default() };
    let so_far = format!(
        "{} into a window of {}",
        span(i64::try_from(used.seconds).unwrap_or(i64::MAX)),
        span(i64::try_from(used.window).unwrap_or(i64::MAX))
    );
    if rule == Rule::CovenantLow {
        told(
            format!(
                "Use is {} of the plan, below the covenant's low mark of {}, {so_far}.",
                percent(used.bps),
                percent(used.low_bps)
            ),
            "If it stays so to the end of the window, the APR rises by a step and the agreed top-up falls due.",
            "The borrower should use more of the plan, or agree on another one with the lender.",
        )
    } else {
        told(
            format!(
                "Use is {} of the plan, at or above the covenant's high mark of {}, {so_far}.",
                percent(used.bps),
                percent(used.high_bps)
            ),
            "If it stays so to the end of the window, the APR falls by a step.",
            "Nothing has to be done; the lender should check that the units last for the loan.",
        )
    }
}

fn overrun(measure: &Measure) -> Told {
    told(
        format!(
            "{} were used beyond what the credit allowed, {} in all.",
            units(measure.new_overrun),
            units(measure.overrun)
        ),
        "That use is the provider's loss; it does not lower the collateral.",
        "The provider should check its gate: it admits jobs that the credit does not cover.",
    )
}
