//! The agreed terms, and the times from which the next steps of an enforcement are possible.

use {
    super::time_json,
    crate::{lookup::CreditView, session::MarketView},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        names::{auto_freeze_byte_name, freeze_policy_byte_name},
        program::transitions::Status,
        terms::{cure_ends, default_from, delinquent_from},
    },
    blockable_service::{hex, terms::terms_lines, text},
    serde_json::{Value, json},
};

/// Lines of the terms that the lines of a credit have already.
const SHOWN: [&str; 3] = ["freezes", "terms hash", "reserve"];

/// The agreed terms for people; none for units that no loan paid for.
pub(super) fn agreed_lines(credit: &CreditView, market: &MarketView) -> Vec<(String, String)> {
    if credit.account.is_unrestricted() {
        return Vec::new();
    }
    let named = |name: &str| match name {
        "principal" | "units" | "interest" => format!("agreed {name}"),
        name => name.to_string(),
    };
    let lines = terms_lines(&credit.account, ChainTime(market.clock.chain)).into_iter();
    lines.filter(|(name, _)| !SHOWN.contains(name)).map(|(name, value)| (named(name), value)).collect()
}

/// A step of an enforcement that is next.
struct NextStep {
    /// Its name in the data.
    name: &'static str,
    /// Its name for people.
    title: &'static str,
    /// The chain's time from which on it is possible, if the market is not paused before and nothing is paid.
    from: ChainTime,
}

/// The next steps of an enforcement, by the graces of the terms.
fn steps(credit: &CreditView, market: &MarketView) -> Vec<NextStep> {
    let account = &credit.account;
    let step = |name, title, from: Option<MarketTime>| {
        from.map(|from| NextStep { name, title, from: market.chain_time_of(from.get()) })
    };
    let delinquency = || step("delinquency", "delinquency from", delinquent_from(account));
    let default = || step("default", "default from", default_from(account));
    let seizure = || step("seizure", "seizure from", cure_ends(account));
    // Without a holdback there is nothing to cancel.
    let opens_at = (account.holdback_left > 0).then(|| MarketTime(account.cancel_opens_at()));
    let cancel = |from| step("cancel_by_anyone", "cancel by anyone", from);
    let steps = match credit.status() {
        Ok(Status::Active) => vec![delinquency(), default()],
        Ok(Status::Delinquent) => vec![default()],
        Ok(Status::Defaulted) => {
            // A schedule that opens it earlier does so once the loan can be seized, and no sooner.
            let opens_at =
                opens_at.map(|opens_at| cure_ends(account).map_or(opens_at, |ends| ends.max(opens_at)));
            vec![seizure(), cancel(opens_at)]
        }
        Ok(Status::Seizing) => vec![cancel(opens_at)],
        _ => Vec::new(),
    };
    steps.into_iter().flatten().collect()
}

/// The next steps of an enforcement for people.
pub(super) fn step_lines(credit: &CreditView, market: &MarketView) -> Vec<(String, String)> {
    let line = |step: NextStep| {
        let value = match step.from <= ChainTime(market.clock.chain) {
            true => "now".to_string(),
            false => text::time(step.from),
        };
        (step.title.to_string(), value)
    };
    steps(credit, market).into_iter().map(line).collect()
}

/// The times from which the next steps of an enforcement are possible, as data; `null` for a step that is not next.
pub(super) fn steps_json(credit: &CreditView, market: &MarketView) -> Value {
    let mut data = json!({"delinquency": null, "default": null, "seizure": null, "cancel_by_anyone": null});
    for step in steps(credit, market) {
        data[step.name] = time_json(step.from);
    }
    data
}

/// The agreed terms as data, in the words of the keeper's API; `null` for units that no loan paid for.
pub(super) fn terms_json(credit: &CreditView) -> Value {
    if credit.account.is_unrestricted() {
        return Value::Null;
    }
    let terms = &credit.account.terms;
    json!({
        "principal": terms.principal,
        "units": terms.units,
        "unlocked_ahead": terms.unlocked_ahead,
        "holdback": terms.holdback,
        "holdback_apr_bps": terms.holdback_apr_bps,
        "apr_bps": terms.apr_bps,
        "late_fee": terms.late_fee,
        "offer_expires_at": time_json(ChainTime(terms.offer_expires_at)),
        "delinquency_grace_seconds": terms.delinquency_grace,
        "default_grace_seconds": terms.default_grace,
        "cure_period_seconds": terms.cure_period,
        "unit_lifetime_seconds": terms.unit_lifetime,
        "freeze_policy": freeze_policy_byte_name(terms.freeze_policy),
        "auto_freeze": auto_freeze_byte_name(terms.auto_freeze),
        "max_units_per_second": terms.max_units_per_second,
        "longest_job_seconds": terms.longest_job,
        "reporters_hash": hex::encode(terms.reporters_hash),
    })
}

/// The optional terms as data, in the words of the keeper's API, all zero where nothing was agreed; `null` for units that no loan paid
/// for.
pub(super) fn rider_json(credit: &CreditView) -> Value {
    if credit.account.is_unrestricted() {
        return Value::Null;
    }
    let rider = &credit.account.rider;
    json!({
        "reserve": rider.reserve,
        "pay_in_kind_bps": rider.pay_in_kind_bps,
        "breach_notice": rider.breach_notice == 1,
        "cross_default": rider.cross_default == 1,
        "covenant_window_seconds": rider.covenant_window,
        "planned_units": rider.planned_units,
        "high_bps": rider.high_bps,
        "low_bps": rider.low_bps,
        "apr_step_bps": rider.apr_step_bps,
        "apr_floor_bps": rider.apr_floor_bps,
        "apr_ceiling_bps": rider.apr_ceiling_bps,
        "top_up_bps": rider.top_up_bps,
    })
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{
            Pubkey,
            program::state::{Credit, Market, MarketClock},
        },
        bytemuck::Zeroable,
    };

    fn at(market_time: i64, credit: Credit) -> (CreditView, MarketView) {
        let clock =
            MarketClock { chain: market_time + 50, market: market_time, is_paused: false, is_halted: false };
        let market = MarketView { address: Pubkey::default(), account: Market::zeroed(), clock };
        (CreditView { address: Pubkey::default(), account: credit }, market)
    }

    #[test]
    fn the_next_steps_have_the_times_of_the_chains_clock() {
        let mut credit = Credit { status: Status::Active as u8, ..Credit::zeroed() };
        credit.lender = Pubkey::new_from_array([1; 32]);
        let terms = &mut credit.terms;
        (terms.delinquency_grace, terms.default_grace, terms.cure_period) = (100, 300, 500);
        let steps = |status: Status, credit: Credit| {
            let (credit, market) = at(1_000, Credit { status: status as u8, ..credit });
            steps_json(&credit, &market)
        };
        assert!(steps(Status::Active, credit)["delinquency"].is_null(), "nothing is unpaid");
        credit.debt.arrears_since = 900;
        let active = steps(Status::Active, credit);
        assert_eq!(
            (&active["delinquency"]["unix"], &active["default"]["unix"]),
            (&json!(1_050), &json!(1_250))
        );
        let delinquent = steps(Status::Delinquent, credit);
        assert_eq!(
            (&delinquent["delinquency"], &delinquent["default"]["unix"]),
            (&Value::Null, &json!(1_250))
        );
        credit.defaulted_at = 950;
        let defaulted = steps(Status::Defaulted, credit);
        assert_eq!(defaulted["seizure"]["unix"], 1_500);
        assert!(defaulted["cancel_by_anyone"].is_null(), "nothing is held back: {defaulted}");
        let held = Credit { holdback_left: 1, ..credit };
        // The schedule, which is over, opens it; the borrower may cure until 1,450.
        assert!(held.cancel_opens_at() < 1_450, "{}", held.cancel_opens_at());
        assert_eq!(steps(Status::Defaulted, held)["cancel_by_anyone"]["unix"], 1_500);
        let mut later = Credit { issued_at: 1_000, instalment_count: 1, ..held };
        later.due_after[0] = 500;
        let opens_at = later.cancel_opens_at();
        assert!(opens_at > 1_450, "{opens_at}");
        assert_eq!(steps(Status::Defaulted, later)["cancel_by_anyone"]["unix"], opens_at + 50);
        assert_eq!(steps(Status::Seizing, later)["cancel_by_anyone"]["unix"], opens_at + 50);
        let (view, market) = at(2_000, Credit { status: Status::Defaulted as u8, ..credit });
        assert_eq!(step_lines(&view, &market)[0], ("seizure from".to_string(), "now".to_string()));
    }

    #[test]
    fn the_lines_that_are_left_out_are_lines_of_the_terms() {
        let mut credit = Credit::zeroed();
        credit.rider.reserve = 1;
        let names: Vec<&str> = terms_lines(&credit, ChainTime(0)).into_iter().map(|(name, _)| name).collect();
        assert!(SHOWN.iter().all(|shown| names.contains(shown)), "{names:?}");
    }

    #[test]
    fn units_that_no_loan_paid_for_have_no_terms() {
        let (credit, market) = at(0, Credit::zeroed());
        assert!(credit.account.is_unrestricted());
        assert_eq!((terms_json(&credit), rider_json(&credit)), (Value::Null, Value::Null));
        assert!(agreed_lines(&credit, &market).is_empty());
    }
}
