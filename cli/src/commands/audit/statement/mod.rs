//! `blockable audit statement`.

mod csv;
mod html;
mod lenders;
mod month;
mod sheet;
mod text;

use {
    super::{audited, write_new},
    crate::{args::GlobalArgs, error::CliError, output::Answer, session::Session},
    blockable_sdk::{Pubkey, amounts::ChainTime, audit::Statement},
    blockable_service::command::values::address,
    clap::{Args, ValueEnum},
    month::{Month, month},
    serde_json::{Value, json},
    sheet::{LoanSheet, Sheet, statement_json},
    std::path::PathBuf,
};

/// Computes what a lender sends its investors about a month: balances, interest, use, arrears, collateral, events
///
/// Everything is computed from the credits' events, once these are proven. A month that is not over is computed until now.
#[derive(Args, Debug)]
pub(crate) struct StatementArgs {
    /// The credits' accounts
    #[arg(value_name = "CREDIT", value_parser = address, required = true)]
    credits: Vec<Pubkey>,
    /// The month, in UTC
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Month,
    /// Form of the statement
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = StatementForm::Text)]
    form: StatementForm,
    /// File to write it to, in the place of the standard output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A form of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StatementForm {
    /// For the terminal
    Text,
    /// For a spreadsheet: a row per event, between opening and closing balance
    Csv,
    /// For a browser or a printer, complete in one file
    Html,
}

/// Computes the statement. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &StatementArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (from, ends) = args.month.bounds()?;
    if from >= session.now {
        return Err(CliError::Usage(format!(
            "{} has not begun; name this month or an earlier one",
            args.month
        )));
    }
    let to = ends.min(session.now.plus_seconds(1));
    let mut statements = Vec::new();
    for credit in &args.credits {
        let (audited, log) = audited(&session, credit).await?;
        let failed = |error| CliError::Failed(format!("{credit}: {error}"));
        let statement = Statement::compute(audited.replay.restart(), &log, from, to).map_err(failed)?;
        if statement.footing() != statement.closing {
            return Err(CliError::Failed(format!(
                "the parts of the statement of {credit} do not add up to its closing balance; report this"
            )));
        }
        let mut offer = audited.replay.restart();
        for found in log.iter().take(1) {
            offer.apply(&found.record).map_err(failed)?;
        }
        let first = offer.credit().map(|credit| credit.lender).unwrap_or_default();
        statements.push(LoanSheet::new(statement, &log, first));
    }
    let sheet = Sheet::new(args.month, ends.min(session.now) == ends, session.cluster(), statements);
    answer(args, &sheet, session.cluster_json())
}

fn answer(args: &StatementArgs, sheet: &Sheet, cluster: Value) -> Result<Answer, CliError> {
    let mut data = json!({
        "month": args.month.to_string(),
        "is_whole_month": sheet.is_whole,
        "statements": sheet.statements.iter().map(statement_json).collect::<Vec<Value>>(),
        "cluster": cluster,
    });
    let text = match args.form {
        StatementForm::Text => text::render(sheet),
        StatementForm::Csv => csv::render(sheet),
        StatementForm::Html => html::render(sheet),
    };
    let Some(path) = &args.file else { return Ok(Answer { text, data }) };
    write_new(path, &text)?;
    data["file"] = json!(path.display().to_string());
    Ok(Answer { text: format!("wrote the statement of {} to {}", args.month, path.display()), data })
}

/// The last second of a period.
fn last(to: ChainTime) -> ChainTime {
    to.plus_seconds(-1)
}
