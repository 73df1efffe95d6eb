//! The help of every command, kept as it is.

use {
    crate::run::run_in,
    crate::world::world,
    blockable_sandbox::loans::LoanName,
    blockable_testkit::faults::FaultyNode,
    std::time::{Duration, Instant},
};

/// The time within which a command begins, as it is measured.
const START: Duration = Duration::from_millis(50);

/// Every command's words.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while at < found.len() {
        let words = found[at].clone();
        found.extend(below(&words));
        at += 1;
    }
    found
}

/// The help of a command.
pub(crate) fn help_of(words: &[String]) -> String {
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("--help");
    let done = run_in(std::path::Path::new("/"), &arguments, &[]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{words:?}");
    done.stdout
}

/// The commands below one, by its help.
pub(crate) fn below(words: &[String]) -> Vec<Vec<String>> {
    let help = help_of(words);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names =
        listed.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next().map(str::to_string));
    names.filter(|name| name != "help").map(|name| [words, &[name]].concat()).collect()
}

#[test]
fn every_command_has_its_help() {
    for words in commands() {
        let name = if words.is_empty() { "blockable".to_string() } else { words.join("_") };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../golden/help");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, help_of(&words)));
    }
}

/// Prints a time of a command, and compares it where it is measured: by `just start`, on a machine that does nothing else.
fn compare(what: &str, took: Duration) {
    println!("{what} takes {took:?}");
    let is_measured = std::env::var_os("BLOCKABLE_START").is_some();
    assert!(!is_measured || took < START, "{what} takes {took:?}, more than {START:?}");
}

#[test]
fn help_says_the_exit_codes_and_begins_at_once() {
    let help = help_of(&[]);
    for code in 0..=6 {
        assert!(help.contains(&format!("\n  {code}  ")), "{help}");
    }
    let took = |_| {
        let began = Instant::now();
        help_of(&[]);
        began.elapsed()
    };
    compare("--help", (0..5).map(took).min().unwrap());
}

/// The time of the node's answers is taken off.
#[test]
fn a_credit_is_shown_at_once() {
    let world = world();
    let credit = world.sandbox_loan(LoanName::Healthy).to_string();
    let own_time = || {
        let node = FaultyNode::start(&world.url(), 0, 0);
        let (url, began) = (node.url(), Instant::now());
        assert_eq!(world.run(&["credit", "show", &credit, "-u", &url]).code, 0);
        began.elapsed().saturating_sub(node.answering())
    };
    let took = (0..3).map(|_| own_time()).min().unwrap();
    compare("credit show, besides the node's answers,", took);
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let done = run_in(std::path::Path::new("/"), &["completions", shell], &[]);
        assert!(done.code == 0 && done.stdout.contains("freeze"), "{shell}: {}", done.stderr);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let done = run_in(folder.path(), &["man", "--folder", path], &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    for words in commands() {
        let name = [&["blockable".to_string()], words.as_slice()].concat().join("-");
        assert!(folder.path().join(format!("{name}.1")).exists(), "{name}");
    }
    assert!(run_in(folder.path(), &["man"], &[]).stdout.contains(".TH blockable"));
}
