//! Checks of the nodes, the market, the deployed program and the keys' balances.

use {
    super::Checks,
    crate::{
        alerts::{Level, Rule},
        chain::{Mirror, Node, Nodes, Snapshot, Stalls},
        config::Config,
        plan::Role,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        amounts::{ChainTime, Lamports},
        keys::SigningKey,
        rpc::{CommitmentConfig, RpcClientError},
    },
    blockable_service::hex,
    sha2::{Digest, Sha256},
    std::{
        collections::BTreeMap,
        time::{SystemTime, UNIX_EPOCH},
    },
};

/// Seconds that this machine's clock may differ from the chain's.
const CLOCK_SKEW: i64 = 30;
/// The loader of programs that can be upgraded.
const UPGRADEABLE: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");
/// Bytes before the program in the data of that loader.
const PROGRAM_OFFSET: usize = 45;
/// The size and hash of the program that this keeper was built with.
const MANIFEST: &str = include_str!("../../../../app-idl/manifest.json");

/// Checks everything that nodes are asked for.
pub(super) async fn check_chain(
    config: &Config,
    nodes: &Nodes,
    keys: &BTreeMap<Role, SigningKey>,
    checks: &mut Checks,
) {
    let (sound, faults) = nodes.probe().await;
    for node in &sound {
        checks.add(format!("rpc {}", node.name()), Ok(format!("slot {}", node.highest_slot())));
    }
    for (node, error) in faults {
        checks.add(format!("rpc {node}"), Err(error.to_string()));
    }
    let Some(node) = sound.first() else { return };
    match Mirror::new(config.market).refresh(node, Stalls::default()).await {
        Ok(read) => {
            let (credits, providers) = (read.snapshot.credits.len(), read.snapshot.providers.len());
            let (admin, guardian) = (read.snapshot.market.admin, read.snapshot.market.guardian);
            checks.add(
                "market",
                Ok(format!("admin {admin}, guardian {guardian}; {providers} providers, {credits} credits")),
            );
            checks.add("clock", check_clock(ChainTime(read.clock.unix_timestamp)));
            if config.history.enabled {
                checks.add("history", check_history(nodes, &read.snapshot).await);
            }
        }
        Err(error) => checks.add("market", Err(format!("{error}; check market and [[rpc]]"))),
    }
    checks.add("program", check_program(node).await);
    for (role, key) in keys {
        let balance = node.ask("balance", node.rpc().get_balance(&key.public_key())).await;
        let outcome = match balance {
            Ok(lamports) if is_low(config, Lamports(lamports)) => {
                Err(format!("{key} has {lamports} lamports; send SOL to it"))
            }
            Ok(lamports) => Ok(format!("{key}, {lamports} lamports")),
            Err(error) => Err(error.to_string()),
        };
        checks.add(format!("{} key", role.name()), outcome);
    }
}

/// Tests whether the first node still has the blocks since the oldest credit: event logs are proven out of them.
async fn check_history(nodes: &Nodes, snapshot: &Snapshot) -> Result<String, String> {
    let Some(first) = nodes.all().first() else { return Err("there is no node; add a [[rpc]]".to_string()) };
    let oldest = snapshot.credits.values().map(|credit| credit.offer_slot).min();
    let available = first.ask("first_block", first.rpc().get_first_available_block()).await;
    let available = available.map_err(|error| format!("node {}: {error}", first.name()))?;
    match oldest {
        Some(oldest) if oldest < available => Err(format!(
            "node {} has removed the blocks before slot {available}, and the oldest credit is of slot {oldest}; put a node with full \
             history first, or set history.enabled = false",
            first.name()
        )),
        _ => Ok(format!("node {} has the blocks from slot {available} on", first.name())),
    }
}

/// Tests whether a key's lamports would raise the alert on funds.
fn is_low(config: &Config, lamports: Lamports) -> bool {
    let thresholds = config.alerts.rules.get(Rule::Funds).thresholds;
    thresholds.is_some_and(|thresholds| thresholds.level(lamports.get() as f64) == Level::Raise)
}

fn check_clock(chain: ChainTime) -> Result<String, String> {
    let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let ahead = ChainTime(i64::try_from(machine).unwrap_or(i64::MAX)).seconds_since(chain);
    match ahead.abs() <= CLOCK_SKEW {
        true => Ok(format!("{ahead} s ahead of the chain's")),
        false => {
            Err(format!("this machine's clock is {ahead} s ahead of the chain's; set it, or check the node"))
        }
    }
}

/// Compares the deployed program with the one that this keeper was built with.
async fn check_program(node: &Node) -> Result<String, String> {
    let data = fetch_program(node).await?;
    let expected_size: usize = manifest("elf_bytes").and_then(|size| size.parse().ok()).unwrap_or(0);
    let expected = manifest("elf_sha256").unwrap_or_default();
    // A deployed program is followed by zeros up to the room that it was given.
    let elf = data.get(..expected_size).unwrap_or(&data);
    let found = hex::encode(Sha256::digest(elf));
    match found == expected {
        true => Ok(format!("sha256 {found}, the program of this keeper")),
        false => Err(format!(
            "sha256 {found}, while this keeper is built for {expected}; use the keeper of the deployed program"
        )),
    }
}

/// Fetches the deployed program.
async fn fetch_program(node: &Node) -> Result<Vec<u8>, String> {
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
    Ok(account.data.get(PROGRAM_OFFSET..).unwrap_or_default().to_vec())
}

/// Reads a field of the manifest.
fn manifest(key: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(MANIFEST).ok()?;
    let value = manifest.get(key)?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_string))
}
