//! `doctor`: checks everything that a keeper needs, and names all that fails.

mod chain;
mod machine;

use {
    crate::{
        alerts::check_sinks,
        commands::CommandError,
        config::{Config, nodes},
        daemon::open_key,
        ingest::{SourceSettings, probe},
        plan::Role,
    },
    blockable_sdk::keys::SigningKey,
    futures_util::future::join_all,
    serde::Serialize,
    std::collections::BTreeMap,
};

#[derive(Serialize)]
struct Check {
    check: String,
    ok: bool,
    message: String,
}

#[derive(Default, Serialize)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, check: impl Into<String>, outcome: Result<String, String>) {
        let (ok, message) = match outcome {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        self.0.push(Check { check: check.into(), ok, message });
    }
}

/// Runs all checks and prints them. Returns whether all pass.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let mut checks = Checks::default();
    checks.add("config", Ok(format!("well formed; market {}", config.market)));
    checks.add("disk", machine::check_disk(&config));
    checks.add("api token", machine::check_token(&config));
    // Keys are checked also where no node answers.
    let keys = check_keys(&config, &mut checks).await;
    match nodes(&config.rpc, &config.cycle) {
        Ok(nodes) => chain::check_chain(&config, &nodes, &keys, &mut checks).await,
        Err(error) => checks.add("rpc", Err(error.to_string())),
    }
    check_reporters(&config, &mut checks).await;
    for (sink, result) in check_sinks(&config.alerts).await {
        checks.add(format!("sink {sink}"), result.map(|()| "it can be reached".to_string()));
    }
    match json {
        true => println!("{}", serde_json::to_string(&checks)?),
        false => checks.0.iter().for_each(|Check { check, ok, message }| {
            println!("{} {check}: {message}", if *ok { "ok  " } else { "BAD " });
        }),
    }
    Ok(checks.0.iter().all(|check| check.ok))
}

/// Opens the key of every role. Returns those that can be opened.
async fn check_keys(config: &Config, checks: &mut Checks) -> BTreeMap<Role, SigningKey> {
    let mut keys = BTreeMap::new();
    for role in Role::ALL {
        match open_key(config.keys.source(role)).await {
            Ok(key) => {
                keys.insert(role, key);
            }
            Err(error) => checks.add(format!("{} key", role.name()), Err(error.to_string())),
        }
    }
    keys
}

/// Reads each endpoint as ingesting does.
async fn check_reporters(config: &Config, checks: &mut Checks) {
    let read = async |source: &SourceSettings| (source.host(), probe(source).await);
    for (host, probed) in join_all(config.reporters.iter().map(read)).await {
        let outcome = match probed {
            Ok(reports) => Ok(format!("answers, with {reports} reports on its first page")),
            Err(error) => Err(error.to_string()),
        };
        checks.add(format!("reporter {host}"), outcome);
    }
}
