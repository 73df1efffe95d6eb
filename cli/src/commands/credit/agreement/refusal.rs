//! Terms that a market refuses, with the numbers involved.

use {
    crate::error::CliError,
    blockable_economics::preset::Agreement,
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        program::state::{MAX_INSTALMENTS, TermBounds, TermsRefused},
    },
    blockable_service::text,
};

/// Requires terms, rider and schedule that a market takes, whose instalments add up to `principal`. Errors: [`CliError::Refused`]
/// with the rule and the numbers.
pub(crate) fn require_taken(
    agreement: &Agreement,
    principal: u64,
    bounds: &TermBounds,
) -> Result<(), CliError> {
    let Agreement { terms, rider, schedule } = agreement;
    let valid = terms.validate(schedule, principal, bounds);
    let valid = valid.and_then(|()| rider.validate(terms, schedule, bounds));
    valid.map_err(|refused| {
        let (rule, advice) = explain(refused, agreement, bounds);
        CliError::Refused(format!("the program refuses these terms ({refused:?}): {rule}; {advice}"))
    })
}

/// The rule with its numbers, and the way to keep it.
fn explain(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    match refused {
        TermsRefused::PrincipalOutOfBounds
        | TermsRefused::NoUnits
        | TermsRefused::UnitPriceOutOfRange
        | TermsRefused::UnitPriceTooLow
        | TermsRefused::UnlockedAheadOutOfRange
        | TermsRefused::PrincipalOutgrows => of_size(refused, agreement, bounds),
        TermsRefused::AprTooHigh
        | TermsRefused::LateFeeTooHigh
        | TermsRefused::HoldbackTooLarge
        | TermsRefused::HoldbackAprTooHigh
        | TermsRefused::ReserveTooLarge => of_money(refused, agreement, bounds),
        TermsRefused::DelinquencyGraceTooShort
        | TermsRefused::DefaultGraceTooShort
        | TermsRefused::CurePeriodTooShort
        | TermsRefused::UnitLifetimeTooShort => of_time(refused, agreement, bounds),
        TermsRefused::InstalmentOpensTooLittle
        | TermsRefused::InstalmentCount
        | TermsRefused::InstalmentsTooClose
        | TermsRefused::TermTooLong
        | TermsRefused::PrincipalMismatch => of_schedule(refused, agreement, bounds),
        TermsRefused::UnknownFlag
        | TermsRefused::AutoFreezeBeforePolicy
        | TermsRefused::CovenantUnsound
        | TermsRefused::PayInKindTooHigh
        | TermsRefused::PayInKindWithLock
        | TermsRefused::PlanAboveLock => of_rider(refused, agreement, bounds),
    }
}

fn of_size(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    let terms = &agreement.terms;
    let (usd, units) = (|sum: u64| text::usd_owed(MicroUsd(sum)), |count: u64| text::units(Units(count)));
    match refused {
        TermsRefused::PrincipalOutOfBounds => (
            format!(
                "the principal is {}, and the market lends {} to {}",
                usd(terms.principal),
                usd(bounds.min_principal),
                usd(bounds.max_principal)
            ),
            "change --principal",
        ),
        TermsRefused::UnlockedAheadOutOfRange => (
            format!("{} are open ahead, of {}", units(terms.unlocked_ahead), units(terms.units)),
            "change --ahead",
        ),
        TermsRefused::PrincipalOutgrows => (
            "coupons paid in kind could take the principal beyond what the program counts".to_string(),
            "lower --pay-in-kind or the rates",
        ),
        _ => (
            format!(
                "{} for {} is no price that units can be sold at",
                usd(terms.principal),
                units(terms.units)
            ),
            "check --principal and --units",
        ),
    }
}

fn of_money(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    let (terms, rider) = (&agreement.terms, &agreement.rider);
    let (usd, rate) = (|sum: u64| text::usd_owed(MicroUsd(sum)), |bps: u16| text::percent(Bps(bps.into())));
    match refused {
        TermsRefused::AprTooHigh => (
            format!("{} a year is above the market's {}", rate(terms.apr_bps), rate(bounds.max_apr_bps)),
            "lower --apr",
        ),
        TermsRefused::LateFeeTooHigh => (
            format!(
                "the late fee is {}, more than {} of the average of {} instalments of {}",
                usd(terms.late_fee),
                rate(bounds.max_late_fee_bps),
                agreement.schedule.len(),
                usd(terms.principal)
            ),
            "lower --late-fee",
        ),
        TermsRefused::HoldbackTooLarge => (
            format!("{} are held back, more than the loan pays for its locked units", usd(terms.holdback)),
            "lower --holdback or --ahead",
        ),
        TermsRefused::HoldbackAprTooHigh => (
            format!(
                "the rate on the holdback is {}, and the lowest of the loan {}",
                rate(terms.holdback_apr_bps),
                rate(if rider.has_covenant() { rider.apr_floor_bps } else { terms.apr_bps })
            ),
            "lower --holdback-apr; without a holdback it is 0%",
        ),
        _ => (
            format!("the reserve is {}, and the principal {}", usd(rider.reserve), usd(terms.principal)),
            "lower --reserve",
        ),
    }
}

fn of_time(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    let terms = &agreement.terms;
    let span = |seconds: u32| text::span(seconds.into());
    match refused {
        TermsRefused::DelinquencyGraceTooShort => (
            format!(
                "delinquency after {} is before the market's {}",
                span(terms.delinquency_grace),
                span(bounds.min_delinquency_grace)
            ),
            "lengthen --delinquent-after",
        ),
        TermsRefused::DefaultGraceTooShort => (
            format!(
                "default after {} must be {} or more, and later than delinquency after {}",
                span(terms.default_grace),
                span(bounds.min_default_grace),
                span(terms.delinquency_grace)
            ),
            "lengthen --default-after",
        ),
        TermsRefused::CurePeriodTooShort => (
            format!(
                "{} to cure are less than the market's {}",
                span(terms.cure_period),
                span(bounds.min_cure_period)
            ),
            "lengthen --cure",
        ),
        _ => {
            let last = agreement.schedule.last().map_or(0, |instalment| instalment.due_after);
            let needed = i64::try_from(terms.needs_units_for(last, bounds)).unwrap_or(i64::MAX);
            (
                format!(
                    "units last for {}, and the last instalment can be recovered from them only after {}",
                    span(terms.unit_lifetime),
                    text::span(needed)
                ),
                "lengthen --lifetime, or write none",
            )
        }
    }
}

fn of_schedule(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    let (schedule, span) = (&agreement.schedule, |seconds: u32| text::span(seconds.into()));
    let last = schedule.last().map_or(0, |instalment| instalment.due_after);
    let sum = schedule.iter().fold(0_u64, |sum, part| sum.saturating_add(part.principal));
    match refused {
        TermsRefused::InstalmentOpensTooLittle => (
            format!(
                "with a lock each of the {} instalments must repay at least half of an even share of {}",
                schedule.len(),
                text::usd_owed(MicroUsd(sum))
            ),
            "write --ahead all for no lock, or choose another --schedule",
        ),
        TermsRefused::InstalmentCount => (
            format!("{} instalments, and a loan has 1 to {MAX_INSTALMENTS}", schedule.len()),
            "change --instalments",
        ),
        TermsRefused::InstalmentsTooClose => {
            let dates = schedule.iter().map(|instalment| instalment.due_after);
            let before = std::iter::once(0).chain(dates.clone());
            let gap = dates.zip(before).map(|(due, before)| due.saturating_sub(before)).min().unwrap_or(0);
            (
                format!(
                    "two due dates, or the beginning and the first, are {} apart, and the market asks for {}",
                    span(gap),
                    span(bounds.min_instalment_interval)
                ),
                "change --every or --first-due",
            )
        }
        TermsRefused::TermTooLong => (
            format!(
                "the last instalment is due after {}, and the market lends for {}",
                span(last),
                span(bounds.max_term)
            ),
            "name fewer --instalments, or a shorter --every",
        ),
        _ => (
            format!("the instalments add up to {}", text::usd_owed(MicroUsd(sum))),
            "make them add up to the principal",
        ),
    }
}

fn of_rider(refused: TermsRefused, agreement: &Agreement, bounds: &TermBounds) -> (String, &'static str) {
    let rider = &agreement.rider;
    let rate = |bps: u16| text::percent(Bps(bps.into()));
    match refused {
        TermsRefused::CovenantUnsound => (
            format!(
                "a covenant measures over {} or more, its low share is below its high one, and {} lies between its floor {} and its \
                 ceiling {}, which is at most {}",
                text::span(bounds.min_instalment_interval.into()),
                rate(agreement.terms.apr_bps),
                rate(rider.apr_floor_bps),
                rate(rider.apr_ceiling_bps),
                rate(bounds.max_apr_bps)
            ),
            "correct the flags of the covenant",
        ),
        TermsRefused::PlanAboveLock => (
            format!(
                "{} in {} are more than the lock has opened by then",
                text::units(Units(rider.planned_units)),
                text::span(rider.covenant_window.into())
            ),
            "lower --planned-units, or unlock more by --ahead",
        ),
        TermsRefused::PayInKindTooHigh => (
            format!("{} of the coupon are added to the principal", rate(rider.pay_in_kind_bps)),
            "lower --pay-in-kind",
        ),
        TermsRefused::PayInKindWithLock => (
            "coupons in kind and a lock exclude each other".to_string(),
            "write --ahead all for no lock, or leave --pay-in-kind out",
        ),
        _ => ("nobody may freeze before the lender may".to_string(), "move --freeze or --auto-freeze"),
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_economics::preset::{Preset, Size},
        blockable_sdk::program::state::{Instalment, Rider},
    };

    const DAY: u32 = 86_400;

    fn refusal(change: impl FnOnce(&mut Agreement)) -> String {
        let size = Size { principal: 12_000_000_000, units: 20_000_000 };
        let mut agreement = Preset::named("standard").unwrap().agreement(size);
        change(&mut agreement);
        require_taken(&agreement, agreement.terms.principal, &TermBounds::PRODUCTION).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_has_its_rule_its_numbers_and_a_way_out() {
        type Change = fn(&mut Agreement);
        let cases: [(Change, &str, &str); 12] = [
            (|it| it.terms.principal = 1, "$0.01, and the market lends $1.00 to", "change --principal"),
            (|it| it.terms.apr_bps = 10_001, "100.01 % a year is above the market's 100 %", "lower --apr"),
            (
                |it| it.terms.late_fee = 200_000_000,
                "$200.00, more than 10 % of the average of 12",
                "lower --late-fee",
            ),
            (
                |it| it.terms.delinquency_grace = 60,
                "delinquency after 60 seconds is before the market's",
                "lengthen --delinquent-after",
            ),
            (
                |it| it.terms.default_grace = DAY,
                "must be 2 days or more, and later than delinquency",
                "lengthen --default-after",
            ),
            (|it| it.terms.cure_period = 60, "60 seconds to cure", "lengthen --cure"),
            (|it| it.terms.unit_lifetime = 300 * DAY, "units last for 300 days", "lengthen --lifetime"),
            (|it| it.schedule[0].due_after = 60, "are 60 seconds apart", "change --every"),
            (|it| it.schedule.clear(), "0 instalments, and a loan has 1 to 36", "change --instalments"),
            (|it| it.schedule[11].due_after = 4_000 * DAY, "is due after 4", "name fewer --instalments"),
            (
                |it| it.rider = Rider { reserve: 12_000_000_001, ..it.rider },
                "the reserve is $12,000.01",
                "lower --reserve",
            ),
            (|it| it.rider.pay_in_kind_bps = 1, "coupons in kind and a lock", "write --ahead all"),
        ];
        for (change, rule, advice) in cases {
            let said = refusal(change);
            assert!(said.contains(rule) && said.contains(advice), "{said}");
        }
        let said = refusal(|it| {
            it.schedule = vec![
                Instalment { due_after: 30 * DAY, principal: 0 },
                Instalment { due_after: 60 * DAY, principal: 12_000_000_000 },
            ];
        });
        assert!(said.contains("must repay at least half of an even share of $12,000.00"), "{said}");
    }
}
