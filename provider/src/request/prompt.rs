//! A bound on the tokens of a prompt: a token is made of at least one byte of text.

use {
    super::raw::Fields,
    crate::{config::ModelConfig, error::ApiError},
    serde::{
        Deserialize, Deserializer,
        de::{Error, SeqAccess, Visitor},
    },
    serde_json::value::RawValue,
    std::fmt,
};

/// Bytes of the longest usual role, `"assistant"` or `"developer"`.
const USUAL_ROLE: u64 = 11;

/// Bounds the tokens of the messages of a chat, without what the template adds to the whole.
pub(super) fn messages(input: &RawValue, model: &ModelConfig) -> Result<u64, ApiError> {
    let wrong = |what: &str| ApiError::param("messages", format!("`messages` must be {what}"));
    let messages: Vec<Fields> = serde_json::from_str(input.get())
        .map_err(|error| wrong(&format!("a list of messages with distinct members ({error})")))?;
    if messages.is_empty() {
        return Err(wrong("a list of at least one message"));
    }
    let overhead = model.overhead_tokens_per_message;
    // One more for the start of the answer.
    let mut tokens = overhead;
    for message in &messages {
        tokens = tokens.saturating_add(overhead);
        if let Some(value) = message.get("content") {
            tokens = tokens.saturating_add(content(value, model)?);
        }
        // The overhead covers the usual roles; templates print any text that comes as one.
        let role = message.get("role").map_or(0, |role| role.get().len() as u64);
        tokens = tokens.saturating_add(if role > USUAL_ROLE { role } else { 0 });
        for (name, value) in message.others(&["role", "content"]) {
            tokens = tokens.saturating_add((name.len() + value.get().len()) as u64);
        }
    }
    Ok(tokens)
}

fn content(value: &RawValue, model: &ModelConfig) -> Result<u64, ApiError> {
    if let Ok(Length(bytes)) = serde_json::from_str(value.get()) {
        return Ok(bytes);
    }
    let parts: Vec<Fields> = serde_json::from_str(value.get()).map_err(|_| {
        ApiError::param("messages", "a message's `content` must be a text or a list of parts")
    })?;
    let mut tokens = 0_u64;
    for part in &parts {
        tokens = tokens.saturating_add(part_tokens(part, model)?);
    }
    Ok(tokens)
}

fn part_tokens(part: &Fields, model: &ModelConfig) -> Result<u64, ApiError> {
    let text = |name: &str| {
        let Length(bytes) = serde_json::from_str(part.get(name)?.get()).ok()?;
        Some(bytes)
    };
    let kind: Option<String> = part.get("type").and_then(|value| serde_json::from_str(value.get()).ok());
    let others = |known: &[&str]| -> u64 {
        part.others(known).map(|(name, value)| (name.len() + value.get().len()) as u64).sum()
    };
    let bytes = match kind.as_deref() {
        Some(kind @ ("text" | "refusal")) => text(kind).map(|bytes| bytes + others(&["type", kind])),
        Some(_) => match model.tokens_per_part {
            Some(tokens) => Some(tokens),
            None => {
                let message = "this model takes only text; remove the parts of other types";
                let error = ApiError::param("messages", message);
                return Err(ApiError { code: "unsupported_content", ..error });
            }
        },
        None => None,
    };
    bytes.ok_or_else(|| ApiError::param("messages", "a part needs a `type`, and one of type text a `text`"))
}

/// Bounds the tokens of each prompt of a text completion.
pub(super) fn texts(input: &RawValue) -> Result<Vec<u64>, ApiError> {
    let wanted = "`prompt` must be a text, a list of texts, a list of tokens or a list of such lists";
    let wrong = || ApiError::param("prompt", wanted);
    let text = input.get();
    if let Ok(Length(bytes)) = serde_json::from_str(text) {
        return Ok(vec![bytes]);
    }
    if let Ok(Tokens(count)) = serde_json::from_str(text) {
        return if count == 0 { Err(wrong()) } else { Ok(vec![count]) };
    }
    if let Ok(texts) = serde_json::from_str::<Vec<Length>>(text) {
        return Ok(texts.into_iter().map(|Length(bytes)| bytes).collect());
    }
    let lists: Vec<Tokens> = serde_json::from_str(text).map_err(|_| wrong())?;
    Ok(lists.into_iter().map(|Tokens(count)| count).collect())
}

/// The bytes of a text, without a copy of it.
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LengthVisitor;
        impl Visitor<'_> for LengthVisitor {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Length, E> {
                Ok(Length(text.len() as u64))
            }
        }
        deserializer.deserialize_str(LengthVisitor)
    }
}

/// The count of numbers in a list.
struct Tokens(u64);

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TokensVisitor;
        impl<'de> Visitor<'de> for TokensVisitor {
            type Value = Tokens;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tokens")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tokens, A::Error> {
                let mut count = 0;
                while list.next_element::<u64>()?.is_some() {
                    count += 1;
                }
                Ok(Tokens(count))
            }
        }
        deserializer.deserialize_seq(TokensVisitor)
    }
}
