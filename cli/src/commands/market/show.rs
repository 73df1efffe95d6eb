//! `blockable market show`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        output::Answer,
        session::Session,
        table::lines,
        views::{market_json, market_lines},
    },
    blockable_sdk::Pubkey,
    blockable_service::command::values::address,
    clap::Args,
};

/// Shows a market: its admin, its state, its bounds
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The market's account, in the place of --market
    #[arg(value_name = "ADDRESS", value_parser = address)]
    address: Option<Pubkey>,
}

/// Shows the market. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let market = match &args.address {
        Some(address) => session.market(address).await?,
        None => session.named_market().await?,
    };
    let mut shown = vec![("cluster".to_string(), session.cluster())];
    shown.extend(market_lines(&market));
    let mut data = market_json(&market);
    data["cluster"] = session.cluster_json();
    Ok(Answer { text: lines(&shown), data })
}
