//! Reads a lender's loans with what is owed on each now.
//!
//! ```text
//! cargo run -p blockable-sdk --example read_portfolio -- http://127.0.0.1:8899 LENDER
//! ```

use {
    blockable_sdk::{
        Pubkey, accounts::CreditFilter, amounts::MicroUsd, client::Client, program::state::Market,
    },
    std::{collections::BTreeMap, env, error::Error},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(lender)) = (arguments.next(), arguments.next()) else {
        return Err("name a node's URL and the lender".into());
    };
    let owed = portfolio(&Client::new(url), lender.parse()?).await?;
    println!("{} micro-USDC in all", owed.get());
    Ok(())
}

/// Prints each loan of a lender, and returns what is owed on all of them now.
async fn portfolio(client: &Client, lender: Pubkey) -> Result<MicroUsd, Box<dyn Error>> {
    let now = client.chain_time().await?;
    let mut markets: BTreeMap<Pubkey, Market> = BTreeMap::new();
    let mut owed = MicroUsd::ZERO;
    for (address, mut credit) in client.credits(&[CreditFilter::Lender(lender)]).await? {
        let market = match markets.get(&credit.market) {
            Some(market) => *market,
            None => client.market(&credit.market).await?,
        };
        markets.insert(credit.market, market);
        // An account shows the debt as of its last change: this brings it up to the chain's clock.
        let now = market.market_time(now).map_err(|_| "the market's clock is out of range")?;
        credit.accrue(now).map_err(|error| error.to_string())?;
        let status = credit.status().map_err(|error| error.to_string())?;
        let (debt, arrears) = (credit.debt.total(), credit.arrears());
        println!("{address}: {status:?}, debt {debt}, arrears {arrears} micro-USDC");
        owed = owed.saturating_add(MicroUsd(debt));
    }
    Ok(owed)
}
