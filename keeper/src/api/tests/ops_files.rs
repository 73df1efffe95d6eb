//! The board and the rules in `ops/` use metrics that the keeper records, and no others.

use {
    serde_json::Value,
    std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    },
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn ops(name: &str) -> String {
    fs::read_to_string(folder().join("ops").join(name)).unwrap()
}

fn board() -> Value {
    serde_json::from_str(&ops("grafana.json")).unwrap()
}

/// Sources of the keeper, tests left out.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect()
}

/// Names in the first argument of a macro.
fn names_in(source: &str, call: &str) -> Vec<String> {
    let calls = source.match_indices(call).map(|(place, _)| &source[place + call.len()..]);
    let quoted = calls.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    quoted.map(name_at).filter(|name| name.starts_with("blockable_keeper_")).collect()
}

/// Metrics that a macro records.
fn recorded_by(call: &str) -> BTreeSet<String> {
    let mut all = Vec::new();
    sources(&folder().join("src"), &mut all);
    all.iter().flat_map(|source| names_in(source, call)).collect()
}

/// Every metric that the keeper records.
fn recorded() -> BTreeSet<String> {
    ["metrics::counter!(", "metrics::gauge!(", "metrics::histogram!("]
        .into_iter()
        .flat_map(recorded_by)
        .collect()
}

/// Every metric that a text names, without the suffixes of a histogram's parts.
fn named(text: &str) -> BTreeSet<String> {
    let names = text.match_indices("blockable_keeper_").filter(|(place, _)| {
        let before = text[..*place].chars().next_back();
        !before.is_some_and(|character| character.is_ascii_alphanumeric() || "_-/".contains(character))
    });
    names
        .map(|(place, _)| name_at(&text[place..]))
        .map(|name| {
            let bare = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            bare.unwrap_or(&name).to_string()
        })
        .collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_string));
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[test]
fn the_board_and_the_rules_use_metrics_that_are_recorded() {
    let recorded = recorded();
    assert!(
        recorded.contains("blockable_keeper_reports_total")
            && recorded.contains("blockable_keeper_requests_total")
    );
    let mut of_board = Vec::new();
    expressions(&board(), &mut of_board);
    for (file, text) in [("grafana.json", of_board.join("\n")), ("alerts.rules.yml", ops("alerts.rules.yml"))]
    {
        let named = named(&text);
        assert!(named.len() > 10, "{file}: {named:?}");
        for name in named {
            let is_known = recorded.contains(&name);
            assert!(is_known, "{file} names {name}, which nothing records");
        }
    }
}

#[test]
fn totals_are_counters_and_counters_are_totals() {
    let is_total = |name: &String| name.ends_with("_total");
    assert!(recorded_by("metrics::counter!(").iter().all(is_total));
    assert!(!recorded_by("metrics::gauge!(").iter().any(is_total));
}

#[test]
fn every_metric_is_described_and_every_description_has_its_metric() {
    let recorder = fs::read_to_string(folder().join("src/api/recorder.rs")).unwrap();
    let described: BTreeSet<String> = ["describe_counter!(", "describe_gauge!(", "describe_histogram!("]
        .into_iter()
        .flat_map(|call| names_in(&recorder, call))
        .collect();
    assert_eq!(described, recorded());
}

#[test]
fn every_metric_is_on_the_board() {
    let mut found = Vec::new();
    expressions(&board(), &mut found);
    let shown = named(&found.join("\n"));
    let missing: Vec<String> = recorded().into_iter().filter(|name| !shown.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_board_is_one_that_imports() {
    let board = board();
    let panels = board["panels"].as_array().unwrap();
    let rows: Vec<&str> = panels
        .iter()
        .filter(|panel| panel["type"] == "row")
        .map(|row| row["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        rows,
        ["Keeper", "Oracles", "Planning", "Landing", "Nodes", "Funds", "Alerts", "API", "Event logs"]
    );
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has a number of its own");
    for panel in panels {
        let place = &panel["gridPos"];
        let (x, width) = (place["x"].as_i64().unwrap(), place["w"].as_i64().unwrap());
        assert!(x >= 0 && width > 0 && x + width <= 24, "{}", panel["title"]);
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", panel["title"]);
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{}", panel["title"]);
        }
    }
    let variables: Vec<&str> = board["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, ["datasource", "job"]);
}

#[test]
fn every_rule_has_its_fact_its_meaning_and_its_next_step() {
    let text = ops("alerts.rules.yml");
    let rules: Vec<&str> = text.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 15);
    for rule in rules {
        let name = rule.lines().next().unwrap();
        assert!(name.starts_with("Keeper") && name.chars().all(char::is_alphanumeric), "{name}");
        for part in ["expr:", "for:", "severity:", "summary:", "meaning:", "next_step:"] {
            assert_eq!(rule.matches(&format!(" {part} ")).count(), 1, "{name} has one {part}");
        }
    }
    assert!(!text.contains('\t'), "YAML knows no tabs");
}
