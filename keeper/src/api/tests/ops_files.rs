//! The board and the rules in `ops/` use metrics that the keeper records, and no others.

use {
    blockable_testkit::ops_files::OpsFiles,
    std::{collections::BTreeSet, path::Path},
};

fn ops_files() -> OpsFiles {
    OpsFiles::read(Path::new(env!("CARGO_MANIFEST_DIR")), "blockable_keeper_").unwrap()
}

/// Metrics that a macro records.
fn recorded_by(call: &str) -> BTreeSet<String> {
    let files = ops_files();
    files.sources().unwrap().iter().flat_map(|source| files.metrics_in(source, call)).collect()
}

/// Every metric that the keeper records.
fn recorded() -> BTreeSet<String> {
    ["metrics::counter!(", "metrics::gauge!(", "metrics::histogram!("]
        .into_iter()
        .flat_map(recorded_by)
        .collect()
}

#[test]
fn the_board_and_the_rules_use_metrics_that_are_recorded_and_the_board_shows_all() {
    let recorded = recorded();
    assert!(
        recorded.contains("blockable_keeper_reports_total")
            && recorded.contains("blockable_keeper_requests_total")
    );
    ops_files().check_metrics(&recorded).unwrap();
}

#[test]
fn totals_are_counters_and_counters_are_totals() {
    let is_total = |name: &String| name.ends_with("_total");
    assert!(recorded_by("metrics::counter!(").iter().all(is_total));
    assert!(!recorded_by("metrics::gauge!(").iter().any(is_total));
}

#[test]
fn every_metric_is_described_and_every_description_has_its_metric() {
    let described: BTreeSet<String> = ["describe_counter!(", "describe_gauge!(", "describe_histogram!("]
        .into_iter()
        .flat_map(recorded_by)
        .collect();
    assert_eq!(described, recorded());
}

#[test]
fn the_board_is_one_that_imports() {
    let rows = [
        "Keeper",
        "Oracles",
        "Planning",
        "Landing",
        "Nodes",
        "Funds",
        "Alerts",
        "API",
        "Event logs",
        "Store",
    ];
    ops_files().check_board(&rows).unwrap();
}

#[test]
fn every_rule_has_its_fact_its_meaning_and_its_next_step() {
    ops_files().check_rules("Keeper", 15).unwrap();
}
