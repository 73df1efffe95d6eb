//! A statement for a spreadsheet: a row per event, between opening and closing balance.

use {
    super::{
        last,
        sheet::{LoanSheet, Sheet, movements},
    },
    crate::commands::audit::cells::{csv, exact, timestamp},
    blockable_sdk::{amounts::ChainTime, audit::Balance},
};

const COLUMNS: [&str; 11] = [
    "credit",
    "row",
    "time",
    "event",
    "kind",
    "principal",
    "interest",
    "late_fees",
    "total",
    "transaction",
    "money",
];

/// Lays statements out as CSV. Rows `balance` and `movement` are the summary, rows `event` what happened: debt added, less debt
/// settled is in `movement` rows; an event row has the debt after it, and in `money` what it moves into the vault or out of it.
pub(super) fn render(sheet: &Sheet) -> String {
    let title: Vec<String> = COLUMNS.map(str::to_string).to_vec();
    let rows: Vec<Vec<String>> = sheet.statements.iter().flat_map(rows).collect();
    csv(std::iter::once(&title).chain(&rows))
}

fn rows(loan: &LoanSheet) -> Vec<Vec<String>> {
    let statement = &loan.statement;
    let credit = statement.credit.to_string();
    let row =
        |row: &str, at: ChainTime, event: String, kind: &str, balance: &Balance, transaction: String| {
            let amounts = [balance.principal, balance.interest, balance.late_fees, balance.total()];
            let mut cells = vec![credit.clone(), row.to_string(), timestamp(at), event, kind.to_string()];
            cells.extend(amounts.map(exact));
            cells.push(transaction);
            cells
        };
    let summary = movements(statement).into_iter().map(|(name, sign, balance)| {
        let at = if name == "opening balance" { statement.from } else { last(statement.to) };
        let kind = if sign.is_empty() { "balance" } else { "movement" };
        let mut cells = row(kind, at, String::new(), name, &balance, String::new());
        if sign == "-" {
            cells.iter_mut().skip(5).take(4).for_each(|cell| *cell = format!("-{cell}"));
        }
        cells.push(String::new());
        cells
    });
    let events = statement.lines.iter().map(|line| {
        let (event, transaction) = (line.seq.to_string(), line.signature.to_string());
        let mut cells = row("event", line.at, event, line.kind, &line.balance, transaction);
        cells.push(line.moved.map_or(String::new(), exact));
        cells
    });
    summary.chain(events).collect()
}
