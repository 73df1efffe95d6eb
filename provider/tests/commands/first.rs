//! The first commands of a provider: files as `init` writes them, keys that cannot pay, and the commands that the pages show.

use {
    crate::{
        REGISTER,
        stage::{BINARY, Stage},
    },
    blockable_sdk::{Signer, read_keypair_file},
    std::{
        path::Path,
        process::{Command, Output},
    },
};

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
