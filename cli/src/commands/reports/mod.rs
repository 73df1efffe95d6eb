//! `blockable reports`: reports of use, from a provider's server or a file.
//!
//! [`source`] reads them, [`check`] finds the fault of each by itself, [`plan`] finds what a quorum of them does to each credit, by the
//! program's own functions on copies. Both are pure functions of the reports and of [`chain::Chain`].

mod chain;
mod check;
mod fetch;
mod plan;
mod source;
mod submit;
mod verify;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer},
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum ReportsCommand {
    Fetch(fetch::FetchArgs),
    Verify(verify::VerifyArgs),
    Submit(submit::SubmitArgs),
}

impl ReportsCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            ReportsCommand::Fetch(args) => fetch::run(global, args).await,
            ReportsCommand::Verify(args) => verify::run(global, args).await,
            ReportsCommand::Submit(args) => submit::run(global, args).await,
        }
    }
}
