//! Counts tokens where no usage states them.

use serde_json::Value;

/// Parts into which a token is divided for counting.
pub(super) const QUARTERS: u64 = 4;
/// Signs of a run that are one token at least.
const RUN: u64 = 16;
/// Bytes of the longest label that is no text.
pub(super) const LONGEST_LABEL: usize = 64;
/// Members with labels of the API, which are no text.
const LABELS: &[&str] = &["finish_reason", "id", "index", "object", "role", "status", "stop_reason", "type"];
/// Members with bytes that are sealed, which are no text.
const SEALED: &[&str] = &["encrypted_content", "signature"];
/// Members in which a model writes objects with names of its own.
pub(super) const WRITTEN: &[&str] = &["args", "arguments", "input", "input_schema", "parameters", "schema"];

/// Text that was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: u64,
    quarters: u64,
}

impl Text {
    /// Adds a piece of so many quarters of a token; one of 0 is none.
    pub(crate) fn add(&mut self, quarters: u64) {
        self.pieces = self.pieces.saturating_add(u64::from(quarters > 0));
        self.quarters = self.quarters.saturating_add(quarters);
    }

    /// Adds another text.
    pub(crate) fn extend(&mut self, other: Text) {
        self.pieces = self.pieces.saturating_add(other.pieces);
        self.quarters = self.quarters.saturating_add(other.quarters);
    }

    /// Raises it to what has come of it in other events.
    pub(crate) fn raise(&mut self, quarters: u64) {
        self.quarters = self.quarters.max(quarters);
    }

    /// True where nothing was delivered.
    pub(crate) fn is_empty(&self) -> bool {
        self.quarters == 0
    }

    /// Counts its tokens, however it was cut into pieces.
    pub(crate) fn weight(&self) -> u64 {
        self.quarters.div_ceil(QUARTERS)
    }

    /// Counts its tokens, rounded up, and one for each piece at least.
    pub(crate) fn tokens(&self) -> u64 {
        self.weight().max(self.pieces)
    }
}

/// Counts the quarters of tokens of a text: a digit, and a character of three bytes or more, is a token; of all else, which
/// vocabularies have in longer pieces, four bytes are one. A run of one sign, as in a ruled line or an indentation, has a token for
/// each [`RUN`] of them.
pub(crate) fn quarters(text: &str) -> u64 {
    let (mut all, mut last, mut place) = (0_u64, None, 0_u64);
    for character in text.chars() {
        let alone = match character.len_utf8() as u64 {
            _ if character.is_ascii_digit() => QUARTERS,
            bytes @ (1 | 2) => bytes,
            _ => QUARTERS,
        };
        place = match last == Some(character) && makes_runs(character) {
            true => (place + 1) % RUN,
            false => 0,
        };
        last = Some(character);
        // The first ones make the token of the run.
        all = all.saturating_add(alone.min(QUARTERS.saturating_sub(alone * place)));
    }
    all
}

/// True for signs of which vocabularies have runs: those of ASCII that are no letters or digits, dashes and dots, lines and blocks.
fn makes_runs(character: char) -> bool {
    match character {
        '\u{a0}' | '\u{b7}' | '\u{2010}'..='\u{2027}' | '\u{2500}'..='\u{259f}' | '\u{3000}' => true,
        other => other.is_ascii() && !other.is_ascii_alphanumeric(),
    }
}

/// Counts the quarters of tokens of the texts in a value, without the labels of the API and without bytes that are sealed.
pub(crate) fn text_quarters(value: &Value) -> u64 {
    match value {
        Value::String(text) => quarters(text),
        Value::Array(list) => sum(list.iter().map(text_quarters)),
        Value::Object(members) => sum(members.iter().map(|(name, value)| member_quarters(name, value))),
        _ => 0,
    }
}

fn member_quarters(name: &str, value: &Value) -> u64 {
    match value {
        _ if SEALED.contains(&name) => 0,
        _ if WRITTEN.contains(&name) => written_quarters(value, quarters),
        Value::String(label) if is_label(name, label) => 0,
        _ => text_quarters(value),
    }
}

/// True for a text in a member of labels that can be one.
pub(super) fn is_label(name: &str, text: &str) -> bool {
    LABELS.contains(&name) && text.len() <= LONGEST_LABEL
}

/// Counts the quarters of tokens of all that stands in an object with names of its own: names, numbers and texts, each by `count`.
pub(super) fn written_quarters(value: &Value, count: fn(&str) -> u64) -> u64 {
    match value {
        Value::Null => 0,
        Value::String(text) => count(text),
        Value::Array(list) => sum(list.iter().map(|value| written_quarters(value, count))),
        Value::Object(members) => sum(members
            .iter()
            .map(|(name, value)| count(name).saturating_add(written_quarters(value, count)))),
        Value::Bool(_) | Value::Number(_) => count(&value.to_string()),
    }
}

fn sum(quarters: impl Iterator<Item = u64>) -> u64 {
    quarters.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use {super::*, serde_json::json};

    #[test]
    fn a_piece_is_a_token_at_least_and_four_bytes_are_one() {
        let count = |pieces: &[&str]| {
            let mut text = Text::default();
            pieces.iter().for_each(|piece| text.add(quarters(piece)));
            text.tokens()
        };
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&["", ""]), 0);
        assert_eq!(count(&["a", "b", "c"]), 3);
        assert_eq!(count(&["a whole sentence of some bytes, ok."]), 9);
        assert_eq!(count(&["\u{6f22}\u{5b57}"]), 2);
    }

    /// Vocabularies such as Qwen's have each digit as a token, and rare scripts in tokens of a character or less.
    #[test]
    fn digits_and_characters_of_three_bytes_are_a_token_each() {
        for (text, tokens) in [
            ("40000", 5),
            ("a 1", 2),
            ("\u{6f22}\u{5b57}\u{3002}", 3),
            ("\u{10df}\u{1f600}", 2),
            ("\u{43f}\u{440}\u{438}\u{432}", 2),
            ("words of ascii!!", 4),
        ] {
            assert_eq!(quarters(text).div_ceil(4), tokens, "{text}");
        }
    }

    #[test]
    fn a_run_of_one_sign_is_a_token_for_each_sixteen() {
        for (text, tokens) in [
            ("-".repeat(64), 4),
            (" ".repeat(16), 1),
            ("=".repeat(17), 2),
            ("\u{2500}".repeat(64), 4),
            ("--".to_string(), 1),
            ("-=".repeat(8), 4),
            ("x".repeat(64), 16),
            ("7".repeat(64), 64),
            ("\u{1f600}".repeat(4), 4),
        ] {
            assert_eq!(quarters(&text).div_ceil(4), tokens, "{text}");
        }
    }

    #[test]
    fn labels_are_no_text_but_what_a_model_writes_is() {
        let long = "x".repeat(16_000);
        for (value, tokens) in [
            (json!({"type": "tool_use", "id": "toolu_1234567890", "name": "find", "input": {}}), 1),
            (json!({"type": "tool_use", "name": "find", "input": {"id": long, "type": [true, 25]}}), 4_006),
            (json!({"type": "function_call", "status": "completed", "arguments": "{\"id\":7}"}), 3),
            (json!({"type": long}), 4_000),
            (json!({"text": "four", "signature": long, "encrypted_content": long}), 1),
        ] {
            assert_eq!(
                text_quarters(&value).div_ceil(4),
                tokens,
                "{}",
                &value.to_string()[..60.min(value.to_string().len())]
            );
        }
    }
}
