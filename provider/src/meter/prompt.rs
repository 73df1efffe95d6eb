//! Counts the tokens of prompts where no usage states them: a client that leaves early pays by it.

use {
    super::count::{LONGEST_LABEL, QUARTERS, WRITTEN, quarters, written_quarters},
    serde_json::{Map, Value},
};

/// Counts the tokens of a request's prompt: those of its texts as [`prompt_quarters`] does, and one for each number of a prompt of token
/// numbers. Embedded files and signatures count nothing.
pub(crate) fn prompt_tokens(body: &[u8]) -> u64 {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return 0 };
    let names = ["messages", "prompt", "input", "system", "instructions", "tools"];
    let (mut texts, mut numbers) = (0_u64, 0_u64);
    for value in names.iter().filter_map(|name| members.get(*name)) {
        visit(value, &mut |leaf| match leaf {
            Value::String(text) => texts = texts.saturating_add(prompt_quarters(text)),
            Value::Number(_) => numbers = numbers.saturating_add(1),
            // An object with names of its own.
            Value::Object(_) => texts = texts.saturating_add(written_quarters(leaf, prompt_quarters)),
            _ => {}
        });
    }
    texts.div_ceil(QUARTERS).saturating_add(numbers)
}

/// Counts the quarters of tokens of a text in a prompt: as [`quarters`] does, or by its words and signs where these are more. Code
/// and packed bytes have two or three bytes a token.
fn prompt_quarters(text: &str) -> u64 {
    let by_length = quarters(text);
    if text.len() <= LONGEST_LABEL { by_length } else { by_length.max(word_quarters(text)) }
}

/// The kinds of characters between which tokenizers divide a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Lower,
    Upper,
    Sign,
    /// A token by itself: a digit, or a character of three bytes or more.
    Alone,
}

impl Kind {
    fn from_char(character: char) -> Kind {
        match character {
            '0'..='9' => Kind::Alone,
            _ if character.is_whitespace() => Kind::Space,
            _ if character.len_utf8() > 2 => Kind::Alone,
            _ if character.is_uppercase() => Kind::Upper,
            _ if character.is_alphabetic() => Kind::Lower,
            _ => Kind::Sign,
        }
    }
}

/// Counts the quarters of tokens of a text by its words and signs: a word begins after each that is no letter and where small and
/// capital letters meet, two signs that stand together are half a token each from the second one on, and a single blank is none.
fn word_quarters(text: &str) -> u64 {
    use Kind::{Alone, Lower, Sign, Space, Upper};
    let (mut all, mut before, mut last) = (0_u64, Space, (Space, ' '));
    for character in text.chars() {
        let kind = Kind::from_char(character);
        let more = match (last.0, kind) {
            (_, Alone) => QUARTERS,
            (Sign, Sign) if last.1 == character => 0,
            (Sign, Sign) => QUARTERS / 2,
            // A word with one capital letter goes on.
            (Upper, Lower) if before != Upper => 0,
            (Space, Space) if before != Space => QUARTERS,
            (_, Space) => 0,
            (last, kind) if last == kind => 0,
            _ => QUARTERS,
        };
        all = all.saturating_add(more);
        (before, last) = (last.0, (kind, character));
    }
    all
}

/// Visits the values that are no lists and no objects of the API. Templates print objects that are written for or by a model with
/// all their names.
fn visit(value: &Value, leaf: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| visit(value, leaf)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, value)| !is_packed(name, value, members)) {
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
fn is_packed(name: &str, value: &Value, members: &Map<String, Value>) -> bool {
    match name {
        "data" => members.contains_key("format") || members.get("type").is_some_and(|kind| kind == "base64"),
        // A text that begins so is one; a model reads it.
        "audio_url" | "file_url" | "image_url" | "url" | "video_url" => {
            value.as_str().is_some_and(|address| address.starts_with("data:"))
        }
        "encrypted_content" | "file_data" | "signature" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use {super::*, serde_json::json};

    #[test]
    fn code_and_packed_bytes_have_fewer_bytes_a_token_than_prose() {
        let per_token = |text: &str| {
            let body = json!({"prompt": text}).to_string();
            text.len() as f64 / prompt_tokens(body.as_bytes()) as f64
        };
        let mut state = 7_u64;
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let packed: String = (0..4_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(alphabet[(state >> 58) as usize])
            })
            .collect();
        let code =
            "if (items[i].size() > 10) {\n        return foo_bar(items[i], &out); // ok\n    }\n".repeat(50);
        let prose = "The provider holds the units of a request before it calls the model, and settles them once the answer \
                     has ended. "
            .repeat(50);
        assert!((1.5..2.6).contains(&per_token(&packed)), "{}", per_token(&packed));
        assert!((1.5..3.0).contains(&per_token(&code)), "{}", per_token(&code));
        assert!((3.9..4.1).contains(&per_token(&prose)), "{}", per_token(&prose));
        let tool = json!({"messages": [{"content": [{"type": "tool_use", "input": {"text": packed}}]}]});
        assert!(prompt_tokens(tool.to_string().as_bytes()) > 1_600, "also in what a tool got");
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
        for text in ["data: ".to_string() + &bytes, "data:text/plain;base64,".to_string() + &bytes] {
            let body = json!({"messages": [{"role": "user", "content": text}]});
            assert!(prompt_tokens(body.to_string().as_bytes()) > 250, "a text is one, however it begins");
        }
        let digits = json!({"messages": [{"role": "user", "content": "7".repeat(40_000)}]});
        assert_eq!(prompt_tokens(digits.to_string().as_bytes()), 40_001);
        assert_eq!(prompt_tokens(br#"{"prompt":[[1,2,3],[4]]}"#), 4);
        assert_eq!(prompt_tokens(b"[]"), 0);
    }
}
