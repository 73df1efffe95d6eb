//! Edits of a body that leave the rest of it unchanged.

use {
    super::{names, raw::Fields},
    crate::error::ApiError,
    bytes::{BufMut, Bytes, BytesMut},
    serde_json::{Map, Value, value::RawValue},
    std::ops::Range,
};

const INCLUDE_USAGE: &str = "include_usage";
const RUNNING_USAGE: &str = "continuous_usage_stats";

/// Reads whether options of a stream ask for usage at its end, and in each event. Errors: 400 where they are no options.
pub(super) fn wanted_usage(options: Option<&RawValue>) -> Result<[bool; 2], ApiError> {
    let Some(options) = options.filter(|options| options.get() != "null") else { return Ok([false; 2]) };
    let wrong = || {
        let message = format!(
            "`stream_options` must be an object, `{INCLUDE_USAGE}` and `{RUNNING_USAGE}` in it true or false"
        );
        ApiError::param("stream_options", message)
    };
    let options: Fields = serde_json::from_str(options.get()).map_err(|_| wrong())?;
    if names::disguised(&options).is_some() {
        return Err(wrong());
    }
    let read = |name| match options.get(name) {
        None => Ok(false),
        Some(value) => serde_json::from_str::<bool>(value.get()).map_err(|_| wrong()),
    };
    Ok([read(INCLUDE_USAGE)?, read(RUNNING_USAGE)?])
}

/// Adds the request for usage to options of a stream, `continuous` for usage in each event.
pub(super) fn with_usage(options: Option<&RawValue>, continuous: bool) -> String {
    let options = options.and_then(|options| serde_json::from_str(options.get()).ok());
    let mut options: Map<String, Value> = options.unwrap_or_default();
    options.insert(INCLUDE_USAGE.to_string(), Value::Bool(true));
    if continuous {
        options.insert(RUNNING_USAGE.to_string(), Value::Bool(true));
    }
    Value::Object(options).to_string()
}

/// Replacements in a text.
pub(super) struct Edits<'a> {
    text: &'a [u8],
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// Starts without an edit.
    pub(super) fn new(text: &'a [u8]) -> Edits<'a> {
        Edits { text, edits: Vec::new() }
    }

    /// Replaces a value, which must be part of this text.
    pub(super) fn replace(&mut self, value: &RawValue, with: String) {
        let value = value.get();
        let start = value.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        debug_assert_eq!(self.text.get(start..start + value.len()), Some(value.as_bytes()));
        self.edits.push((start..start + value.len(), with));
    }

    /// Inserts a member before the first one. The text is an object.
    pub(super) fn insert_first(&mut self, member: &str) {
        if let Some(brace) = self.text.iter().position(|byte| *byte == b'{') {
            self.edits.push((brace + 1..brace + 1, member.to_string()));
        }
    }

    /// Applies the edits. Without any it returns `whole`, which holds the same text.
    pub(super) fn apply(mut self, whole: &Bytes) -> Bytes {
        if self.edits.is_empty() {
            return whole.clone();
        }
        self.edits.sort_by_key(|(range, _)| range.start);
        let more: usize = self.edits.iter().map(|(_, with)| with.len()).sum();
        let mut edited = BytesMut::with_capacity(self.text.len() + more);
        let mut done = 0;
        for (range, with) in &self.edits {
            edited.put_slice(&self.text[done..range.start]);
            edited.put_slice(with.as_bytes());
            done = range.end;
        }
        edited.put_slice(&self.text[done..]);
        edited.freeze()
    }
}
