//! The files of `ops/`: rules and board use metrics that the server has, the unit and the image start what they should.

use {
    super::common::Bench,
    blockable_testkit::ops_files::OpsFiles,
    std::{collections::BTreeSet, fs, path::Path},
};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files() -> OpsFiles {
    OpsFiles::read(folder(), "blockable_provider_").unwrap()
}

/// Metrics with their descriptions, by the name of their list.
fn described() -> [(&'static str, BTreeSet<String>); 3] {
    let source = fs::read_to_string(folder().join("src/metrics.rs")).unwrap();
    ["COUNTERS", "GAUGES", "HISTOGRAMS"].map(|list| {
        let (_, from) = source.split_once(&format!("const {list}: ")).unwrap();
        let (text, _) = from.split_once("\n];").unwrap();
        (list, files().metrics_in(text, "(").into_iter().collect())
    })
}

/// Every metric that is described.
fn all_described() -> BTreeSet<String> {
    described().into_iter().flat_map(|(_, names)| names).collect()
}

#[test]
fn every_metric_is_described_and_every_description_has_its_metric() {
    let lists = "const COUNTERS: ";
    let mut recorded = BTreeSet::new();
    for source in files().sources().unwrap() {
        let source = match source.split_once(lists) {
            Some((_, lists)) => lists.split_once("pub(crate) struct Metrics").unwrap().1.to_string(),
            None => source,
        };
        let quoted = source.split('"').filter(|text| text.starts_with("blockable_provider_"));
        recorded.extend(quoted.filter(|text| !text.contains([' ', '{', '.'])).map(str::to_string));
    }
    assert_eq!(recorded, all_described());
}

#[test]
fn totals_are_counters_and_counters_are_totals() {
    for (list, names) in described() {
        assert!(names.len() > 3, "{list}");
        for name in names {
            assert_eq!(name.ends_with("_total"), list == "COUNTERS", "{name}");
            assert_eq!(name.ends_with("_seconds") && list == "HISTOGRAMS", list == "HISTOGRAMS", "{name}");
        }
    }
}

#[test]
fn the_rules_use_metrics_that_are_recorded_and_the_board_shows_all() {
    files().check_metrics(&all_described()).unwrap();
}

#[test]
fn the_page_for_providers_has_every_metric() {
    let page = fs::read_to_string(folder().join("../docs/provider-reference.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `blockable_provider_"));
    let rows: Vec<&str> = rows.collect();
    let named = files().metrics_named(&rows.join("\n"));
    assert_eq!(named, all_described());
}

#[test]
fn the_board_is_one_that_imports() {
    let rows = ["Service", "Units", "Models", "Store", "Chain", "Freezes, reports and keys"];
    files().check_board(&rows).unwrap();
}

#[test]
fn every_rule_has_its_fact_its_meaning_and_its_next_step() {
    files().check_rules("Provider", 25).unwrap();
}

#[test]
fn the_rules_name_labels_that_the_server_writes() {
    let rules = fs::read_to_string(folder().join("ops/alerts.rules.yml")).unwrap();
    let mut sources = files().sources().unwrap();
    for other in ["../gate", "../service"] {
        sources.extend(OpsFiles::sources_of(&folder().join(other)).unwrap());
    }
    let text = sources.join("\n");
    let mut found = 0;
    for label in ["code", "class", "result"] {
        for (place, _) in
            rules.match_indices(&format!("{label}=")).chain(rules.match_indices(&format!("{label}!~")))
        {
            let values = rules[place..].split('"').nth(1).unwrap();
            for value in values.split('|') {
                let is_known = match value.strip_suffix(".*") {
                    Some(stem) => text.contains(&format!("\"{stem}")),
                    None => text.contains(&format!("\"{value}\"")),
                };
                assert!(is_known, "{label} {value}");
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rules_need_is_exposed_from_the_start() {
    let bench = Bench::start(|_| {}).await;
    let answer = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap();
    let text = answer.text().await.unwrap();
    let (_, gauges) = &described()[1];
    // Parts that this server does not have: a follower, a freeze desk, reporters.
    let absent = ["freezes_open", "report_age_seconds", "websocket_up"];
    for gauge in gauges {
        let is_absent = absent.iter().any(|name| gauge.ends_with(name));
        assert_eq!(text.contains(&format!("# HELP {gauge} ")), !is_absent, "{gauge}");
    }
    for line in ["blockable_provider_overdue_hold_seconds 0", "blockable_provider_requests_limit 1024"] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    bench.stop().await;
}

#[test]
fn unit_and_image_start_the_server_by_its_commands() {
    let read = |name: &str| fs::read_to_string(folder().join("ops").join(name)).unwrap();
    let (unit, image) = (read("blockable-provider.service"), read("Dockerfile"));
    assert!(
        unit.contains("blockable-provider serve --config /etc/blockable-provider/provider.toml --log json")
    );
    assert!(
        image.contains(
            r#"CMD ["serve", "--config", "/etc/blockable-provider/provider.toml", "--log", "json"]"#
        )
    );
    for text in [&unit, &image] {
        // The variable is one that the settings know: `serve` refuses others.
        assert!(text.contains("BLOCKABLE_PROVIDER_GATE__STORE="));
    }
    for hardening in [
        "ExecReload=/bin/kill -HUP $MAINPID",
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=\n",
        "RestartPreventExitStatus=2",
        "LoadCredential=secret:",
    ] {
        assert!(unit.contains(hardening), "{hardening}");
    }
    for part in
        ["USER 10002", "HEALTHCHECK", "/livez", "STOPSIGNAL SIGTERM", "VOLUME /var/lib/blockable-provider"]
    {
        assert!(image.contains(part), "{part}");
    }
    let ignored = read("Dockerfile.dockerignore");
    for secret in ["**/secret", "**/operator.json", "**/provider.toml", "**/*.db"] {
        assert!(ignored.lines().any(|line| line == secret), "{secret}");
    }
}
