//! `blockable-provider prices`, `bounds` and `payout`: one setting each, changed after the market's delay.

use {
    super::chain::{ActError, ChainArgs, ChangeArgs, Session, change, payout_owner},
    blockable_provider::PriceList,
    blockable_sdk::{Pubkey, amounts::Units, program::state::ProviderSettings},
    blockable_service::command::{
        Answer,
        values::{address, seconds_span, units},
    },
    clap::Args,
};

/// Puts the hash of the server's price list on the chain
///
/// Change the prices in the file first. The server serves the list in force until the change is applied, after the market's delay.
/// Borrowers compare the hash with `GET /v1/prices`.
#[derive(Args, Debug)]
pub(super) struct PricesArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Sets the bounds of new loans: the rate of use and the longest job
///
/// Lower bounds take effect at once; higher ones wait for the market's delay.
#[derive(Args, Debug)]
pub(super) struct BoundsArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    change: ChangeArgs,
    /// Highest rate of use that a loan may allow
    #[arg(long, value_name = "UNITS", value_parser = units)]
    max_units_per_second: Option<Units>,
    /// Longest job that a loan may allow for, such as 1h
    #[arg(long, value_name = "SPAN", value_parser = seconds_span)]
    longest_job: Option<u32>,
}

/// Sets the token account that principal and claims are paid to, after the market's delay
#[derive(Args, Debug)]
pub(super) struct PayoutArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    change: ChangeArgs,
    /// The token account
    #[arg(long, value_name = "ADDRESS", value_parser = address, required_unless_present_any = ["apply", "cancel"])]
    to: Option<Pubkey>,
}

impl PricesArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

impl BoundsArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

impl PayoutArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Changes the price list's hash. Errors: [`ActError`].
pub(super) async fn prices(args: &PricesArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let price_list_hash = PriceList::new(&session.config.models, &session.config.gpus).hash();
    change(&session, &args.change, |settings| Ok(ProviderSettings { price_list_hash, ..settings })).await
}

/// Changes the bounds. Errors: [`ActError`].
pub(super) async fn bounds(args: &BoundsArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    change(&session, &args.change, |settings| match (args.max_units_per_second, args.longest_job) {
        (None, None) => {
            Err(ActError::Usage("name --max-units-per-second, --longest-job or both".to_string()))
        }
        (rate, job) => Ok(ProviderSettings {
            max_units_per_second: rate.map_or(settings.max_units_per_second, Units::get),
            longest_job: job.unwrap_or(settings.longest_job),
            ..settings
        }),
    })
    .await
}

/// Changes the payout account. Errors: [`ActError`].
pub(super) async fn payout(args: &PayoutArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    if let Some(address) = args.to.filter(|_| !args.change.is_about_waiting()) {
        match payout_owner(&session, &address).await? {
            None => {
                let advice = format!("there is no account at {address}; name a token account");
                return Err(ActError::NotFound(advice));
            }
            Some(owner) => eprintln!("the token account {address} belongs to {owner}"),
        }
    }
    change(&session, &args.change, |settings| {
        Ok(ProviderSettings { payout: args.to.unwrap_or(settings.payout), ..settings })
    })
    .await
}
