//! `blockable audit export`.

use {
    super::{
        audited,
        cells::csv,
        focus,
        rows::{COLUMNS, Row, rows},
        write_new,
    },
    crate::{args::GlobalArgs, error::CliError, output::Answer, session::Session},
    blockable_sdk::Pubkey,
    blockable_service::command::values::address,
    clap::Args,
    serde_json::{Map, Value, json},
    std::path::PathBuf,
};

/// Exports a credit's events with the state after each, once they are proven: CSV, or JSON with --output json
///
/// Money is in USDC with six digits in CSV and in micro-USDC in JSON. Times are in UTC.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The use of the credit alone, in the columns of FOCUS 1.2 (FinOps cost and usage)
    #[arg(long)]
    focus: bool,
    /// File to write the CSV to, in the place of the standard output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Exports the events. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ExportArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (audited, log) = audited(&session, &args.credit).await?;
    let rows = rows(audited.replay.restart(), log)?;
    let (text, items) = match args.focus {
        true => use_of(&args.credit, &rows),
        false => events(&rows),
    };
    let mut data = json!({
        "credit": args.credit.to_string(),
        "events": audited.events,
        "format": if args.focus { "FOCUS 1.2" } else { "events" },
        "rows": items,
        "cluster": session.cluster_json(),
    });
    let Some(path) = &args.file else { return Ok(Answer { text, data }) };
    write_new(path, &text)?;
    data["file"] = json!(path.display().to_string());
    let count = text.lines().count().saturating_sub(1);
    let text = format!("wrote {count} rows of {} to {}", args.credit, path.display());
    Ok(Answer { text, data })
}

fn events(rows: &[Row]) -> (String, Value) {
    let title: Vec<String> = COLUMNS.map(str::to_string).to_vec();
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let items = rows.iter().map(|row| Value::Object(row.values())).collect();
    (csv(std::iter::once(&title).chain(&cells)), Value::Array(items))
}

fn use_of(credit: &Pubkey, rows: &[Row]) -> (String, Value) {
    let title: Vec<String> = focus::COLUMNS.map(str::to_string).to_vec();
    let charges = focus::charges(credit, rows);
    let item = |cells: &Vec<String>| {
        let value = |cell: &String| if cell.is_empty() { Value::Null } else { json!(cell) };
        let fields: Map<String, Value> = title.iter().cloned().zip(cells.iter().map(value)).collect();
        Value::Object(fields)
    };
    let items = charges.iter().map(item).collect();
    (csv(std::iter::once(&title).chain(&charges)), Value::Array(items))
}
