//! `blockable simulate` and `blockable quote`: the economics library. Neither asks a node.

use {
    crate::{error::CliError, output::Answer},
    blockable_economics::{
        EconomicsError,
        commands::{QuoteArgs, SimulateArgs},
    },
    std::io,
};

/// Quotes terms for a borrower. Errors: [`CliError`].
pub(super) fn quote(args: &QuoteArgs) -> Result<Answer, CliError> {
    let results = args.quote().map_err(from_economics)?;
    Ok(Answer { text: results.to_string(), data: serde_json::to_value(&results).map_err(unwritable)? })
}

/// Simulates defaults. Errors: [`CliError`].
pub(super) fn simulate(args: &SimulateArgs) -> Result<Answer, CliError> {
    let results = args.simulate().map_err(from_economics)?;
    Ok(Answer { text: results.to_string(), data: serde_json::to_value(&results).map_err(unwritable)? })
}

fn unwritable(error: serde_json::Error) -> CliError {
    CliError::Failed(format!("the results make no JSON: {error}; read them as a table"))
}

fn from_economics(error: EconomicsError) -> CliError {
    let text = error.to_string();
    match error {
        EconomicsError::Argument(_) | EconomicsError::Line { .. } => CliError::Usage(text),
        EconomicsError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            CliError::NotFound(text)
        }
        EconomicsError::Read { .. }
        | EconomicsError::Write { .. }
        | EconomicsError::Refused { .. }
        | EconomicsError::Figure { .. } => CliError::Failed(text),
    }
}
