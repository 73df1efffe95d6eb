//! `blockable quote` and `simulate`: without a node.

use crate::world::run_in;

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
