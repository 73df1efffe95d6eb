//! `blockable reports fetch`.

use {
    super::source::from_gate,
    crate::{
        args::GlobalArgs,
        commands::new_file::write_new,
        error::CliError,
        output::Answer,
        session,
        table::{Column, table},
    },
    blockable_sdk::{
        amounts::ChainTime,
        reports::{ReportPage, ReportRecord},
    },
    blockable_service::text,
    clap::Args,
    serde_json::json,
    std::path::PathBuf,
};

/// Fetches the latest report of each reporter and chunk from a provider's server
///
/// Nothing is verified, and no node is asked. `reports verify` does both.
#[derive(Args, Debug)]
pub(crate) struct FetchArgs {
    /// The provider's server [default: the setting gate]
    #[arg(long, value_name = "URL")]
    gate: Option<String>,
    /// Reports that are signed now
    #[arg(long)]
    fresh: bool,
    /// File to write the reports to
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Fetches the reports. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &FetchArgs) -> Result<Answer, CliError> {
    let settings = session::settings(global, None, args.gate.as_deref())?;
    let page = from_gate(&settings, args.fresh).await?;
    let mut data = json!({"reports": page.reports, "next": page.next, "file": null});
    let mut text = shown(&page);
    if let Some(path) = &args.file {
        let written = serde_json::to_string(&page).map_err(|error| {
            CliError::Failed(format!("the reports cannot be written: {error}; try again"))
        })?;
        write_new(path, &format!("{written}\n"))?;
        data["file"] = json!(path.display().to_string());
        text += &format!("\nwrote them to {}", path.display());
    }
    Ok(Answer { text, data })
}

fn shown(page: &ReportPage) -> String {
    let columns = [
        Column::Figure("CHUNK"),
        Column::Address("REPORTER"),
        Column::Text("SIGNED FOR"),
        Column::Figure("EPOCH"),
        Column::Figure("CREDITS"),
        Column::Figure("UNITS USED"),
    ];
    let row = |report: &ReportRecord| {
        let used = report.readings.iter().fold(0u64, |sum, reading| sum.saturating_add(reading.cumulative));
        vec![
            report.chunk.to_string(),
            report.reporter.to_string(),
            text::time(ChainTime(report.reported_at)),
            report.epoch.to_string(),
            report.readings.len().to_string(),
            text::thousands(used),
        ]
    };
    let rows: Vec<Vec<String>> = page.reports.iter().map(row).collect();
    match rows.len() {
        0 => "no reports: the provider has no live credit, or its reporters are silent".to_string(),
        1 => table(&columns, &rows) + "1 report, not verified",
        count => table(&columns, &rows) + &format!("{count} reports, not verified"),
    }
}
