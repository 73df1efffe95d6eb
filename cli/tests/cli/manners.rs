//! The manners of every command: complaints that users of other command lines have, each as a test.

use {
    crate::{node::Node, run::run_in, world::world},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{Keypair, Pubkey, Signer, transactions},
    serde_json::{Value, json},
};

#[test]
fn a_dry_run_loads_no_key_and_sends_nothing() {
    let (world, credit) = (world(), world().loan());
    let (address, before) = (credit.to_string(), world.credit(&credit).event_seq);
    let freeze = ["credit", "freeze", &address, "--all", "--dry-run", "--yes", "--output", "json"];
    let data = world.run(&freeze).data();
    assert_eq!((&data["changed"], &data["dry_run"]), (&false.into(), &true.into()));
    assert_eq!(
        data["state"][0]["frozen"],
        world.credit(&credit).collateral.freezable(),
        "the effect is simulated"
    );
    assert_eq!(world.credit(&credit).event_seq, before);
    // A file that is named and cannot be read is not taken for another's.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("none.json"), "[1, 2, 3]").unwrap();
    for (name, code, said) in
        [("missing.json", 4, "there is no such file"), ("none.json", 1, "it holds no keypair")]
    {
        for option in ["-k", "--fee-payer"] {
            let path = file(name);
            let wrong = world.run(&[&freeze[..], &[option, &path]].concat());
            let error = wrong.error();
            let message = error["message"].as_str().unwrap();
            assert!(wrong.code == code && message.contains(&path) && message.contains(said), "{message}");
        }
    }
    let asked = world.run(&[&freeze[..], &["-k", "prompt://"]].concat());
    assert!(
        asked.stderr.contains("(no key loaded; the usual signer, not the key from the prompt, named by"),
        "{asked:?}"
    );
    // It is that of the key that would sign.
    for key in [world.party("borrower"), world.key("borrower")] {
        assert_eq!(world.run(&[&freeze[..], &["-k", &key]].concat()).error()["code"], "refused");
    }
}

#[test]
fn the_first_line_says_cluster_market_admin_signer_and_where_its_key_came_from() {
    let (world, credit) = (world(), world().loan().to_string());
    let freeze = ["credit", "freeze", &credit, "--all", "--yes"];
    let key = world.key("lender");
    let done = world.run_with(&freeze, &[("BLOCKABLE_KEYPAIR", &key)]);
    let expected = format!(
        "cluster a cluster of its own ({}), market {} (admin {}), signer {} (from {key}, named by environment BLOCKABLE_KEYPAIR)",
        world.genesis(),
        world.market(),
        world.party("admin"),
        world.party("lender")
    );
    assert_eq!(done.stderr.lines().next(), Some(expected.as_str()), "{done:?}");
    assert_eq!(done.code, 0);
}

#[test]
fn nobody_is_asked_where_there_is_no_terminal_and_declining_has_a_code_of_its_own() {
    let (world, credit) = (world(), world().loan());
    let (address, key) = (credit.to_string(), world.key("lender"));
    let freeze = ["credit", "freeze", &address, "--all", "-k", &key];
    for arguments in [&freeze[..], &[&freeze[..], &["--non-interactive"]].concat()] {
        let done = world.run_with_input(arguments, "y\n");
        assert_eq!(done.code, 5, "{done:?}");
        assert!(done.stderr.contains("add --yes"), "{done:?}");
    }
    let done = world.run_with(&freeze, &[("BLOCKABLE_NON_INTERACTIVE", "1"), ("BLOCKABLE_OUTPUT", "json")]);
    assert_eq!(done.error()["code"], "declined");
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn an_unsigned_transaction_is_printed_with_the_hash_that_a_device_shows() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    let lender = world.party("lender");
    let data = world.run(&["credit", "freeze", &address, "--all", "--no-send", "--output", "json"]).data();
    let unsigned = &data["transactions"][0];
    let bytes = BASE64_STANDARD.decode(unsigned["base64"].as_str().unwrap()).unwrap();
    let mut transaction = transactions::decode(&bytes).unwrap();
    assert_eq!(bs58::decode(unsigned["base58"].as_str().unwrap()).into_vec().unwrap(), bytes);
    let message = transaction.message.serialize();
    use sha2::{Digest, Sha256};
    assert_eq!(unsigned["message_hash"], bs58::encode(Sha256::digest(&message)).into_string());
    assert_eq!(unsigned["signers"], serde_json::json!([lender]));
    assert_eq!(world.credit(&credit).collateral.frozen(), 0, "nothing was sent");
    // Signed elsewhere, it does its work.
    transaction.signatures = vec![world.venue().keyring.lender.sign_message(&message)];
    world.submit(&transaction, unsigned["last_valid_block_height"].as_u64().unwrap());
    assert_eq!(world.credit(&credit).collateral.frozen(), world.credit(&credit).collateral.freezable());
}

#[test]
fn a_fee_payer_of_its_own_pays() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    // A signer that has nothing.
    let (freezer, file) = (Keypair::new(), folder.path().join("freezer.json").display().to_string());
    blockable_sdk::write_keypair_file(&freezer, &file).unwrap();
    let credit = world.offer_with(freezer.pubkey(), |_| ());
    world.issue(&credit);
    let (address, payer) = (credit.to_string(), world.key("keeper"));
    let freeze = ["credit", "freeze", &address, "--all", "--yes", "--output", "json", "-k", &file];
    let poor = world.run(&freeze).error();
    let message = poor["message"].as_str().unwrap();
    assert!(poor["code"] == "refused" && message.contains("has 0.000000000 SOL"), "it cannot pay: {poor}");
    let done = world.run(&[&freeze[..], &["--fee-payer", &payer]].concat());
    assert!(done.stderr.contains(&format!("fee payer {}", world.party("keeper"))), "{done:?}");
    let data = done.data();
    assert_eq!((&data["fee_payer"], &data["fee_lamports"]), (&world.party("keeper").into(), &10_000.into()));
}

/// The fee is that of recent blocks, up to the most that is named.
#[test]
fn a_priority_fee_is_paid_up_to_its_bound() {
    let (world, credit) = (world(), world().loan().to_string());
    let node = Node::before(&world.url(), |request, mut answer| {
        if request["method"] == "getRecentPrioritizationFees" {
            answer["result"] = serde_json::json!([{"slot": 1, "prioritizationFee": 2_000_000}]);
        }
        Some(answer)
    });
    let url = node.url();
    let fee = |most: &[&str]| {
        let freeze = ["credit", "freeze", &credit, "--all", "--dry-run", "--url", &url, "--output", "json"];
        world.run(&[&freeze[..], most].concat()).data()["fee_lamports"].as_u64().unwrap()
    };
    let (none, low, high) =
        (fee(&[]), fee(&["--priority-fee", "1000000"]), fee(&["--priority-fee", "9000000"]));
    assert_eq!(none, 5_000);
    assert!(low > none, "{low}");
    assert_eq!((high - none).div_ceil(2), low - none, "twice as much, as blocks ask for");
}

#[test]
fn a_profile_and_a_commitment_are_named_for_one_run() {
    let (world, home) = (world(), tempfile::tempdir().unwrap());
    let (url, market) = (world.url(), world.market());
    let run = |arguments: &[&str]| crate::run::run_in(home.path(), arguments, &[]);
    for (key, value) in [("url", &url), ("market", &market), ("commitment", &"processed".to_string())] {
        assert_eq!(run(&["config", "set", key, value, "--profile", "work"]).code, 0);
    }
    let elsewhere = run(&["market", "show", "--output", "json"]).error();
    assert_ne!(elsewhere["message"], serde_json::Value::Null, "the usual profile has nothing: {elsewhere}");
    let shown =
        run(&["market", "show", "--profile", "work", "--commitment", "finalized", "--output", "json"]);
    assert_eq!(shown.data()["market"], market);
    let config = run(&["config", "--profile", "work", "--output", "json"]).data();
    assert_eq!(config["commitment"], serde_json::json!({"value": "processed", "origin": "profile work"}));
}

#[test]
fn one_of_three_nodes_suffices() {
    let (world, credit) = (world(), world().loan());
    let url = world.url();
    let nodes = ["-u", "http://127.0.0.1:1", "-u", &url, "-u", "http://127.0.0.1:2"];
    let address = credit.to_string();
    let done = world.run_as("lender", &[&["credit", "freeze", &address, "--all"], &nodes[..]].concat());
    assert!(done.stderr.contains("note: node 1 of 3 does not answer: it cannot be reached"), "{done:?}");
    assert_eq!(done.data()["changed"], true);
    assert!(world.credit(&credit).collateral.frozen() > 0);
}

/// A node that takes connections and answers nothing.
#[test]
fn a_silent_node_is_not_waited_for_once_another_has_answered() {
    let (world, credit) = (world(), world().loan());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let url = world.url();
    let nodes = ["-u", &silent_url, "-u", &url];
    let address = credit.to_string();
    let done = world.run_as("lender", &[&["credit", "freeze", &address, "--all"], &nodes[..]].concat());
    assert!(
        done.stderr.contains("note: node 1 of 2 does not answer: it is slower than the others"),
        "{done:?}"
    );
    assert_eq!(done.data()["changed"], true);
    assert!(world.credit(&credit).collateral.frozen() > 0);
}

#[test]
fn a_field_that_is_not_there_hides_nothing_that_has_landed() {
    let (world, credit) = (world(), world().loan());
    let freeze = ["credit", "freeze", &credit.to_string(), "--all", "--json", "signatures,signer,nothing"];
    let landed = world.run_as("lender", &freeze);
    assert_eq!((landed.code, landed.data()["signatures"].as_array().unwrap().len()), (0, 1), "{landed:?}");
    assert!(landed.stderr.contains("there is no field \"nothing\""), "{landed:?}");
    let again = world.run_as("lender", &freeze);
    assert_eq!((again.code, &again.error()["code"]), (2, &"usage".into()), "nothing was changed: {again:?}");
    let fields = [&freeze[..4], &["--json", "signatures,signer,fee_lamports,rent_lamports"]].concat();
    assert_eq!(world.run_as("lender", &fields).code, 0, "all ends of a command have the same fields");
}

#[test]
fn json_is_asked_for_by_a_flag_the_environment_or_a_profile() {
    let (world, home) = (world(), tempfile::tempdir().unwrap());
    let (url, market) = (world.url(), world.market());
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        crate::run::run_in(home.path(), arguments, variables)
    };
    for (key, value) in [("url", &url), ("market", &market), ("output", &"json".to_string())] {
        assert_eq!(run(&["config", "set", key, value], &[]).code, 0);
    }
    assert_eq!(run(&["market", "show"], &[]).data()["market"], market);
    assert_eq!(run(&["market", "show", &Pubkey::new_unique().to_string()], &[]).error()["code"], "not_found");
    let table = run(&["market", "show", "--output", "table"], &[]);
    assert!(table.stdout.starts_with("cluster"), "{table:?}");
    let input = run(&["config", "--output", "json"], &[("BLOCKABLE_KEYPAIR", "-")]).data();
    let from = "environment BLOCKABLE_KEYPAIR";
    assert_eq!(input["keypair"], serde_json::json!({"value": "-", "origin": from}), "the standard input");
    let shown = run(&["config", "--output", "json"], &[("BLOCKABLE_COMMITMENT", "finalized")]).data();
    assert_eq!(shown["url"]["origin"], "profile default");
    assert_eq!(shown["commitment"]["origin"], "environment BLOCKABLE_COMMITMENT");
    assert_eq!(shown["output"]["origin"], "--output or --json");
    assert_eq!(shown["keypair"]["origin"], "default");
}

#[test]
fn a_new_key_is_its_owners_alone_and_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("keys/mine.json").display().to_string();
    let data = crate::run::run_in(home.path(), &["keys", "new", &file, "--output", "json"], &[]).data();
    let key: Keypair = blockable_sdk::read_keypair_file(&file).unwrap();
    assert_eq!(data["address"], key.pubkey().to_string());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = crate::run::run_in(home.path(), &["keys", "new", &file, "--output", "json"], &[]);
    assert_eq!(again.error()["code"], "refused");
    assert_eq!(blockable_sdk::read_keypair_file(&file).unwrap().pubkey(), key.pubkey());
}

/// A line that cannot be read is answered in the form that its script has asked for.
#[test]
fn a_line_that_cannot_be_read_is_a_document_where_json_was_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let run = |words: &[&str], variables: &[(&str, &str)]| {
        let done = run_in(home.path(), words, variables);
        assert_eq!(done.code, 2, "{done:?}");
        serde_json::from_str::<Value>(&done.stdout).ok().map(|document| document["error"]["code"].clone())
    };
    let (wrong, usage) = (["credit", "list", "--colour"], Some(json!("usage")));
    assert_eq!(run(&["credit", "list", "--outp", "json"], &[]), usage);
    assert_eq!(run(&["credit", "list", "--ouptut=json"], &[]), usage);
    assert_eq!(run(&wrong, &[]), None);
    assert_eq!(run(&wrong, &[("BLOCKABLE_OUTPUT", "json")]), usage);
    assert_eq!(run_in(home.path(), &["config", "set", "output", "json", "--profile", "script"], &[]).code, 0);
    assert_eq!(run(&[&wrong[..], &["--profile", "script"]].concat(), &[]), usage);
    assert_eq!(run(&wrong, &[("BLOCKABLE_PROFILE", "script")]), usage);
    assert_eq!(run(&wrong, &[]), None);
    // Whatever else is wrong, also where the line itself can be read.
    let url = ["credit", "list", "-u", "nowhere", "--profile", "script"];
    assert_eq!(run(&url, &[]), usage);
    assert_eq!(run(&[&wrong[..], &["--profile", "script", "--output", "table"]].concat(), &[]), None);
}
