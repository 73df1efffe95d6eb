//! Secrets on a command line, which no error and no review says again.

use crate::{run::run_in, world::world};

/// Keys and the paths of URLs, which hold keys too.
#[test]
fn no_secret_is_said_again() {
    let home = tempfile::tempdir().unwrap();
    let credit = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";
    let key = "4wBqpZM9xaSheZzJSMawUKKwhdpZ7fVxp8fM8mY9n3mKcT9rvVz3xkFjN2sQF5Gd1LhHh3pKX2Z4kQ7eS9VtYb6a";
    let hex = format!("0x{}", "5ec2e7".repeat(10) + "5ec2");
    let ledger = format!("usb://ledger?key={key}");
    for (secret, words) in [
        ("SECRET", vec!["-u", "htps://h/?api-key=SECRET", "credit", "list"]),
        ("SECRET", vec!["-u", "wss://h/SECRET", "credit", "list"]),
        ("SECRET", vec!["-u", "user:SECRET@h", "credit", "list"]),
        ("SECRET", vec!["-u", "h/?k=SECRET", "credit", "list"]),
        ("SECRET", vec!["credit", "freeze", credit, "--all", "--gate", "htp://h/?k=SECRET"]),
        ("SECRET", vec!["credit", "freeze", credit, "--all", "--gate", "h/SECRET"]),
        ("SECRET", vec!["reports", "fetch", "--gate", "htp://h/SECRET"]),
        ("SECRET", vec!["config", "set", "url", "htp://h/SECRET"]),
        ("SECRET", vec!["credit", "show", credit, "https://h/SECRET"]),
        (key, vec!["credit", "show", key]),
        (key, vec!["credit", "freeze", key, "--all"]),
        (key, vec!["--market", key, "market", "show"]),
        (key, vec!["config", "set", "market", key]),
        (&hex, vec!["credit", "freeze", credit, "--all", "-k", &hex]),
        (key, vec!["credit", "freeze", credit, "--all", "-k", &ledger]),
        (key, vec!["config", "set", "keypair", &ledger]),
    ] {
        for output in ["table", "json"] {
            let done = run_in(home.path(), &words, &[("BLOCKABLE_OUTPUT", output)]);
            assert_eq!(done.code, if words.contains(&hex.as_str()) { 1 } else { 2 }, "{done:?}");
            let said = format!("{}{}", done.stdout, done.stderr);
            assert!(!said.contains(secret), "{done:?}");
        }
    }
}

#[test]
fn the_review_names_no_more_of_a_gate_than_its_host() {
    let (world, credit) = (world(), world().loan().to_string());
    let gate = "http://user:SECRET@127.0.0.1:1/SECRET?k=SECRET";
    let done = world.run_as("lender", &["credit", "freeze", &credit, "--units", "5", "--gate", gate]);
    assert!(done.stderr.contains("handed to       http://127.0.0.1:1/..."), "{done:?}");
    assert!(!format!("{}{}", done.stdout, done.stderr).contains("SECRET"), "{done:?}");
}

#[test]
fn a_node_that_is_kept_is_shown_without_its_key() {
    let home = tempfile::tempdir().unwrap();
    let url = "https://node.example/SECRET?api-key=SECRET";
    // `config get url` gives a script the whole of it.
    for words in [vec!["config", "set", "url", url], vec!["config"]] {
        for output in ["table", "json"] {
            let done = run_in(home.path(), &words, &[("BLOCKABLE_OUTPUT", output)]);
            let said = format!("{}{}", done.stdout, done.stderr);
            assert!(done.code == 0 && said.contains("node.example"), "{done:?}");
            assert!(!said.contains("SECRET"), "{done:?}");
        }
    }
    let set = ["config", "set", "url", url, "--output", "json"];
    let file = run_in(home.path(), &set, &[]).data()["file"].as_str().unwrap().to_string();
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(kept.contains(url), "what is kept is whole: {kept}");
}
