//! `blockable credit show`.

use {
    super::watch::{read, watch},
    crate::{
        args::GlobalArgs,
        error::CliError,
        output::Answer,
        session::{Session, settings},
        settings::Format,
    },
    blockable_sdk::Pubkey,
    blockable_service::command::values::{address, seconds_span},
    clap::Args,
};

/// Shows a credit: health, debt, next payment, collateral
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// Keeps it on the screen, and shows it again whenever it has changed, until you press Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Time between two readings, with --watch
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, default_value = "2s", requires = "watch")]
    interval: u32,
}

/// Shows the credit. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<Answer, CliError> {
    if !args.watch {
        return read(&Session::open(global, None, None).await?, &args.credit).await;
    }
    if settings(global, None, None)?.output.value == Format::Json {
        return Err(CliError::Usage(
            "--watch shows a credit again and again, and an answer in JSON is one document; leave one of them out".to_string(),
        ));
    }
    watch(Session::open(global, None, None).await?, &args.credit, args.interval).await
}
