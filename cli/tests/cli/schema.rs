//! The JSON schemas of answers: every command has one, and every document that a test reads fits it.

use {
    crate::{
        help::{below, commands},
        run::{Done, run_in},
    },
    blockable_testkit::openapi::{Description, Members},
    serde_json::Value,
    std::{
        collections::BTreeMap,
        path::Path,
        sync::{LazyLock, Mutex},
    },
};

/// The commands that have a schema.
static COMMANDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let data = answer(&["schema", "--output", "json"]);
    data["commands"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_string()).collect()
});
static SCHEMAS: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

fn answer(arguments: &[&str]) -> Value {
    let done = run_in(Path::new("/"), arguments, &[]);
    let document: Value =
        serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("no document: {done:?}"));
    document["data"].clone()
}

fn schema(command: &str) -> Value {
    let mut schemas = SCHEMAS.lock().unwrap();
    let read = || {
        let words: Vec<&str> = command.split(' ').collect();
        answer(&[&["schema"], &words[..], &["--output", "json"]].concat())["schema"].clone()
    };
    schemas.entry(command.to_string()).or_insert_with(read).clone()
}

/// Requires that a document fits the schema of its command; one with chosen fields is not checked.
pub(crate) fn require_described(done: &Done, document: &Value) {
    let words: Vec<&str> =
        done.arguments.iter().map(String::as_str).take_while(|word| !word.starts_with('-')).collect();
    let has_chosen = done.arguments.iter().any(|word| word == "--json");
    let name =
        (1..=words.len()).rev().map(|count| words[..count].join(" ")).find(|name| COMMANDS.contains(name));
    let Some(name) = name.filter(|_| !has_chosen) else { return };
    // Its own document is the schema.
    if name == "schema" {
        return;
    }
    let schema = Description(schema(&name));
    let fits = schema.check(&schema.0, document, Members::Required);
    assert_eq!(fits, Ok(()), "{name} does not answer as its schema in cli/schemas says: {document}");
}

#[test]
fn every_command_has_a_schema_and_every_schema_a_command() {
    let names: Vec<String> = commands().iter().map(|words| words.join(" ")).collect();
    let leaves = commands().into_iter().filter(|words| below(words).is_empty()).map(|words| words.join(" "));
    for leaf in leaves {
        assert!(COMMANDS.contains(&leaf), "describe the data of `blockable {leaf}` in cli/schemas");
    }
    for name in COMMANDS.iter() {
        assert!(names.contains(name), "cli/schemas describes `blockable {name}`, which is no command");
        let schema = Description(schema(name));
        assert_eq!(schema.dangling(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_schema_is_printed_and_an_unknown_command_has_a_near_match() {
    let listed = run_in(Path::new("/"), &["schema"], &[]);
    assert!(listed.stdout.lines().any(|line| line == "credit show"), "{listed:?}");
    let shown = run_in(Path::new("/"), &["schema", "credit", "show"], &[]);
    let schema: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(schema["title"], "blockable credit show");
    let wrong = run_in(Path::new("/"), &["schema", "credit", "shwo", "--output", "json"], &[]);
    let error = wrong.error();
    assert!(error["message"].as_str().unwrap().contains("did you mean credit show?"), "{error}");
}
