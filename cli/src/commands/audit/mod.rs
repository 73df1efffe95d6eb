//! `blockable audit`: what the chain itself proves about a credit.

mod cells;
mod export;
mod focus;
mod rows;
mod statement;
mod verify;

use {
    crate::{args::GlobalArgs, error::CliError, output::Answer, session::Session},
    blockable_sdk::{
        Pubkey,
        audit::{AuditError, Audited, Auditor, Found},
    },
    clap::Subcommand,
    std::{fs::OpenOptions, io::Write, path::Path},
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

/// Audits a credit over all nodes, and returns its records. Errors: the first gap or difference.
async fn audited(session: &Session, credit: &Pubkey) -> Result<(Audited, Vec<Found>), CliError> {
    let commitment = session.settings.commitment.value.config();
    let auditor = Auditor::over(session.clients(), commitment);
    auditor.audit_with_records(credit).await.map_err(|error| failed(credit, &error))
}

fn failed(credit: &Pubkey, error: &AuditError) -> CliError {
    match error {
        AuditError::NotFound => CliError::NotFound(format!("{credit}: {error}")),
        _ => CliError::Failed(format!("{credit} is not proven: {error}")),
    }
}

/// Writes a file that is not there yet. Errors: it exists, or the system fails.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CliError::Refused(format!("{shown} exists; name a file that is not there yet"))
        }
        _ => CliError::Failed(format!("{shown} cannot be written: {error}; name another file")),
    })
}
