//! Tests of the texts of alerts.

use {
    super::*,
    crate::{
        alerts::Text,
        finding::{CovenantUse, FailingLane, NextMark, PaymentAmounts},
    },
};

/// One fact of each kind, each beyond its thresholds.
pub(super) fn facts() -> Vec<Fact> {
    let (units, dollars) = (Units(1_500), MicroUsd(12_000_000));
    let (time, provider, credit) = (ChainTime(NOW), key(3), key(7));
    let covenant = CovenantUse { used: Bps(100), threshold: Bps(6_000), seconds: 86_400, window: 864_000 };
    let amounts = PaymentAmounts {
        amount: dollars,
        principal: MicroUsd(10_000_000),
        interest: MicroUsd(1_000_000),
        late_fees: MicroUsd(1_000_000),
        reserve: dollars,
    };
    let node = || "one".to_string();
    vec![
        Fact::BurnRate { ratio: 2.5, rate: 1.0, long_rate: 0.4, available: units, exhausted_at: Some(time) },
        Fact::Exhaustion {
            seconds_left: 60,
            exhausted_at: Some(time),
            available: units,
            granted: units,
            rate: 1.0,
            debt: dollars,
        },
        Fact::Idle { seconds: 864_000, used_at: time, reported_at: None },
        Fact::ProviderSwitch { seconds: 864_000, credit, provider },
        Fact::Coverage { coverage: Bps(7_000), lien: units, lien_value: MicroUsd(8_400_000), debt: dollars },
        Fact::PaymentDue { seconds_left: 60, due_at: time, due_market_time: MarketTime(NOW), amounts },
        Fact::PaymentMissed {
            missed: 2,
            arrears: dollars,
            since: Some(time),
            next_mark: Some(NextMark::Defaulted(time)),
        },
        Fact::Delinquent { arrears: dollars, default_from: Some(time) },
        Fact::Defaulted { debt: dollars, arrears: dollars, cure_ends_at: Some(time), lien: units },
        Fact::Frozen { frozen: units, lien: units, available: Units::ZERO, arrears: dollars },
        Fact::CovenantLow(covenant),
        Fact::CovenantHigh(covenant),
        Fact::Overrun { recent: units, total: units },
        Fact::ReporterSilent { provider, chunk: 4, seconds: 130 },
        Fact::ReportersDisagree { agreeing: 1, reporting: 2, quorum: 2, units },
        Fact::Equivocation { provider, chunk: 4, reported_at: time },
        Fact::BadReports { provider, chunk: 4, bit: 1, from: Units(20), to: Units(19) },
        Fact::ReportsBelowChain { chunk: 4, credit, reported_at: time, on_chain: units },
        Fact::NoQuorum { quorum: 2, chunk: 4, credit, metered_to: time },
        Fact::Funds { role: "metering", lamports: Lamports(5_000), fault: None },
        Fact::Funds {
            role: "metering",
            lamports: Lamports(5_000),
            fault: Some("it does not sign".to_string()),
        },
        Fact::Quarantine {
            lanes: vec![FailingLane {
                lane: "expire_units/7".to_string(),
                failures: 5,
                reason: "it fails".to_string(),
            }],
        },
        Fact::Rpc { cycles: 3, reasons: vec!["one: it lags".to_string()] },
        Fact::Stall { seconds: 600 },
        Fact::LogMismatch { node: node(), records: 4 },
        Fact::RecordsLost { node: node(), credits: 1, examples: vec![(credit, "it is gone".to_string())] },
    ]
}

#[test]
fn every_rule_says_what_happened_what_it_means_and_what_to_do_in_whole_sentences() {
    for rule in Rule::ALL {
        assert!(facts().iter().any(|fact| fact.rule() == rule), "{rule} has no fact");
    }
    for fact in facts() {
        let rule = fact.rule();
        assert_eq!(evaluated(Finding::is(key(7), fact.clone()), &Rules::default()).0, Level::Raise, "{rule}");
        let Text { happened, meaning, next_step } = Text::of_fact(&key(7), &fact);
        for text in [happened, meaning, next_step] {
            let begin = text.chars().next().unwrap();
            assert!(begin.is_uppercase() || begin.is_numeric() || begin == '$', "{rule}: `{text}`");
            assert!(text.len() > 20 && text.ends_with('.') && !text.contains("  "), "{rule}: `{text}`");
        }
    }
}

#[test]
fn a_text_names_its_amounts_times_and_keys() {
    let happened = |fact| Text::of_fact(&key(2), &fact).happened;
    let (provider, reporter) = (key(3), key(2));
    let bad = Fact::BadReports { provider, chunk: 0, bit: 1, from: Units(20), to: Units(19) };
    assert_eq!(
        happened(bad),
        format!(
            "Reporter {reporter} of provider {provider} counts 19 units for credit 1 of chunk 0 after it counted 20 units."
        )
    );
    let silent = Fact::ReporterSilent { provider, chunk: 1, seconds: 130 };
    assert!(happened(silent).ends_with("has not reported on chunk 1 for 2 minutes."));
    let equivocation = Fact::Equivocation { provider, chunk: 0, reported_at: ChainTime(NOW) };
    assert!(
        happened(equivocation).ends_with("for one instant, 2027-01-15 08:00 UTC (Unix time 1800000000).")
    );
}
