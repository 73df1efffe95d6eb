//! Counts tokens where no usage states them.

use serde_json::{Map, Value};

/// Bytes of text that count as one token.
const TOKEN_BYTES: u64 = 4;

/// Text that was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pieces: u64,
    bytes: u64,
}

impl Text {
    /// Adds a piece; an empty one is none.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.pieces = self.pieces.saturating_add(u64::from(bytes > 0));
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Adds another text.
    pub(crate) fn extend(&mut self, other: Text) {
        self.pieces = self.pieces.saturating_add(other.pieces);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// True where nothing was delivered.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Counts one token for every four bytes of UTF-8 that are begun, and one for each piece at least.
    pub(crate) fn tokens(&self) -> u64 {
        self.bytes.div_ceil(TOKEN_BYTES).max(self.pieces)
    }
}

/// Counts the tokens of a request's prompt: one for every four bytes of its texts that are begun, and one for each number of a
/// prompt of token numbers. Embedded files and signatures count nothing.
pub(crate) fn prompt_tokens(body: &[u8]) -> u64 {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return 0 };
    let names = ["messages", "prompt", "input", "system", "instructions", "tools"];
    let (mut bytes, mut numbers) = (0_u64, 0_u64);
    for value in names.iter().filter_map(|name| members.get(*name)) {
        visit(value, &mut |leaf| match leaf {
            Value::String(text) if !text.starts_with("data:") => {
                bytes = bytes.saturating_add(text.len() as u64)
            }
            Value::Number(_) => numbers = numbers.saturating_add(1),
            _ => {}
        });
    }
    bytes.div_ceil(TOKEN_BYTES).saturating_add(numbers)
}

/// Counts the bytes of the texts in a value. Members of these names are no text.
pub(crate) fn text_bytes(value: &Value) -> u64 {
    const NO_TEXT: &[&str] = &[
        "encrypted_content",
        "finish_reason",
        "id",
        "index",
        "object",
        "role",
        "signature",
        "status",
        "stop_reason",
        "type",
    ];
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(list) => list.iter().map(text_bytes).fold(0, u64::saturating_add),
        Value::Object(members) => {
            let texts = members.iter().filter(|(name, _)| !NO_TEXT.contains(&name.as_str()));
            texts.map(|(_, value)| text_bytes(value)).fold(0, u64::saturating_add)
        }
        _ => 0,
    }
}

/// Visits the values that are no lists and no objects.
fn visit(value: &Value, leaf: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| visit(value, leaf)),
        Value::Object(members) => {
            let read = members.iter().filter(|(name, _)| !is_packed(name, members));
            read.for_each(|(_, value)| visit(value, leaf));
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
            pieces.iter().for_each(|piece| text.add(piece.len() as u64));
            text.tokens()
        };
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&["", ""]), 0);
        assert_eq!(count(&["a", "b", "c"]), 3);
        assert_eq!(count(&["a whole sentence of 32 bytes, ok."]), 9);
        assert_eq!(count(&["\u{6f22}\u{5b57}"]), 2);
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
        assert_eq!(prompt_tokens(br#"{"prompt":[[1,2,3],[4]]}"#), 4);
        assert_eq!(prompt_tokens(b"[]"), 0);
    }
}
