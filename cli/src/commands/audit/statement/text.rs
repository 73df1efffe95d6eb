//! A statement for the terminal.

use {
    super::sheet::{LoanSheet, Sheet, movements, sections},
    crate::{
        commands::audit::cells::{dollars, timestamp},
        table::{Column, lines, table},
    },
    blockable_sdk::audit::Balance,
};

/// Lays statements out as text.
pub(super) fn render(sheet: &Sheet) -> String {
    let mut text = format!("{}\ncluster: {}\n", sheet.title(), sheet.cluster);
    for loan in &sheet.statements {
        text += &one(loan);
    }
    text
}

fn one(loan: &LoanSheet) -> String {
    let statement = &loan.statement;
    let mut text = format!("\ncredit {}\n\n", statement.credit);
    let columns = [
        Column::Text("BALANCE"),
        Column::Figure("PRINCIPAL"),
        Column::Figure("INTEREST"),
        Column::Figure("LATE FEES"),
        Column::Figure("TOTAL"),
    ];
    let row = |(name, sign, balance): (&str, &str, Balance)| {
        let parts = [balance.principal, balance.interest, balance.late_fees, balance.total()];
        let cells = parts.iter().map(|part| format!("{sign}{}", dollars(*part)));
        std::iter::once(name.to_string()).chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = movements(statement).into_iter().map(row).collect();
    text += &table(&columns, &rows);
    for section in sections(loan) {
        let named: Vec<(String, String)> =
            section.lines.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        text += &format!("\n{}\n{}", section.title, lines(&named));
    }
    text + &events(loan)
}

fn events(loan: &LoanSheet) -> String {
    let statement = &loan.statement;
    if statement.lines.is_empty() {
        return "\nno events in the period\n".to_string();
    }
    let columns = [
        Column::Figure("EVENT"),
        Column::Text("TIME"),
        Column::Text("KIND"),
        Column::Figure("MONEY"),
        Column::Figure("ADDED"),
        Column::Figure("SETTLED"),
        Column::Figure("DEBT"),
    ];
    let rows: Vec<Vec<String>> = statement
        .lines
        .iter()
        .map(|line| {
            vec![
                line.seq.to_string(),
                timestamp(line.at),
                loan.event_name(line),
                line.moved.map_or("-".to_string(), dollars),
                dollars(line.added.total()),
                dollars(line.settled.total()),
                dollars(line.balance.total()),
            ]
        })
        .collect();
    format!("\n{}", table(&columns, &rows))
}
