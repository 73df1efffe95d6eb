use super::*;

fn read(text: &str) -> Result<Assumptions, EconomicsError> {
    reader::read("a.toml", text, &|name| {
        Ok(if name == "tenant_days.csv" { BUILT_IN_TENANTS } else { BUILT_IN_TIMING }.to_string())
    })
}

/// The message for the built-in file with one text in the place of another.
fn refused(from: &str, to: &str) -> String {
    assert!(BUILT_IN.contains(from), "{from}");
    read(&BUILT_IN.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn ours_are_read_with_their_sources() {
    let ours = Assumptions::built_in().unwrap();
    assert_eq!(ours.market.price_drift, -0.35);
    assert_eq!(ours.classes.len(), 3);
    let drift = ours.sources.iter().find(|source| source.key == "market.price_drift").unwrap();
    assert!(drift.source.contains("h100_price.csv"), "{drift:?}");
    assert_eq!(drift.value, "-0.35");
    let worlds = ours.sources.iter().find(|source| source.key == "worlds.race").unwrap();
    assert!(worlds.source.starts_with("drawn uniformly"), "the section's: {worlds:?}");
}

#[test]
fn a_file_without_the_last_section_has_its_defaults() {
    let (shared, _) = BUILT_IN.split_once("[simulator]").unwrap();
    assert_eq!(read(shared).unwrap().simulator, Simulator::default());
    assert_eq!(Assumptions::built_in().unwrap().simulator, Simulator::default());
}

#[test]
fn mistakes_name_their_line() {
    let line = BUILT_IN.lines().position(|line| line.starts_with("race = 0.30")).unwrap() + 1;
    let at = format!("a.toml, line {line}: ");
    let cases = [
        ("race = 0.30 ", "race = 1.30 ", "race is 1.3, but must be from 0 to 1"),
        ("race = 0.30 ", "rase = 0.30 ", "unknown field `rase`"),
        ("race = 0.30 ", "race = 0.30.1 ", ""),
        ("race = 0.30 ", "race = \"fast\" ", "invalid type"),
    ];
    for (from, to, reason) in cases {
        let message = refused(from, to);
        assert!(message.starts_with(&at) && message.contains(reason), "{message}");
    }
    let twice = refused("buyer_pays = [0.65, 0.95]", "buyer_pays = [0.95, 0.65]");
    assert!(twice.contains("the first end is above the second"), "{twice}");
    assert!(!twice.contains("line 1:"), "{twice}");
}

#[test]
fn a_key_without_a_source_is_refused() {
    let message = refused(
        "[worlds]              # drawn uniformly, 100 times, to see whether a verdict hangs on a guess",
        "[worlds]",
    );
    assert!(message.ends_with("race has no source: state it behind a #, or \"assumed\""), "{message}");
}

#[test]
fn tables_name_the_line_of_a_mistake() {
    let message = Quantiles::read("q.csv", "q,s\n0,0\n0.5,0.4\n1,0.3\n").unwrap_err().to_string();
    assert!(message.starts_with("q.csv, line 4: "), "{message}");
    let message = Quantiles::read("q.csv", "q,s\n0,0\n0.5,x\n").unwrap_err().to_string();
    assert_eq!(message, "q.csv, line 3: \"x\" is not a number; write one such as 12 or 0.5");
    let message = TenantClass::read("t.csv", "header\nname,1,2\n").unwrap_err().to_string();
    assert_eq!(
        message,
        "t.csv, line 2: it has 3 fields instead of 10; separate them by commas, numbers without any"
    );
}

#[test]
fn quantiles_lie_on_lines_between_their_points() {
    let timing = Assumptions::built_in().unwrap().default_timing;
    assert_eq!(timing.at(0.0), 0.0);
    assert_eq!(timing.at(0.5), 0.375);
    assert!((timing.at(0.525) - (0.375 + 0.4157) / 2.0).abs() < 1e-12);
    assert_eq!(timing.at(1.0), 0.9951);
}
