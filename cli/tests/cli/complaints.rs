//! Twelve complaints that users of other command lines have, each as a test that fails where this one gives the same reason.
//!
//! | complaint | test |
//! |---|---|
//! | 1 "unable to confirm" though it landed, so people send twice | [`what_has_landed_is_confirmed_over_a_node_that_fails`]; `runs`, `faults` |
//! | 2 errors without the signature | [`an_error_after_a_send_has_the_signature`] |
//! | 3 not told which cluster | [`the_cluster_is_named_by_its_first_block`] |
//! | 4 a key from the settings used unawares | [`a_key_of_the_settings_is_named_with_its_place`] |
//! | 5 JSON without the created address, or several documents | [`one_document_has_the_address_that_was_created`] |
//! | 6 warnings inside JSON, and another shape on failure | [`notes_stay_out_of_the_document_and_a_failure_has_its_shape`] |
//! | 7 exit code 1 after success, 0 after failure | [`the_exit_code_is_that_of_what_happened`] |
//! | 8 a dry run that sent | [`a_dry_run_sends_nothing_whatever_the_command`] |
//! | 9 hangs where nobody sits | [`nobody_is_waited_for_where_the_input_never_ends`] |
//! | 10 declining is a failure like any other | [`declining_at_a_terminal_has_its_own_exit_code`] |
//! | 11 seconds to start | [`a_command_asks_for_no_more_than_it_shows`]; `just start` measures the time |
//! | 12 a preview that says something else than what happens | [`what_happens_is_what_the_dry_run_showed`] |

use {
    crate::{
        node::Node,
        run::run_in,
        world::{World, world},
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{Pubkey, Signer, transactions},
    serde_json::{Value, json},
    std::{
        fs,
        io::Write,
        process::{Child, Command, Stdio},
        sync::atomic::{AtomicUsize, Ordering},
        time::{Duration, Instant},
    },
};

/// Time that a command has that must end by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// The signatures of all events of a credit, by a node that does not fail.
fn signatures(world: &World, credit: &str) -> Vec<String> {
    let rows = world.run(&["audit", "export", credit, "--output", "json"]).data()["rows"].clone();
    let signature = |row: &Value| row["transaction"].as_str().unwrap().to_string();
    rows.as_array().unwrap().iter().map(signature).collect()
}

#[test]
fn what_has_landed_is_confirmed_over_a_node_that_fails() {
    let (world, credit) = (world(), world().loan());
    let looks = AtomicUsize::new(0);
    let node = Node::before(&world.url(), move |request, answer| {
        // The first looks at the transaction fail, as over a node that is overloaded.
        let fails = request["method"] == "getSignatureStatuses" && looks.fetch_add(1, Ordering::Relaxed) < 5;
        (!fails).then_some(answer)
    });
    let (address, url) = (credit.to_string(), node.url());
    let done = world.run_as("borrower", &["credit", "repay", &address, "--amount", "5usdc", "-u", &url]);
    assert_eq!(done.data()["changed"], true, "{done:?}");
    assert!(node.count("getSignatureStatuses") > 5, "{:?}", node.asked());
    assert_eq!(world.credit(&credit).claims.lender, 5_000_000, "paid once");
}

#[test]
fn an_error_after_a_send_has_the_signature() {
    let (world, credit) = (world(), world().loan());
    // A node that knows nothing of the transaction and says that its time is over.
    let node = Node::before(&world.url(), |request, mut answer| {
        match request["method"].as_str().unwrap() {
            "getSignatureStatuses" => answer["result"]["value"] = json!([null]),
            "getBlockHeight" => answer["result"] = json!(u64::MAX / 2),
            _ => {}
        }
        Some(answer)
    });
    let (address, url) = (credit.to_string(), node.url());
    let repay = ["credit", "repay", &address, "--amount", "5usdc", "-u", &url];
    let failed = world.run_as("borrower", &repay);
    let error = failed.error();
    assert_eq!((failed.code, &error["outcome"]), (1, &"expired".into()), "{error}");
    let signature = error["signature"].as_str().unwrap().to_string();
    // The signature leads to what the node did not know.
    let is_there = || signatures(world, &address).contains(&signature);
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < PATIENCE, "it does not land");
    }
    let key = world.key("borrower");
    let text = world.run(&[&repay[..], &["--yes", "-k", &key]].concat());
    let is_signature = |word: &str| word.parse::<blockable_sdk::Signature>().is_ok();
    let words = text.stderr.split(|character: char| !character.is_ascii_alphanumeric());
    assert_eq!((text.code, words.filter(|word| is_signature(word)).count() > 0), (1, true), "{text:?}");
}

#[test]
fn the_cluster_is_named_by_its_first_block() {
    let (world, credit) = (world(), world().loan().to_string());
    let genesis = world.genesis();
    let freeze = ["credit", "freeze", &credit, "--all", "--dry-run"];
    let first = world.run(&freeze).stderr.lines().next().unwrap().to_string();
    assert!(first.starts_with("cluster ") && first.contains(&genesis), "{first}");
    for words in [&["market", "show"][..], &["credit", "show", &credit], &freeze] {
        let data = world.run(&[words, &["--output", "json"]].concat()).data();
        assert_eq!(data["cluster"]["genesis_hash"], genesis, "{words:?}");
    }
    // A node of another cluster is never taken for one of this.
    let other = Node::before(&world.url(), |request, mut answer| {
        if request["method"] == "getGenesisHash" {
            answer["result"] = json!("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG");
        }
        Some(answer)
    });
    let (url, other) = (world.url(), other.url());
    let mixed = world.run(&["credit", "show", &credit, "-u", &url, "-u", &other]);
    assert!(
        mixed.code == 2 && mixed.stderr.contains("the nodes are of different clusters: node 1 is of "),
        "{mixed:?}"
    );
}

#[test]
fn a_key_of_the_settings_is_named_with_its_place() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, url) = (credit.to_string(), world.url());
    let settings = home.path().join(".config/solana/cli/config.yml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let freeze = |party: &str| {
        fs::write(&settings, format!("keypair_path: {}\n", world.key(party))).unwrap();
        let freeze = ["credit", "freeze", &address, "--all", "--yes"];
        run_in(home.path(), &freeze, &[("BLOCKABLE_URL", &url)])
    };
    let named = |party: &str| format!("{} (from {}, named by ", world.party(party), world.key(party));
    let wrong = freeze("borrower");
    assert!(wrong.code == 3 && wrong.stderr.contains(&named("borrower")), "{wrong:?}");
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
    let done = freeze("lender");
    let first = done.stderr.lines().next().unwrap();
    assert!(first.contains(&named("lender")) && first.contains(&settings.display().to_string()), "{first}");
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn one_document_has_the_address_that_was_created() {
    let world = world();
    let (borrower, provider) = (world.party("borrower"), world.venue().provider.to_string());
    let offer = [
        "credit",
        "offer",
        "--borrower",
        &borrower,
        "--provider",
        &provider,
        "--principal",
        "1200usdc",
        "--units",
        "240000000",
        "--nonce",
        "12000005",
    ];
    let done = world.run_as("lender", &offer);
    assert_eq!(done.stdout.lines().count(), 1, "{done:?}");
    let created: Pubkey = done.data()["created"]["credit"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.credit(&created).borrower.to_string(), borrower);
    let text = world.run(&["credit", "show", &created.to_string()]);
    assert!(text.code == 0 && text.stdout.contains("offered"), "{text:?}");
}

#[test]
fn notes_stay_out_of_the_document_and_a_failure_has_its_shape() {
    let (world, credit) = (world(), world().loan().to_string());
    let url = world.url();
    let nodes = ["-u", "http://127.0.0.1:1", "-u", &url, "--output", "json"];
    let shown = world.run(&[&["credit", "show", &credit], &nodes[..]].concat());
    assert!(shown.stderr.contains("note: node 1 of 2 does not answer"), "{shown:?}");
    assert_eq!(shown.data()["credit"], credit);
    let missing = Pubkey::new_unique().to_string();
    let failed = world.run(&[&["credit", "show", &missing], &nodes[..]].concat());
    assert!(failed.stderr.contains("note: node 1 of 2 does not answer"), "{failed:?}");
    // Both have the same members, and nothing stands besides the document.
    assert_eq!((failed.stdout.lines().count(), &failed.error()["code"]), (1, &"not_found".into()));
}

#[test]
fn the_exit_code_is_that_of_what_happened() {
    let (world, credit) = (world(), world().loan());
    let is_sent = AtomicUsize::new(0);
    // The node is lost once the transaction has landed: what was wanted has happened.
    let node = Node::before(&world.url(), move |request, answer| {
        if request["method"] == "sendTransaction" {
            is_sent.store(1, Ordering::Relaxed);
        }
        let is_lost = request["method"] == "getMultipleAccounts" && is_sent.load(Ordering::Relaxed) == 1;
        (!is_lost).then_some(answer)
    });
    let (address, url) = (credit.to_string(), node.url());
    let done = world.run_as("lender", &["credit", "freeze", &address, "--units", "1000", "-u", &url]);
    assert!(done.stderr.contains("it has landed, and cannot be read again"), "{done:?}");
    assert_eq!((done.code, world.credit(&credit).collateral.frozen()), (0, 1_000));
    // Nothing of the sort has happened here.
    let refused = world.run_as("borrower", &["credit", "freeze", &address, "--all"]);
    assert_eq!((refused.code, world.credit(&credit).collateral.frozen()), (3, 1_000), "{refused:?}");
}

/// The state that the commands of the dry run would change; reports may be counted meanwhile.
fn state(world: &World, credit: &Pubkey) -> (u64, u64, Pubkey, Pubkey, Pubkey) {
    let account = world.credit(credit);
    let (frozen, paid) = (account.collateral.frozen(), account.claims.lender);
    (frozen, paid, account.pending_lender, account.pending_borrower, account.freeze_authority)
}

#[test]
fn a_dry_run_sends_nothing_whatever_the_command() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let node = Node::before(&world.url(), |_, answer| Some(answer));
    let (address, url, before) = (credit.to_string(), node.url(), state(world, &credit));
    let (buyer, borrower, provider) =
        (world.party("buyer"), world.party("borrower"), world.venue().provider.to_string());
    let commands: [&[&str]; 7] = [
        &["freeze", &address, "--all"],
        &["repay", &address, "--next"],
        &["repay", &address, "--all"],
        &["assign", &address, &buyer],
        &["freeze-authority", &address, &buyer],
        &["borrower-key", &address, &buyer],
        &[
            "offer",
            "--borrower",
            &borrower,
            "--provider",
            &provider,
            "--principal",
            "1200usdc",
            "--units",
            "240000000",
        ],
    ];
    let lender = world.party("lender");
    for words in commands {
        let simulated = node.count("simulateTransaction");
        let usual = if words[0] == "offer" { vec!["-k", &lender] } else { Vec::new() };
        let all =
            [&["credit"], words, &usual, &["--dry-run", "--yes", "-u", &url, "--output", "json"]].concat();
        let market = world.market();
        let data = run_in(home.path(), &all, &[("BLOCKABLE_MARKET", &market)]).data();
        assert_eq!((&data["dry_run"], &data["signatures"]), (&true.into(), &json!([])), "{words:?}");
        assert!(node.count("simulateTransaction") > simulated, "{words:?}");
    }
    assert_eq!((node.count("sendTransaction"), state(world, &credit)), (0, before));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing was written down");
}

/// Waits for the end of a command; its exit code.
fn end_of(child: &mut Child) -> i32 {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap();
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it waits for an answer");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nobody_is_waited_for_where_the_input_never_ends() {
    let (world, credit) = (world(), world().loan());
    let (address, key) = (credit.to_string(), world.key("lender"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_blockable"))
        .args(["credit", "freeze", &address, "--all", "-k", &key])
        .env_clear()
        .env("HOME", &world.home)
        .env("BLOCKABLE_URL", world.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Held open, and nothing is written.
    let input = child.stdin.take();
    assert_eq!(end_of(&mut child), 5);
    drop(input);
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

/// Runs a freeze at a terminal of its own, and answers its question.
fn freeze_at_terminal(world: &World, credit: &Pubkey, answer: &str) -> i32 {
    let line = format!(
        "{} credit freeze {credit} --units 1000 -k {}",
        env!("CARGO_BIN_EXE_blockable"),
        world.key("lender")
    );
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("HOME", &world.home)
        .env("BLOCKABLE_URL", world.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(answer.as_bytes()).unwrap();
    let code = end_of(&mut child);
    drop(input);
    code
}

#[test]
fn declining_at_a_terminal_has_its_own_exit_code() {
    let (world, credit) = (world(), world().loan());
    for answer in ["n\n", "\n", "maybe\n"] {
        assert_eq!(freeze_at_terminal(world, &credit, answer), 5, "{answer:?}");
    }
    assert_eq!(world.credit(&credit).collateral.frozen(), 0, "nothing was sent");
    assert_eq!(freeze_at_terminal(world, &credit, "y\n"), 0);
    assert_eq!(world.credit(&credit).collateral.frozen(), 1_000);
}

#[test]
fn a_command_asks_for_no_more_than_it_shows() {
    let (world, credit) = (world(), world().loan().to_string());
    let node = Node::before(&world.url(), |_, answer| Some(answer));
    let url = node.url();
    for words in [&["--help"][..], &["credit", "freeze", "--help"], &["--version"], &["config"]] {
        assert_eq!(world.run(&[words, &["-u", &url]].concat()).code, 0, "{words:?}");
    }
    assert_eq!(node.asked(), Vec::<String>::new(), "no node is needed");
    world.run(&["credit", "show", &credit, "-u", &url, "--output", "json"]).data();
    // Its cluster, the clock, the credit and its market.
    assert_eq!(node.asked(), ["getGenesisHash", "getAccountInfo", "getAccountInfo", "getAccountInfo"]);
}

#[test]
fn what_happens_is_what_the_dry_run_showed() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    for (party, words) in [
        ("borrower", vec!["repay", &address, "--amount", "1000usdc"]),
        ("lender", vec!["freeze", &address, "--share", "30%"]),
        ("lender", vec!["thaw", &address, "--share", "50%"]),
        ("lender", vec!["collect", &address]),
    ] {
        let command = [&["credit"], &words[..]].concat();
        let shown = world.run_as(party, &[&command[..], &["--dry-run"]].concat()).data();
        let done = world.run_as(party, &command).data();
        assert_eq!((&done["effect"], &done["changed"]), (&shown["effect"], &true.into()), "{words:?}");
        assert_ne!(shown["effect"], json!([]), "{words:?}");
    }
    // Where the loan changes between the review and the transaction, no more is opened than was shown.
    let frozen = world.credit(&credit).collateral.frozen();
    let thaw = |units: &str| ["credit", "thaw", &address, "--units", units].map(str::to_string);
    let words = thaw("400000");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let shown = world.run(&[&words[..], &["--no-send", "--output", "json"]].concat()).data();
    let other = thaw("300000");
    let other: Vec<&str> = other.iter().map(String::as_str).collect();
    world.run_as("lender", &other).data();
    let unsigned = &shown["transactions"][0];
    let bytes = BASE64_STANDARD.decode(unsigned["base64"].as_str().unwrap()).unwrap();
    let mut transaction = transactions::decode(&bytes).unwrap();
    transaction.signatures =
        vec![world.venue().keyring.lender.sign_message(&transaction.message.serialize())];
    world.submit(&transaction, unsigned["last_valid_block_height"].as_u64().unwrap());
    assert_eq!(world.credit(&credit).collateral.frozen(), frozen - 400_000);
}
