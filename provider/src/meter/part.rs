//! Counts the text of an answer whose body is not whole.

use {
    super::count::{is_label, quarters},
    bytes::BytesMut,
    serde::{
        Deserializer,
        de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
    },
    std::{cell::Cell, fmt},
};

/// Members that have no text which the model has written.
const LEFT_OUT: &[&str] = &[
    "b64_json",
    "created",
    "encrypted_content",
    "logprobs",
    "model",
    "object",
    "prompt_logprobs",
    "signature",
    "system_fingerprint",
    "top_logprobs",
    "usage",
];

/// Counts the tokens of the texts in the beginning of an answer that is not streamed. 0 where it is no JSON.
pub(crate) fn tokens_of_part(mut body: BytesMut) -> u64 {
    let valid = str::from_utf8(&body).map_or_else(|error| error.valid_up_to(), str::len);
    let text = body.get(..valid).and_then(|valid| str::from_utf8(valid).ok()).unwrap_or_default();
    body.truncate(without_cut_escape(text).len());
    // The quotation mark ends the text that was cut; where none was, it begins one that does not count.
    body.extend_from_slice(b"\"");
    let counted = Cell::new(0);
    // What was read before the end that is missing has been counted.
    let _ =
        (Texts { counted: &counted, name: "" }).deserialize(&mut serde_json::Deserializer::from_slice(&body));
    counted.get().div_ceil(4)
}

/// Length of an escape with a number, as `\u00e4`.
const NUMBERED: usize = 6;

/// The text up to an escape that has not come whole. A character above U+FFFF has two, which are one.
fn without_cut_escape(text: &str) -> &str {
    let mut whole = text;
    while let Some((before, _)) = whole.rsplit_once('\\') {
        let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let escape = whole.get(before.len()..).unwrap_or_default();
        let is_complete = match escape.as_bytes().get(1) {
            None => false,
            Some(b'u') => escape.len() > NUMBERED || (escape.len() == NUMBERED && !is_first_half(escape)),
            Some(_) => true,
        };
        // One that stands after an odd number of them is escaped itself.
        if is_complete || backslashes % 2 == 1 {
            break;
        }
        whole = before;
    }
    whole
}

/// True for the escape of a surrogate that another one must follow.
fn is_first_half(escape: &str) -> bool {
    let number = escape.get(2..).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    number.is_some_and(|number| (0xd800..0xdc00).contains(&number))
}

/// Counts the texts in a value, in quarters of tokens, while it is read.
#[derive(Clone, Copy)]
struct Texts<'a> {
    counted: &'a Cell<u64>,
    /// The member that the value stands in.
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !is_label(self.name, text) {
            self.counted.set(self.counted.get().saturating_add(quarters(text)));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if LEFT_OUT.contains(&name.as_str()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Texts { name: &name, ..self })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(body: &[u8]) -> u64 {
        tokens_of_part(body.into())
    }

    #[test]
    fn the_text_of_a_body_counts_as_far_as_it_has_come() {
        let body = r#"{"id":"chatcmpl-1","model":"a long name of a model","choices":[{"index":0,"finish_reason":"stop",
            "logprobs":{"content":[{"token":"sixteen bytes .."}]},"message":{"role":"assistant","content":"sixteen bytes .."}}],
            "usage":{"prompt_tokens":3}}"#;
        assert_eq!(tokens(body.as_bytes()), 4);
        let cut = &body[..body.rfind("bytes ..").unwrap()];
        assert_eq!(tokens(cut.as_bytes()), 2, "of a text that is cut what has come");
        let all: Vec<u64> = (0..=body.len()).map(|end| tokens(&body.as_bytes()[..end])).collect();
        assert!(all.is_sorted() && all.last() == Some(&4), "{all:?}");
        let escaped =
            r#"{"text":"a\nb\"c\\d\\\ne\u00e4f\u6f22\ud83d\ude00g\ud83d\ude00\ud83d\ude00 h","more":"a \\"}"#;
        let all: Vec<u64> = (0..=escaped.len()).map(|end| tokens(&escaped.as_bytes()[..end])).collect();
        assert!(all.is_sorted() && all.last() == Some(&9), "{all:?}");
        for none in ["", "<html>", "{", "data: {\"choices\":[]}", "[1,", "{\"a\":1.5e3,\"b\":[true,null,-1"] {
            assert_eq!(tokens(none.as_bytes()), 0, "{none}");
        }
        assert_eq!(tokens("{\"text\":\"\u{6f22}".as_bytes().split_last().unwrap().1), 0, "half a character");
    }
}
