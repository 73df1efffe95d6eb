//! `blockable provider list`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::find_providers,
        output::Answer,
        session::Session,
        table::table,
        views::{provider_columns, provider_json, provider_row},
    },
    clap::Args,
    serde_json::Value,
};

/// Lists the GPU providers of the market of the settings, or of all markets
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Providers alone that take new loans: not suspended, with capacity left
    #[arg(long)]
    open: bool,
}

/// Lists the providers. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ListArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (providers, markets) = find_providers(&session).await?;
    let is_shown = |suspended: u8, free: u64| !args.open || (suspended == 0 && free > 0);
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for provider in &providers {
        let Some(market) = markets.get(&provider.account.market) else { continue };
        if is_shown(provider.account.suspended, provider.free_units()) {
            rows.push(provider_row(provider, market));
            data.push(provider_json(provider, market));
        }
    }
    let text = match rows.len() {
        0 => format!("no providers on {}", session.cluster()),
        1 => table(&provider_columns(), &rows) + "1 provider",
        count => table(&provider_columns(), &rows) + &format!("{count} providers"),
    };
    Ok(Answer { text, data: Value::Array(data) })
}
