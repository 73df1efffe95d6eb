//! `doctor`: is everything there that a keeper needs?

use {
    crate::{
        chain::{Mirror, Node, Nodes, Stalls},
        commands::CommandError,
        config::{Config, nodes},
        daemon::open_keys,
        ingest::{SourceSettings, probe},
        plan::Role,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        keys::SigningKey,
        rpc::{CommitmentConfig, RpcClientError},
    },
    blockable_service::hex,
    futures_util::future::join_all,
    serde::Serialize,
    sha2::{Digest, Sha256},
    std::{
        collections::BTreeMap,
        time::{SystemTime, UNIX_EPOCH},
    },
};

/// Seconds that this machine's clock may differ from the chain's.
const CLOCK_SKEW: i64 = 30;
/// The loader of programs that can be upgraded, and where the program lies in its data.
const UPGRADEABLE: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");
const PROGRAM_AT: usize = 45;
/// The program that this keeper was built with.
const MANIFEST: &str = include_str!("../../../app-idl/manifest.json");

#[derive(Serialize)]
struct Finding {
    check: String,
    good: bool,
    says: String,
}

#[derive(Default, Serialize)]
struct Findings(Vec<Finding>);

impl Findings {
    fn note(&mut self, check: impl Into<String>, outcome: Result<String, String>) {
        let (good, says) = match outcome {
            Ok(says) => (true, says),
            Err(says) => (false, says),
        };
        self.0.push(Finding { check: check.into(), good, says });
    }
}

/// Runs all checks and prints them. Returns whether all are good.
pub(super) async fn run(config: Config, json: bool) -> Result<bool, CommandError> {
    let mut findings = Findings::default();
    findings.note("config", Ok(format!("well formed; market {}", config.market)));
    // Told of also where no node answers.
    let keys = open_keys(&config).await.unwrap_or_else(|error| {
        findings.note("keys", Err(error.to_string()));
        BTreeMap::new()
    });
    match nodes(&config.rpc, &config.cycle) {
        Ok(nodes) => chain(&config, &nodes, &keys, &mut findings).await,
        Err(error) => findings.note("rpc", Err(error.to_string())),
    }
    reporters(&config, &mut findings).await;
    match json {
        true => println!("{}", serde_json::to_string(&findings)?),
        false => findings.0.iter().for_each(|finding| {
            println!("{} {}: {}", if finding.good { "ok  " } else { "BAD " }, finding.check, finding.says);
        }),
    }
    Ok(findings.0.iter().all(|finding| finding.good))
}

async fn chain(config: &Config, nodes: &Nodes, keys: &BTreeMap<Role, SigningKey>, findings: &mut Findings) {
    let (sound, faults) = nodes.probe().await;
    for node in &sound {
        findings.note(format!("rpc {}", node.name()), Ok(format!("slot {}", node.highest_slot())));
    }
    for (node, error) in faults {
        findings.note(format!("rpc {node}"), Err(error.to_string()));
    }
    let Some(node) = sound.first() else { return };
    match Mirror::new(config.market).refresh(node, Stalls::default()).await {
        Ok(read) => {
            let (credits, providers) = (read.snapshot.credits.len(), read.snapshot.providers.len());
            findings.note("market", Ok(format!("{providers} providers, {credits} credits")));
            findings.note("clock", clock(read.clock.unix_timestamp));
        }
        Err(error) => findings.note("market", Err(format!("{error}; check market and [[rpc]]"))),
    }
    findings.note("program", program(node).await);
    for (role, key) in keys {
        let balance = node.ask("balance", node.rpc().get_balance(&key.public_key())).await;
        let outcome = match balance {
            Ok(lamports) if lamports >= config.land.low_balance_lamports.get() => {
                Ok(format!("{key}, {lamports} lamports"))
            }
            Ok(lamports) => Err(format!("{key} has {lamports} lamports; send SOL to it")),
            Err(error) => Err(error.to_string()),
        };
        findings.note(format!("{} key", role.name()), outcome);
    }
}

fn clock(chain: i64) -> Result<String, String> {
    let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let apart = i64::try_from(machine).unwrap_or(i64::MAX).saturating_sub(chain);
    match apart.abs() <= CLOCK_SKEW {
        true => Ok(format!("{apart} s apart from the chain's")),
        false => {
            Err(format!("this machine's clock is {apart} s ahead of the chain's; set it, or check the node"))
        }
    }
}

/// Compares the deployed program with the one that this keeper was built with.
async fn program(node: &Node) -> Result<String, String> {
    let data = elf(node).await?;
    let expected_size: usize = manifest("elf_bytes").and_then(|size| size.parse().ok()).unwrap_or(0);
    let expected = manifest("elf_sha256").unwrap_or_default();
    // A deployed program is followed by zeros up to the room it was given.
    let elf = data.get(..expected_size).unwrap_or(&data);
    let found = hex::encode(Sha256::digest(elf));
    match found == expected {
        true => Ok(format!("sha256 {found}, as this keeper knows it")),
        false => {
            Err(format!("sha256 {found}, and this keeper knows {expected}; use the keeper of that program"))
        }
    }
}

async fn elf(node: &Node) -> Result<Vec<u8>, String> {
    let fetch = async |address: Pubkey| {
        let request = async {
            let commitment = CommitmentConfig::confirmed();
            let answer = node.rpc().get_account_with_commitment(&address, commitment).await?;
            Ok::<_, RpcClientError>(answer.value)
        };
        node.ask("program", request).await.map_err(|error| error.to_string())
    };
    let missing = || "the program is not deployed here; check [[rpc]]".to_string();
    let account = fetch(PROGRAM_ID).await?.ok_or_else(missing)?;
    if account.owner != UPGRADEABLE {
        return Ok(account.data);
    }
    let (data, _) = Pubkey::find_program_address(&[PROGRAM_ID.as_ref()], &UPGRADEABLE);
    let account = fetch(data).await?.ok_or_else(missing)?;
    Ok(account.data.get(PROGRAM_AT..).unwrap_or_default().to_vec())
}

fn manifest(key: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(MANIFEST).ok()?;
    let value = manifest.get(key)?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_string))
}

/// Reads each endpoint as ingesting does.
async fn reporters(config: &Config, findings: &mut Findings) {
    let read = async |source: &SourceSettings| (source.host(), probe(source).await);
    for (host, probed) in join_all(config.reporters.iter().map(read)).await {
        let outcome = match probed {
            Ok(reports) => Ok(format!("hands out reports, {reports} on its first page")),
            Err(error) => Err(error.to_string()),
        };
        findings.note(format!("reporter {host}"), outcome);
    }
}
