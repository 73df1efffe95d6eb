//! Freezes a loan when an alert asks for it. Whatever receives your webhooks verifies the signature and hands the alert over on the
//! standard input:
//!
//! ```text
//! echo '{"rule": "delinquent", "credit": "ADDRESS"}' |
//!   cargo run -p blockable-sdk --example freeze_from_webhook -- http://127.0.0.1:8899 lender.json
//! ```

use {
    blockable_sdk::{
        Keypair, Pubkey, Signer,
        client::Client,
        errors::{ClientError, Outcome},
        instructions,
        program::{errors::BlockableError, instructions::FreezeAmount, state::FreezeReason},
        read_keypair_file,
    },
    serde_json::Value,
    std::{env, error::Error, io::stdin},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(key)) = (arguments.next(), arguments.next()) else {
        return Err("name a node's URL and the key file of the lender or the freeze authority".into());
    };
    let freezer = read_keypair_file(&key).map_err(|_| format!("{key} holds no key"))?;
    let alert: Value = serde_json::from_reader(stdin())?;
    if alert["rule"] != "delinquent" {
        println!("nothing to do for this alert");
        return Ok(());
    }
    let credit = alert["credit"].as_str().ok_or("the alert names no credit")?.parse()?;
    freeze(&Client::new(url), &freezer, credit).await
}

/// Freezes the same share of the collateral as the arrears are of the debt. A second alert changes nothing.
async fn freeze(client: &Client, freezer: &Keypair, credit: Pubkey) -> Result<(), Box<dyn Error>> {
    let loan = client.credit(&credit).await?;
    let freeze = instructions::credit_freeze(
        &loan.market,
        &freezer.pubkey(),
        &credit,
        FreezeAmount::Shortfall,
        FreezeReason::MissedPayment,
    );
    match client.send(&[freeze], freezer, &[]).await {
        Ok(landed) => println!("frozen in slot {}: {}", landed.slot, landed.signature),
        Err(error) if error.program_error() == Some(BlockableError::AlreadyFrozen) => {
            println!("that much is frozen already");
        }
        Err(ClientError::Sent(sent)) if matches!(sent.outcome, Outcome::Unknown) => {
            return Err(format!("look {} up before another is sent: {sent}", sent.signature).into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
