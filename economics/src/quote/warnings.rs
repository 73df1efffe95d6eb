use {
    crate::{assumptions::Assumptions, preset::Agreement, usage::OwnUse},
    blockable_credits::units::DAY,
    blockable_service::text::thousands,
};

/// Finds the faults of an agreement before anybody signs it: each warning says what is wrong, why, and what to change.
pub fn warnings(
    agreement: &Agreement,
    own: &OwnUse,
    largest_request: Option<u64>,
    assumptions: &Assumptions,
) -> Vec<String> {
    let (terms, mut warnings) = (&agreement.terms, Vec::new());
    let before_default = terms.max_units_per_second.saturating_mul(terms.default_grace.into());
    if before_default >= terms.units {
        warnings.push(format!(
            "the rate bound times the default grace is {} units, the whole credit has {}: it can be used up before the \
             loan is in default; lower the rate bound or lock units",
            thousands(before_default),
            thousands(terms.units)
        ));
    }
    let instalment = agreement.schedule.first().map_or(0, |first| first.principal);
    if agreement.rider.reserve >= instalment && instalment > 0 {
        warnings.push(
            "the reserve pays a whole instalment: it puts off the right to freeze by an interval of use; keep it below one"
                .to_string(),
        );
    }
    // A cast of a float saturates.
    let peak_day = (own.peak_day() * own.mean_units()) as u64;
    let of_jobs = (peak_day as f64 * assumptions.simulator.job_hours / 24.0) as u64;
    let largest = largest_request.unwrap_or(of_jobs);
    if terms.unlocked_ahead < largest {
        warnings.push(format!(
            "{} units are open ahead of payment, the largest request needs {}: it may never start; unlock more ahead",
            thousands(terms.unlocked_ahead),
            thousands(largest)
        ));
    }
    let most_a_day = terms.max_units_per_second.saturating_mul(DAY.into());
    if peak_day > most_a_day {
        warnings.push(format!(
            "the largest day uses {} units, the rate bound counts {} a day: its use would count late; raise the bound",
            thousands(peak_day),
            thousands(most_a_day)
        ));
    }
    warnings
}
