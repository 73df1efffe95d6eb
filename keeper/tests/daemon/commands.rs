//! The commands as an operator uses them.

use {
    crate::{
        books::{change, is_open, lanes, transactions},
        proxy::{Fault, Proxy},
        setup::{PATIENCE, Setup},
    },
    blockable_sdk::Pubkey,
    blockable_testkit::{Lie, Parties},
    serde_json::Value,
    std::{
        fs,
        net::TcpListener,
        path::Path,
        process::Output,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Stands for the secret part of a URL.
const MARKER: &str = "MARKER-b5e1c7";

/// The output of a command, and its exit code.
struct CommandOutput {
    code: Option<i32>,
    out: String,
    log: String,
}

impl CommandOutput {
    fn new(output: Output) -> CommandOutput {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        CommandOutput { code: output.status.code(), out: text(output.stdout), log: text(output.stderr) }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.log))
    }

    #[track_caller]
    fn ends(self, code: i32, texts: &[&str]) -> CommandOutput {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.log);
        for text in texts {
            assert!(self.out.contains(text) || self.log.contains(text), "{text}: {}{}", self.out, self.log);
        }
        self
    }
}

fn run(setup: &Setup, name: &str, arguments: &[&str]) -> CommandOutput {
    CommandOutput::new(setup.command(name, arguments))
}

/// A URL of a port that nobody listens on.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/?api-key={MARKER}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_look_at_a_market_or_go_round_once() {
    let mut setup = Setup::new(2).await;
    let node = setup.cluster.rpc_url();
    setup.write_config("keeper", &[node.clone(), node], "");
    doctor(&mut setup).await;
    setup.set_used(0, 5_000).await;
    setup.stay(4).await;
    explain(&setup).await;
    dry_run(&setup).await;
    once(&setup).await;
    secrets(&setup).await;
    setup.cluster.stop();
}

async fn doctor(setup: &mut Setup) {
    let output = run(setup, "keeper", &["doctor"]).ends(0, &["ok   config", "ok   program", "ok   clock"]);
    assert!(!output.out.contains("BAD"), "{}", output.out);
    let checks = run(setup, "keeper", &["doctor", "--json"]).ends(0, &[]).json();
    assert!(checks.as_array().unwrap().iter().all(|check| check["ok"] == true), "{checks}");

    let node = setup.cluster.rpc_url();
    setup.write_config("poor", &[node.clone(), closed_port()], "");
    setup.add_key("broke", 0).await;
    setup.edit_config("poor", &[("\"metering.json\"", "\"broke.json\"")]);
    let broke = format!("{} has 0 lamports; send SOL to it", Parties::address("keeper broke"));
    run(setup, "poor", &["doctor"])
        .ends(1, &["BAD  rpc node 1", "ok   rpc node 0", "BAD  metering key", &broke]);

    // A reporter's server is read as the daemon reads it.
    let url = setup.reporters.urls()[2].clone();
    let host = url.trim_start_matches("http://");
    setup.reporters.lie(2, Lie::Garbage);
    let why = format!("BAD  reporter {host}: its answer is no page of reports");
    run(setup, "keeper", &["doctor"]).ends(1, &[&why]);
    setup.reporters.lie(2, Lie::Honest);

    // With no node at all, checks that need none are still made.
    setup.write_config("alone", &[closed_port(), closed_port()], "");
    setup.edit_config("alone", &[("\"metering.json\"", "\"nowhere.json\"")]);
    run(setup, "alone", &["doctor"])
        .ends(1, &["BAD  rpc node 0", "BAD  rpc node 1", "BAD  metering key", "nowhere.json"]);
}

async fn dry_run(setup: &Setup) {
    let payer = Parties::address("keeper metering");
    let state = async || {
        let events = setup.cluster.chain.credit(&setup.credits[0]).await.event_seq;
        (events, setup.cluster.chain.client.rpc().get_balance(&payer).await.unwrap())
    };
    let before = state().await;
    let plan = run(setup, "keeper", &["once", "--dry-run", "--json"]).ends(0, &[]).json();
    let intent = &plan["transactions"][0]["intents"][0];
    assert_eq!((&intent["kind"], &intent["credits"]), (&"meter".into(), &2.into()), "{plan}");
    assert!(plan["transactions"][0]["compute_units"].as_u64().unwrap() > 10_000, "{plan}");
    run(setup, "keeper", &["once", "--dry-run"]).ends(0, &["version: ", "transactions: "]);
    let after = state().await;
    assert_eq!(before, after, "nothing has changed on the chain");
    assert!(!setup.store("keeper").parent().unwrap().exists(), "nothing is written");
}

async fn explain(setup: &Setup) {
    let credit = setup.credits[0].to_string();
    let text = [
        "credit      ",
        &credit,
        "status      active",
        "meter           due since",
        "5,000 units used, 0 units in flight",
    ];
    run(setup, "keeper", &["explain", &credit]).ends(0, &text);
    let json = run(setup, "keeper", &["explain", &credit, "--json"]).ends(0, &[]).json();
    assert_eq!((json["credit"].as_str(), json["status"].as_str()), (Some(credit.as_str()), Some("active")));
    assert_eq!(json["plan"]["usage"]["reports"].as_array().map(Vec::len), Some(3), "{json}");
    let unknown = Pubkey::new_from_array([9; 32]).to_string();
    let why = format!("the market has no credit at {unknown}");
    run(setup, "keeper", &["explain", &unknown]).ends(1, &[&why]);
    run(setup, "keeper", &["explain", "nonsense"]).ends(2, &["nonsense"]);
    assert!(!setup.store("keeper").parent().unwrap().exists(), "nothing is written");
}

async fn once(setup: &Setup) {
    setup.reporters.report(setup.clock().await);
    let report = run(setup, "keeper", &["once", "--json"]).ends(0, &[]).json();
    assert_eq!((&report["credits"], &report["landing"]["sent"]), (&2.into(), &1.into()), "{report}");
    assert_eq!(setup.consumed(0).await, 5_000);
    let written = transactions(&setup.store("keeper"));
    assert!(written.len() == 1 && written[0].state == "landed", "{written:?}");
    run(setup, "keeper", &["once"]).ends(0, &["credits: 2"]);
}

async fn secrets(setup: &Setup) {
    let node = setup.cluster.rpc_url();
    setup.write_config("paid", &[closed_port(), node.clone(), node], "");
    let credit = setup.credits[0].to_string();
    let trace = [("RUST_LOG", "trace")];
    let mut all = String::new();
    for arguments in [
        vec!["doctor"],
        vec!["doctor", "--json"],
        vec!["once", "--dry-run"],
        vec!["explain", &credit],
        vec!["once"],
        vec!["reconcile"],
    ] {
        setup.reporters.report(setup.clock().await);
        let output = CommandOutput::new(setup.command_with("paid", &arguments, &trace));
        assert_ne!(output.code, Some(64), "{}", output.log);
        all += &output.out;
        all += &output.log;
    }
    let keeper = setup.spawn_with("paid", &trace);
    setup.stay(6).await;
    keeper.stop().await;
    all += &setup.log("paid");
    assert!(all.contains("node 0") && all.contains("TRACE"), "the node is named in the log");
    holds_none(&all, "what is printed and logged");
    let files = fs::read_dir(setup.store("paid").parent().unwrap()).unwrap();
    // The folder of archives is empty: nothing is old enough for one.
    for path in files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        holds_none(&String::from_utf8_lossy(&fs::read(&path).unwrap()), &path.display().to_string());
    }
}

#[track_caller]
fn holds_none(text: &str, what: &str) {
    let key = Parties::key("keeper metering");
    let bytes: Vec<String> = key.secret_bytes().iter().map(u8::to_string).collect();
    for secret in [MARKER.to_string(), bytes.join(","), bytes.join(", "), key.to_base58_string()] {
        let line = text.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "a secret is in {what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_while_a_keeper_runs_and_after_one_that_died() {
    let mut setup = Setup::new(1).await;
    let node = setup.cluster.rpc_url();
    setup.write_config("keeper", &[node.clone(), node], "");
    run(&setup, "keeper", &["quarantine", "list"]).ends(1, &["there is no store; run the keeper once"]);
    reconcile(&mut setup).await;
    quarantine(&mut setup).await;
    setup.cluster.stop();
}

async fn reconcile(setup: &mut Setup) {
    setup.set_used(0, 1_000).await;
    let mut keeper = setup.spawn("keeper", "land-after-write=return");
    let deadline = Instant::now() + PATIENCE;
    while keeper.ended().is_none() {
        assert!(Instant::now() < deadline, "{}", setup.logs());
        setup.stay(1).await;
    }
    let store = setup.store("keeper");
    let open = transactions(&store);
    assert!(open.len() == 1 && open[0].state == "open", "{open:?}");
    assert_eq!(setup.consumed(0).await, 0, "it was written down and not sent");
    let json = run(setup, "keeper", &["reconcile", "--json"]).ends(0, &[]).json();
    assert_eq!(
        (&json["in_flight"], &json["still_in_flight"], &json["credits"]),
        (&1.into(), &0.into(), &1.into()),
        "{json}"
    );
    assert_eq!(setup.consumed(0).await, 1_000, "it is followed to its end");
    assert_eq!(transactions(&store).into_iter().map(|written| written.state).collect::<Vec<_>>(), ["landed"]);
    run(setup, "keeper", &["reconcile"]).ends(0, &["in flight: 0", "still in flight: 0"]);

    // Where logs are not to be proven, a node that keeps no history is good enough.
    let node = Proxy::before(&setup.cluster.rpc_url());
    node.set(&["getSignaturesForAddress"], Fault::Error(-32_011));
    setup.write_config("forgetful", &[node.url(), node.url()], "\n[history]\nenabled = true\n");
    run(setup, "forgetful", &["reconcile"]).ends(1, &["faults: 1"]);
    setup.edit_config("forgetful", &[("enabled = true", "enabled = false")]);
    run(setup, "forgetful", &["reconcile"]).ends(0, &["records: 0", "faults: 0"]);
}

async fn quarantine(setup: &mut Setup) {
    let lane = format!("meter/{}/0", setup.cluster.chain.provider);
    run(setup, "keeper", &["quarantine", "list"]).ends(0, &["no work has failed"]);
    run(setup, "keeper", &["quarantine", "retry", &lane])
        .ends(1, &["no work of this name has failed", &lane]);
    run(setup, "keeper", &["quarantine", "drop", &lane]).ends(1, &["no work of this name has failed", &lane]);
    let store = setup.store("keeper");
    put_aside(setup, &store, &lane);
    run(setup, "keeper", &["quarantine", "list"]).ends(0, &[&lane, "in quarantine, failed 6 times: no luck"]);
    let listed = run(setup, "keeper", &["quarantine", "list", "--json"]).ends(0, &[]).json();
    assert_eq!((&listed[0]["lane"], &listed[0]["failures"]), (&lane.as_str().into(), &6.into()), "{listed}");

    let keeper = setup.spawn("keeper", "");
    let provider = setup.cluster.chain.provider;
    setup.set_used(0, 2_000).await;
    let alerted = async |_: &Setup| is_open(&store, "quarantine", &provider);
    setup.until("the operator is alerted", alerted).await;
    refused_while_it_runs(setup).await;
    setup.stay(3).await;
    assert_eq!(setup.consumed(0).await, 1_000, "work in quarantine waits");
    run(setup, "keeper", &["quarantine", "retry", &lane])
        .ends(0, &[&lane, "is tried again at the next cycle"]);
    let metered =
        async |setup: &Setup| setup.consumed(0).await == 2_000 && !is_open(&store, "quarantine", &provider);
    setup.until("it is metered again", metered).await;
    // The chain shows a success before the keeper has recorded it.
    let recorded = async |_: &Setup| lanes(&store) == 0;
    setup.until("the success is recorded", recorded).await;

    put_aside(setup, &store, &lane);
    run(setup, "keeper", &["quarantine", "drop", &lane]).ends(0, &[&lane, "is given up until it is retried"]);
    change(&store, "UPDATE lanes SET retry_at = 0 WHERE lane = ?1", [&lane]);
    setup.set_used(0, 3_000).await;
    setup.stay(4).await;
    assert_eq!(setup.consumed(0).await, 2_000, "what is given up is not tried");
    run(setup, "keeper", &["quarantine", "list"]).ends(0, &[&lane, "given up"]);
    let plan = run(setup, "keeper", &["once", "--dry-run", "--json"]).ends(0, &[]).json();
    let aside = &plan["aside"][0];
    assert_eq!(
        (&aside["kind"], plan["transactions"].as_array().unwrap().len()),
        (&"meter".into(), 0),
        "{plan}"
    );
    run(setup, "keeper", &["quarantine", "retry", &lane]).ends(0, &[]);
    setup.until("it is metered again", async |setup: &Setup| setup.consumed(0).await == 3_000).await;
    setup.until("the success is recorded", recorded).await;
    run(setup, "keeper", &["quarantine", "list"]).ends(0, &["no work has failed"]);
    keeper.stop().await;
}

/// Puts the metering of the chunk in quarantine for a long time.
fn put_aside(setup: &Setup, store: &Path, lane: &str) {
    let provider = setup.cluster.chain.provider;
    let sql = "INSERT INTO lanes VALUES (?1, 'meter', ?2, 'no luck', 6, 1, 1 << 40, 0)";
    change(store, sql, rusqlite::params![lane, provider.as_ref()]);
}

/// A second keeper on the folder of one that runs is refused; commands that only look are not.
async fn refused_while_it_runs(setup: &Setup) {
    fs::copy(setup.config("keeper"), setup.config("again")).unwrap();
    let mut again = setup.spawn("again", "");
    let deadline = Instant::now() + PATIENCE;
    while again.ended().is_none() {
        assert!(Instant::now() < deadline, "a second keeper runs\n{}", setup.logs());
        sleep(Duration::from_millis(50)).await;
    }
    let why = "is in use by another keeper; stop that one, or name another data_dir";
    assert!(setup.log("again").contains(why), "{}", setup.log("again"));
    run(setup, "keeper", &["run"]).ends(1, &[why]);
    run(setup, "keeper", &["once"]).ends(1, &[why]);
    run(setup, "keeper", &["reconcile"]).ends(1, &[why]);
    setup.reporters.report(setup.clock().await);
    let credit = setup.credits[0].to_string();
    run(setup, "keeper", &["explain", &credit]).ends(0, &["2,000 units used"]);
    run(setup, "keeper", &["doctor"]).ends(0, &[]);
    run(setup, "keeper", &["once", "--dry-run"]).ends(0, &[]);
}
