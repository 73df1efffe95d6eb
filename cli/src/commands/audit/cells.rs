//! Cells of CSV files, and exact amounts.

use {
    blockable_sdk::amounts::{ChainTime, MicroUsd},
    blockable_service::text,
};

/// Lays lines of cells out as CSV (RFC 4180).
pub(super) fn csv<'a>(lines: impl IntoIterator<Item = &'a Vec<String>>) -> String {
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| guarded(cell)).collect();
        cells.join(",") + "\r\n"
    };
    lines.into_iter().map(line).collect()
}

/// A cell that no spreadsheet takes for a formula: one that begins like a formula and is no number begins with an apostrophe.
fn guarded(cell: &str) -> String {
    let begins_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let is_number = cell.strip_prefix('-').is_some_and(|rest| rest.parse::<f64>().is_ok());
    let cell = if begins_formula && !is_number { format!("'{cell}") } else { cell.to_string() };
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// An amount in USDC with all its six digits, such as 1234.500000.
pub(super) fn exact(amount: MicroUsd) -> String {
    format!("{}.{:06}", amount.get() / 1_000_000, amount.get() % 1_000_000)
}

/// An amount in dollars with all its six digits, such as $1,234.500000.
pub(super) fn dollars(amount: MicroUsd) -> String {
    format!("${}.{:06}", text::thousands(amount.get() / 1_000_000), amount.get() % 1_000_000)
}

/// A time in RFC 3339, in UTC.
pub(super) fn timestamp(time: ChainTime) -> String {
    jiff::Timestamp::from_second(time.get()).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_a_formula() {
        let cells = ["=1+2", "@x", "-3", "-x", "a,b", "say \"so\"", "\tx"].map(str::to_string).to_vec();
        let expected = "'=1+2,'@x,-3,'-x,\"a,b\",\"say \"\"so\"\"\",'\tx\r\n";
        assert_eq!(csv([&cells]), expected);
    }

    #[test]
    fn amounts_keep_all_their_digits() {
        assert_eq!(exact(MicroUsd(1_234_500_001)), "1234.500001");
        assert_eq!(dollars(MicroUsd(1_234_500_001)), "$1,234.500001");
        assert_eq!(timestamp(ChainTime(1_800_000_000)), "2027-01-15T08:00:00Z");
    }
}
