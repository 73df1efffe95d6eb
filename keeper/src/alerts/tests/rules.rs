//! The table, its configuration and the evaluation of findings.

use {
    super::*,
    crate::{
        alerts::rules::{RuleSettings, Side, ThresholdUnit, Thresholds},
        finding::RuleState,
    },
};

fn read(text: &str) -> (Rules, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let rules = AlertSettings::read(&mut reader).rules;
    (rules, reader.finish())
}

#[test]
fn every_rule_can_be_switched_off_and_given_another_severity() {
    let lines = Rule::ALL.map(|rule| format!("{rule} = {{ enabled = false, severity = \"info\" }}\n"));
    let (rules, mistakes) = read(&format!("[rules]\n{}", lines.concat()));
    assert_eq!(mistakes, Vec::<String>::new());
    for rule in Rule::ALL {
        let settings = rules.get(rule);
        assert_eq!((settings.enabled, settings.severity), (false, Severity::Info), "{rule}");
        assert_eq!(settings.thresholds, Rules::default().get(rule).thresholds);
    }
}

#[test]
fn what_is_left_out_has_the_default_of_the_table() {
    let (rules, mistakes) = read("");
    assert!(mistakes.is_empty());
    for rule in Rule::ALL {
        assert_eq!(rules.get(rule), Rules::default().get(rule), "{rule}");
    }
}

#[test]
fn thresholds_severity_and_a_switch_can_be_set_for_each_rule() {
    let (rules, mistakes) = read(
        "[rules]\nexhaustion = { raise = 5, clear = 7.5, severity = \"critical\" }\nidle = { enabled = false }",
    );
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let thresholds = Thresholds { side: Side::Below, unit: ThresholdUnit::Days, raise: 5.0, clear: 7.5 };
    let expected = RuleSettings { enabled: true, severity: Severity::Critical, thresholds: Some(thresholds) };
    assert_eq!(rules.get(Rule::Exhaustion), expected);
    assert!(!rules.get(Rule::Idle).enabled);
}

#[test]
fn every_mistake_in_a_rule_is_named_with_its_place() {
    let (_, mistakes) = read(
        "[rules]\nexhaustion = { raise = 14, clear = 7 }\nburn_rate = { raise = 1.0, clear = 3.0 }\n\
         frozen = { raise = 3 }\nidle_days = {}\ncoverage = { raise = -1.0 }",
    );
    let has = |start: &str| {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(start)), "{start}: {mistakes:?}")
    };
    has("rules.exhaustion.clear: clear, 7, is below raise, 14");
    has("rules.burn_rate.clear: clear, 3, is above raise, 1");
    has("rules.frozen.raise: no such key");
    has("rules.idle_days: no such key");
    has("rules.coverage.clear: raise and clear must be numbers");
    assert_eq!(mistakes.len(), 5, "{mistakes:?}");
}

/// The example has a line for every rule, which shows the rule's defaults.
#[test]
fn the_example_shows_the_defaults_of_every_rule() {
    let example = include_str!("../../../keeper.example.toml");
    let lines: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let line_of = |rule: Rule| {
        let begin = format!("{rule} = {{ ");
        let found: Vec<&&str> = lines.iter().filter(|line| line.starts_with(&begin)).collect();
        assert_eq!(found.len(), 1, "{rule}");
        *found[0]
    };
    let shown = Rule::ALL.map(|rule| format!("{}\n", line_of(rule)));
    let (rules, mistakes) = read(&format!("[rules]\n{}", shown.concat()));
    assert_eq!(mistakes, Vec::<String>::new());
    for rule in Rule::ALL {
        assert_eq!(rules.get(rule), Rules::default().get(rule), "{rule}");
        assert!(line_of(rule).contains("severity = "), "{rule}");
        assert_eq!(line_of(rule).contains("raise = "), rules.get(rule).thresholds.is_some(), "{rule}");
    }
}

#[test]
fn a_rule_that_is_switched_off_clears_what_it_has_raised() {
    let mut rules = Rules::default();
    assert_eq!(evaluated(funds(5, Some("it does not sign")), &rules).0, Level::Raise);
    rules.set(Rule::Funds, RuleSettings { enabled: false, ..rules.get(Rule::Funds) });
    assert_eq!(evaluated(funds(5, Some("it does not sign")), &rules).0, Level::Clear);
}

#[test]
fn findings_without_a_fact_hold_or_clear() {
    let rules = Rules::default();
    for rule in Rule::ALL {
        assert_eq!(evaluated(Finding::new(rule, key(7), RuleState::Unchanged), &rules).0, Level::Hold);
        assert_eq!(evaluated(Finding::over(rule, key(7)), &rules).0, Level::Clear);
    }
}

#[test]
fn nodes_that_fail_for_three_cycles_raise_an_alert() {
    let level = |cycles| evaluated(failing_nodes(cycles), &Rules::default()).0;
    assert_eq!([1, 2, 3, 9].map(level), [Level::Hold, Level::Hold, Level::Raise, Level::Raise]);
}

#[test]
fn a_key_that_cannot_be_used_is_critical_whatever_it_holds() {
    let rules = Rules::default();
    assert_eq!(evaluated(funds(50_000_000, None), &rules), (Level::Raise, Severity::Warning));
    assert_eq!(evaluated(funds(50_000_001, None), &rules).0, Level::Clear);
    let unusable = funds(50_000_001, Some("its cap is reached"));
    assert_eq!(evaluated(unusable, &rules), (Level::Raise, Severity::Critical));
}

#[test]
fn a_log_that_does_not_hash_is_critical_and_lost_records_are_a_warning() {
    let rules = Rules::default();
    let mismatch = Fact::LogMismatch { node: "one".to_string(), records: 4 };
    assert_eq!(evaluated(Finding::is(key(7), mismatch), &rules), (Level::Raise, Severity::Critical));
    let lost = Fact::RecordsLost { node: "one".to_string(), credits: 1, examples: Vec::new() };
    assert_eq!(evaluated(Finding::is(key(9), lost), &rules), (Level::Raise, Severity::Warning));
}
