//! `blockable audit`: what the chain itself proves about a credit.

mod cells;
mod export;
mod focus;
mod rows;
mod statement;
mod verify;

use {
    super::new_file::write_new,
    crate::{args::GlobalArgs, error::CliError, lookup::no_credit, output::Answer, session::Session},
    blockable_sdk::{
        Pubkey,
        audit::{AuditError, Audited, Auditor, Found, RpcHistory},
        errors::ClientError,
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
    match auditor(session).audit_with_records(credit).await {
        Ok(audited) => Ok(audited),
        Err(error) => Err(failed(session, credit, &error).await),
    }
}

/// The failure of an audit. An address at which something else is, or of which nobody knows, is refused as by `credit show`.
async fn failed(session: &Session, credit: &Pubkey, error: &AuditError) -> CliError {
    let is_other = match session.client.credit(credit).await {
        Err(ClientError::Decode { .. }) => true,
        // The account of a credit that was closed is not there, and its log can be audited.
        Err(ClientError::NotFound { .. }) => {
            session.client.account(credit).await.is_ok_and(|account| account.is_some())
        }
        _ => false,
    };
    match error {
        AuditError::NotFound => no_credit(session, credit).await,
        _ if is_other => no_credit(session, credit).await,
        _ => CliError::Failed(format!("{credit} is not proven: {error}")),
    }
}
