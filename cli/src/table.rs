//! Tables that fit the terminal.

use console::{Alignment, Style, Term, measure_text_width, pad_str};

/// Spaces between two columns.
const GAP: usize = 2;
/// Characters that a shortened address keeps on each side.
const KEPT: usize = 4;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// Text, to the left.
    Text(&'static str),
    /// A figure, to the right.
    Figure(&'static str),
    /// An address, shortened where the terminal is too narrow.
    Address(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Column::Text(title) | Column::Figure(title) | Column::Address(title) => title,
        }
    }
}

/// Lays a table out for standard output: addresses are shortened, from the last column on, as far as the terminal asks for it. What
/// is no terminal gets everything.
pub(crate) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let terminal = Term::stdout();
    let width = terminal.is_term().then(|| usize::from(terminal.size().1));
    lay_out(columns, rows.to_vec(), width)
}

fn lay_out(columns: &[Column], mut rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let addresses =
        columns.iter().enumerate().rev().filter(|(_, column)| matches!(column, Column::Address(_)));
    for (place, _) in addresses {
        if width.is_none_or(|width| total(&widths(columns, &rows)) <= width) {
            break;
        }
        rows.iter_mut().filter_map(|row| row.get_mut(place)).for_each(|cell| *cell = short(cell));
    }
    let widths = widths(columns, &rows);
    let title = |column: &Column| Style::new().bold().apply_to(column.title()).to_string();
    let mut text = line(columns, &columns.iter().map(title).collect::<Vec<_>>(), &widths);
    for row in &rows {
        text += &line(columns, row, &widths);
    }
    text
}

fn widths(columns: &[Column], rows: &[Vec<String>]) -> Vec<usize> {
    let widest = |(place, column): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| measure_text_width(cell));
        cells.max().unwrap_or(0).max(column.title().len())
    };
    columns.iter().enumerate().map(widest).collect()
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>().saturating_add(GAP.saturating_mul(widths.len().saturating_sub(1)))
}

fn line(columns: &[Column], cells: &[String], widths: &[usize]) -> String {
    let cell = |((column, cell), width): ((&Column, &String), &usize)| {
        let side = if matches!(column, Column::Figure(_)) { Alignment::Right } else { Alignment::Left };
        pad_str(cell, *width, side, None).into_owned()
    };
    let cells: Vec<String> = columns.iter().zip(cells).zip(widths).map(cell).collect();
    format!("{}\n", cells.join(&" ".repeat(GAP)).trim_end())
}

/// An address with its first and last characters alone.
fn short(address: &str) -> String {
    let count = address.chars().count();
    if count <= 2 * KEPT + 1 {
        return address.to_string();
    }
    let (first, last): (String, String) =
        (address.chars().take(KEPT).collect(), address.chars().skip(count.saturating_sub(KEPT)).collect());
    format!("{first}…{last}")
}

/// Lines of names and values, in two columns.
pub(crate) fn lines(lines: &[(String, String)]) -> String {
    let width = lines.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    let line = |(name, value): &(String, String)| {
        format!("{}  {value}\n", pad_str(name, width, Alignment::Left, None))
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_give_way_where_the_terminal_is_narrow() {
        let columns = [Column::Address("CREDIT"), Column::Text("STATUS"), Column::Figure("DEBT")];
        let address = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM".to_string();
        let rows = vec![vec![address.clone(), "active".to_string(), "$8,362.49".to_string()]];
        let wide = lay_out(&columns, rows.clone(), Some(80));
        assert!(wide.contains(&address), "{wide}");
        assert!(lay_out(&columns, rows.clone(), None).contains(&address));
        let narrow = console::strip_ansi_codes(&lay_out(&columns, rows, Some(40))).into_owned();
        assert_eq!(narrow, "CREDIT     STATUS       DEBT\n4uQe…iofM  active  $8,362.49\n");
    }
}
