//! The hands of lender and borrower, to try a provider's commands with: offers a loan, accepts it, fetches the API key, pays.
//!
//! ```sh
//! cargo run --release -p blockable-demo --example loan -- offer RPC_URL LENDER_KEY_FILE PROVIDER BORROWER
//! cargo run --release -p blockable-demo --example loan -- accept RPC_URL BORROWER_KEY_FILE CREDIT
//! cargo run --release -p blockable-demo --example loan -- key PROVIDER_URL BORROWER_KEY_FILE CREDIT
//! cargo run --release -p blockable-demo --example loan -- pay RPC_URL BORROWER_KEY_FILE CREDIT
//! ```
//!
//! `offer` prints the credit's address, `key` its API key. The loan is of $1,200 for 240 million units over a year.

use {
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses,
        amounts::MicroUsd,
        client::Client,
        instructions::{MarketKeys, Payment, credit_accept, credit_offer, credit_repay},
        program::{
            instructions::{OfferArgs, OfferRead},
            state::{AutoFreeze, FreezePolicy, Instalment, Rider, ScheduleRuns, Terms},
        },
        read_keypair_file,
    },
    blockable_service::text,
    serde_json::{Value, json},
    std::{
        env,
        error::Error,
        process::ExitCode,
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
};

const USAGE: &str = "usage: loan offer RPC_URL LENDER_KEY_FILE PROVIDER BORROWER\n       loan accept RPC_URL BORROWER_KEY_FILE \
                     CREDIT\n       loan key PROVIDER_URL BORROWER_KEY_FILE CREDIT\n       loan pay RPC_URL BORROWER_KEY_FILE CREDIT";
/// Lent, in micro-USDC.
const PRINCIPAL: u64 = 1_200_000_000;
const UNITS: u64 = 240_000_000;
const MONTH: u32 = 30 * 86_400;

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
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let key = |path: &str| read_keypair_file(path).map_err(|error| format!("{path}: {error}"));
    match arguments.as_slice() {
        ["offer", url, file, provider, borrower] => {
            offer(&Client::new(*url), &key(file)?, &address(provider)?, &address(borrower)?).await
        }
        ["accept", url, file, credit] => accept(&Client::new(*url), &key(file)?, &address(credit)?).await,
        ["key", url, file, credit] => api_key(url, &key(file)?, &address(credit)?).await,
        ["pay", url, file, credit] => pay(&Client::new(*url), &key(file)?, &address(credit)?).await,
        _ => Err(USAGE.into()),
    }
}

fn address(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| format!("{text} is no address"))
}

/// Offers a loan on a provider's units. Returns the credit's address.
async fn offer(
    client: &Client,
    lender: &Keypair,
    provider: &Pubkey,
    borrower: &Pubkey,
) -> Result<String, Box<dyn Error>> {
    let state = client.provider(provider).await?;
    let keys = market_keys(client, &state.market).await?;
    let args = OfferArgs {
        nonce: u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?,
        freeze_authority: lender.pubkey(),
        terms: Terms { reporters_hash: state.reporters_hash(), ..terms() },
        rider: Rider::default(),
        schedule: ScheduleRuns::from_schedule(&schedule()),
    };
    let (owner, source) = (lender.pubkey(), keys.token_account(&lender.pubkey()));
    let credit = addresses::credit(&keys.market, &owner, borrower, args.nonce);
    let offer = credit_offer(&keys, &owner, &owner, borrower, provider, &source, args);
    client.send(&[offer], lender, &[]).await?;
    Ok(credit.to_string())
}

fn terms() -> Terms {
    Terms {
        principal: PRINCIPAL,
        units: UNITS,
        unlocked_ahead: UNITS / 24,
        holdback: PRINCIPAL / 4,
        late_fee: 0,
        offer_expires_at: 0,
        max_units_per_second: 10_000,
        delinquency_grace: 7 * 86_400,
        default_grace: 30 * 86_400,
        cure_period: 14 * 86_400,
        unit_lifetime: 0,
        longest_job: 3_600,
        apr_bps: 1_400,
        holdback_apr_bps: 700,
        freeze_policy: FreezePolicy::OnDelinquency as u8,
        auto_freeze: AutoFreeze::FromDelinquency as u8,
        reserved: [0; 6],
        reporters_hash: [0; 32],
    }
}

fn schedule() -> Vec<Instalment> {
    (1..=12).map(|number| Instalment { due_after: number * MONTH, principal: PRINCIPAL / 12 }).collect()
}

/// Accepts the offer as it stands on the chain.
async fn accept(client: &Client, borrower: &Keypair, address: &Pubkey) -> Result<String, Box<dyn Error>> {
    let credit = client.credit(address).await?;
    let accept = credit_accept(&credit.market, &borrower.pubkey(), address, OfferRead::from_credit(&credit));
    client.send(&[accept], borrower, &[]).await?;
    Ok("accepted; the provider may issue the units".to_string())
}

/// Signs in at the provider's server with the borrower's key. Returns the credit's API key.
async fn api_key(url: &str, borrower: &Keypair, credit: &Pubkey) -> Result<String, Box<dyn Error>> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let begun = http.get(format!("{url}/v1/keys/sign-in?credit={credit}")).send().await?;
    let challenge = answer(begun).await?;
    let message = challenge["message"].as_str().ok_or("the server sends no message to sign")?;
    eprintln!("signing as {}:\n{message}", borrower.pubkey());
    let signature = borrower.sign_message(message.as_bytes()).to_string();
    let proof =
        json!({"credit": credit.to_string(), "challenge": challenge["challenge"], "signature": signature});
    let made = answer(http.post(format!("{url}/v1/keys")).json(&proof).send().await?).await?;
    Ok(made["key"].as_str().ok_or("the server sends no key")?.to_string())
}

async fn answer(response: reqwest::Response) -> Result<Value, Box<dyn Error>> {
    let (status, body) = (response.status(), response.json::<Value>().await?);
    match status.is_success() {
        true => Ok(body),
        false => Err(format!("the server refuses it: {}", body["error"]["message"]).into()),
    }
}

/// Pays all that is owed.
async fn pay(client: &Client, borrower: &Keypair, address: &Pubkey) -> Result<String, Box<dyn Error>> {
    let credit = client.credit(address).await?;
    let keys = market_keys(client, &credit.market).await?;
    let (payer, source) = (borrower.pubkey(), keys.token_account(&borrower.pubkey()));
    let payment = Payment::while_it_releases(u64::MAX, credit.offer_slot);
    client.send(&[credit_repay(&keys, &payer, &source, address, payment)], borrower, &[]).await?;
    let earned = client.credit(address).await?.claims.provider;
    Ok(format!("paid; the provider's claim is {}", text::usd_received(MicroUsd(earned))))
}

async fn market_keys(client: &Client, market: &Pubkey) -> Result<MarketKeys, Box<dyn Error>> {
    let state = client.market(market).await?;
    Ok(MarketKeys { market: *market, mint: state.payment_mint, token_program: state.token_program })
}
