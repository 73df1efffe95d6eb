//! Arguments that all commands on the chain take.

use {clap::Args, std::path::PathBuf};

/// The nodes, the key, and the form of the answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChainArgs {
    /// The server's file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Node to read and send by, in the place of chain.rpc_url; several send and confirm together
    #[arg(short, long, value_name = "URL", value_parser = parse_url)]
    pub url: Vec<String>,
    /// Key file of the provider's authority (Solana CLI JSON, readable by its owner alone) [default: operator.keypair]
    #[arg(short, long, value_name = "FILE", conflicts_with = "dry_run")]
    pub keypair: Option<PathBuf>,
    /// Simulates and shows everything; loads no key and cannot send
    #[arg(long)]
    pub dry_run: bool,
    /// Most priority fee, in micro-lamports per compute unit; recent blocks decide below it
    #[arg(long, value_name = "NUMBER")]
    pub priority_fee: Option<u64>,
    /// Prints exactly one JSON document
    #[arg(long)]
    pub json: bool,
    /// Confirms what the review shows
    #[arg(short, long)]
    pub yes: bool,
}

fn parse_url(text: &str) -> Result<String, String> {
    blockable_service::settings::parse_url(text, ["http", "https"]).map(|_| text.to_string())
}
