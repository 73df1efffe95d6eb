//! Finances a startup's compute: offers a loan whose principal pays the provider, against units that the lender can freeze.
//!
//! ```text
//! cargo run -p blockable-sdk --example finance_startup -- http://127.0.0.1:8899 lender.json PROVIDER BORROWER
//! ```

use {
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses,
        amounts::{MicroUsd, Units},
        client::Client,
        errors::ClientError,
        instructions,
        program::{
            instructions::OfferArgs,
            state::{AutoFreeze, FreezePolicy, Instalment, Provider, Rider, ScheduleRuns, Terms},
        },
        read_keypair_file,
    },
    std::{env, error::Error},
};

const DAY: u32 = 86_400;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, key, provider, borrower] = arguments.as_slice() else {
        return Err(
            "name a node's URL, the lender's key file, the provider's account and the borrower".into()
        );
    };
    let lender = read_keypair_file(key).map_err(|_| format!("{key} holds no key"))?;
    let client = Client::new(url.clone());
    let credit = offer(&client, &lender, &provider.parse()?, &borrower.parse()?).await?;
    println!("{credit}");
    eprintln!("offered; the borrower accepts it, and the provider issues the units");
    Ok(())
}

/// Offers $12,000 for a million units, in twelve instalments. Returns the credit's account.
async fn offer(
    client: &Client,
    lender: &Keypair,
    provider: &Pubkey,
    borrower: &Pubkey,
) -> Result<Pubkey, ClientError> {
    let account = client.provider(provider).await?;
    let keys = client.market_keys(&account.market).await?;
    let (terms, schedule) = standard_terms(MicroUsd(12_000_000_000), Units(1_000_000), 12, &account);
    // The number tells loans of the same two parties apart.
    let mut nonce = 1;
    let mut credit = addresses::credit(&keys.market, &lender.pubkey(), borrower, nonce);
    while !matches!(client.credit(&credit).await, Err(ClientError::NotFound { .. })) {
        nonce += 1;
        credit = addresses::credit(&keys.market, &lender.pubkey(), borrower, nonce);
    }
    let args = OfferArgs {
        nonce,
        freeze_authority: lender.pubkey(),
        terms,
        rider: Rider::default(),
        schedule: ScheduleRuns::from_schedule(&schedule),
    };
    let source = keys.token_account(&lender.pubkey());
    let (payer, key) = (lender.pubkey(), lender.pubkey());
    let offer = instructions::credit_offer(&keys, &payer, &key, borrower, provider, &source, args);
    client.send(&[offer], lender, &[]).await?;
    Ok(credit)
}

/// The standard terms, at 12 % a year.
fn standard_terms(
    principal: MicroUsd,
    units: Units,
    instalments: u32,
    provider: &Provider,
) -> (Terms, Vec<Instalment>) {
    let count = u64::from(instalments);
    // Half an instalment may be used before it is paid for.
    let unlocked_ahead = units.get() / count / 2;
    let price_of_locked =
        u128::from(units.get() - unlocked_ahead) * u128::from(principal.get()) / u128::from(units.get());
    let terms = Terms {
        principal: principal.get(),
        units: units.get(),
        unlocked_ahead,
        // Half of what the locked units cost stays in the vault.
        holdback: u64::try_from(price_of_locked / 2).unwrap_or(0),
        apr_bps: 1_200,
        holdback_apr_bps: 600,
        late_fee: 0,
        offer_expires_at: 0,
        delinquency_grace: 2 * DAY,
        default_grace: 7 * DAY,
        cure_period: 10 * DAY,
        unit_lifetime: 0,
        freeze_policy: FreezePolicy::OnDelinquency as u8,
        auto_freeze: AutoFreeze::FromDelinquency as u8,
        max_units_per_second: provider.settings.max_units_per_second,
        longest_job: provider.settings.longest_job,
        reporters_hash: provider.reporters_hash(),
        reserved: [0; 6],
    };
    let part = principal.get() / count;
    let instalment = |month: u32| Instalment {
        // The first is due a day after issue, the last pays what the division has left.
        due_after: DAY + month * 30 * DAY,
        principal: if month + 1 == instalments { principal.get() - part * (count - 1) } else { part },
    };
    (terms, (0..instalments).map(instalment).collect())
}
