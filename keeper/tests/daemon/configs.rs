//! The keeper's file: written by `init`, refused with all of its mistakes, overridden by the environment.

use {
    crate::setup::KEEPER,
    std::{
        fs,
        path::Path,
        process::{Command, Output},
    },
};

/// Exit code of a wrong configuration.
const CONFIG: i32 = 64;
/// Stands for the secret part of a URL.
const MARKER: &str = "MARKER-b5e1c7";
/// An address.
const KEY: &str = "4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw";

/// A file without a mistake.
fn good() -> String {
    format!(
        "market = \"{KEY}\"\n\n[keys]\nfees = {{ kind = \"file\", path = \"fees.json\" }}\n\n[cycle]\nseconds = 5\n\n\
         [[rpc]]\nname = \"one\"\nurl = \"http://127.0.0.1:1\"\n\n[[rpc]]\nname = \"two\"\nurl = \"https://two.example\"\n\n\
         [[reporter]]\nurl = \"https://gpu.example\"\nprovider = \"{KEY}\"\n"
    )
}

/// Exit code and error of a command that reads its file first, and then finds no store.
fn read(text: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keeper.toml");
    fs::write(&path, text).unwrap();
    let output = list(&path, environment);
    assert!(output.stdout.is_empty(), "mistakes go to stderr");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn list(path: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(KEEPER);
    command.args(["quarantine", "list", "--config"]).arg(path).envs(environment.iter().copied());
    command.output().unwrap()
}

/// Exit code and error of a keeper that opens its nodes, and then finds no key.
fn run_with(text: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keeper.toml");
    fs::write(&path, text).unwrap();
    let mut command = Command::new(KEEPER);
    command.args(["run", "--config"]).arg(&path).envs(environment.iter().copied());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[track_caller]
fn names(errors: &str, mistakes: &[&str]) {
    for mistake in mistakes {
        assert!(errors.contains(mistake), "{mistake} is not in {errors}");
    }
}

#[test]
fn a_good_file_is_read() {
    let (code, errors) = read(&good(), &[]);
    assert_eq!(code, 1, "{errors}");
    names(&errors, &["there is no store; run the keeper once"]);
}

#[test]
fn init_writes_a_file_that_loads_once_its_addresses_are_set_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let init = || Command::new(KEEPER).arg("init").arg(folder.path()).output().unwrap();
    assert!(init().status.success());
    let path = folder.path().join("keeper.toml");
    let lines = fs::read_to_string(&path).unwrap();
    let set = |line: &str| match line.split_once(" = ") {
        Some((key @ ("market" | "provider"), _)) => format!("{key} = \"{KEY}\""),
        _ => line.to_string(),
    };
    let text = lines.lines().map(set).collect::<Vec<_>>().join("\n");
    fs::write(&path, &text).unwrap();
    let output = list(&path, &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    names(&errors, &["there is no store; run the keeper once"]);

    let again = init();
    assert_eq!(again.status.code(), Some(1));
    names(&String::from_utf8_lossy(&again.stderr), &["exists and is left alone; name another folder"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn every_mistake_of_a_file_is_named_at_once_with_its_place() {
    let text = format!(
        "market = \"nonsense\"\ncolour = \"blue\"\n\n[cycle]\nseconds = 0\nsecnds = 3\n\n\
         [keys]\nfees = {{ kind = \"paper\" }}\n\n[landing]\nmax_in_flight = \"many\"\n\n\
         [metering]\nevery_seconds = 5\nurgent_every_seconds = 10\n\n[enforcement]\nactions = [\"mark_everything\"]\n\n\
         [backup]\ndelay_seconds = -1\n\n\
         [[rpc]]\nname = \"a\"\nurl = \"ftp://node.example/{MARKER}\"\n\n\
         [[rpc]]\nname = \"a\"\nurl = \"http://:8899/{MARKER}\"\n\n\
         [[reporter]]\nurl = \"nowhere\"\nprovider = \"abc\"\n"
    );
    let (code, errors) = read(&text, &[]);
    assert_eq!(code, CONFIG, "{errors}");
    let mistakes = [
        "keeper.toml:",
        "  market: is no address",
        "  colour: no such key",
        "  cycle.seconds: 0 is not from 0.1 to 600",
        "  cycle.secnds: no such key",
        "  keys.fees.kind: is none of those known; choose from file, vault, kms",
        "  landing.max_in_flight: ",
        "  metering.urgent_every_seconds: 10 is more than soon_every_seconds, 5",
        "  enforcement.actions: has an unknown action",
        "  backup.delay_seconds: ",
        "  rpc[0].url: ",
        "  rpc[1].url: ",
        "  rpc: two nodes have one name",
        "  reporter[0].url: is no such URL",
        "  reporter[0].provider: is no address",
    ];
    names(&errors, &mistakes);
    assert!(!errors.contains(MARKER), "{errors}");
}

#[test]
fn what_is_missing_is_named_at_once() {
    let (code, errors) = read("", &[]);
    assert_eq!(code, CONFIG, "{errors}");
    names(
        &errors,
        &["market: is missing", "keys.fees: is missing", "rpc: is missing", "reporter: is missing"],
    );
    let one_node = format!("[[rpc]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\n{}", "");
    let (code, errors) = read(&one_node, &[]);
    assert_eq!(code, CONFIG, "{errors}");
    names(&errors, &["market: is missing", "rpc: what is held against a borrower must be seen by two nodes"]);
    let (code, errors) = read(&format!("{one_node}\n[landing]\nallow_single_rpc = true\n"), &[]);
    assert!(code == CONFIG && !errors.contains("two nodes"), "{errors}");
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_refused_without_its_content() {
    let (code, errors) = read(&format!("[[rpc]]\nurl = \"http://node.example/?api-key={MARKER}\n"), &[]);
    assert_eq!(code, CONFIG, "{errors}");
    names(&errors, &["keeper.toml is not TOML", "line 2"]);
    assert!(!errors.contains(MARKER), "{errors}");
    let output = list(Path::new("/nowhere/keeper.toml"), &[]);
    assert_eq!(output.status.code(), Some(CONFIG));
    names(&String::from_utf8_lossy(&output.stderr), &["/nowhere/keeper.toml: "]);
}

#[test]
fn the_environment_overrides_the_file() {
    let bad = good().replace("seconds = 5", "seconds = 0");
    let (code, errors) = read(&bad, &[]);
    assert_eq!(code, CONFIG);
    names(&errors, &["cycle.seconds: 0 is not from 0.1 to 600"]);
    let (code, errors) = read(&bad, &[("BLOCKABLE_KEEPER_CYCLE__SECONDS", "2")]);
    assert_eq!(code, 1, "{errors}");
    let (code, errors) = read(&good(), &[("BLOCKABLE_KEEPER_CYCLE__SECONDS", "601")]);
    assert_eq!(code, CONFIG);
    names(&errors, &["cycle.seconds: 601 is not from 0.1 to 600"]);
    let (code, errors) = read(&good(), &[("BLOCKABLE_KEEPER_CYCLE__SECNDS", "2")]);
    assert_eq!(code, CONFIG);
    names(&errors, &["cycle.secnds: no such key"]);

    // What Kubernetes sets where a service has the keeper's name.
    let links = [
        ("BLOCKABLE_KEEPER_PORT", "tcp://10.0.0.1:8080"),
        ("BLOCKABLE_KEEPER_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("BLOCKABLE_KEEPER_SERVICE_HOST", "10.0.0.1"),
        ("BLOCKABLE_KEEPER_SERVICE_PORT", "8080"),
        ("BLOCKABLE_KEEPER_SERVICE_PORT_HTTP", "8080"),
    ];
    let (code, errors) = read(&good(), &links);
    assert_eq!(code, 1, "{errors}");
    let (code, errors) = read(&good(), &[("BLOCKABLE_KEEPER_SERVICE_HOSTS", "10.0.0.1")]);
    assert_eq!(code, CONFIG);
    names(&errors, &["service_hosts: no such key"]);
}

/// A node cannot confirm what it says itself.
#[test]
fn two_nodes_that_are_one_are_refused_whatever_their_urls_look_like() {
    for (one, two) in [
        ("http://127.0.0.1:1", "http://127.0.0.1:1/"),
        ("https://Two.example/rpc", "https://two.example:443/rpc/?api-key=2"),
    ] {
        let text = good().replace("http://127.0.0.1:1", one).replace("https://two.example", two);
        let (code, errors) = read(&text, &[]);
        assert_eq!(code, CONFIG, "{one}, {two}: {errors}");
        names(&errors, &["rpc[1].url: is of a node that another [[rpc]] is of"]);
    }
    // A URL out of the environment is read later.
    let text = good().replace("url = \"https://two.example\"", "url = { env = \"SECOND_NODE\" }");
    let (code, errors) = run_with(&text, &[("SECOND_NODE", "http://localhost:1")]);
    assert_eq!(code, 1, "{errors}");
    names(&errors, &["the nodes one and two of [[rpc]] are one"]);
}
