//! Freezes all open units of a loan, or thaws them, as the lender or its freeze authority does.
//!
//! ```sh
//! cargo run --release -p blockable-demo --example freeze -- RPC_URL PROVIDER_URL KEY_FILE CREDIT
//! cargo run --release -p blockable-demo --example freeze -- RPC_URL PROVIDER_URL KEY_FILE CREDIT thaw
//! ```
//!
//! A freeze is shown to the provider's server, which obeys it before it lands; a thaw goes to the chain alone.

use {
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Pubkey, Signer,
        client::{Client, Sender},
        instructions::{credit_freeze, credit_thaw},
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::FreezeReason,
        },
        read_keypair_file, transactions,
    },
    serde_json::json,
    std::{
        env,
        error::Error,
        process::ExitCode,
        time::{Duration, Instant},
    },
};

/// Shown where the arguments are others.
const USAGE: &str = "usage: freeze RPC_URL PROVIDER_URL KEY_FILE CREDIT [thaw]";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [rpc_url, provider_url, key_file, credit, rest @ ..] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let thaws = match rest {
        [] => false,
        [word] if word == "thaw" => true,
        // A word that is misspelt must not freeze.
        _ => return Err(USAGE.into()),
    };
    let (client, key) =
        (Client::new(rpc_url), read_keypair_file(key_file).map_err(|error| error.to_string())?);
    let credit: Pubkey = credit.parse().map_err(|_| "CREDIT must be the address of a credit")?;
    let market = client.credit(&credit).await?.market;
    if thaws {
        let thaw = credit_thaw(&market, &key.pubkey(), &credit, ThawBounds::ALL);
        client.send(&[thaw], &key, &[]).await?;
        println!("thawed on the chain");
        return Ok(());
    }
    let freeze = credit_freeze(&market, &key.pubkey(), &credit, FreezeAmount::All, FreezeReason::Risk);
    // A freeze that lands twice changes nothing.
    let recorded = client.sign(&[freeze], &key, &[]).await?.without_record();
    let signed = Instant::now();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let body = json!({ "transaction": STANDARD.encode(transactions::encode(recorded.transaction())) });
    let answer = http.post(format!("{provider_url}/v1/freezes")).json(&body).send().await?;
    let (obeyed, status) = (signed.elapsed().as_millis(), answer.status());
    if !status.is_success() {
        return Err(format!("the provider's server refuses the freeze: {}", answer.text().await?).into());
    }
    println!("obeyed by the provider's server {obeyed} ms after the signature");
    // The server has sent it.
    Sender::new(&client).follow(&recorded).await?;
    let frozen = client.credit(&credit).await?.collateral.frozen();
    println!("{frozen} units frozen on the chain {} ms after the signature", signed.elapsed().as_millis());
    Ok(())
}
