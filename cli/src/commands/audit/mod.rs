//! `blockable audit`: what the chain itself proves about a credit.

mod cells;
mod export;
mod focus;
mod rows;
mod statement;
mod verify;

use {
    super::new_file::write_new,
    crate::{args::GlobalArgs, error::CliError, output::Answer, session::Session},
    blockable_sdk::{
        Pubkey,
        audit::{AuditError, Audited, Auditor, Found, RpcHistory},
    },
    clap::Subcommand,
};

#[derive(Subcommand, Debug)]
pub(crate) enum AuditCommand {
    Verify(verify::VerifyArgs),
    Export(export::ExportArgs),
    Statement(statement::StatementArgs),
}

impl AuditCommand {
    /// Runs the command. Errors: [`CliError`].
    pub(super) async fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match self {
            AuditCommand::Verify(args) => verify::run(global, args).await,
            AuditCommand::Export(args) => export::run(global, args).await,
            AuditCommand::Statement(args) => statement::run(global, args).await,
        }
    }
}

/// The auditor over all nodes, at the command's commitment.
fn auditor(session: &Session) -> Auditor<RpcHistory> {
    Auditor::over(session.clients(), session.settings.commitment.value.config())
}

/// Audits a credit over all nodes, and returns its records. Errors: the first gap or difference.
async fn audited(session: &Session, credit: &Pubkey) -> Result<(Audited, Vec<Found>), CliError> {
    auditor(session).audit_with_records(credit).await.map_err(|error| failed(credit, &error))
}

fn failed(credit: &Pubkey, error: &AuditError) -> CliError {
    match error {
        AuditError::NotFound => CliError::NotFound(format!("{credit}: {error}")),
        _ => CliError::Failed(format!("{credit} is not proven: {error}")),
    }
}
