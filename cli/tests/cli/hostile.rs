//! Nodes, servers and files that lie, flood or change: nothing of theirs reaches the terminal as they want it, and nothing is signed that
//! was not shown.

use {
    crate::{node::Node, run::Done, world::world},
    blockable_sandbox::loans::LoanName,
    blockable_sdk::Pubkey,
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::{
        fs,
        io::{Read, Write},
        process::{Command, Stdio},
    },
};

/// Clears the screen, sets the title, turns the line around, hides what follows.
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;paid\u{7}\u{9b}1;32m\u{202e}desufer\r\u{200b}all is well";

/// Requires that nothing in the output moves a cursor or turns a line.
fn require_printable(done: &Done) {
    for text in [&done.stdout, &done.stderr] {
        let treacherous = |character: &char| {
            character.is_control() && !matches!(character, '\n' | '\t')
                || matches!(character, '\u{202e}' | '\u{200b}')
        };
        assert_eq!(text.chars().find(treacherous), None, "{done:?}");
    }
    assert!(done.stderr.contains("all is well") || done.stdout.contains("all is well"), "{done:?}");
}

#[test]
fn a_providers_server_cannot_write_to_the_terminal() {
    let (world, credit) = (world(), world().loan());
    let body = json!({"error": {"code": "x", "message": ESCAPES}}).to_string();
    let gate = Server::start(move |_| Reply::Status("418 teapot".to_string(), body.clone()));
    let (address, url, key) = (credit.to_string(), gate.url(), world.key("lender"));
    let freeze = ["credit", "freeze", &address, "--units", "5", "--gate", &url, "--yes", "-k", &key];
    let done = world.run(&freeze);
    require_printable(&done);
    assert_eq!((done.code, world.credit(&credit).collateral.frozen()), (0, 5), "it lands all the same");
    for output in ["table", "json"] {
        let fetched = world.run(&["reports", "fetch", "--gate", &url, "--output", output]);
        require_printable(&fetched);
        assert_eq!(fetched.code, 1, "{fetched:?}");
    }
}

#[test]
fn a_node_cannot_write_to_the_terminal() {
    let world = world();
    let node = Node::before(&world.url(), |request, answer| match request["method"] == "getGenesisHash" {
        true => Some(
            json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32_005, "message": ESCAPES}}),
        ),
        false => Some(answer),
    });
    let url = node.url();
    for output in ["table", "json"] {
        let done = world.run(&["market", "show", "-u", &url, "--output", output]);
        require_printable(&done);
        assert_eq!(done.code, 1, "{done:?}");
    }
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let (world, home) = (world(), tempfile::tempdir().unwrap());
    let text = json!({"reports": [{ESCAPES: 1}], "next": 7}).to_string();
    let raw = text.replace("\\u001b", "\u{1b}").replace("\\r", "\r");
    for (name, content) in [("one.json", text.as_str()), ("two.json", &raw), ("three.json", ESCAPES)] {
        fs::write(home.path().join(name), content).unwrap();
        let done = world.run_in(home.path(), &["reports", "verify", "--file", name], &[]);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(
            !done.stderr.chars().any(|character| character.is_control() && character != '\n'),
            "{done:?}"
        );
    }
}

#[test]
fn a_server_that_floods_holds_no_freeze_up() {
    let (world, credit) = (world(), world().loan());
    let gate =
        Server::start(|_| Reply::Body(format!("{{\"frozen\": 5, \"rest\": \"{}\"}}", "x".repeat(20 << 20))));
    let (address, url) = (credit.to_string(), gate.url());
    let data = world.run_as("lender", &["credit", "freeze", &address, "--units", "5", "--gate", &url]).data();
    assert_eq!(data["gate"][0]["error"], "its answer has more than 65536 bytes", "{data}");
    assert_eq!(world.credit(&credit).collateral.frozen(), 5);
}

/// A node whose lists do not keep to the conditions: all credits of everybody.
#[test]
fn no_loan_is_frozen_that_does_not_fulfil_the_conditions() {
    let (world, credit) = (world(), world().loan());
    let behind = world.url();
    let node = Node::before(&world.url(), move |request, answer| {
        if request["method"] != "getProgramAccounts" {
            return Some(answer);
        }
        let mut wider = request.clone();
        wider["params"][1]["filters"].as_array_mut().unwrap().truncate(1);
        forward(&behind, &wider)
    });
    let (url, before) = (node.url(), world.credit(&credit).event_seq);
    let condition = format!("borrower={}", world.party("buyer"));
    let done = world.run_as("lender", &["credit", "freeze", "--all", "-w", &condition, "-u", &url]);
    assert_eq!((done.code, &done.error()["code"]), (4, &"not_found".into()), "{done:?}");
    assert_eq!(world.credit(&credit).event_seq, before);
    let repaid = world.run(&["credit", "list", "-w", "status=repaid", "-u", &url, "--output", "json"]).data();
    let statuses: Vec<&Value> = repaid.as_array().unwrap().iter().map(|credit| &credit["status"]).collect();
    assert!(!statuses.is_empty() && statuses.iter().all(|status| *status == "repaid"), "{repaid}");
}

#[test]
fn an_account_of_another_program_is_no_credit() {
    let (world, credit) = (world(), world().loan().to_string());
    let node = Node::before(&world.url(), |request, mut answer| {
        if request["method"] == "getAccountInfo" && answer["result"]["value"]["space"].as_u64() > Some(1_000)
        {
            answer["result"]["value"]["owner"] = json!(Pubkey::new_from_array([9; 32]).to_string());
        }
        Some(answer)
    });
    let done = world.run(&["credit", "show", &credit, "-u", &node.url()]);
    assert!(done.code == 4 && done.stderr.contains("is an account of the program"), "{done:?}");
}

/// The credits behind the lots cannot be read, or are not all given.
#[test]
fn lots_that_cannot_be_read_are_named() {
    let world = world();
    let credit = world.sandbox_loan(LoanName::ForSale).to_string();
    let listed = |node: &Node| {
        let done = world.run(&["pool", "list", "--all", "-u", &node.url(), "--output", "json"]);
        let lots =
            |data: Value| data.as_array().unwrap().iter().filter(|lot| lot["credit"] == credit).count();
        (done.code == 0).then(|| lots(done.data())).ok_or(done.code).map(|count| (count, done))
    };
    let honest = Node::before(&world.url(), |_, answer| Some(answer));
    let (count, done) = listed(&honest).unwrap();
    assert_eq!((count, done.warnings()), (1, Vec::<String>::new()));
    let garbled = Node::before(&world.url(), |request, mut answer| {
        if request["method"] == "getMultipleAccounts" {
            for account in answer["result"]["value"].as_array_mut().unwrap() {
                account["data"][0] = json!("AAAA");
            }
        }
        Some(answer)
    });
    let (count, done) = listed(&garbled).unwrap();
    assert_eq!(count, 0);
    let warnings = done.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains(&credit), "{warnings:?}");
    assert!(done.stderr.contains(&format!("warning: {}", warnings[0])), "{done:?}");
    let short = Node::before(&world.url(), |request, mut answer| {
        if request["method"] == "getMultipleAccounts" {
            answer["result"]["value"].as_array_mut().unwrap().pop();
        }
        Some(answer)
    });
    assert_eq!(listed(&short).unwrap_err(), 1, "fewer accounts than were asked for");
}

/// The key is read once, before the review: another one that is put in its place meanwhile signs nothing.
#[test]
fn a_key_that_is_exchanged_during_the_review_does_not_sign() {
    let (world, credit, folder) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let file = folder.path().join("key.json");
    fs::copy(world.key("lender"), &file).unwrap();
    let line =
        format!("{} credit freeze {credit} --units 7 -k {}", env!("CARGO_BIN_EXE_blockable"), file.display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("HOME", &world.home)
        .env("BLOCKABLE_URL", world.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut shown, mut output) = (Vec::new(), child.stdout.take().unwrap());
    let mut byte = [0];
    while !shown.ends_with(b"[y/N] ") {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    fs::copy(world.key("borrower"), &file).unwrap();
    child.stdin.take().unwrap().write_all(b"y\n").unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    assert_eq!(world.credit(&credit).collateral.frozen(), 7);
}
