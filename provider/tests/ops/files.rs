//! The files of `ops/`: rules and board use metrics that the server has, the unit and the image start what they should.

use {
    super::common::Bench,
    blockable_provider::init::{InitValues, init},
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
    let source = fs::read_to_string(folder().join("src/metrics/mod.rs")).unwrap();
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
fn every_rule_has_its_entry_in_the_runbook() {
    let page = fs::read_to_string(folder().join("../docs/provider-reference.md")).unwrap();
    files().check_runbook("docs/provider-reference.md", &page).unwrap();
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
    let read = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
    let (unit, image) = (read("ops/blockable-provider.service"), read("../service/ops/Dockerfile"));
    let (_, image) = image.split_once("AS blockable-provider\n").unwrap();
    assert!(
        unit.contains("blockable-provider serve --config /etc/blockable-provider/provider.toml --log json")
    );
    assert!(
        image.contains(
            r#"CMD ["serve", "--config", "/etc/blockable-provider/provider.toml", "--log", "json"]"#
        )
    );
    for hardening in [
        "ExecReload=/bin/kill -HUP $MAINPID",
        "User=blockable-provider",
        "StateDirectory=blockable-provider",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "RemoveIPC=yes",
        "RestrictSUIDSGID=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=\n",
        "RestartPreventExitStatus=2 4",
    ] {
        assert!(unit.contains(hardening), "{hardening}");
    }
    for part in [
        "USER 10002",
        "HEALTHCHECK",
        "/livez",
        "VOLUME /var/lib/blockable-provider",
        "WORKDIR /var/lib/blockable-provider",
    ] {
        assert!(image.contains(part), "{part}");
    }
    assert!(read("../service/ops/Dockerfile").contains("STOPSIGNAL SIGTERM"));
    let ignored = read("../service/ops/Dockerfile.dockerignore");
    for secret in
        ["**/secret", "**/operator.json", "**/reporter*.json", "**/*.token", "**/provider.toml", "**/*.db"]
    {
        assert!(ignored.lines().any(|line| line == secret), "{secret}");
    }
}

/// The path of the store is in the file alone: a command that reads the file finds the store that the server has.
#[test]
fn unit_image_page_and_init_use_the_same_files() {
    let read = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
    let (unit, image) = (read("ops/blockable-provider.service"), read("../service/ops/Dockerfile"));
    let (_, image) = image.split_once("AS blockable-provider\n").unwrap();
    for (text, setting) in
        [(unit.as_str(), "Environment"), (unit.as_str(), "LoadCredential"), (image, "ENV ")]
    {
        assert!(!text.contains(setting), "{setting} would be hidden from commands that read the file");
    }
    let page = read("../docs/provider.md");
    let (_, production) = page.split_once("<!-- ci: provider-production -->\n```sh\n").unwrap();
    let (commands, _) = production.split_once("```").unwrap();
    for command in [
        "--uid 10002 --home-dir /var/lib/blockable-provider --shell /usr/sbin/nologin blockable-provider",
        "store = \"/var/lib/blockable-provider/gate.db\"",
        "install -m 0644 server/provider.toml /etc/blockable-provider/",
    ] {
        assert!(commands.contains(command), "{command}");
    }
    // All that `init` writes is installed, under the name that it has.
    let made = tempfile::tempdir().unwrap();
    let server = made.path().join("server");
    let values = InitValues { reporters: 2, ..InitValues::default() };
    init(&server, &values).unwrap();
    let names = fs::read_dir(&server).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names {
        let shown = if name.starts_with("reporter-") { "reporter-*.json" } else { &name };
        let installs = |line: &str| {
            let is_install = line.starts_with("sudo install ") && line.ends_with(" /etc/blockable-provider/");
            is_install && line.contains(&format!("server/{shown}"))
        };
        assert!(commands.lines().any(installs), "{name}");
    }
    let example = read("provider.example.toml");
    for path in ["secret_file = \"secret\"", "store = \"gate.db\"", "\"reporter-0.json\"", "\"admin.token\""]
    {
        assert!(example.contains(path), "{path}");
    }
}
