//! `blockable credit`.

mod filter;
mod freeze;
mod freeze_amount;
mod list;
mod repay;
mod show;
mod thaw;

use {
    crate::{args::GlobalArgs, error::CliError, output::Report},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum CreditCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Repay(repay::RepayArgs),
    Freeze(freeze::FreezeArgs),
    Thaw(thaw::ThawArgs),
}

impl CreditCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Report, CliError> {
        match self {
            CreditCommand::List(args) => list::run(global, args).await,
            CreditCommand::Show(args) => show::run(global, args).await,
            CreditCommand::Repay(args) => repay::run(global, args).await,
            CreditCommand::Thaw(args) => thaw::run(global, args).await,
            CreditCommand::Freeze(args) => freeze::run(global, args).await,
        }
    }
}
