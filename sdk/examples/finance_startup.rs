//! Finances a startup's compute: offers a loan whose principal pays the provider, against units that the lender can freeze.
//!
//! ```text
//! cargo run -p blockable-sdk --example finance_startup -- http://127.0.0.1:8899 lender.json PROVIDER BORROWER
//! ```

use {
    blockable_sdk::{
        Pubkey, Signer, addresses,
        amounts::{MicroUsd, Units},
        client::Client,
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
    let (provider, borrower): (Pubkey, Pubkey) = (provider.parse()?, borrower.parse()?);
    let client = Client::new(url.clone());
    let account = client.provider(&provider).await?;
    let keys = client.market_keys(&account.market).await?;
    // $12,000 for a million units, in twelve months, at 12 % a year.
    let (terms, schedule) = terms(MicroUsd(12_000_000_000), Units(1_000_000), &account);
    let args = OfferArgs {
        nonce: 1,
        freeze_authority: lender.pubkey(),
        terms,
        rider: Rider::default(),
        schedule: ScheduleRuns::from_schedule(&schedule),
    };
    let source = keys.token_account(&lender.pubkey());
    let offer = instructions::credit_offer(
        &keys,
        &lender.pubkey(),
        &lender.pubkey(),
        &borrower,
        &provider,
        &source,
        args,
    );
    let landed = client.send(&[offer], &lender, &[]).await?;
    let credit = addresses::credit(&keys.market, &lender.pubkey(), &borrower, 1);
    println!(
        "offered {credit} in {}; the borrower accepts it, the provider issues the units",
        landed.signature
    );
    Ok(())
}

/// Terms under which no more than half an instalment's units can be used before they are paid for.
fn terms(principal: MicroUsd, units: Units, provider: &Provider) -> (Terms, Vec<Instalment>) {
    let part = principal.get() / 12;
    let mut schedule: Vec<Instalment> =
        (1..=12).map(|month| Instalment { due_after: month * 30 * DAY, principal: part }).collect();
    if let Some(last) = schedule.last_mut() {
        last.principal += principal.get() - part * 12;
    }
    let terms = Terms {
        principal: principal.get(),
        units: units.get(),
        unlocked_ahead: units.get() / 24,
        holdback: 0,
        late_fee: 0,
        offer_expires_at: 0,
        max_units_per_second: provider.settings.max_units_per_second,
        delinquency_grace: 5 * DAY,
        default_grace: 15 * DAY,
        cure_period: 10 * DAY,
        unit_lifetime: 0,
        longest_job: provider.settings.longest_job,
        apr_bps: 1_200,
        holdback_apr_bps: 0,
        freeze_policy: FreezePolicy::OnDelinquency as u8,
        auto_freeze: AutoFreeze::FromDefault as u8,
        reserved: [0; 6],
        reporters_hash: provider.reporters_hash(),
    };
    (terms, schedule)
}
