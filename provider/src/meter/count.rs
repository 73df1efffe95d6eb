//! Counts tokens where no usage states them.

use serde_json::{Map, Value};

/// Parts into which a token is divided for counting.
const QUARTERS: u64 = 4;
/// Bytes of the longest label that is no text.
const LONGEST_LABEL: usize = 64;
/// Members with labels of the API, which are no text.
const LABELS: &[&str] = &["finish_reason", "id", "index", "object", "role", "status", "stop_reason", "type"];
/// Members with bytes that are sealed, which are no text.
const SEALED: &[&str] = &["encrypted_content", "signature"];
/// Members in which a model writes objects with names of its own.
const WRITTEN: &[&str] = &["args", "arguments", "input", "input_schema", "parameters", "schema"];

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
/// vocabularies have in longer pieces, four bytes are one.
pub(crate) fn quarters(text: &str) -> u64 {
    let count = |character: char| match character.len_utf8() as u64 {
        _ if character.is_ascii_digit() => QUARTERS,
        bytes @ (1 | 2) => bytes,
        _ => QUARTERS,
    };
    text.chars().map(count).fold(0, u64::saturating_add)
}

/// Counts the tokens of a request's prompt: those of its texts as [`quarters`] does, and one for each number of a prompt of token
/// numbers. Embedded files and signatures count nothing.
pub(crate) fn prompt_tokens(body: &[u8]) -> u64 {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return 0 };
    let names = ["messages", "prompt", "input", "system", "instructions", "tools"];
    let (mut texts, mut numbers) = (0_u64, 0_u64);
    for value in names.iter().filter_map(|name| members.get(*name)) {
        visit(value, &mut |leaf| match leaf {
            Value::String(text) if !text.starts_with("data:") => texts = texts.saturating_add(quarters(text)),
            Value::Number(_) => numbers = numbers.saturating_add(1),
            // An object with names of its own.
            Value::Object(_) => texts = texts.saturating_add(written_quarters(leaf)),
            _ => {}
        });
    }
    texts.div_ceil(QUARTERS).saturating_add(numbers)
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
        _ if WRITTEN.contains(&name) => written_quarters(value),
        Value::String(label) if is_label(name, label) => 0,
        _ => text_quarters(value),
    }
}

/// True for a text in a member of labels that can be one.
pub(super) fn is_label(name: &str, text: &str) -> bool {
    LABELS.contains(&name) && text.len() <= LONGEST_LABEL
}

/// Counts the quarters of tokens of all that a model has written in an object of its own: names, numbers and texts.
fn written_quarters(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::String(text) => quarters(text),
        Value::Array(list) => sum(list.iter().map(written_quarters)),
        Value::Object(members) => {
            sum(members.iter().map(|(name, value)| quarters(name).saturating_add(written_quarters(value))))
        }
        Value::Bool(_) | Value::Number(_) => quarters(&value.to_string()),
    }
}

fn sum(quarters: impl Iterator<Item = u64>) -> u64 {
    quarters.fold(0, u64::saturating_add)
}

/// Visits the values that are no lists and no objects of the API. Templates print objects that are written for or by a model with
/// all their names.
fn visit(value: &Value, leaf: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| visit(value, leaf)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !is_packed(name, members)) {
                match value {
                    Value::Object(_) if WRITTEN.contains(&name.as_str()) => leaf(value),
                    value => visit(value, leaf),
                }
            }
        }
        other => leaf(other),
    }
}

/// True for a member of an object that holds bytes in base64, which a model never reads as text: an image, a sound or a file, or
/// the seal of earlier thoughts.
fn is_packed(name: &str, members: &Map<String, Value>) -> bool {
    match name {
        "data" => members.contains_key("format") || members.get("type").is_some_and(|kind| kind == "base64"),
        "encrypted_content" | "file_data" | "signature" => true,
        _ => false,
    }
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
        let digits = json!({"messages": [{"role": "user", "content": "7".repeat(40_000)}]});
        assert_eq!(prompt_tokens(digits.to_string().as_bytes()), 40_001);
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

    #[test]
    fn a_prompt_counts_its_texts_and_token_numbers_and_no_files() {
        let body = json!({"model": "a long name that counts nothing", "temperature": 1, "messages": [
            {"role": "user", "content": "twelve bytes"},
            {"role": "user", "content": [{"type": "text", "text": "more"},
                {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", "A".repeat(1_000))}}]}]});
        let texts = "user".len() * 2 + "twelve bytes".len() + "textmore".len() + "image_url".len();
        assert_eq!(prompt_tokens(body.to_string().as_bytes()), texts.div_ceil(4) as u64);
        let bytes = "A".repeat(1_000);
        for file in [
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": bytes}}),
            json!({"type": "input_audio", "input_audio": {"format": "wav", "data": bytes}}),
            json!({"type": "file", "file": {"file_data": bytes}}),
            json!({"type": "thinking", "thinking": "hm", "signature": bytes}),
            json!({"type": "reasoning", "encrypted_content": bytes}),
        ] {
            let body = json!({"messages": [{"role": "user", "content": [file]}]});
            assert!(prompt_tokens(body.to_string().as_bytes()) < 20, "{body}");
        }
        let document = json!({"messages": [{"content": [{"source": {"type": "text", "media_type": "text/plain", "data": bytes}}]}]});
        assert!(prompt_tokens(document.to_string().as_bytes()) > 250, "a document may be text");
        let tool = json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {"data": bytes}}]}]});
        assert!(prompt_tokens(tool.to_string().as_bytes()) > 250, "a member of that name may be text");
        let name = "x".repeat(1_000);
        for named in [
            json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {&name: {}}}}}]}),
            json!({"tools": [{"name": "f", "input_schema": {"properties": {&name: {}}}}]}),
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {&name: 1}}]}]}),
        ] {
            assert!(prompt_tokens(named.to_string().as_bytes()) > 250, "templates print names: {named}");
        }
        assert_eq!(prompt_tokens(br#"{"prompt":[[1,2,3],[4]]}"#), 4);
        assert_eq!(prompt_tokens(b"[]"), 0);
    }
}
