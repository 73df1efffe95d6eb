use super::*;

#[test]
fn columns_line_up() {
    let mut table = Table::new(["name", "share"]);
    table.add(["a longer name".to_string(), "9.5".to_string()]);
    table.add(["b".to_string(), "100.0".to_string()]);
    assert_eq!(table.to_string(), "name           share\na longer name    9.5\nb              100.0\n");
}

#[test]
fn thousands_are_grouped() {
    assert_eq!(
        [0, 999, 1_000, 1_234_567].map(blockable_service::text::thousands),
        ["0", "999", "1,000", "1,234,567"]
    );
}

#[test]
fn summaries_fill_their_table() {
    let summary = Summary { preset: "standard".to_string(), ..Summary::default() };
    let text = summaries_table(&[summary]).to_string();
    let (header, row) = text.split_once('\n').unwrap();
    assert_eq!(header.len(), row.trim_end().len());
    assert!(row.starts_with("standard"));
}
