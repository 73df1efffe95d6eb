use {super::*, crate::report::json};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
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
    let Command::Simulate(args) = parse(line).unwrap().command else { panic!("simulate") };
    let (assumptions, plan) = (args.common.assumptions().unwrap(), args.common.plan().unwrap());
    let report = simulate::simulate(&args, &assumptions, &plan).unwrap();
    let scenes: Vec<&str> = report.presets.iter().map(|summary| summary.scene).collect();
    assert_eq!(scenes, ["assumed", "assumed", "crash", "crash"]);
    assert_eq!(report.worlds.len(), 2);
    let text = json(&report).unwrap();
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
    let Command::Simulate(args) = parse("x simulate --paths 3").unwrap().command else { panic!("simulate") };
    assert_eq!(args.common.plan().unwrap_err().to_string(), "--paths must be at least 10");
}
