//! `blockable market`.

mod admin;
mod init;
mod pause;
mod propose;
mod show;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum MarketCommand {
    Init(init::InitArgs),
    Show(show::ShowArgs),
    Propose(propose::ProposeArgs),
    Apply(propose::ApplyArgs),
    Cancel(propose::CancelArgs),
    Pause(pause::PauseArgs),
    Unpause(pause::UnpauseArgs),
    Halt(pause::HaltArgs),
    Admin(admin::AdminArgs),
    Guardian(propose::GuardianArgs),
}

impl MarketCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            MarketCommand::Init(args) => init::run(global, args).await,
            MarketCommand::Show(args) => show::run(global, args).await,
            MarketCommand::Propose(args) => propose::propose(global, args).await,
            MarketCommand::Apply(args) => propose::apply(global, args).await,
            MarketCommand::Cancel(args) => propose::cancel(global, args).await,
            MarketCommand::Pause(args) => pause::pause(global, args).await,
            MarketCommand::Unpause(args) => pause::unpause(global, args).await,
            MarketCommand::Halt(args) => pause::halt(global, args).await,
            MarketCommand::Admin(args) => admin::run(global, args).await,
            MarketCommand::Guardian(args) => propose::guardian(global, args).await,
        }
    }
}
