//! `blockable credit show`.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::credit,
        output::Report,
        session::Session,
        table::lines,
        values::address,
        views::{credit_json, credit_lines},
    },
    blockable_sdk::Pubkey,
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
pub(super) async fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<Report, CliError> {
    let session = Session::open(global, None, None).await?;
    let (credit, market) = credit(&session, &args.credit).await?;
    let mut data = credit_json(&credit, &market);
    data["cluster"] = session.cluster_json();
    Ok(Report { text: lines(&credit_lines(&credit, &market)), data })
}
