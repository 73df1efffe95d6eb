//! The terms of a loan as a party reads them before it signs.

use {
    crate::{hex, text},
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd, Units},
        program::state::{AutoFreeze, Credit, FreezePolicy, Instalment},
        terms::instalments,
    },
};

/// The terms line by line: the name of each, and its value. `now` stands beside the end of an offer.
pub fn terms_lines(credit: &Credit, now: ChainTime) -> Vec<(&'static str, String)> {
    let terms = &credit.terms;
    let usd = |amount: u64| text::usd_owed(MicroUsd(amount));
    let units = |count: u64| text::units(Units(count));
    let span = |seconds: u32| text::span(seconds.into());
    let lifetime = if terms.unit_lifetime == 0 { "no end".to_string() } else { span(terms.unit_lifetime) };
    let expiry = match terms.offer_expires_at {
        0 => "never".to_string(),
        at => format!("{} (now {})", text::time(ChainTime(at)), text::time(now)),
    };
    let (rate, longest) = (units(terms.max_units_per_second), span(terms.longest_job));
    let graces = [terms.delinquency_grace, terms.default_grace, terms.cure_period].map(span);
    let graces = format!("delinquent after {}, default after {}, cure {}", graces[0], graces[1], graces[2]);
    vec![
        ("principal", format!("{}, of which {} are held back", usd(terms.principal), usd(terms.holdback))),
        ("units", format!("{}, {} of them open at once", units(terms.units), units(terms.unlocked_ahead))),
        ("rate bound", format!("{rate} a second, jobs of {longest} at most")),
        ("interest", format!("{} a year", text::percent(Bps(terms.apr_bps.into())))),
        ("instalments", instalments_text(&instalments(credit))),
        ("late fee", usd(terms.late_fee)),
        ("graces", graces),
        ("freezes", freezes_text(terms.freeze_policy, terms.auto_freeze)),
        ("unit lifetime", lifetime),
        ("offer ends", expiry),
        ("terms hash", hex::encode(credit.terms_hash)),
    ]
}

fn instalments_text(schedule: &[Instalment]) -> String {
    match (schedule.first(), schedule.last()) {
        (Some(first), Some(last)) => format!(
            "{}, the first of {} after {}, the last of {} after {}",
            schedule.len(),
            text::usd_owed(MicroUsd(first.principal)),
            text::span(first.due_after.into()),
            text::usd_owed(MicroUsd(last.principal)),
            text::span(last.due_after.into())
        ),
        _ => "none".to_string(),
    }
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
        assert_eq!(value("interest"), "12.5 % a year");
        assert_eq!(
            value("instalments"),
            "2, the first of $400.00 after 30 days, the last of $600.00 after 60 days"
        );
        assert_eq!(value("offer ends"), "1970-01-02 00:00 UTC (now 1970-01-01 00:01 UTC)");
        assert_eq!((value("unit lifetime"), value("freezes")), ("no end", "lender at will, anyone never"));
        assert!(freezes_text(200, 200).contains("unknown policy"));
    }
}
