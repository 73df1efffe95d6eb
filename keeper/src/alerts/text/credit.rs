//! Texts on loans, for their lender and borrower.

use {
    super::Text,
    crate::finding::{AdverseAct, CovenantUse, NextMark, PaymentAmounts},
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MicroUsd, Units},
    },
    blockable_service::text::{percent, span, thousands, time, units, units_per_day, usd_owed, usd_received},
};

pub(super) fn burn_rate(
    ratio: f64,
    rate: f64,
    long_rate: f64,
    usable: Units,
    exhausted_at: Option<ChainTime>,
) -> Text {
    Text::new(
        format!(
            "Use has risen to {}, {ratio:.1} times the long-term rate of {}.",
            units_per_day(rate),
            units_per_day(long_rate)
        ),
        match exhausted_at {
            Some(at) => format!(
                "At this rate the {} that are not frozen are used up on {}, and the collateral shrinks faster than planned.",
                units(usable),
                time(at)
            ),
            None => "The collateral shrinks faster than planned.".to_string(),
        },
        "The lender should ask the borrower whether this was planned; if it was not, the lender can freeze a part of the units \
         where the freeze policy allows it. The borrower should check who uses its keys.",
    )
}

pub(super) fn exhaustion(
    exhausted_at: Option<ChainTime>,
    usable: Units,
    granted: Units,
    rate: f64,
    debt: MicroUsd,
) -> Text {
    Text::new(
        match exhausted_at {
            Some(at) => format!(
                "The {} that are not frozen are used up on {} at the present rate of {}.",
                units(usable),
                time(at),
                units_per_day(rate)
            ),
            None => format!("No units are left of the {} granted.", units(granted)),
        },
        format!(
            "{} are still owed. Once the units are gone nothing secures the debt, and the provider refuses new jobs.",
            usd_owed(debt)
        ),
        "The borrower should slow down or arrange for more compute. The lender should agree on an early repayment, or freeze \
         what the freeze policy allows.",
    )
}

pub(super) fn idle(seconds: i64, used_at: ChainTime, reported_at: Option<ChainTime>) -> Text {
    Text::new(
        format!("No use has been metered for {}, since {}.", span(seconds), time(used_at)),
        match reported_at {
            Some(at) => format!(
                "Either the compute is not needed, or its use is not reported. The latest report is of {}.",
                time(at)
            ),
            None => "Either the compute is not needed, or its use is not reported: no report has been applied yet."
                .to_string(),
        },
        "The borrower should check that its jobs run against this credit. The lender should ask how the business goes.",
    )
}

pub(super) fn provider_switch(seconds: i64, credit: &Pubkey, provider: &Pubkey) -> Text {
    Text::new(
        format!(
            "The borrower has used nothing of this credit for {}, and meanwhile uses credit {credit} at provider \
             {provider}.",
            span(seconds)
        ),
        "The workload seems to have moved: the borrower's business no longer depends on the collateral of this loan.",
        "The lender should ask the borrower for the reason, and check this provider's service and the covenant on \
         utilisation.",
    )
}

pub(super) fn coverage(coverage: Bps, lien: Units, lien_value: MicroUsd, debt: MicroUsd) -> Text {
    Text::new(
        format!(
            "The lien of {} is worth {} against a debt of {}: {}.",
            units(lien),
            usd_received(lien_value),
            usd_owed(debt),
            percent(coverage)
        ),
        format!(
            "If the loan defaulted now, the sale of the collateral would leave up to {} unpaid.",
            usd_owed(debt.saturating_sub(lien_value))
        ),
        "The lender should agree on an early repayment, or freeze what the freeze policy allows. The borrower can repay early.",
    )
}

pub(super) fn payment_due(due_at: ChainTime, amounts: &PaymentAmounts) -> Text {
    let fees = match amounts.late_fees {
        MicroUsd::ZERO => String::new(),
        fees => format!(", {} late fees", usd_owed(fees)),
    };
    let reserve = match amounts.reserve {
        MicroUsd::ZERO => String::new(),
        reserve => format!(" The reserve of {} is drawn first.", usd_received(reserve)),
    };
    Text::new(
        format!(
            "{} fall due on {}: {} principal, {} interest{fees}.",
            usd_owed(amounts.amount),
            time(due_at),
            usd_owed(amounts.principal),
            usd_owed(amounts.interest)
        ),
        format!("If it is not paid by then, the payment counts as missed.{reserve}"),
        "The borrower should pay by then. Anyone may pay for the borrower.",
    )
}

pub(super) fn payment_missed(
    missed: u64,
    arrears: MicroUsd,
    since: Option<ChainTime>,
    next_mark: Option<NextMark>,
) -> Text {
    let payments = match missed {
        1 => "A payment was missed".to_string(),
        missed => format!("{} payments were missed", thousands(missed)),
    };
    let since = since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
    Text::new(
        format!("{payments}: {} have been due{since}.", usd_owed(arrears)),
        match next_mark {
            Some(NextMark::Delinquent(at)) => {
                format!("The credit can be marked delinquent from {} on.", time(at))
            }
            Some(NextMark::Defaulted(at)) => {
                format!("The credit can be marked defaulted from {} on.", time(at))
            }
            None => "The loan is in arrears.".to_string(),
        },
        format!("The borrower should pay {} now; interest goes on until then.", usd_owed(arrears)),
    )
}

pub(super) fn act_ahead(act: AdverseAct, at: ChainTime, seconds_left: i64, arrears: MicroUsd) -> Text {
    let (event, effect) = match act {
        AdverseAct::MarkDelinquent => (
            "the credit can be marked delinquent",
            "From then on the lender may freeze units where the freeze policy allows it; if the terms name this mark, everything \
             that is open is frozen at once.",
        ),
        AdverseAct::MarkDefaulted => (
            "the credit can be marked defaulted",
            "Then the cure period begins, after which the collateral can be seized; if the terms name this mark, everything that \
             is open is frozen at once.",
        ),
        AdverseAct::Seize => (
            "the cure period ends and the lender can seize the collateral",
            "The lender then also may cancel the units that are covered by the holdback.",
        ),
    };
    Text::new(
        format!(
            "In {}, from {} on, {event}: {} are in arrears.",
            span(seconds_left),
            time(at),
            usd_owed(arrears)
        ),
        effect,
        format!(
            "The borrower should pay {} before {}: then none of this happens. Anyone may pay for the borrower.",
            usd_owed(arrears),
            time(at)
        ),
    )
}

pub(super) fn delinquent(arrears: MicroUsd, default_from: Option<ChainTime>) -> Text {
    Text::new(
        format!("The credit was marked delinquent: {} are unpaid past the grace period.", usd_owed(arrears)),
        match default_from {
            Some(at) => format!("It can be marked defaulted from {} on.", time(at)),
            None => "It is active again once the arrears are paid.".to_string(),
        },
        format!(
            "The borrower should pay {} to be current. The lender may freeze units where the freeze policy is at will or on \
             delinquency.",
            usd_owed(arrears)
        ),
    )
}

pub(super) fn defaulted(
    debt: MicroUsd,
    arrears: MicroUsd,
    cure_ends_at: Option<ChainTime>,
    lien: Units,
    covered: Units,
) -> Text {
    let or_cancel = match covered {
        Units::ZERO => String::new(),
        covered => format!(", and cancel {} for what was held back for them", units(covered)),
    };
    Text::new(
        format!(
            "The credit was marked defaulted: {} are owed, {} of them in arrears.",
            usd_owed(debt),
            usd_owed(arrears)
        ),
        match cure_ends_at {
            Some(at) => format!(
                "The cure period ends on {}. From then on the lender may seize the collateral{or_cancel}.",
                time(at)
            ),
            None => {
                format!("The cure period runs. After it the lender may seize the collateral{or_cancel}.")
            }
        },
        format!(
            "The borrower should pay the arrears of {} before the cure period ends. The lender should freeze the lien of {} and \
             prepare the sale.",
            usd_owed(arrears),
            units(lien)
        ),
    )
}

pub(super) fn frozen(frozen: Units, lien: Units, available: Units, arrears: MicroUsd) -> Text {
    Text::new(
        format!("{} of a lien of {} are frozen.", units(frozen), units(lien)),
        format!("Running jobs finish. New jobs may use {} and no more.", units(available)),
        match arrears {
            MicroUsd::ZERO => {
                "The borrower should ask the lender for the reason of the freeze; the lender can thaw the units."
                    .to_string()
            }
            arrears => format!(
                "The borrower should pay the arrears of {}: units that were frozen for missed payments thaw as they are paid.",
                usd_owed(arrears)
            ),
        },
    )
}

fn so_far(covenant: &CovenantUse) -> String {
    let seconds = |count: u64| span(i64::try_from(count).unwrap_or(i64::MAX));
    format!("{} into a window of {}", seconds(covenant.seconds), seconds(covenant.window))
}

pub(super) fn covenant_low(covenant: &CovenantUse) -> Text {
    Text::new(
        format!(
            "Use is {} of the plan, below the covenant's low threshold of {}, {}.",
            percent(covenant.used),
            percent(covenant.threshold),
            so_far(covenant)
        ),
        "If use stays below the threshold until the window ends, the APR rises by a step and the agreed top-up falls due.",
        "The borrower should use more of the plan, or agree on another plan with the lender.",
    )
}

pub(super) fn covenant_high(covenant: &CovenantUse) -> Text {
    Text::new(
        format!(
            "Use is {} of the plan, at or above the covenant's high threshold of {}, {}.",
            percent(covenant.used),
            percent(covenant.threshold),
            so_far(covenant)
        ),
        "If use stays there until the window ends, the APR falls by a step.",
        "Nothing has to be done. The lender should check that the units last for the loan.",
    )
}

pub(super) fn overrun(recent: Units, total: Units) -> Text {
    Text::new(
        format!("{} were used beyond what the credit allowed, {} in all.", units(recent), units(total)),
        "The provider bears that use; it does not lower the collateral.",
        "The provider should check its gate: it admits jobs that the credit does not cover.",
    )
}
