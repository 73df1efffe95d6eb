//! `blockable credit show`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::credit,
        output::Answer,
        session::Session,
        table::lines,
        views::{credit_json, credit_lines},
    },
    blockable_sdk::Pubkey,
    blockable_service::command::values::address,
    clap::Args,
};

/// Shows a credit: health, debt, next payment, collateral
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
}

/// Shows the credit. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (credit, market) = credit(&session, &args.credit).await?;
    let mut data = credit_json(&credit, &market);
    data["cluster"] = session.cluster_json();
    Ok(Answer { text: lines(&credit_lines(&credit, &market)), data })
}
