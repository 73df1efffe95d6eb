//! Bounds on the tokens of what a request gives a model to read.

use {
    super::{
        counted::{AROUND_PART, member},
        fields, media, names,
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
        for item in &items {
            self.require_known_item(item)?;
        }
        items.iter().try_fold(overhead, |tokens, item| Ok(tokens.saturating_add(self.item(item)?)))
    }

    /// Bounds the tokens of one item.
    pub(super) fn item(&self, item: &Fields) -> Result<u64, ApiError> {
        Ok(self.message(item)?.saturating_add(self.rules.per_tool))
    }

    /// Refuses an item of another type, and one that stands for a text that is stored elsewhere: nobody could count that, and it may
    /// be another customer's.
    fn require_known_item(&self, item: &Fields) -> Result<(), ApiError> {
        let kind = match (item.get("type"), item.text("type")) {
            (_, Some(kind)) => kind,
            (Some(_), None) => return Err(self.wrong("made of items whose `type` is a text")),
            (None, _) if item.get("role").is_some() => "message".to_string(),
            (None, _) => return Err(self.wrong("made of items with a `type`, or with a `role` in a message")),
        };
        let has = |names: &[&str]| names.iter().any(|name| item.get(name).is_some());
        match kind.as_str() {
            kind if !ITEMS.contains(&kind) => {
                Err(self.unsupported(format!("items of type {kind:?} are not supported; remove them")))
            }
            "reasoning" if !has(&["content", "encrypted_content"]) && has(&["id"]) => {
                let message = "reasoning that is stored elsewhere is not read here; send its `content` or `encrypted_content`, or \
                               remove its `id`";
                Err(self.unsupported(message))
            }
            "message" if !has(&["content"]) => {
                Err(self.wrong("made of messages with a `content`, as nothing is stored here"))
            }
            _ => Ok(()),
        }
    }

    /// Bounds the tokens of a text, or of a list of parts, that the template prints as a message of its own.
    pub(super) fn instructions(&self, input: &RawValue) -> Result<u64, ApiError> {
        Ok(self.content(input, false, 0)?.saturating_add(self.model.per_message()))
    }

    fn message(&self, message: &Fields) -> Result<u64, ApiError> {
        names::require_plain(self.param, message)?;
        fields::require_cheap_cache(self.param, message)?;
        let mut tokens = self.model.per_message();
        // The overhead covers the usual roles; templates print any text that comes as one.
        let role = message.get("role").map_or("", RawValue::get);
        if role.len() as u64 > USUAL_ROLE {
            tokens = tokens.saturating_add(self.printed("role", role)?);
        }
        // Some templates print the results of tools as JSON.
        let spoken = ["user", "assistant", "system", "developer"];
        let quoted = !message.text("role").is_some_and(|role| spoken.contains(&role.as_str()));
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
        let without = || self.wrong("made of parts with a `type`, and a `text` in one of type text");
        let kind = part.text("type").ok_or_else(without)?;
        names::require_plain(self.param, part)?;
        fields::require_cheap_cache(self.param, part)?;
        if let Some(media) = MediaKind::from_part(&kind) {
            return self.media(part, media, &kind, depth);
        }
        if let Some((name, _)) = part.all().find(|(name, _)| media::holds_data(name)) {
            return Err(
                self.unsupported(format!("`{name}` does not belong to parts of type {kind:?}; remove it"))
            );
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

    /// Bounds the tokens of a part that is not text.
    fn media(&self, part: &Fields, media: MediaKind, kind: &str, depth: u32) -> Result<u64, ApiError> {
        let mut tokens = self.model.part_tokens.get(media).ok_or_else(|| {
            self.unsupported(format!("this model takes no parts of type {kind:?}; remove them"))
        })?;
        for (name, value) in part.all() {
            let more = match name {
                _ if value.get() == "null" => 0,
                "type" | "cache_control" => 0,
                "source" => match media::Source::read(value).map_err(|message| self.unsupported(message))? {
                    media::Source::Parts(parts) => self.content(parts, true, depth + 1)?,
                    media::Source::Text => self.printed(name, value.get())?,
                    media::Source::Data => self.data(name, value)?,
                },
                "data" | "url" => self.data(name, value)?,
                _ if media::holds_data(name) => self.data(name, value)?,
                _ if media::is_stored(name) => return Err(self.unsupported(media::stored(name))),
                _ => self.printed(name, value.get())?,
            };
            tokens = tokens.saturating_add(more);
        }
        Ok(tokens)
    }

    /// Bounds the tokens that the data of a part adds to those of its kind. Errors: 400 for data that the model would fetch.
    fn data(&self, name: &str, value: &RawValue) -> Result<u64, ApiError> {
        let noted = media::check(name, value, self.model.media_urls);
        let noted = noted.map_err(|message| self.unsupported(message))?;
        noted.into_iter().try_fold(0_u64, |tokens, (name, value)| {
            Ok(tokens.saturating_add(self.printed(&name, value.get())?))
        })
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
