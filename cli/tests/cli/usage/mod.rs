//! Wrong inputs: each is refused with a message of its own and an exit code, and changes nothing on the disk or the chain.
//!
//! `inputs.txt` has those that are seen before a node is asked, `inputs_on_chain.txt` those that [`chain`] runs; one line per case.

mod chain;

use {
    crate::{
        help::{below, commands, help_of},
        run::{Done, run_in},
    },
    std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::{Path, PathBuf},
    },
};

/// A wrong input: exit code, arguments, and the part of the message that names the fault.
struct Wrong {
    code: i32,
    line: &'static str,
    says: &'static str,
}

/// Reads the cases of a file.
fn wrong(file: &'static str) -> Vec<Wrong> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let case = |line: &'static str| {
        let [code, line, says] = line.splitn(3, " | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        Wrong { code: code.parse().unwrap(), line, says }
    };
    lines.map(case).collect()
}

/// The cases that no node is needed for.
fn offline() -> Vec<Wrong> {
    wrong(include_str!("inputs.txt"))
}

const CREDIT: &str = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM";
const OFFER: &str = "credit offer --borrower CREDIT --provider CREDIT --principal 5usdc --units 5";

/// A case as it has run.
struct Refused {
    line: &'static str,
    says: &'static str,
    /// The whole message, with single spaces.
    message: String,
}

fn words(line: &str) -> Vec<String> {
    let line = match line.strip_prefix("OFFER ") {
        Some(more) => format!("{OFFER} {more}"),
        None => line.to_string(),
    };
    line.split_whitespace().map(|word| word.replace("CREDIT", CREDIT)).collect()
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All files below a folder, with their contents.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
        found.entry(path).or_default();
    }
    found
}

/// Requires that a case ends with its code and its message, as text and in JSON, and leaves the folder that it runs in as it is.
fn refuse(
    Wrong { code, line, says }: &Wrong,
    folder: &Path,
    run: impl Fn(&[&str], &[(&str, &str)]) -> Done,
) -> Refused {
    let before = files(folder);
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Fields are asked for in JSON alone.
    if !words.contains(&"--json") {
        let text = run(&words, &[]);
        assert_eq!((text.code, text.stdout.as_str()), (*code, ""), "{line}: {text:?}");
        assert!(flat(&text.stderr).contains(says), "{line}: {text:?}");
    }
    let json = run(&words, &[("BLOCKABLE_OUTPUT", "json")]);
    let message = flat(json.error()["message"].as_str().unwrap());
    assert_eq!(json.code, *code, "{line}: {json:?}");
    assert!(message.contains(says), "{line}: {message}");
    assert!(files(folder) == before, "{line} has written something");
    Refused { line, says, message }
}

/// Requires that two faults never have one message.
fn require_distinct(refused: &[Refused]) {
    let mut said: BTreeMap<&str, &Refused> = BTreeMap::new();
    for case in refused {
        let first = said.entry(&case.message).or_insert(case);
        assert_eq!(first.says, case.says, "{} and {}: {}", first.line, case.line, case.message);
    }
}

#[test]
fn each_wrong_input_has_its_own_message_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "Dear lender").unwrap();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        run_in(folder.path(), arguments, &[variables, &[("BLOCKABLE_URL", "http://127.0.0.1:1")]].concat())
    };
    let refused: Vec<Refused> = offline().iter().map(|case| refuse(case, folder.path(), run)).collect();
    require_distinct(&refused);
    for case in &refused {
        assert!(case.message.starts_with(case.says), "{}: {}", case.line, case.message);
    }
    let messages: BTreeSet<&str> = refused.iter().map(|case| case.message.as_str()).collect();
    println!("{} wrong inputs, {} messages", refused.len(), messages.len());
    assert!(refused.len() >= 150 && messages.len() >= 150, "{} and {}", refused.len(), messages.len());
}

/// The options with a value below a heading of a command's help.
fn options_of(help: &str, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut heading = "";
    let mut found = BTreeSet::new();
    for line in help.lines() {
        if line.ends_with(':') && !line.starts_with(' ') {
            heading = line.trim_end_matches(':');
        }
        let option =
            line.split_whitespace().skip_while(|word| !word.starts_with("--")).take(2).collect::<Vec<_>>();
        if let [name, value] = option[..]
            && value.starts_with(['<', '['])
            && line.trim_start().starts_with('-')
            && is_wanted(heading)
        {
            found.insert(name.to_string());
        }
    }
    found
}

/// A command or an option that is new has wrong inputs too.
#[test]
fn every_command_and_every_option_with_a_value_has_a_wrong_input() {
    let lines: Vec<String> = offline().iter().map(|case| words(case.line).join(" ")).collect();
    let has = |start: &str, option: &str| {
        lines.iter().any(|line| {
            let is_of = line.split(' ').take(start.split(' ').count()).eq(start.split(' '));
            is_of && line.split(' ').any(|word| word.split('=').next() == Some(option))
        })
    };
    let mut missing = Vec::new();
    for command in commands().into_iter().filter(|words| below(words).is_empty()) {
        let (start, help) = (command.join(" "), help_of(&command));
        if !lines.iter().any(|line| line.starts_with(&start)) {
            missing.push(start.clone());
        }
        let own = options_of(&help, |heading| !matches!(heading, "Signing" | "Options of every command"));
        missing.extend(
            own.iter().filter(|option| !has(&start, option)).map(|option| format!("{start} {option}")),
        );
        let shared = options_of(&help, |heading| matches!(heading, "Signing" | "Options of every command"));
        let is_new = |option: &&String| !lines.iter().any(|line| line.contains(option.as_str()));
        missing.extend(shared.iter().filter(is_new).cloned());
    }
    missing.sort();
    missing.dedup();
    assert_eq!(missing, Vec::<String>::new());
}
