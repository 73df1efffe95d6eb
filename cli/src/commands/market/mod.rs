//! `blockable market`.

mod init;
mod show;

use {
    crate::{args::GlobalArgs, error::CliError, output::Report},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum MarketCommand {
    Init(init::InitArgs),
    Show(show::ShowArgs),
}

impl MarketCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Report, CliError> {
        match self {
            MarketCommand::Init(args) => init::run(global, args).await,
            MarketCommand::Show(args) => show::run(global, args).await,
        }
    }
}
