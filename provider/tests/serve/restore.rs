//! A server whose store is lost, from its backup to the next report.

use {
    super::setup::{PATIENCE, SERVER, Setup},
    blockable_sdk::reports::{ReportPage, ReportRecord},
    serde_json::{Value, json},
    std::{
        fs,
        path::{Path, PathBuf},
        process::{Command, Output},
        time::Instant,
    },
    tokio::time::{Duration, sleep},
};

fn run(setup: &Setup, arguments: &[&str]) -> Output {
    let mut command = Command::new(SERVER);
    command.args(arguments).arg("--config").arg(setup.config());
    command.output().unwrap()
}

/// Runs a command that must refuse; returns what it says.
fn refused(setup: &Setup, arguments: &[&str]) -> String {
    let output = run(setup, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn ask(setup: &Setup, key: &str) {
    let body = json!({
        "model": "echo", "max_tokens": 10,
        "messages": [{ "role": "user", "content": "one two three four five six seven eight nine ten" }],
    });
    let url = format!("{}/v1/chat/completions", setup.url());
    let answer = reqwest::Client::new().post(url).bearer_auth(key).json(&body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

/// The latest reports, once both reporters state as much use.
async fn reports(setup: &Setup, least: u64) -> ReportPage {
    let began = Instant::now();
    loop {
        let url = format!("{}/v1/reports/latest?fresh=true", setup.url());
        let page: ReportPage = reqwest::get(url).await.unwrap().json().await.unwrap();
        let states = |report: &ReportRecord| report.readings[0].cumulative >= least;
        if page.reports.len() == 2 && page.reports.iter().all(states) {
            return page;
        }
        assert!(began.elapsed() < PATIENCE, "{page:?}\n{}", setup.log());
        sleep(Duration::from_millis(100)).await;
    }
}

async fn log(setup: &Setup, key: &str) -> Vec<Value> {
    let url = format!("{}/v1/usage", setup.url());
    let answer = reqwest::Client::new().get(url).bearer_auth(key).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"].as_array().unwrap().clone()
}

fn units(log: &[Value]) -> u64 {
    log.iter().map(|record| record["units"].as_u64().unwrap()).sum()
}

fn store_files(setup: &Setup) -> Vec<PathBuf> {
    let base = setup.store().display().to_string();
    ["", "-wal", "-shm"].iter().map(|end| PathBuf::from(format!("{base}{end}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_store_is_restored_without_counting_twice_or_going_back() {
    let setup = Setup::new(1).await;
    let (key, folder) = (setup.keys().remove(0), setup.config().parent().unwrap().to_path_buf());
    let mut server = setup.serve().await;
    ask(&setup, &key).await;
    let before = units(&log(&setup, &key).await);
    let copies = folder.join("copies");
    let output = run(&setup, &["backup", copies.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let backup = String::from_utf8(output.stdout).unwrap().trim().to_string();
    assert!(Path::new(&backup).with_extension("key-changes").exists(), "the changes of keys go along");
    // Requests after the backup, of which the reports know.
    ask(&setup, &key).await;
    ask(&setup, &key).await;
    let used = units(&log(&setup, &key).await);
    assert_eq!(used, 3 * before);
    let lost = reports(&setup, used).await;
    let kept = folder.join("kept.json");
    fs::write(&kept, serde_json::to_string(&lost).unwrap()).unwrap();
    let kept = kept.to_str().unwrap();

    let running = refused(&setup, &["restore", &backup, "--reports", kept]);
    assert!(running.contains("in use by another gate"), "{running}");
    server.kill();
    let there = refused(&setup, &["restore", &backup, "--reports", kept]);
    assert!(there.contains("is not overwritten"), "{there}");
    let found = store_files(&setup);
    found.iter().for_each(|file| drop(fs::remove_file(file)));
    // A backup in the store's place is not served from.
    fs::copy(&backup, setup.store()).unwrap();
    let served = refused(&setup, &["serve"]);
    assert!(served.contains("is a backup") && served.contains("blockable-provider restore"), "{served}");
    found.iter().for_each(|file| drop(fs::remove_file(file)));
    let unnamed = run(&setup, &["restore", &backup]);
    assert_eq!(unnamed.status.code(), Some(2), "reports, or that there are none, must be named");
    let said = String::from_utf8(unnamed.stderr).unwrap();
    assert!(said.contains("--reports <FILE>|--without-reports"), "{said}");

    let dry = run(&setup, &["restore", &backup, "--reports", kept, "--json", "--dry-run"]);
    let planned: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert!(!Path::new(&setup.store()).exists());
    let output = run(&setup, &["restore", &backup, "--reports", kept, "--json"]);
    assert!(output.status.success(), "{output:?}");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&planned["dry_run"], &planned["credits"]), (&json!(true), &outcome["credits"]));
    let raised =
        json!([{"credit": setup.credits[0].to_string(), "index": 0, "before": before, "after": used}]);
    assert_eq!((&outcome["credits"], &outcome["key_changes"]), (&raised, &json!(0)), "{outcome}");

    let server = setup.serve().await;
    assert_eq!(units(&log(&setup, &key).await), used, "the log says what was taken over");
    ask(&setup, &key).await;
    let next = reports(&setup, used + before).await;
    for (lost, next) in lost.reports.iter().zip(&next.reports) {
        assert_eq!(next.readings[0].cumulative, used + before, "nothing is counted twice");
        assert!(next.reported_at > lost.reported_at && next.seq > lost.seq, "{next:?}");
    }
    server.stop().await;
    setup.cluster.stop();
}
