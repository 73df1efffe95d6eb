//! Opens a market of tests on a node, with a payment token of its own and keys of a lender, a borrower and a buyer that have money.
//!
//! ```sh
//! cargo run --release -p blockable-demo --example market -- RPC_URL FOLDER
//! ```
//!
//! The node must have the program and give SOL on request, as `solana-test-validator` does. The keys go to the folder. Prints
//! the values that docs/provider.md asks for as lines of a shell.

use {
    blockable_sandbox::{
        Keyring,
        venue::{MarketOffer, USDC, Venue},
    },
    blockable_sdk::{Signer, amounts::MicroUsd, client::Client, program::state::TermBounds},
    std::{env, error::Error, fs, path::PathBuf, process::ExitCode},
};

const FEE_BPS: u16 = 200;
const SOL: u64 = 100;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(says) => {
            println!("{says}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<String, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, folder] = arguments.as_slice() else { return Err("usage: market RPC_URL FOLDER".into()) };
    fs::create_dir_all(folder)?;
    let folder = PathBuf::from(folder).canonicalize()?;
    let keyring = Keyring::random();
    keyring.write(&folder)?;
    let venue = Venue::new(Client::new(url.as_str()), keyring);
    let keys = &venue.keyring;
    let payers = [keys.admin.pubkey(), keys.lender.pubkey(), keys.borrower.pubkey(), keys.buyer.pubkey()];
    venue.airdrop(&payers, SOL).await?;
    venue.create_mint().await?;
    let wallets = [
        (&keys.lender, 1_000_000),
        (&keys.borrower, 1_000_000),
        (&keys.buyer, 1_000_000),
        (&keys.treasury, 0),
    ];
    venue.fund(&wallets.map(|(owner, dollars)| (owner, MicroUsd(dollars * USDC)))).await?;
    let tests = MarketOffer::for_tests(FEE_BPS);
    let guardian = keys.guardian.pubkey();
    venue.create_market(MarketOffer { guardian, bounds: TermBounds::PRODUCTION, ..tests }).await?;
    let file = |name| Keyring::file(&folder, name).display().to_string();
    Ok(format!(
        "MARKET={}\nLENDER={}\nBORROWER={}\nBORROWER_ADDRESS={}",
        venue.keys.market,
        file("lender"),
        file("borrower"),
        keys.borrower.pubkey()
    ))
}
