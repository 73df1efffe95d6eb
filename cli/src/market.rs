//! `blockable market`: sets up a lending market.

use {
    blockable_migrations::{MarketResult, MigrationError, Outcome},
    blockable_sdk::{Keypair, read_keypair_file},
    clap::{Args, Subcommand},
    std::{
        env,
        path::{Path, PathBuf},
    },
};

/// Sets up a lending market
#[derive(Args, Debug)]
pub(crate) struct MarketArgs {
    #[command(subcommand)]
    command: MarketCommand,
}

#[derive(Subcommand, Debug)]
enum MarketCommand {
    Init(InitArgs),
}

/// Creates the market of a TOML file, or lists how the one on the chain differs; safe to run again
///
/// Exit codes: 0 when the market was created or exists as in the file; 1 when it exists with other settings, which are
/// listed and left alone, or when something went wrong, which leaves nothing half done; 2 for arguments that are wrong.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The market file; migrations/market.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The node: a URL, or one of mainnet-beta, testnet, devnet, localhost (or their first letter)
    #[arg(short, long, value_name = "URL", default_value = "localhost", value_parser = parse_url)]
    url: String,
    /// Key that pays fee and rent: a file as solana-keygen writes it [default: ~/.config/solana/id.json]
    #[arg(short, long, value_name = "FILE")]
    keypair: Option<PathBuf>,
    /// The admin's key file, if the admin is not the payer
    #[arg(long, value_name = "FILE")]
    admin_keypair: Option<PathBuf>,
}

/// A reason for which a market command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MarketError {
    /// There is no home folder with a default key.
    #[error("there is no home folder to find a key in; pass --keypair FILE")]
    NoHome,
    /// A key file cannot be read.
    #[error(
        "the key file {path} cannot be read ({reason}); pass another or make one with `solana-keygen new`"
    )]
    Key {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The market could not be created or compared.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

fn parse_url(text: &str) -> Result<String, String> {
    let url = match text {
        "m" | "mainnet-beta" => "https://api.mainnet-beta.solana.com",
        "t" | "testnet" => "https://api.testnet.solana.com",
        "d" | "devnet" => "https://api.devnet.solana.com",
        "l" | "localhost" => "http://127.0.0.1:8899",
        url if url.starts_with("http://") || url.starts_with("https://") => url,
        _ => return Err("give http://HOST:PORT, or mainnet-beta, testnet, devnet or localhost".to_string()),
    };
    Ok(url.to_string())
}

/// Runs a market command. Returns true where the market is as the file asks. Errors: [`MarketError`].
pub(crate) async fn run(args: MarketArgs) -> Result<bool, MarketError> {
    let MarketCommand::Init(args) = args.command;
    init(args).await
}

async fn init(args: InitArgs) -> Result<bool, MarketError> {
    let payer = match &args.keypair {
        Some(path) => read_key(path)?,
        None => read_key(&default_key()?)?,
    };
    let admin = match &args.admin_keypair {
        Some(path) => read_key(path)?,
        None => payer.insecure_clone(),
    };
    let mut progress = |step: &str| eprintln!("{step} ...");
    let result = blockable_migrations::run(&args.config, &args.url, &payer, &admin, &mut progress).await?;
    Ok(print_result(&result))
}

fn default_key() -> Result<PathBuf, MarketError> {
    let home = env::home_dir().ok_or(MarketError::NoHome)?;
    Ok(home.join(".config/solana/id.json"))
}

fn read_key(path: &Path) -> Result<Keypair, MarketError> {
    read_keypair_file(path)
        .map_err(|error| MarketError::Key { path: path.display().to_string(), reason: error.to_string() })
}

/// Prints the outcome. Returns true where the market is as the file asks.
///
/// Anyone can take a market's id, so the address and the admin are shown beside it.
fn print_result(result: &MarketResult) -> bool {
    let MarketResult { market, id, admin, .. } = result;
    match &result.outcome {
        Outcome::Created(landed) => {
            println!("created market {market} (id {id}), admin {admin}, in {}", landed.signature);
            true
        }
        Outcome::Unchanged => {
            println!("market {market} (id {id}), admin {admin}, exists as in the file; nothing to do");
            true
        }
        Outcome::Differs(differences) => {
            println!("market {market} (id {id}) exists with other settings; nothing was changed:");
            differences.iter().for_each(|difference| println!("  {difference}"));
            if differences.iter().any(|difference| difference.field == "admin") {
                println!("it is another admin's: ids are first come, first served; choose another id");
            }
            false
        }
    }
}
