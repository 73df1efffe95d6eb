use {super::*, crate::results::json};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn simulation(line: &str) -> SimulateArgs {
    match parse(line).unwrap().command {
        Command::Simulate(simulate) => simulate.args,
        Command::Quote(_) | Command::Presets => panic!("simulate"),
    }
}

#[test]
fn shares_are_written_either_way() {
    assert_eq!(share("85%"), Ok(0.85));
    assert_eq!(share("0.5"), Ok(0.5));
    assert!(share("85").unwrap_err().starts_with("85 is no share"));
    assert!(share("-1%").is_err());
}

#[test]
fn a_simulation_prints_what_it_rests_on() {
    let line = "x simulate --preset prepaid-12 --preset advance --paths 50 --threads 1 --scene assumed --scene crash --worlds 2 --side-paths 20";
    let results = simulation(line).simulate().unwrap();
    let scenes: Vec<&str> = results.presets.iter().map(|summary| summary.scene).collect();
    assert_eq!(scenes, ["assumed", "assumed", "crash", "crash"]);
    assert_eq!(results.worlds.len(), 2);
    let text = json(&results).unwrap();
    assert!(text.contains("\"seed\": 20261129") && text.contains("market.buyer_pays"));
}

#[test]
fn wrong_arguments_say_what_is_right() {
    assert!(parse("x quote").unwrap_err().to_string().contains("--use <FILE>"));
    assert!(
        parse("x quote --use a.csv --target 850%")
            .unwrap_err()
            .to_string()
            .contains("a percentage such as 85%")
    );
    let error = simulation("x simulate --paths 3").simulate().unwrap_err();
    assert_eq!(error.to_string(), "--paths must be at least 10");
}

#[test]
fn a_simulation_takes_a_borrowers_own_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("use.csv");
    let days: String = (0..30).map(|day| format!("{day},{}\n", 300_000 + 20_000 * day)).collect();
    std::fs::write(&file, format!("day,units\n{days}")).unwrap();
    let own = file.display().to_string();
    let line = format!(
        "x simulate --use {own} --preset standard --scene assumed --paths 40 --worlds 2 --side-paths 10 --tornado standard"
    );
    let results = simulation(&line).simulate().unwrap();
    assert_eq!(results.own_use, Some(own));
    assert_eq!((results.presets.len(), results.worlds.len()), (1, 1));
    // Use that grows slowly waits for less than that of the tenants that are drawn otherwise.
    assert!(results.presets[0].days_put_off.value < 0.2, "{:?}", results.presets[0].days_put_off);
}

#[test]
fn a_use_that_no_market_lends_for_says_what_a_unit_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("use.csv");
    let days: String = (0..30).map(|day| format!("{day},1\n")).collect();
    std::fs::write(&file, format!("day,units\n{days}")).unwrap();
    let own = file.display().to_string();
    let line = format!("x simulate --use {own} --preset standard --paths 10");
    let error = simulation(&line).simulate().unwrap_err().to_string();
    assert!(error.starts_with("the use of 360 days adds up to 360 units, a loan of $0.1"), "{error}");
}
