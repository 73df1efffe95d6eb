//! The commands by which a provider signs, run as a binary against a cluster: each once, again without effect, and wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic and wait for the clock"
)]

mod stage;

use {
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses,
        program::{instructions::OfferRead, state::ProviderSettings, transitions::Status},
        read_keypair_file,
    },
    blockable_testkit::{Chain, DAY, Loan},
    stage::{BINARY, CAPACITY, Stage},
    std::{
        fs,
        os::unix::fs::PermissionsExt,
        path::Path,
        process::{Command, Output},
    },
};

const REGISTER: [&str; 7] =
    ["register", "--capacity", "2000000000", "--max-units-per-second", "10000", "--longest-job", "30d"];

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_does_everything_by_commands() {
    let mut stage = Stage::new().await;
    stage.init();
    wrong_arguments(&stage);
    registers(&stage).await;
    reads_by_one_node(&stage);
    sets_capacity_and_suspends(&stage).await;
    changes_settings(&mut stage).await;
    let credit = issues(&mut stage).await;
    collects(&mut stage, &credit).await;
    watches(&mut stage).await;
}

/// Wrong usage, each with its own message, and nothing on the chain.
fn wrong_arguments(stage: &Stage) {
    stage.run(&["show"]).expect(4, "is not registered in this market");
    stage.run(&["collect"]).expect(4, "is not registered");
    stage.run(&["register"]).expect(2, "--capacity");
    stage.run(&["register", "--no-such-flag"]).expect(2, "--no-such-flag");
    let with = |change: [&'static str; 2]| [&REGISTER[..], &change].concat();
    stage.run(&with(["--longest-job", "30y"])).expect(2, "");
    stage.run(&with(["--quorum", "3"])).expect(2, "quorum");
    stage.run(&with(["--chunk-size", "33"])).expect(2, "chunk");
    stage
        .run(&with(["--payout", "1nc1nerator11111111111111111111111111111111"]))
        .expect(4, "there is no account");
    stage
        .run(&with(["--keypair", "/nowhere/key.json"]))
        .expect(4, "/nowhere/key.json cannot be used: there is no such file");
    stage.run(&[&REGISTER[..], &["--dry-run"]].concat()).expect(2, "--authority");
    stage.run(&with(["--quorum", "9"])).expect(2, "9 is not in 1..=8");
    for (wrong, says) in [
        ("1e9", "is no number of units"),
        ("-5", "is no number of units"),
        ("18446744073709551616", "is larger than any amount can be"),
    ] {
        stage.run(&["capacity", wrong]).expect(2, says);
    }
    let market = stage.cluster.chain.keys.market.to_string();
    stage.run(&[&REGISTER[..], &["--payout", &market]].concat()).expect(3, "is no token account");
    stage.run(&REGISTER).expect(5, "add --yes");
    stage.run(&with(["--url", "http://127.0.0.1:1"])).expect(1, "cannot be reached");
    fs::set_permissions(stage.path("operator.json"), fs::Permissions::from_mode(0o640)).unwrap();
    stage.confirmed(&REGISTER).expect(3, "chmod 600");
    fs::set_permissions(stage.path("operator.json"), fs::Permissions::from_mode(0o600)).unwrap();
    stage.write_key("other.json", &Keypair::new());
    let other = stage.path("other.json").display().to_string();
    stage
        .confirmed(&[&REGISTER[..], &["--keypair", &other]].concat())
        .expect(2, "set that in the server's file");
    stage.run(&["show"]).expect(4, "is not registered");
}

async fn registers(stage: &Stage) {
    let authority = stage.authority.pubkey().to_string();
    let dry = [&REGISTER[..], &["--dry-run", "--authority", &authority]].concat();
    let run = stage.run(&dry).expect(0, "");
    assert_eq!(
        (&run.document["data"]["dry_run"], &run.document["data"]["changed"]),
        (&true.into(), &false.into())
    );
    let simulated = &run.document["data"]["state"];
    assert_eq!(simulated["provider"], stage.provider().to_string(), "a dry run has the state afterwards");
    assert_eq!(simulated["capacity_units"], CAPACITY);
    for part in ["no key loaded", "a cluster of its own", "SOL of rent", "never removed"] {
        assert!(run.shown.contains(part), "{part}: {}", run.shown);
    }
    stage.run(&["show"]).expect(4, "is not registered");
    let run = stage.confirmed(&REGISTER);
    assert!(run.shown.lines().next().unwrap().contains(&authority), "{}", run.shown);
    let data = run.did(true);
    assert_eq!(data["state"]["provider"], stage.provider().to_string());
    let state = stage.state().await;
    assert_eq!(
        (state.capacity_units, state.settings.quorum, state.settings.reporter_count),
        (CAPACITY, 2, 2)
    );
    let shown = stage.run(&["show"]).did(false);
    assert_eq!(shown["state"]["findings"], serde_json::json!([]), "the file and the chain agree");
    stage.confirmed(&REGISTER).did(false);
    for (change, command) in [
        (["--capacity", "3000000000"], "capacity 3000000000"),
        (["--max-units-per-second", "10001"], "blockable-provider bounds"),
        (["--longest-job", "29d"], "blockable-provider bounds"),
        (["--payout", "1nc1nerator11111111111111111111111111111111"], "payout --to 1nc1nerator"),
        (["--chunk-size", "9"], "stays so"),
    ] {
        let mut other = REGISTER.to_vec();
        match other.iter().position(|word| *word == change[0]) {
            Some(place) => other[place + 1] = change[1],
            None => other.extend(change),
        }
        stage.confirmed(&other).expect(3, command);
    }
    let after = stage.state().await;
    assert_eq!((after.capacity_units, after.change_ready_at), (CAPACITY, 0), "nothing was changed");
}

async fn sets_capacity_and_suspends(stage: &Stage) {
    stage.confirmed(&["capacity", "3000000000"]).did(true);
    stage.confirmed(&["capacity", "3000000000"]).did(false);
    assert_eq!(stage.state().await.capacity_units, 3_000_000_000);
    let other = stage.path("other.json").display().to_string();
    stage.confirmed(&["capacity", "1", "--keypair", &other]).expect(3, "the provider's authority is");
    stage.run(&["capacity", "1"]).expect(5, "no terminal");
    let dry = stage.run(&["capacity", "1", "--dry-run"]).did(false);
    let effect =
        serde_json::json!([{"name": "capacity", "before": "3,000,000,000 units", "after": "1 unit"}]);
    assert_eq!((&dry["effect"], &dry["state"]["capacity_units"]), (&effect, &1.into()), "{dry}");
    assert_eq!(dry["fee_lamports"], 5_000);
    stage.run(&["capacity", "many"]).expect(2, "many");
    assert_eq!(stage.state().await.capacity_units, 3_000_000_000);
    stage.confirmed(&["suspend"]).did(true);
    stage.confirmed(&["suspend"]).did(false);
    stage.confirmed(&["bounds", "--longest-job", "60d"]).expect(3, "can only tighten");
    stage.confirmed(&["resume"]).did(true);
    stage.confirmed(&["resume"]).did(false);
    assert_eq!(stage.state().await.suspended, 0);
}

/// A change of prices waits for a day, another one does not take its place, and one that tightens is in force at once.
async fn changes_settings(stage: &mut Stage) {
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["bounds"]).expect(2, "--max-units-per-second");
    stage.confirmed(&["payout"]).expect(2, "--to");
    stage
        .confirmed(&["bounds", "--max-units-per-second", "0"])
        .expect(2, "is zero; write an amount above it");
    let market = stage.cluster.chain.keys.market.to_string();
    stage.confirmed(&["payout", "--to", &market]).expect(3, "is no token account");
    let nobody = "1nc1nerator11111111111111111111111111111111";
    stage.confirmed(&["payout", "--to", nobody]).expect(4, "there is no account at");
    stage.confirmed(&["bounds", "--longest-job", "29d"]).did(true);
    assert_eq!(stage.state().await.settings.longest_job, 29 * DAY);

    stage.edit("units_per_1k_generated = 400", "units_per_1k_generated = 401");
    let findings = stage.run(&["show"]).did(false)["state"]["findings"].to_string();
    assert!(findings.contains("run `prices`"), "{findings}");
    let before = stage.state().await.settings.price_list_hash;
    let data = stage.confirmed(&["prices"]).did(true);
    let ready_at = data["state"]["waiting_change"]["ready_at"].as_i64().unwrap();
    let now = stage.cluster.chain.client.chain_time().await.unwrap();
    assert!((now..=now + i64::from(DAY)).contains(&ready_at), "{ready_at}");
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["prices", "--apply"]).expect(3, "can be applied from");
    let longer = ["bounds", "--longest-job", "40d"];
    stage.confirmed(&longer).expect(3, "--with-waiting");
    assert_eq!(stage.state().await.settings.price_list_hash, before);
    stage.confirmed(&["prices", "--cancel"]).did(true);
    stage.confirmed(&["prices", "--cancel"]).did(false);
    assert_eq!(stage.state().await.change_ready_at, 0);

    stage.confirmed(&["prices"]).did(true);
    stage.confirmed(&[&longer[..], &["--with-waiting"]].concat()).did(true);
    let ready_at = stage.state().await.change_ready_at;
    stage.cluster.chain.wait_until(ready_at + 1).await;
    stage.confirmed(&["reporters", "--apply"]).did(true);
    let settings: ProviderSettings = stage.state().await.settings;
    assert_eq!((settings.longest_job, settings.price_list_hash == before), (40 * DAY, false));
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["reporters"]).did(false);
    lapses(stage).await;
}

/// A change that nobody applied for 14 days is in nobody's way.
async fn lapses(stage: &Stage) {
    let longer = ["bounds", "--longest-job", "50d"];
    stage.confirmed(&longer).did(true);
    let ready_at = stage.state().await.change_ready_at;
    stage.cluster.chain.wait_until(ready_at + i64::from(14 * DAY) + 1).await;
    let shown = stage.run(&["show"]).did(false);
    assert_eq!(shown["state"]["waiting_change"]["has_lapsed"], true);
    stage.confirmed(&["bounds", "--apply"]).expect(3, "the change lapsed at");
    stage.confirmed(&["bounds", "--longest-job", "45d"]).did(true);
    stage.confirmed(&["bounds", "--cancel"]).did(true);
}

/// Of several nodes one suffices, whatever its place.
fn reads_by_one_node(stage: &Stage) {
    let (good, dead) = (stage.cluster.rpc_url(), "http://127.0.0.1:1");
    for order in [[&good, dead], [dead, &good]] {
        let run = stage.run(&["show", "--url", order[0], "--url", order[1]]);
        assert!(run.shown.contains("does not answer"), "{}", run.shown);
        run.did(false);
    }
    stage.run(&["show", "--url", dead]).expect(1, "no node answers");
}

async fn issues(stage: &mut Stage) -> Pubkey {
    stage.confirmed(&["issue"]).did(false);
    let chain = &mut stage.cluster.chain;
    let ours = addresses::provider(&chain.keys.market, &stage.authority.pubkey());
    let theirs = std::mem::replace(&mut chain.provider, ours);
    let credit = offered(chain, 77).await;
    let address = credit.to_string();
    stage.confirmed(&["issue", &address]).expect(3, "has not accepted");
    let chain = &mut stage.cluster.chain;
    let read: OfferRead = chain.offer_read(&credit).await;
    let accept = chain.accept(&credit, read);
    chain.send(&[accept], &["borrower"]).await;

    let waiting = stage.run(&["issue"]).did(false);
    assert_eq!(waiting["state"]["waiting"][0]["credit"], address);
    stage.confirmed(&["issue", "nonsense"]).expect(2, "is no address");
    stage.confirmed(&["issue", &theirs.to_string()]).expect(1, "a credit needs");
    stage.confirmed(&["issue", &address, "--terms-hash", &"0".repeat(64)]).expect(3, "read the offer anew");
    stage.confirmed(&["issue", &address, "--terms-hash", "00"]).expect(2, "64 hexadecimal digits");
    stage.confirmed(&["issue", &address, "--offer-slot", "1"]).expect(3, "was made in slot");
    stage.edit("units_per_1k_generated = 401", "units_per_1k_generated = 402");
    stage.confirmed(&["issue", &address]).expect(3, "run `prices`");
    stage.edit("units_per_1k_generated = 402", "units_per_1k_generated = 401");
    stage.edit("reporter-1.json", "../other.json");
    stage.confirmed(&["issue", &address]).expect(3, "run `reporters`");
    stage.edit("../other.json", "reporter-1.json");
    stage.confirmed(&["capacity", "1000"]).did(true);
    stage.confirmed(&["issue", &address]).expect(3, "of the capacity are free");
    stage.confirmed(&["capacity", "2000000000"]).did(true);
    let still = stage.cluster.chain.credit(&credit).await;
    assert_eq!(still.status, Status::Accepted.byte());

    let slot = read.slot.to_string();
    let run = stage.confirmed(&["issue", &address, "--offer-slot", &slot]);
    for part in ["$100,000.00, of which $40,000.00 are held back", "cannot be taken back", "terms hash"] {
        assert!(run.shown.contains(part), "{part}: {}", run.shown);
    }
    assert_eq!(run.did(true)["state"]["status"], "active");
    stage.confirmed(&["issue", &address]).did(false);
    stage.confirmed(&["capacity", "1"]).expect(3, "are outstanding");
    credit
}

/// An offer on the units of the chain's provider that nobody has accepted.
async fn offered(chain: &mut Chain, nonce: u64) -> Pubkey {
    let settings = chain.client.provider(&chain.provider).await.unwrap();
    let mut args = Loan::new(nonce).with(|terms| terms.offer_expires_at = 0).args;
    (args.terms.reporters_hash, args.terms.max_units_per_second) = (settings.reporters_hash(), 10_000);
    (args.terms.holdback, args.terms.unlocked_ahead) = (40_000_000_000, 500_000_000);
    let credit = chain.credit_of(&args);
    let offer = chain.offer(args);
    chain.send(&[offer], &["lender"]).await;
    credit
}

/// Offers are issued by rules or left with a reason, both said once, until a signal comes.
async fn watches(stage: &mut Stage) {
    stage.run(&["issue", "--watch"]).expect(2, "--least-price");
    stage.run(&["issue", "--least-price", "4usdc"]).expect(2, "--watch");
    stage.run(&["issue", "--watch", "--least-price", "dear"]).expect(2, "such as 100000usdc");
    let chain = &mut stage.cluster.chain;
    let credit = offered(chain, 78).await;
    let read = chain.offer_read(&credit).await;
    let accept = chain.accept(&credit, read);
    chain.send(&[accept], &["borrower"]).await;
    let rules = ["--least-price", "100usdc", "--poll", "1s"];
    let left = stage.watch(&[&rules[..], &["--yes"]].concat());
    assert_eq!(left["data"]["state"]["credit"], credit.to_string());
    let reason = left["data"]["state"]["left"].as_str().unwrap();
    assert!(reason.contains("$40,000.00 of $100,000.00 are held back"), "{reason}");
    let rules = [&rules[..], &["--most-holdback", "40%"]].concat();
    let shown = stage.watch(&[&rules[..], &["--dry-run"]].concat());
    assert_eq!((&shown["data"]["dry_run"], &shown["data"]["changed"]), (&true.into(), &false.into()));
    assert_eq!(stage.cluster.chain.credit(&credit).await.status, Status::Accepted.byte());
    stage.run(&[&["issue", "--watch"], &rules[..]].concat()).expect(5, "add --yes");
    let issued = stage.watch(&[&rules[..], &["--yes"]].concat());
    assert_eq!(issued["data"]["state"]["status"], "active");
    assert_eq!(issued["data"]["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(stage.cluster.chain.credit(&credit).await.status, Status::Active.byte());
}

async fn collects(stage: &mut Stage, credit: &Pubkey) {
    stage.confirmed(&["collect"]).did(false);
    let chain = &mut stage.cluster.chain;
    let pay = chain.repay(credit, 200_000_000_000).await;
    chain.send(&[pay], &["borrower"]).await;
    assert_eq!(chain.credit(credit).await.claims.provider, 40_000_000_000);
    let run = stage.run(&["collect", "--dry-run"]).expect(0, "");
    assert_eq!(run.document["data"]["state"]["total"], 40_000_000_000u64);
    let data = stage.confirmed(&["collect"]).did(true);
    assert_eq!(data["state"]["collected"][0]["credit"], credit.to_string());
    stage.confirmed(&["collect"]).did(false);
    assert_eq!(stage.cluster.chain.credit(credit).await.claims.provider, 0);
}

/// A file as `init` writes it does not serve, and says each value that is left.
#[test]
fn placeholders_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let init = Command::new(BINARY).arg("init").arg(folder.path().join("a")).output().unwrap();
    assert!(init.status.success());
    let config = folder.path().join("a/provider.toml");
    let key = ["key", "--credit", "1nc1nerator11111111111111111111111111111111"];
    for command in [&["serve"][..], &["show"], &["collect"], &key] {
        let output = run_plain(&config, command);
        let shown = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(2), "{shown}");
        assert!(shown.contains("chain.market") && shown.contains("placeholder"), "{shown}");
    }
    let missing = folder.path().join("nowhere.toml");
    for command in [&["serve"][..], &["show"]] {
        assert_eq!(run_plain(&missing, command).status.code(), Some(4), "{command:?}");
    }
    let help = Command::new(BINARY).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for part in ["register", "collect", "5  declined", "6  unknown"] {
        assert!(help.contains(part), "{part}");
    }
}

fn run_plain(config: &Path, command: &[&str]) -> Output {
    let (name, rest) = command.split_first().unwrap();
    Command::new(BINARY).arg(name).arg("--config").arg(config).args(rest).output().unwrap()
}

/// A key that has just been made cannot pay, and is told so before anything is sent. Keys, addresses and counts that cannot be used
/// are refused by name.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_needs_sol_and_wrong_values_of_the_first_commands_are_named() {
    let stage = Stage::new().await;
    let market = stage.cluster.chain.keys.market.to_string();
    let new = |arguments: &[&str]| {
        let folder = stage.path("new").display().to_string();
        let given =
            ["init", &folder, "--rpc", &stage.cluster.rpc_url(), "--reporters", "2"].map(String::from);
        Command::new(BINARY).args(given).args(arguments).output().unwrap()
    };
    let key = stage.path("new.json").display().to_string();
    for (arguments, code, says) in [
        (&["--market", "11111111111111111111111111111111"][..], 2, "is the placeholder of the example"),
        (&["--market", &market, "--keypair", &key], 4, "--new-keypair FILE"),
        (&["--new-keypair", &key], 2, "--market"),
        (&["--market", &market, "--new-keypair", &key, "--keypair", &key], 2, "cannot be used with"),
    ] {
        let output = new(arguments);
        let shown = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(shown.contains(says), "{says}: {shown}");
    }
    let output = new(&["--market", &market, "--new-keypair", &key]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let made = read_keypair_file(&key).unwrap().pubkey();
    assert!(shown.contains(&format!("authority {made}: give it SOL")), "{shown}");
    let config = stage.path("new/provider.toml");
    let register = Command::new(BINARY).args(REGISTER).arg("--yes").arg("--config").arg(&config).output();
    let register = register.unwrap();
    let shown = String::from_utf8_lossy(&register.stderr).to_string();
    assert_eq!(register.status.code(), Some(3), "{shown}");
    assert!(
        shown.contains(&format!("{made} pays, and has 0.000000000 SOL")) && shown.contains("send it SOL"),
        "{shown}"
    );
    let credit = stage.authority.pubkey().to_string();
    let output = run_plain(&config, &["key", "--credit", &credit, "--successor", "nobody"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is no address"), "{output:?}");
}

/// Each command that the pages for providers show is one of the binary's, with options that it takes.
#[test]
fn the_pages_show_commands_that_exist() {
    let pages = [
        include_str!("../../../docs/provider.md"),
        include_str!("../../../docs/provider-api.md"),
        include_str!("../../../docs/provider-reference.md"),
    ];
    let lines = pages.iter().flat_map(|page| page.lines());
    let lines = lines.map(|line| line.strip_prefix("sudo -u blockable-provider ").unwrap_or(line));
    let shown: Vec<&str> = lines.filter(|line| line.starts_with("blockable-provider ")).collect();
    assert!(shown.len() >= 12, "{shown:?}");
    for line in shown {
        let command = line.split(" #").next().unwrap().split(" <").next().unwrap();
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let help = Command::new(BINARY).args([words[0], "--help"]).output().unwrap();
        assert!(help.status.success(), "{line}");
        let help = String::from_utf8(help.stdout).unwrap();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(
                help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")),
                "{line}: {option}"
            );
        }
    }
}
