//! `blockable-provider init`.

use {
    super::CommandError,
    blockable_provider::init::{InitValues, init, key_text, reporter_files},
    blockable_sdk::{Keypair, Pubkey, Signer, addresses},
    blockable_service::{address::address, command::read_key_file, settings::parse_url},
    clap::Args,
    std::path::{Path, PathBuf},
};

/// Writes provider.toml, with a comment on every key, and the secret of API keys; overwrites nothing
///
/// With market, node and key the file is complete: the provider's address follows from market and key.
#[derive(Args, Debug)]
pub(super) struct InitArgs {
    /// Folder for the files; it is created where it is missing
    folder: PathBuf,
    /// The market's address
    #[arg(long, value_name = "ADDRESS", value_parser = parse_account)]
    market: Option<Pubkey>,
    /// The provider's address, where no key says it
    #[arg(long, value_name = "ADDRESS", value_parser = parse_account, conflicts_with_all = ["keypair", "new_keypair"])]
    provider: Option<Pubkey>,
    /// Key file of the provider's authority, for the commands that sign
    #[arg(short, long, value_name = "FILE", requires = "market")]
    keypair: Option<PathBuf>,
    /// Makes that key, in a new file that its owner alone can read
    #[arg(long, value_name = "FILE", requires = "market", conflicts_with = "keypair")]
    new_keypair: Option<PathBuf>,
    /// The node's JSON-RPC
    #[arg(long, value_name = "URL", value_parser = parse_rpc)]
    rpc: Option<String>,
    /// The node's WebSocket [default: the address of --rpc, with the next port where it names one]
    #[arg(long, value_name = "URL", value_parser = parse_ws)]
    ws: Option<String>,
    /// Reporters to make keys for
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=8))]
    reporters: u8,
}

/// Reads an address that is no placeholder. Errors: what to write.
fn parse_account(text: &str) -> Result<Pubkey, String> {
    let address = address(text).map_err(|error| error.to_string())?;
    let is_placeholder = address == Pubkey::default();
    if is_placeholder {
        Err("is the placeholder of the example; name the account's own address".to_string())
    } else {
        Ok(address)
    }
}

fn parse_rpc(text: &str) -> Result<String, String> {
    parse_url(text, ["http", "https"]).map(|_| text.to_string())
}

fn parse_ws(text: &str) -> Result<String, String> {
    parse_url(text, ["ws", "wss"]).map(|_| text.to_string())
}

/// The WebSocket that nodes open beside a JSON-RPC: the next port, or the same address where the URL names none.
fn websocket(rpc: &str) -> Option<String> {
    let mut url = parse_url(rpc, ["http", "https"]).ok()?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let port = url.port().and_then(|port| port.checked_add(1));
    // A scheme of another kind needs a fresh URL.
    url.set_port(port).ok()?;
    let rest = url.as_str().split_once(':').map(|(_, rest)| rest.to_string())?;
    Some(format!("{scheme}:{rest}"))
}

/// Writes the files and prints the next step. Errors: [`CommandError::Init`], [`CommandError::Key`].
pub(super) fn run(args: &InitArgs) -> Result<(), CommandError> {
    let fresh = args.new_keypair.as_ref().map(|_| Keypair::new());
    let of_file = args.keypair.as_deref().map(authority).transpose()?;
    let authority = of_file.or_else(|| fresh.as_ref().map(Signer::pubkey));
    let derived =
        args.market.zip(authority).map(|(market, authority)| addresses::provider(&market, &authority));
    let keypair = args.keypair.as_deref().or(args.new_keypair.as_deref());
    let values = InitValues {
        rpc_url: args.rpc.clone(),
        ws_url: args.ws.clone().or_else(|| args.rpc.as_deref().and_then(websocket)),
        market: args.market,
        provider: args.provider.or(derived),
        keypair: keypair.map(absolute).transpose()?,
        new_key: fresh.as_ref().map(key_text),
        reporters: args.reporters,
    };
    let config = init(&args.folder, &values)?;
    println!("wrote {} and the file `secret` next to it", config.display());
    for key in reporter_files(&args.folder, values.reporters) {
        println!("wrote a reporter's key to {}", key.display());
    }
    if let Some(authority) = authority {
        println!("authority {authority}: give it SOL for fees and rent");
    }
    println!("{}", next_step(&values));
    Ok(())
}

/// The values that the file still lacks, or else the provider's address and the step after.
fn next_step(values: &InitValues) -> String {
    let lacks = [
        (values.market.is_none(), "market"),
        (values.provider.is_none(), "provider"),
        (values.rpc_url.is_none(), "rpc_url and ws_url"),
    ];
    let missing: Vec<&str> = lacks.into_iter().filter_map(|(lacks, key)| lacks.then_some(key)).collect();
    match (missing.is_empty(), values.provider) {
        (true, Some(provider)) => {
            format!("provider {provider}: set models and prices in the file, then register")
        }
        _ => format!("set {} under [chain] in it, and models and prices", missing.join(", ")),
    }
}

/// A path that holds from every folder.
fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    Ok(std::path::absolute(path)?)
}

fn authority(path: &Path) -> Result<Pubkey, CommandError> {
    let failed = |reason| CommandError::Key { path: path.display().to_string(), reason };
    read_key_file(path).map(|key| key.pubkey()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_websocket_is_at_the_next_port() {
        for (rpc, ws) in [
            ("http://127.0.0.1:8899", "ws://127.0.0.1:8900/"),
            ("https://api.devnet.solana.com", "wss://api.devnet.solana.com/"),
            ("https://node.example/?key=1", "wss://node.example/?key=1"),
        ] {
            assert_eq!(websocket(rpc).as_deref(), Some(ws));
        }
    }
}
