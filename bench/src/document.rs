use {
    super::{BenchError, figures::Row},
    blockable_service::text::thousands,
    std::{fs, path::Path},
};

/// The name of the table of compute units.
const CU: &str = "cu";
/// Largest difference between a committed figure and the measured one, in percent.
const TOLERANCE_PERCENT: u64 = 2;

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut table = String::from("| instruction | runs | min | median | max | bound |\n");
    table.push_str("|---|--:|--:|--:|--:|--:|\n");
    for row in rows {
        let figures = [row.runs as u64, row.min, row.median, row.max, row.bound];
        let cells: Vec<String> = figures.into_iter().map(thousands).collect();
        table.push_str(&format!("| {} | {} |\n", row.instruction, cells.join(" | ")));
    }
    table
}

/// Replaces the table in a file. Errors: [`BenchError::File`], [`BenchError::NoMarkers`].
pub fn write(path: &Path, rows: &[Row]) -> Result<(), BenchError> {
    replace(path, CU, &table(rows))
}

/// Replaces the table of a bench in a file. Errors: [`BenchError::File`], [`BenchError::NoMarkers`].
pub fn replace(path: &Path, bench: &str, table: &str) -> Result<(), BenchError> {
    let text = read(path)?;
    let (before, _, after) = split(path, bench, &text)?;
    let text = format!("{before}\n{table}{after}");
    fs::write(path, text).map_err(|source| BenchError::File { path: name(path), source })
}

/// Requires that the table in a file is what was measured. Errors: [`BenchError::Stale`], as [`write`].
pub fn check(path: &Path, rows: &[Row]) -> Result<(), BenchError> {
    let text = read(path)?;
    let (_, committed, _) = split(path, CU, &text)?;
    let differences = differences(&parse(committed), rows);
    if differences.is_empty() {
        return Ok(());
    }
    Err(BenchError::Stale { path: name(path), differences })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn read(path: &Path) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|source| BenchError::File { path: name(path), source })
}

/// The lines above and below a bench's table.
fn markers(bench: &str) -> [String; 2] {
    ["begin", "end"].map(|side| format!("<!-- bench {bench}: {side} -->"))
}

/// The text up to and with the first marker, between the markers, and from the second one on.
fn split<'a>(path: &Path, bench: &str, text: &'a str) -> Result<(&'a str, &'a str, &'a str), BenchError> {
    let [first, second] = markers(bench);
    let missing = || BenchError::NoMarkers { path: name(path), bench: bench.to_string() };
    let begin = text.find(&first).ok_or_else(missing)? + first.len();
    let end = begin + text[begin..].find(&second).ok_or_else(missing)?;
    Ok((&text[..begin], &text[begin..end], &text[end..]))
}

/// A committed row: its name, and min, median, max and bound.
type Committed = (String, Vec<u64>);

fn parse(table: &str) -> Vec<Committed> {
    let line = |line: &str| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let (name, rest) = cells.split_first()?;
        let figures: Result<Vec<u64>, _> = rest.iter().map(|cell| cell.replace(',', "").parse()).collect();
        Some((name.to_string(), figures.ok()?.split_off(1)))
    };
    table.lines().filter(|text| text.starts_with('|')).filter_map(line).collect()
}

fn differences(committed: &[Committed], rows: &[Row]) -> Vec<String> {
    let mut differences = Vec::new();
    for row in rows {
        match committed.iter().find(|(name, _)| name == row.instruction) {
            None => differences.push(format!("{} has no row", row.instruction)),
            Some((_, figures)) if agree(figures, row) => {}
            Some(_) => differences.push(format!("{} differs, max is {}", row.instruction, row.max)),
        }
    }
    let known = |name: &String| rows.iter().any(|row| row.instruction == name);
    let strays = committed.iter().filter(|(name, _)| !known(name));
    differences.extend(strays.map(|(name, _)| format!("{name} is not measured")));
    differences
}

fn agree(committed: &[u64], row: &Row) -> bool {
    let [min, median, max, bound] = committed else { return false };
    let close = |a: u64, b: u64| a.abs_diff(b) * 100 <= b * TOLERANCE_PERCENT;
    close(*min, row.min) && close(*median, row.median) && close(*max, row.max) && *bound == row.bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(instruction: &'static str, max: u64) -> Row {
        Row { instruction, runs: 3, min: 900, median: 1_000, max, bound: 1_234_567, ok: true }
    }

    #[test]
    fn a_table_reads_back_and_agrees_with_its_rows() {
        let rows = [row("credit_freeze", 2_000), row("usage_meter, 2 reporters: fixed", 1_000_000)];
        let text = table(&rows);
        assert!(text.contains("| credit_freeze | 3 | 900 | 1,000 | 2,000 | 1,234,567 |"), "{text}");
        assert_eq!(differences(&parse(&text), &rows), Vec::<String>::new());
    }

    #[test]
    fn figures_within_two_percent_agree_and_others_are_named() {
        let committed = parse(&table(&[row("a", 1_020), row("b", 1_021), row("old", 1)]));
        let rows = [row("a", 1_000), row("b", 1_000), row("new", 1)];
        let expected = ["b differs, max is 1000", "new has no row", "old is not measured"];
        assert_eq!(differences(&committed, &rows), expected);
        let mut moved = row("a", 1_000);
        moved.bound += 1;
        assert_eq!(differences(&committed[..1], &[moved]), ["a differs, max is 1000"]);
    }

    #[test]
    fn a_file_keeps_what_is_around_its_table() {
        let [begin, end] = markers("x");
        let text = format!("intro\n{begin}\nold\n{end}\noutro\n");
        let (before, table, after) = split(Path::new("x.md"), "x", &text).unwrap();
        assert_eq!((before, table), (format!("intro\n{begin}").as_str(), "\nold\n"));
        assert_eq!(after, format!("{end}\noutro\n"));
        let other = split(Path::new("x.md"), "y", &text);
        assert!(matches!(other, Err(BenchError::NoMarkers { .. })));
    }
}
