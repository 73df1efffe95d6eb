//! `blockable quote` and `simulate`: without a node.

use crate::run::run_in;

#[test]
fn terms_are_simulated_and_quoted_without_a_node() {
    let home = tempfile::tempdir().unwrap();
    let run = |line: &str, more: &[&str]| {
        let arguments: Vec<&str> = line.split(' ').chain(more.iter().copied()).collect();
        run_in(home.path(), &arguments, &[("BLOCKABLE_URL", "http://127.0.0.1:1")])
    };
    let simulate = "simulate --preset standard --preset prepaid-12 --scene assumed --paths 40 --seed 7";
    let text = run(simulate, &[]);
    assert!(text.stdout.starts_with("seed 7, 40 loan paths a preset"), "{text:?}");
    let data = run(simulate, &["--output", "json"]).data();
    assert_eq!((&data["presets"][0]["preset"], &data["plan"]["seed"]), (&"standard".into(), &7.into()));
    let recovered = |place: usize| data["presets"][place]["recovery"]["value"].as_f64().unwrap();
    assert!(recovered(0) > recovered(1), "{data}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../economics/data/use.example.csv");
    let quote = "quote --preset standard-reserve --paths 200 --worlds 1 --use";
    let text = run(quote, &[file]);
    assert!(
        text.stdout.contains("standard-reserve") && text.stdout.contains("target: mean recovery"),
        "{text:?}"
    );
    let data = run(quote, &[file, "--output", "json"]).data();
    assert_eq!(data["quotes"][0]["preset"], "standard-reserve");
    assert!(data["mean_units_per_day"].as_u64().unwrap() > 0);
}

#[test]
fn every_option_of_quote_and_simulate_is_in_the_plan() {
    let home = tempfile::tempdir().unwrap();
    let data = |line: &str| {
        let words: Vec<&str> = line.split(' ').chain(["--output", "json"]).collect();
        run_in(home.path(), &words, &[]).data()
    };
    let economics = concat!(env!("CARGO_MANIFEST_DIR"), "/../economics/data");
    let assumptions = format!("--assumptions {economics}/assumptions.toml");
    let quote = |more: &str| {
        let line = format!(
            "quote --preset standard --paths 100 --worlds 4 --seed 3 --threads 1 {assumptions} --use {economics}/use.example.csv"
        );
        data(&format!("{line} {more}"))
    };
    // A target that all reach, one that none does, and the share of the worlds in which it must be reached.
    let reached = |share: &str| quote(&format!("--target {share} --confidence 100% --largest-request 1000"));
    let (low, high) = (reached("1%"), reached("100%"));
    assert_ne!(low["quotes"], high["quotes"], "{low}");
    assert_eq!(low["quotes"], reached("1%")["quotes"], "one seed, one answer, however many threads");
    let simulate =
        format!("simulate --preset standard --scene assumed --paths 40 --seed 7 --threads 1 {assumptions}");
    let plain = data(&simulate);
    let worlds = |targets: &str| {
        data(&format!("{simulate} --worlds 3 --side-paths 20 {targets} --use {economics}/use.example.csv"))
    };
    let (easy, hard) =
        (worlds("--target-mean 1% --target-p5 1%"), worlds("--target-mean 100% --target-p5 100%"));
    assert_ne!(easy, hard);
    assert_ne!(plain["presets"], easy["presets"], "a use of one's own");
    let tornado = data(&format!("{simulate} --tornado standard --side-paths 20"));
    assert_ne!(tornado, plain);
    assert_eq!(tornado["presets"], plain["presets"], "it is told besides");
}
