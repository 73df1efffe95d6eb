//! `blockable provider show`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::provider,
        output::Answer,
        session::Session,
        table::lines,
        views::{provider_json, provider_lines},
    },
    blockable_sdk::Pubkey,
    blockable_service::command::values::address,
    clap::Args,
};

/// Shows a provider: capacity, reporters and their quorum, price list, a change that waits
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The provider's account
    #[arg(value_name = "PROVIDER", value_parser = address)]
    provider: Pubkey,
}

/// Shows the provider. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (provider, market) = provider(&session, &args.provider).await?;
    let mut data = provider_json(&provider, &market);
    data["cluster"] = session.cluster_json();
    Ok(Answer { text: lines(&provider_lines(&provider, &market)), data })
}
