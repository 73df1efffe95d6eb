//! `blockable provider`: GPU providers as lenders, borrowers and buyers see them. What a provider signs stays with
//! `blockable-provider`.

mod list;
mod show;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum ProviderCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
}

impl ProviderCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            ProviderCommand::List(args) => list::run(global, args).await,
            ProviderCommand::Show(args) => show::run(global, args).await,
        }
    }
}
