//! A second server goes on where a dead one was: on its disk, on a copy of its files, and on a store from a backup.

use {
    super::setup::{PATIENCE, SERVER, Server, Setup},
    blockable_sdk::reports::{ReportPage, ReportRecord},
    reqwest::{Client, Method, RequestBuilder},
    rusqlite::{Connection, OpenFlags},
    serde_json::{Value, json},
    std::{
        fs,
        path::{Path, PathBuf},
        process::Command,
        time::Instant,
    },
    tempfile::TempDir,
    tokio::time::{Duration, sleep},
};

/// A model whose answers take longer than the test lets its server live.
const SLOW: &str = r#"
[[model]]
name = "slow"
upstream = "echo"
latency_ms = 9000
context_tokens = 4096
max_output_tokens = 256
units_per_1k_prompt = 1000
units_per_1k_generated = 4000
timeout_seconds = 10
"#;
/// The file with the changes of keys.
const CHANGES_OF_KEYS: &str = "gate.key-changes";
/// Units of the sub-key's budget.
const BUDGET: u64 = 400;

/// A machine with a server's files: its folder, and the server's addresses.
struct Machine {
    folder: TempDir,
    url: String,
    ops_url: String,
}

impl Machine {
    /// Another machine than that of `setup`, with its secrets and settings, and the store at a path.
    fn new(setup: &Setup, store: Option<&Path>) -> Machine {
        let (folder, [port, ops_port]) = (tempfile::tempdir().unwrap(), Setup::free_ports());
        let from = setup.config().parent().unwrap().to_path_buf();
        for name in ["secret", "reporter-0.json", "reporter-1.json"] {
            fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        let addresses = [setup.url(), setup.ops_url()].map(|url| url.replace("http://", ""));
        let store = store.map_or("gate.db".to_string(), |store| store.display().to_string());
        let text = fs::read_to_string(setup.config()).unwrap();
        let text = text
            .replace(&addresses[0], &format!("127.0.0.1:{port}"))
            .replace(&addresses[1], &format!("127.0.0.1:{ops_port}"))
            .replace("\"gate.db\"", &format!("{store:?}"));
        fs::write(folder.path().join("provider.toml"), text).unwrap();
        let url = |port| format!("http://127.0.0.1:{port}");
        Machine { folder, url: url(port), ops_url: url(ops_port) }
    }

    fn copy_from(&self, folder: &Path, name: &str) {
        fs::copy(folder.join(name), self.folder.path().join(name)).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("provider.toml")
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output =
            Command::new(SERVER).args(arguments).arg("--config").arg(self.config()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }

    async fn serve(&self, setup: &Setup) -> Server {
        let mut server = setup.spawn_from(&self.config(), self.ops_url.clone());
        server.ready().await.unwrap_or_else(|problem| panic!("{problem}:\n{}", setup.log()));
        server
    }
}

fn request(method: Method, url: &str, path: &str, key: &str) -> RequestBuilder {
    Client::new().request(method, format!("{url}{path}")).bearer_auth(key)
}

fn chat(url: &str, key: &str, model: &str, content: &str) -> RequestBuilder {
    let body = json!({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": content}]});
    request(Method::POST, url, "/v1/chat/completions", key).json(&body)
}

async fn json_of(request: RequestBuilder) -> Value {
    request.send().await.unwrap().json().await.unwrap()
}

/// An account as its customer sees it.
#[derive(Debug, PartialEq)]
struct Account {
    /// Units of all records, and of those of the sub-key.
    units: (u64, u64),
    /// Jobs by the way they ended.
    ends: Vec<String>,
    /// Units of the budget's use that the sub-key shows.
    budget_used: u64,
}

async fn account(url: &str, key: &str) -> Account {
    let log = json_of(request(Method::GET, url, "/v1/usage", key)).await;
    let records = log["data"].as_array().unwrap();
    let sum = |of: &dyn Fn(&Value) -> bool| {
        records.iter().filter(|record| of(record)).map(|record| record["units"].as_u64().unwrap()).sum()
    };
    let team = json_of(request(Method::GET, url, "/v1/keys/team", key)).await;
    Account {
        units: (sum(&|_| true), sum(&|record| record["api_key"] == "team")),
        ends: records.iter().map(|record| record["ended"].as_str().unwrap().to_string()).collect(),
        budget_used: team["used_units"].as_u64().unwrap(),
    }
}

/// The latest reports, once both reporters have signed for a later instant than `before` and state exactly so much use.
async fn reports(setup: &Setup, url: &str, units: u64, before: Option<&ReportPage>) -> ReportPage {
    let began = Instant::now();
    loop {
        let answer = reqwest::get(format!("{url}/v1/reports/latest?fresh=true")).await.unwrap();
        let page: ReportPage = answer.json().await.unwrap();
        let states = |report: &ReportRecord| report.readings[0].cumulative == units;
        if page.reports.len() == 2 && page.reports.iter().all(states) && is_later(before, &page) {
            return page;
        }
        assert!(began.elapsed() < PATIENCE, "{units}: {page:?}\n{}", setup.log());
        sleep(Duration::from_millis(100)).await;
    }
}

/// True where each reporter has signed for a later instant. No number is given twice then.
fn is_later(before: Option<&ReportPage>, after: &ReportPage) -> bool {
    let mut pairs = before.into_iter().flat_map(|before| before.reports.iter().zip(&after.reports));
    pairs.all(|(before, after)| {
        let is_later = after.reported_at > before.reported_at;
        assert!(!is_later || after.seq > before.seq, "{before:?} {after:?}");
        is_later
    })
}

/// The same customer's requests at the server that took over.
struct Customer {
    key: String,
    team: String,
    /// A sub-key that is revoked after the backup, and before the first server dies.
    gone: String,
    first_answer: Value,
}

impl Customer {
    /// Makes a sub-key and sends one request by each key, the first one under a name.
    async fn begin(url: &str, key: String) -> Customer {
        let made = request(Method::PUT, url, "/v1/keys/team", &key)
            .json(&json!({"budget": {"units": 100 * BUDGET}}));
        let team = json_of(made).await["key"].as_str().unwrap().to_string();
        let gone = json_of(request(Method::PUT, url, "/v1/keys/gone", &key)).await;
        let gone = gone["key"].as_str().unwrap().to_string();
        let first_answer = json_of(chat(url, &key, "echo", "a b c").header("idempotency-key", "first")).await;
        assert_eq!(first_answer["choices"][0]["message"]["content"], "a b c a b");
        assert_eq!(chat(url, &team, "echo", "d e").send().await.unwrap().status(), 200);
        assert_eq!(chat(url, &gone, "echo", "g").send().await.unwrap().status(), 200);
        Customer { key, team, gone, first_answer }
    }

    /// Revokes a sub-key, and draws the budget of another closer.
    async fn change_keys(&self, url: &str) {
        let revoked = json_of(request(Method::DELETE, url, "/v1/keys/gone", &self.key)).await;
        assert_eq!(revoked["revoked"], true);
        let closer = json!({"budget": {"units": BUDGET}});
        let closer = json_of(request(Method::PUT, url, "/v1/keys/team", &self.key).json(&closer)).await;
        assert_eq!(closer["budget"]["units"], BUDGET);
    }

    /// The named request is answered as before and charged once, the budget is what is left of it, and what was revoked stays so.
    async fn goes_on(&self, url: &str) {
        let before = account(url, &self.key).await;
        let again =
            chat(url, &self.key, "echo", "a b c").header("idempotency-key", "first").send().await.unwrap();
        assert_eq!(again.headers()["idempotent-replayed"], "true");
        assert_eq!(again.json::<Value>().await.unwrap(), self.first_answer);
        let revoked = chat(url, &self.gone, "echo", "g").send().await.unwrap();
        assert_eq!(revoked.status(), 401, "a revoked key opens nothing again");
        let long = "w ".repeat(400);
        let refused = chat(url, &self.team, "echo", &long).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), before.budget_used > 0), (402, true), "{before:?}");
        assert_eq!(account(url, &self.key).await, before, "nothing of it is charged");
    }
}

/// Kills a server while a request runs: once its hold is on the disk, for before that there is nothing to find again.
async fn kill_at_work(setup: &Setup, server: &mut Server, url: &str, key: &str) {
    let running = tokio::spawn(chat(url, key, "slow", "x").send());
    let store = Connection::open_with_flags(setup.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    store.busy_timeout(PATIENCE).unwrap();
    let began = Instant::now();
    loop {
        let holds: i64 = store.query_row("SELECT count(*) FROM holds", [], |row| row.get(0)).unwrap();
        if holds == 1 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{holds} holds:\n{}", setup.log());
        sleep(Duration::from_millis(10)).await;
    }
    // The last one to close a store would put its log into it.
    drop(store);
    server.kill();
    assert!(running.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_takes_over_from_a_dead_one_and_counts_nothing_twice() {
    let setup = Setup::new(1).await;
    let text = fs::read_to_string(setup.config()).unwrap();
    fs::write(setup.config(), text + SLOW).unwrap();
    let mut server = setup.serve().await;
    let customer = Customer::begin(&setup.url(), setup.keys().remove(0)).await;
    let key = customer.key.as_str();
    let copies = setup.config().parent().unwrap().join("copies");
    let backup = Command::new(SERVER).arg("backup").arg(&copies).arg("--config").arg(setup.config()).output();
    let backup = String::from_utf8(backup.unwrap().stdout).unwrap().trim().to_string();
    customer.change_keys(&setup.url()).await;
    assert_eq!(chat(&setup.url(), &customer.team, "echo", "f").send().await.unwrap().status(), 200);
    let known = account(&setup.url(), key).await;
    let signed = reports(&setup, &setup.url(), known.units.0, None).await;

    // On the same disk: not while the first one lives.
    let shared = Machine::new(&setup, Some(&setup.store()));
    let (code, said) = shared.run(&["serve"]);
    assert!(code == Some(1) && said.contains("in use by another gate"), "{said}");
    kill_at_work(&setup, &mut server, &setup.url(), key).await;
    let mut server = shared.serve(&setup).await;
    let mut expected = known;
    expected.ends.push("restart".to_string());
    assert_eq!(account(&shared.url, key).await, expected, "the killed request is over, and cost nothing");
    customer.goes_on(&shared.url).await;
    let next = reports(&setup, &shared.url, expected.units.0, Some(&signed)).await;

    // On a copy of the dead one's files, all of them.
    kill_at_work(&setup, &mut server, &shared.url, key).await;
    let copied = Machine::new(&setup, None);
    for name in ["gate.db", "gate.db-wal", CHANGES_OF_KEYS] {
        copied.copy_from(setup.config().parent().unwrap(), name);
    }
    let mut server = copied.serve(&setup).await;
    expected.ends.push("restart".to_string());
    assert_eq!(account(&copied.url, key).await, expected);
    customer.goes_on(&copied.url).await;
    let last = reports(&setup, &copied.url, expected.units.0, Some(&next)).await;
    server.kill();

    // From the backup, with the last reports.
    let restored = Machine::new(&setup, None);
    let kept = restored.folder.path().join("kept.json");
    fs::write(&kept, serde_json::to_string(&last).unwrap()).unwrap();
    let order = ["restore", &backup, "--reports", kept.to_str().unwrap()];
    let (code, said) = restored.run(&order);
    assert!(code == Some(1) && said.contains("--without-key-changes"), "revoked keys would be valid: {said}");
    let changes = copied.folder.path().join(CHANGES_OF_KEYS);
    let (code, said) = restored.run(&[&order[..], &["--key-changes", changes.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0), "{said}");
    let server = restored.serve(&setup).await;
    let now = account(&restored.url, key).await;
    assert_eq!(now.units.0, expected.units.0, "the use since is one record: {now:?}");
    assert_eq!(now.ends, ["complete", "complete", "complete", "restored"]);
    customer.goes_on(&restored.url).await;
    reports(&setup, &restored.url, expected.units.0, Some(&last)).await;
    server.stop().await;
    setup.cluster.stop();
}
