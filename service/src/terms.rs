//! The terms of a loan as a party reads them before it signs.

use {
    crate::{hex, text},
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd, Units},
        program::state::{AutoFreeze, Credit, FreezePolicy, Instalment, Rider},
        terms::instalments,
    },
};

/// The terms line by line: the name of each, and its value. `now` stands beside the end of an offer.
pub fn terms_lines(credit: &Credit, now: ChainTime) -> Vec<(&'static str, String)> {
    let terms = &credit.terms;
    let usd = |amount: u64| text::usd_owed(MicroUsd(amount));
    let units = |count: u64| text::units(Units(count));
    let span = |seconds: u32| text::exact_span(seconds.into());
    let lifetime = if terms.unit_lifetime == 0 { "no end".to_string() } else { span(terms.unit_lifetime) };
    let expiry = match terms.offer_expires_at {
        0 => "never".to_string(),
        at => format!("{} (now {})", text::time(ChainTime(at)), text::time(now)),
    };
    let (rate, longest) = (units(terms.max_units_per_second), span(terms.longest_job));
    let graces = [terms.delinquency_grace, terms.default_grace, terms.cure_period].map(span);
    let graces = format!("delinquent after {}, default after {}, cure {}", graces[0], graces[1], graces[2]);
    let apr = |bps: u16| text::percent(Bps(bps.into()));
    let interest = match terms.holdback {
        0 => format!("{} a year", apr(terms.apr_bps)),
        _ => format!("{} a year, {} on what is held back", apr(terms.apr_bps), apr(terms.holdback_apr_bps)),
    };
    let mut lines = Vec::new();
    lines.extend([
        ("principal", format!("{}, of which {} are held back", usd(terms.principal), usd(terms.holdback))),
        ("units", format!("{}, {} of them open at once", units(terms.units), units(terms.unlocked_ahead))),
        ("rate bound", format!("{rate} a second, jobs of {longest} at most")),
        ("interest", interest),
    ]);
    lines.extend(instalments_lines(&instalments(credit)));
    lines.extend([
        ("late fee", usd(terms.late_fee)),
        ("graces", graces),
        ("freezes", freezes_text(terms.freeze_policy, terms.auto_freeze)),
        ("unit lifetime", lifetime),
        ("offer ends", expiry),
    ]);
    lines.extend(rider_lines(&credit.rider));
    lines.push(("terms hash", hex::encode(credit.terms_hash)));
    lines
}

/// The optional terms that were agreed on.
fn rider_lines(rider: &Rider) -> Vec<(&'static str, String)> {
    let share = |bps: u16| text::percent(Bps(bps.into()));
    let mut lines = Vec::new();
    if rider.reserve > 0 {
        let reserve = text::usd_owed(MicroUsd(rider.reserve));
        lines.push(("reserve", format!("the borrower lays down {reserve} before the issue")));
    }
    if rider.has_covenant() {
        let covenant = format!(
            "of {} planned in {}: below {} the rate rises by {} up to {}, and {} of the principal falls due early; from {} on it falls \
             by as much, down to {}",
            text::units(Units(rider.planned_units)),
            text::span(rider.covenant_window.into()),
            share(rider.low_bps),
            share(rider.apr_step_bps),
            share(rider.apr_ceiling_bps),
            share(rider.top_up_bps),
            share(rider.high_bps),
            share(rider.apr_floor_bps)
        );
        lines.push(("covenant", covenant));
    }
    if rider.pay_in_kind_bps > 0 {
        let added = share(rider.pay_in_kind_bps);
        lines.push((
            "paid in kind",
            format!("{added} of the coupon on unused units is added to the principal"),
        ));
    }
    if rider.cross_default == 1 {
        let right = "the lender may freeze while another of its loans to the borrower is in default";
        lines.push(("cross-default", right.to_string()));
    }
    if rider.breach_notice == 1 {
        lines.push(("breach", "the lender may give notice of default for a breach".to_string()));
    }
    lines
}

/// The instalments in words: number, first and last where the ones between follow from these, else every run of equal ones, so that no
/// part hides between two others.
fn instalments_lines(schedule: &[Instalment]) -> Vec<(&'static str, String)> {
    let (Some(first), Some(last)) = (schedule.first(), schedule.last()) else {
        return vec![("instalments", "none".to_string())];
    };
    let count = schedule.len();
    if is_even(schedule) {
        let (first, last) = (instalment_text(first), instalment_text(last));
        return vec![("instalments", format!("{count}, the first of {first}, the last of {last}"))];
    }
    let mut lines = vec![("instalments", format!("{count}, not all alike:"))];
    let mut number = 0_usize;
    for run in runs(schedule) {
        lines.push(("", run_text(number.saturating_add(1), run)));
        number = number.saturating_add(run.len());
    }
    lines
}

/// An instalment in words: "$5.00 after 30 days".
fn instalment_text(instalment: &Instalment) -> String {
    let sum = text::usd_owed(MicroUsd(instalment.principal));
    format!("{sum} after {}", text::exact_span(instalment.due_after.into()))
}

/// A run of equal instalments in words; `from` is the number of the first one.
fn run_text(from: usize, run: &[Instalment]) -> String {
    let ([first, second, ..], Some(last)) = (run, run.last()) else {
        return format!("no. {from}: {}", run.first().map(instalment_text).unwrap_or_default());
    };
    let to = from.saturating_add(run.len()).saturating_sub(1);
    let span = |seconds: u32| text::exact_span(seconds.into());
    format!(
        "no. {from} to {to}: {} each, the first after {}, {} apart, the last after {}",
        text::usd_owed(MicroUsd(first.principal)),
        span(first.due_after),
        span(second.due_after.saturating_sub(first.due_after)),
        span(last.due_after)
    )
}

/// True where all instalments are of one principal, but for what does not divide in the last one, and of one distance from the first on.
fn is_even(schedule: &[Instalment]) -> bool {
    let Some((last, others)) = schedule.split_last() else { return true };
    let first = schedule.first().map_or(0, |first| first.principal);
    let rest = u64::try_from(schedule.len()).unwrap_or(u64::MAX);
    others.iter().all(|instalment| instalment.principal == first)
        && last.principal.abs_diff(first) < rest
        && distances(schedule).all(|distance| Some(distance) == distances(schedule).next())
}

fn distances(schedule: &[Instalment]) -> impl Iterator<Item = u32> + '_ {
    schedule.windows(2).map(|pair| match pair {
        [before, after] => after.due_after.saturating_sub(before.due_after),
        _ => 0,
    })
}

/// The longest runs of instalments with one principal and one distance, in their order.
fn runs(schedule: &[Instalment]) -> Vec<&[Instalment]> {
    let (mut runs, mut rest) = (Vec::new(), schedule);
    while let Some(first) = rest.first() {
        let distance = distances(rest).next();
        let follows = rest.windows(2).take_while(|pair| {
            pair.iter().all(|instalment| instalment.principal == first.principal)
                && distances(pair).next() == distance
        });
        let (run, left) = rest.split_at(follows.count().saturating_add(1).min(rest.len()));
        runs.push(run);
        rest = left;
    }
    runs
}

/// The statuses from which the lender, and from which anyone, may freeze, in words; `policy` and `auto` are the bytes of the terms.
pub fn freezes_text(policy: u8, auto: u8) -> String {
    let policy = match FreezePolicy::from_byte(policy) {
        Some(FreezePolicy::AtWill) => "at will",
        Some(FreezePolicy::OnDelinquency) => "from delinquency",
        Some(FreezePolicy::OnDefault) => "from default",
        None => "by an unknown policy",
    };
    let auto = match AutoFreeze::from_byte(auto) {
        Some(AutoFreeze::Never) => "never",
        Some(AutoFreeze::FromDelinquency) => "from delinquency",
        Some(AutoFreeze::FromDefault) => "from default",
        None => "by an unknown rule",
    };
    format!("lender {policy}, anyone {auto}")
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::program::state::Terms};

    #[test]
    fn terms_have_their_amounts_and_times_in_words() {
        let terms = Terms {
            principal: 1_000_000_000,
            holdback: 300_000_000,
            units: 250_000_000,
            apr_bps: 1_250,
            offer_expires_at: 86_400,
            ..bytemuck::Zeroable::zeroed()
        };
        let mut credit = Credit { terms, instalment_count: 2, ..bytemuck::Zeroable::zeroed() };
        credit.due_after[..2].copy_from_slice(&[2_592_000, 5_184_000]);
        credit.principal_due[..2].copy_from_slice(&[400_000_000, 600_000_000]);
        let lines = terms_lines(&credit, ChainTime(60));
        let value = |name: &str| lines.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
        assert_eq!(value("principal"), "$1,000.00, of which $300.00 are held back");
        assert_eq!(value("interest"), "12.5 % a year, 0 % on what is held back");
        assert_eq!(value("instalments"), "2, not all alike:");
        assert_eq!(value("offer ends"), "1970-01-02 00:00 UTC (now 1970-01-01 00:01 UTC)");
        assert_eq!((value("unit lifetime"), value("freezes")), ("no end", "lender at will, anyone never"));
        assert!(freezes_text(200, 200).contains("unknown policy"));
    }

    #[test]
    fn no_instalment_hides_between_two_others() {
        const DAY: u32 = 86_400;
        let schedule = |parts: &[(u32, u64)]| -> Vec<Instalment> {
            let part = |(due_after, dollars): &(u32, u64)| Instalment {
                due_after: *due_after,
                principal: dollars * 1_000_000,
            };
            parts.iter().map(part).collect()
        };
        let texts = |parts: &[(u32, u64)]| -> Vec<String> {
            instalments_lines(&schedule(parts)).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            texts(&[(1, 5), (DAY + 1, 5), (2 * DAY + 1, 5)]),
            ["3, the first of $5.00 after 1 second, the last of $5.00 after 2 days 1 second"]
        );
        let hidden = [(30 * DAY, 1), (60 * DAY, 1_189), (90 * DAY, 1), (120 * DAY, 1), (150 * DAY, 1)];
        assert_eq!(
            texts(&hidden),
            [
                "5, not all alike:",
                "no. 1: $1.00 after 30 days",
                "no. 2: $1,189.00 after 60 days",
                "no. 3 to 5: $1.00 each, the first after 90 days, 30 days apart, the last after 150 days"
            ]
        );
        let crowded = [(30 * DAY, 5), (31 * DAY, 5), (32 * DAY, 5), (360 * DAY, 5)];
        assert_eq!(
            texts(&crowded),
            [
                "4, not all alike:",
                "no. 1 to 3: $5.00 each, the first after 30 days, 1 day apart, the last after 32 days",
                "no. 4: $5.00 after 360 days"
            ]
        );
        assert_eq!(texts(&[]), ["none"]);
    }

    #[test]
    fn optional_terms_are_lines_where_they_were_agreed_on() {
        let mut credit: Credit = bytemuck::Zeroable::zeroed();
        let names = |credit: &Credit| -> Vec<&str> {
            rider_lines(&credit.rider).into_iter().map(|(name, _)| name).collect()
        };
        assert!(names(&credit).is_empty());
        credit.rider = Rider {
            reserve: 5_000_000,
            covenant_window: 86_400,
            planned_units: 7,
            pay_in_kind_bps: 5_000,
            cross_default: 1,
            breach_notice: 1,
            ..Rider::default()
        };
        assert_eq!(names(&credit), ["reserve", "covenant", "paid in kind", "cross-default", "breach"]);
        let lines = terms_lines(&credit, ChainTime(0));
        assert!(lines.iter().any(|(_, value)| value.contains("lays down $5.00 before the issue")));
    }
}
