//! `blockable credit list`.

use {
    super::filter::condition,
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::find,
        output::Answer,
        session::Session,
        table::table,
        views::{credit_columns, credit_json, credit_row},
    },
    blockable_sdk::accounts::CreditFilter,
    clap::Args,
    serde_json::Value,
};

/// Lists credits: those of the market of the settings, or of all markets
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Credits for which this holds: lender=, borrower=, provider=, market=ADDRESS or status=STATUS; all of several must hold
    #[arg(short = 'w', long = "where", value_name = "NAME=VALUE", value_parser = condition)]
    conditions: Vec<CreditFilter>,
}

/// Lists the credits. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ListArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (credits, markets) = find(&session, &args.conditions).await?;
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for credit in &credits {
        let Some(market) = markets.get(&credit.account.market) else { continue };
        rows.push(credit_row(credit, market));
        data.push(credit_json(credit, market));
    }
    let text = match rows.len() {
        0 => format!("no credits on {}", session.cluster()),
        1 => table(&credit_columns(), &rows) + "1 credit",
        count => table(&credit_columns(), &rows) + &format!("{count} credits"),
    };
    Ok(Answer { text, data: Value::Array(data) })
}
