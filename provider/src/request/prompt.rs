//! Bounds on the tokens of what a request gives a model to read.

use {
    super::{
        counted::{AROUND_PART, member},
        raw::Fields,
        values::{TokenCount, with_text},
    },
    crate::{
        config::{MediaKind, ModelConfig},
        error::ApiError,
        tokens::{Rules, printed_text, text},
    },
    serde_json::value::RawValue,
    std::fmt,
};

/// Bytes of the longest usual role, `"assistant"` or `"developer"`.
const USUAL_ROLE: u64 = 11;
/// Most levels of contents within contents: the result of a tool is one.
const DEEPEST: u32 = 4;

/// Parts that are printed as they stand.
const PARTS: &[&str] = &[
    "input_text",
    "output_text",
    "reasoning",
    "reasoning_text",
    "redacted_thinking",
    "refusal",
    "summary_text",
    "text",
    "thinking",
    "tool_reference",
    "tool_result",
    "tool_use",
];
/// Items of a list of inputs beside messages.
const ITEMS: &[&str] = &[
    "custom_tool_call",
    "custom_tool_call_output",
    "function_call",
    "function_call_output",
    "message",
    "reasoning",
];
/// Members that hold the data of an image, a sound, a video or a file, which a model never reads as text.
const MEDIA: &[&str] = &[
    "audio",
    "audio_url",
    "cache_control",
    "detail",
    "file",
    "file_data",
    "filename",
    "image",
    "image_url",
    "input_audio",
    "media_type",
    "source",
    "type",
    "uuid",
    "video",
    "video_url",
];

/// Bounds the tokens of a model's input, for a parameter of the request.
pub(super) struct Reader<'a> {
    model: &'a ModelConfig,
    rules: &'static Rules,
    param: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads a parameter for a model.
    pub(super) fn new(model: &'a ModelConfig, param: &'static str) -> Reader<'a> {
        Reader { model, rules: model.family.rules(), param }
    }

    fn wrong(&self, what: impl fmt::Display) -> ApiError {
        ApiError::param(self.param, format!("`{}` must be {what}", self.param))
    }

    /// Bounds the tokens of the messages of a chat, with the start of the answer.
    pub(super) fn messages(&self, input: &RawValue) -> Result<u64, ApiError> {
        let messages: Vec<Fields> = serde_json::from_str(input.get()).map_err(|error| {
            self.wrong(format_args!("a list of messages with distinct members ({error})"))
        })?;
        if messages.is_empty() {
            return Err(self.wrong("a list of at least one message"));
        }
        let mut tokens = self.model.per_message();
        for message in &messages {
            tokens = tokens.saturating_add(self.message(message)?);
        }
        Ok(tokens)
    }

    /// Bounds the tokens of a text, or of a list of messages, calls of tools and their results.
    pub(super) fn items(&self, input: &RawValue) -> Result<u64, ApiError> {
        let overhead = self.model.per_message().saturating_mul(2);
        if let Some(tokens) = self.text(input) {
            return Ok(tokens.saturating_add(overhead));
        }
        let items: Vec<Fields> = serde_json::from_str(input.get()).map_err(|error| {
            self.wrong(format_args!("a text or a list of items with distinct members ({error})"))
        })?;
        let kind = |item: &Fields| item.get("type").map(|kind| kind.get().trim_matches('"').to_string());
        for item in &items {
            let kind = kind(item).unwrap_or_else(|| "message".to_string());
            if !ITEMS.contains(&kind.as_str()) {
                return Err(
                    self.unsupported(format!("items of type {kind:?} are not supported; remove them"))
                );
            }
        }
        let tokens = items.iter().try_fold(overhead, |tokens, item| {
            let more = self.message(item)?.saturating_add(self.rules.per_tool);
            Ok::<_, ApiError>(tokens.saturating_add(more))
        })?;
        Ok(tokens)
    }

    /// Bounds the tokens of a text, or of a list of parts, that the template prints as a message of its own.
    pub(super) fn instructions(&self, input: &RawValue) -> Result<u64, ApiError> {
        Ok(self.content(input, false, 0)?.saturating_add(self.model.per_message()))
    }

    fn message(&self, message: &Fields) -> Result<u64, ApiError> {
        let mut tokens = self.model.per_message();
        // The overhead covers the usual roles; templates print any text that comes as one.
        let role = message.get("role").map_or("", RawValue::get);
        if role.len() as u64 > USUAL_ROLE {
            tokens = tokens.saturating_add(self.printed("role", role)?);
        }
        // Some templates print the results of tools as JSON.
        let quoted = !matches!(role, r#""user""# | r#""assistant""# | r#""system""# | r#""developer""#);
        for (name, value) in message.all() {
            let more = match name {
                "role" => 0,
                "content" | "output" | "summary" if value.get() == "null" => 0,
                "content" | "output" | "summary" => self.content(value, quoted, 0)?,
                "audio" if value.get() != "null" => {
                    let message =
                        "earlier answers in sound are not supported; remove `audio` from the message";
                    return Err(self.unsupported(message));
                }
                "tool_calls" => {
                    let calls =
                        serde_json::from_str(value.get()).map_or(1, |list: Vec<&RawValue>| list.len());
                    let around = self.rules.per_tool.saturating_mul(calls as u64);
                    self.printed(name, value.get())?.saturating_add(around)
                }
                _ => self.printed(name, value.get())?,
            };
            tokens = tokens.saturating_add(more);
        }
        Ok(tokens)
    }

    /// Bounds the tokens of a content: a text or parts. A quoted one may be printed as JSON.
    fn content(&self, value: &RawValue, quoted: bool, depth: u32) -> Result<u64, ApiError> {
        let texts = |text_of: &str| match quoted {
            true => printed_text(self.rules, &self.rules.calls, text_of, 0).saturating_add(2),
            false => text(self.rules.normalisation, text_of),
        };
        if let Some(tokens) = with_text(value, texts) {
            return Ok(tokens);
        }
        if depth == DEEPEST {
            return Err(self.wrong(format_args!("contents of at most {DEEPEST} levels")));
        }
        let parts: Vec<Fields> = serde_json::from_str(value.get())
            .map_err(|_| self.wrong("made of contents that are a text or a list of parts"))?;
        let mut tokens = 0_u64;
        for part in &parts {
            tokens = tokens.saturating_add(self.part(part, quoted, depth)?).saturating_add(AROUND_PART);
        }
        Ok(tokens)
    }

    fn part(&self, part: &Fields, quoted: bool, depth: u32) -> Result<u64, ApiError> {
        let kind: Option<String> = part.get("type").and_then(|value| serde_json::from_str(value.get()).ok());
        let without = || self.wrong("made of parts with a `type`, and a `text` in one of type text");
        let kind = kind.ok_or_else(without)?;
        if let Some(media) = MediaKind::of_part(&kind) {
            let tokens = self.model.part_tokens.get(media).ok_or_else(|| {
                self.unsupported(format!("this model takes no parts of type {kind:?}; remove them"))
            })?;
            let written = part.get("source").filter(|source| is_text(source));
            let others = part.others(MEDIA).chain(written.map(|source| ("source", source)));
            return others.into_iter().try_fold(tokens, |tokens, (name, value)| {
                Ok(tokens.saturating_add(self.printed(name, value.get())?))
            });
        }
        if !PARTS.contains(&kind.as_str()) {
            return Err(self.unsupported(format!("parts of type {kind:?} are not supported; remove them")));
        }
        if matches!(kind.as_str(), "text" | "refusal")
            && part.get(&kind).and_then(|value| self.text(value)).is_none()
        {
            return Err(without());
        }
        let mut tokens = if kind.starts_with("tool") { self.rules.per_tool } else { 0 };
        for (name, value) in part.all() {
            let more = match name {
                "type" => 0,
                "text" | "refusal" | "thinking" => self.content(value, quoted, DEEPEST)?,
                "content" if value.get() != "null" => self.content(value, true, depth + 1)?,
                _ => self.printed(name, value.get())?,
            };
            tokens = tokens.saturating_add(more);
        }
        Ok(tokens)
    }

    /// Bounds the tokens of a member that the template may print.
    fn printed(&self, name: &str, value: &str) -> Result<u64, ApiError> {
        member(self.rules, self.param, name, value)
    }

    fn text(&self, value: &RawValue) -> Option<u64> {
        with_text(value, |found| text(self.rules.normalisation, found))
    }

    fn unsupported(&self, message: impl Into<String>) -> ApiError {
        ApiError { code: "unsupported_content", ..ApiError::param(self.param, message) }
    }

    /// Bounds the tokens of each prompt: a text, texts, a list of tokens, or such lists.
    pub(super) fn prompts(&self, input: &RawValue) -> Result<Vec<u64>, ApiError> {
        let wrong = || self.wrong("a text, a list of texts, a list of tokens or a list of such lists");
        if let Some(tokens) = self.text(input) {
            return Ok(vec![tokens]);
        }
        if let Ok(TokenCount(count)) = serde_json::from_str(input.get()) {
            return if count == 0 { Err(wrong()) } else { Ok(vec![count]) };
        }
        let list: Vec<&RawValue> = serde_json::from_str(input.get()).map_err(|_| wrong())?;
        let texts: Option<Vec<u64>> = list.iter().map(|value| self.text(value)).collect();
        if let Some(texts) = texts {
            return Ok(texts);
        }
        let lists: Vec<TokenCount> = serde_json::from_str(input.get()).map_err(|_| wrong())?;
        Ok(lists.into_iter().map(|TokenCount(count)| count).collect())
    }
}

/// True for a source of a document that has its text in it, which the model reads as such.
fn is_text(source: &RawValue) -> bool {
    let kind = serde_json::from_str::<Fields>(source.get()).ok().and_then(|members| members.get("type"));
    !kind.is_some_and(|kind| matches!(kind.get(), "\"base64\"" | "\"url\"" | "\"file\""))
}
