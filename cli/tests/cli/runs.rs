//! Second runs of a command whose first has an unknown outcome, and runs that do not end by themselves.

use {
    crate::{
        node::Node,
        run::run_in,
        world::{World, world},
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{
        Pubkey, Signer, VersionedTransaction,
        instructions::{Payment, credit_repay},
        transactions,
    },
    blockable_service::hex,
    sha2::{Digest, Sha256},
    std::{
        fs,
        io::{BufRead, BufReader},
        path::{Path, PathBuf},
        process::{Command, Stdio},
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::{Duration, Instant},
    },
};

/// A payment of the borrower that was signed and never sent, as a run that was cut off leaves it.
fn lost_payment(world: &World, credit: &Pubkey, micro_usd: u64) -> (VersionedTransaction, u64) {
    let (venue, account) = (world.venue(), world.credit(credit));
    let borrower = &venue.keyring.borrower;
    let payment = Payment::while_it_releases(micro_usd, account.offer_slot);
    let source = venue.wallet(borrower);
    let repay = credit_repay(&venue.keys, &borrower.pubkey(), &source, credit, payment);
    world.sign(&[repay], borrower)
}

/// Writes a transaction down as a run of the borrower would have before it was sent; `words` are those that decide what it did.
/// Returns the file.
fn write_down(
    world: &World,
    home: &Path,
    words: &[&str],
    credit: &Pubkey,
    (transaction, last_valid): &(VersionedTransaction, u64),
) -> PathBuf {
    let folder = home.join(".local/state/blockable/pending");
    fs::create_dir_all(&folder).unwrap();
    let signature = transaction.signatures[0].to_string();
    let (market, borrower) = (world.market(), world.party("borrower"));
    let action = [words, &[market.as_str(), borrower.as_str()]].concat().join("\0");
    let content = serde_json::json!({
        "genesis_hash": world.genesis(),
        "action": hex::encode(Sha256::digest(action)),
        "signature": signature,
        "last_valid_block_height": last_valid,
        "accounts": [credit.to_string()],
        "transaction": BASE64_STANDARD.encode(transactions::encode(transaction)),
    });
    let path = folder.join(format!("{signature}.json"));
    fs::write(&path, content.to_string()).unwrap();
    path
}

fn run(world: &World, home: &Path, arguments: &[&str]) -> crate::run::Done {
    let (url, market) = (world.url(), world.market());
    let all = [arguments, &["--yes"]].concat();
    run_in(home, &all, &[("BLOCKABLE_URL", &url), ("BLOCKABLE_MARKET", &market)])
}

#[test]
fn a_second_run_finds_the_first_ones_transaction_and_does_nothing_twice() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key) = (credit.to_string(), world.key("borrower"));
    let words = ["credit", "repay", &address, "--amount", "5usdc", "-k", &key];
    let repay = [&words[..], &["--output", "json"]].concat();
    let lost = lost_payment(world, &credit, 5_000_000);
    let file = write_down(world, home.path(), &words, &credit, &lost);
    let done = run(world, home.path(), &repay);
    assert!(
        done.stderr.contains("of an earlier run may land yet; it is followed to its end first"),
        "{done:?}"
    );
    let data = done.data();
    assert_eq!(data["changed"], false);
    assert_eq!(data["signatures"], serde_json::json!([lost.0.signatures[0].to_string()]));
    assert_eq!(world.credit(&credit).claims.lender, 5_000_000, "paid once");
    assert!(!file.exists());
    // Now that the outcome is known, the same words are another payment.
    assert_eq!(run(world, home.path(), &repay).data()["changed"], true);
    assert_eq!(world.credit(&credit).claims.lender, 10_000_000);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 0, "a known outcome leaves no file");
}

/// The first run was cut off after its transaction had landed. The second one says the same in other words.
#[test]
fn what_has_landed_is_not_done_again_in_other_words() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key, url) = (credit.to_string(), world.key("borrower"), world.url());
    let words = ["credit", "repay", &address, "--amount", "5usdc", "-k", &key];
    let landed = |micro_usd: u64| {
        let lost = lost_payment(world, &credit, micro_usd);
        let file = write_down(world, home.path(), &words, &credit, &lost);
        world.submit(&lost.0, lost.1);
        file
    };
    // Node and form of the answer decide nothing about the payment: it is the same one.
    let file = landed(5_000_000);
    let same = [&["-u", &url][..], &words, &["--output=json"]].concat();
    let done = run(world, home.path(), &same);
    assert_eq!((&done.data()["changed"], file.exists()), (&false.into(), false), "{done:?}");
    assert_eq!(world.credit(&credit).claims.lender, 5_000_000, "paid once");
    // Of other words nobody knows whether they mean the same, so that their user looks first.
    let file = landed(6_000_000);
    let other = ["credit", "repay", &address, "--amount", "$6", "-k", &key, "--output", "json"];
    let overtaken = run(world, home.path(), &other);
    let message = overtaken.error()["message"].as_str().unwrap().to_string();
    assert!(overtaken.code == 1 && message.contains("of an earlier run has landed"), "{overtaken:?}");
    assert_eq!((world.credit(&credit).claims.lender, file.exists()), (11_000_000, false), "paid once");
    assert_eq!(run(world, home.path(), &other).data()["changed"], true);
}

#[test]
fn another_command_waits_for_what_may_land_on_its_account() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key) = (credit.to_string(), world.key("borrower"));
    let words = ["credit", "repay", &address, "--amount", "7usdc", "-k", &key];
    let other = [&words[..], &["--output", "json"]].concat();
    write_down(world, home.path(), &["credit", "repay"], &credit, &lost_payment(world, &credit, 5_000_000));
    let overtaken = run(world, home.path(), &other);
    let error = overtaken.error();
    assert_eq!((overtaken.code, &error["code"]), (1, &"failed".into()));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("has landed, perhaps what you want here in other words; nothing else was sent"),
        "{error}"
    );
    assert_eq!(world.credit(&credit).claims.lender, 5_000_000);
    assert_eq!(run(world, home.path(), &other).data()["changed"], true);
    // One that can land no more holds nobody up.
    let (mut dead, _) = lost_payment(world, &credit, 1_000_000);
    dead.signatures = vec![blockable_sdk::Signature::from([7; 64])];
    let file = write_down(world, home.path(), &words, &credit, &(dead, 1));
    let done = run(world, home.path(), &other);
    assert!(done.stderr.contains("of an earlier run has not landed (expired)"), "{done:?}");
    assert_eq!((&done.data()["changed"], file.exists()), (&true.into(), false));
    assert_eq!(world.credit(&credit).claims.lender, 19_000_000);
}

/// A file that was cut off still has its name, and what is no file is not opened.
#[test]
fn what_has_landed_is_found_by_the_name_of_its_file() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key) = (credit.to_string(), world.key("borrower"));
    let repay = ["credit", "repay", &address, "--amount", "5usdc", "-k", &key, "--output", "json"];
    let lost = lost_payment(world, &credit, 5_000_000);
    let file = write_down(world, home.path(), &["any"], &credit, &lost);
    world.submit(&lost.0, lost.1);
    fs::write(&file, "{").unwrap();
    let pipe = file.with_file_name(format!("{}.json", blockable_sdk::Signature::from([8; 64])));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let overtaken = run(world, home.path(), &repay);
    let message = overtaken.error()["message"].as_str().unwrap().to_string();
    assert!(overtaken.code == 1 && message.contains("of an earlier run has landed"), "{overtaken:?}");
    assert_eq!((world.credit(&credit).claims.lender, file.exists()), (5_000_000, false), "paid once");
    assert_eq!(run(world, home.path(), &repay).data()["changed"], true, "it is named once");
    // One that was never sent and is old can land no more.
    let never = file.with_file_name(format!("{}.json", blockable_sdk::Signature::from([9; 64])));
    fs::write(&never, "{").unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(600);
    fs::File::options().write(true).open(&never).unwrap().set_modified(old).unwrap();
    let done = run(world, home.path(), &repay);
    assert!(done.stderr.contains("of an earlier run has not landed (expired)"), "{done:?}");
    assert_eq!((&done.data()["changed"], never.exists()), (&true.into(), false));
}

/// A record by a clock that was ahead stops nobody until that time.
#[test]
fn a_turn_of_a_time_to_come_holds_nobody_up() {
    let (world, credit, home) = (world(), world().loan().to_string(), tempfile::tempdir().unwrap());
    let turns = home.path().join(".local/state/blockable/turns");
    fs::create_dir_all(&turns).unwrap();
    let signature = blockable_sdk::Signature::from([7; 64]);
    fs::write(turns.join(&credit), format!("{} {signature} {}\n", "ab".repeat(32), 9_999_999_999_999_u64))
        .unwrap();
    let key = world.key("borrower");
    let repay = ["credit", "repay", &credit, "--amount", "5usdc", "-k", &key, "--output", "json"];
    assert_eq!(run(world, home.path(), &repay).data()["changed"], true);
}

/// Both have read the account before either sends.
#[test]
fn two_runs_of_a_command_at_once_are_one() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key, simulated) = (credit.to_string(), world.key("borrower"), AtomicUsize::new(0));
    let node = Node::before(&world.url(), move |request, answer| {
        match request["method"].as_str().unwrap() {
            "simulateTransaction" => drop(simulated.fetch_add(1, Ordering::Relaxed)),
            // A run simulates once for its review, and the one that sends once more.
            "sendTransaction" => {
                let began = Instant::now();
                while simulated.load(Ordering::Relaxed) < 3 && began.elapsed() < Duration::from_secs(60) {
                    thread::sleep(Duration::from_millis(10));
                }
            }
            _ => {}
        }
        Some(answer)
    });
    let url = node.url();
    let repay =
        ["credit", "repay", &address, "--amount", "5usdc", "-k", &key, "-u", &url, "--output", "json"];
    let changed = thread::scope(|scope| {
        let runs =
            [(); 2].map(|()| scope.spawn(|| run(world, home.path(), &repay).data()["changed"].clone()));
        let mut changed = runs.map(|run| run.join().unwrap() == true);
        changed.sort_unstable();
        changed
    });
    assert_eq!((changed, world.credit(&credit).claims.lender), ([false, true], 5_000_000), "paid once");
}

#[test]
fn a_freeze_waits_for_no_earlier_run() {
    let (world, credit, home) = (world(), world().loan(), tempfile::tempdir().unwrap());
    let (address, key) = (credit.to_string(), world.key("lender"));
    let file = write_down(world, home.path(), &["any"], &credit, &lost_payment(world, &credit, 5_000_000));
    let freeze = ["credit", "freeze", &address, "--all", "-k", &key, "--output", "json"];
    let done = run(world, home.path(), &freeze);
    assert_eq!(done.data()["changed"], true);
    assert!(!done.stderr.contains("of an earlier run") && file.exists(), "{done:?}");
}

#[test]
fn a_credit_is_shown_again_as_it_changes() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_blockable"))
        .args(["credit", "show", &address, "--watch", "--interval", "1s"])
        .env_clear()
        .env("HOME", &world.home)
        .env("BLOCKABLE_URL", world.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let frozen = |line: &String| line.starts_with("frozen");
    assert!(lines.find(frozen).unwrap().contains("none of"));
    world.run_as("lender", &["credit", "freeze", &address, "--units", "1234"]).data();
    let found = lines.filter(frozen).find(|line| line.contains("1,234 units of")).is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found);
    let json = world.run(&["credit", "show", &address, "--watch", "--output", "json"]);
    assert_eq!((json.code, &json.error()["code"]), (2, &"usage".into()), "it is no one document");
}
