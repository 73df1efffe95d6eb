//! Credits as a table in CSV, for spreadsheets.

use {
    crate::api::{credits::CreditLine, error::ApiError},
    axum::{
        http::header,
        response::{IntoResponse, Response},
    },
};

/// The columns. Money in micro-USDC, shares in basis points, times in RFC 3339.
const COLUMNS: [&str; 25] = [
    "credit",
    "lender",
    "borrower",
    "provider",
    "status",
    "is_loan",
    "health",
    "reason",
    "principal",
    "debt",
    "arrears",
    "apr_bps",
    "matures_at",
    "due_at",
    "due_amount",
    "remaining",
    "lien",
    "frozen",
    "locked",
    "available",
    "held_back",
    "lien_value",
    "coverage_bps",
    "units_per_day",
    "exhausted_at",
];

/// Writes the table. No value can be a formula: they are addresses, names, numbers, times and the keeper's own words.
pub(super) fn answer(lines: impl Iterator<Item = CreditLine>) -> Result<Response, ApiError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let written = table
        .write_record(COLUMNS)
        .and_then(|()| lines.into_iter().try_for_each(|line| table.write_record(row(&line))));
    let bytes = written.ok().and_then(|()| table.into_inner().ok()).ok_or_else(ApiError::deadline)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"credits.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

fn row(line: &CreditLine) -> [String; 25] {
    let time =
        |time: &Option<crate::values::Time>| time.as_ref().map(|time| time.text.clone()).unwrap_or_default();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let (due_at, due_amount) = line.next_payment.as_ref().map(|next| next.due()).unzip();
    [
        line.credit.0.to_string(),
        line.lender.0.to_string(),
        line.borrower.0.to_string(),
        line.provider.0.to_string(),
        line.status.name().to_string(),
        line.is_loan.to_string(),
        line.health.colour.name().to_string(),
        line.health.reason.clone(),
        line.principal.0.get().to_string(),
        line.debt.0.get().to_string(),
        line.arrears.0.get().to_string(),
        line.apr_bps.get().to_string(),
        time(&line.matures_at),
        time(&due_at),
        number(due_amount.map(|amount| amount.0.get())),
        line.remaining.0.get().to_string(),
        line.lien.0.get().to_string(),
        line.frozen.0.get().to_string(),
        line.locked.0.get().to_string(),
        line.available.0.get().to_string(),
        line.held_back.0.get().to_string(),
        line.coverage.lien_value.0.get().to_string(),
        number(line.coverage.bps.map(|share| share.get())),
        line.burn.units_per_day.round().to_string(),
        time(&line.burn.exhausted_at),
    ]
}
