use {super::*, crate::alert::Severity, blockable_service::settings::Reader};

fn read(text: &str) -> (Settings, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let settings = Settings::read(&mut reader);
    (settings, reader.finish())
}

#[test]
fn what_is_left_out_has_a_default() {
    assert_eq!(read(""), (Settings::default(), Vec::new()));
}

#[test]
fn marks_severity_and_a_switch_can_be_set_for_each_rule() {
    let (settings, mistakes) = read(
        "[watch]\nhaircut_bps = 500\n[rules]\nexhaustion_days = { raise = 5, clear = 7.5, severity = \"critical\" }\nidle_days = { enabled = false }",
    );
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert_eq!(settings.haircut_bps, 500);
    let rule = settings.rules.get(Rule::Exhaustion).unwrap();
    let marks = rule.marks.unwrap();
    assert_eq!((marks.raise, marks.clear, rule.severity), (5.0, 7.5, Severity::Critical));
    assert!(!settings.rules.get(Rule::Idle).unwrap().enabled);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let (_, mistakes) = read(
        "[watch]\nhalf_life_hours = 200\nsample_seconds = 1\nfoo = 1\n[rules]\nexhaustion_days = { raise = 14, clear = 7 }\n\
         burn_ratio = { raise = 1.0, clear = 3.0 }\nfrozen = { raise = 3 }\nidle = {}\ncoverage_bps = { raise = -1.0 }",
    );
    let has = |start: &str| {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(start)), "{start}: {mistakes:?}")
    };
    has("watch.long_half_life_hours: 168 is not above");
    has("watch.sample_seconds: ");
    has("watch.foo: no such key");
    has("rules.exhaustion_days.clear: clear, 7, is below raise, 14");
    has("rules.burn_ratio.clear: clear, 3, is above raise, 1");
    has("rules.frozen.raise: no such key");
    has("rules.idle: no such key");
    has("rules.coverage_bps.clear: raise and clear must be numbers");
    assert_eq!(mistakes.len(), 8, "{mistakes:?}");
}
