//! Text of others, made safe for a terminal.

/// Removes what could move a terminal's cursor, hide a part of a line or turn its direction: control characters but for line breaks and
/// tabs, and Unicode's invisible and bidirectional ones. Names and messages of nodes, servers and files come from people who may want a
/// reader to see another thing than what is there.
pub fn printable(text: &str) -> String {
    text.chars().filter(|character| !is_treacherous(*character)).collect()
}

fn is_treacherous(character: char) -> bool {
    let is_control = character.is_control() && !matches!(character, '\n' | '\t');
    let is_invisible = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    is_control || is_invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_line() {
        for (text, shown) in [
            ("frozen\n\tall", "frozen\n\tall"),
            ("\u{1b}[2J\u{1b}[1;32mpaid", "[2J[1;32mpaid"),
            ("\u{9b}2Jgone\rdone\u{8}\u{7}", "2Jgonedone"),
            ("100\u{202e}001\u{2066}$\u{200b}\u{feff}", "100001$"),
            ("\u{1b}]8;;http://evil\u{1b}\\link", "]8;;http://evil\\link"),
            ("Zürich, 東京, 👍", "Zürich, 東京, 👍"),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }
}
