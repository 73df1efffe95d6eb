//! `blockable reports verify`.

use {
    super::{
        chain::Chain,
        check::{ReportFault, faults},
        plan::{ChunkPlan, CreditPlan, plan},
        source::SourceArgs,
    },
    crate::{
        args::GlobalArgs,
        error::CliError,
        output::Answer,
        session::{self, Session},
        table::{Column, table},
        views::time_json,
    },
    blockable_sdk::{amounts::ChainTime, program::state::Credit, reports::ReportRecord},
    blockable_service::text,
    clap::Args,
    serde_json::{Value, json},
};

/// Faults that a message names one by one.
const NAMED: usize = 3;

/// Verifies reports against the chain: signatures, reporters, quorum, and the use that they prove
///
/// Each report is checked as the program does it, and its credits' addresses too, which nobody signs. A single report that is not
/// valid makes the command fail.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    source: SourceArgs,
}

/// Verifies the reports. Errors: [`CliError::Failed`] with the faults; [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &VerifyArgs) -> Result<Answer, CliError> {
    let settings = session::settings(global, None, args.source.gate.as_deref())?;
    let records = args.source.read(&settings).await?;
    let session = Session::open(global, None, args.source.gate.as_deref()).await?;
    let chain = Chain::read(&session, &records).await?;
    require_valid(&records, &faults(&records, &chain))?;
    let plans = plan(&records.iter().collect::<Vec<_>>(), &chain);
    let credits = || plans.iter().flat_map(|chunk| chunk.credits.iter().map(move |credit| (chunk, credit)));
    let rows: Vec<Vec<String>> = credits().map(|(chunk, credit)| row(chunk, credit)).collect();
    let columns = [
        Column::Address("CREDIT"),
        Column::Figure("CHUNK"),
        Column::Figure("REPORTERS"),
        Column::Figure("ON CHAIN"),
        Column::Figure("PROVEN"),
        Column::Text("NOTE"),
    ];
    let count = records.len();
    let text = format!(
        "{}{}, each valid",
        table(&columns, &rows),
        if count == 1 { "1 report".to_string() } else { format!("{count} reports") }
    );
    let data = json!({
        "cluster": session.cluster_json(),
        "market": chain.market.address.to_string(),
        "reports": records.iter().map(report_json).collect::<Vec<Value>>(),
        "credits": credits().map(|(chunk, credit)| credit_json(chunk, credit)).collect::<Vec<Value>>(),
    });
    Ok(Answer { text, data })
}

/// Requires that no report has a fault. Errors: [`CliError::Failed`] that names the first ones.
fn require_valid(records: &[ReportRecord], faults: &[Option<ReportFault>]) -> Result<(), CliError> {
    let found: Vec<String> = records
        .iter()
        .zip(faults)
        .filter_map(|(record, fault)| Some(describe(record, fault.as_ref()?)))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = found.iter().take(NAMED).map(String::as_str).collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Err(CliError::Failed(format!(
        "{} of {} reports are not valid: {}{more}",
        found.len(),
        records.len(),
        named.join("; ")
    )))
}

/// A report and its fault in words.
pub(super) fn describe(record: &ReportRecord, fault: &ReportFault) -> String {
    format!("number {} by {} on chunk {}: {fault}", record.seq, record.reporter, record.chunk)
}

fn row(chunk: &ChunkPlan, credit: &CreditPlan) -> Vec<String> {
    let units = |credit: &Credit| text::thousands(credit.meter.cumulative);
    let (proven, note) = match &credit.after {
        Ok(after) => (units(after), String::new()),
        Err(reason) => ("-".to_string(), reason.to_string()),
    };
    vec![
        credit.address.to_string(),
        chunk.chunk.to_string(),
        format!("{} of {}", credit.reporting, chunk.quorum),
        units(&credit.before),
        proven,
        note,
    ]
}

fn report_json(record: &ReportRecord) -> Value {
    json!({
        "seq": record.seq,
        "provider": record.provider.to_string(),
        "epoch": record.epoch,
        "chunk": record.chunk,
        "reporter": record.reporter.to_string(),
        "reporter_index": record.reporter_index,
        "reported_at": time_json(ChainTime(record.reported_at)),
        "credits": record.readings.len(),
    })
}

fn credit_json(chunk: &ChunkPlan, credit: &CreditPlan) -> Value {
    let after = credit.after.as_ref().ok();
    json!({
        "credit": credit.address.to_string(),
        "provider": chunk.provider.to_string(),
        "chunk": chunk.chunk,
        "reporters": credit.reporting,
        "quorum": chunk.quorum,
        "on_chain": credit.before.meter.cumulative,
        "proven": after.map(|after| after.meter.cumulative),
        "in_flight": after.map(|after| after.meter.in_flight),
        "note": credit.after.as_ref().err().map(ToString::to_string),
    })
}
