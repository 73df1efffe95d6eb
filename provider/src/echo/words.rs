//! The words of a request, and those of the answer to it.

use {
    super::{Settings, refuse},
    axum::response::Response,
    serde_json::Value,
};

/// The words of one prompt.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

/// Joins the texts in a content: a text, or parts and items that have one, in their order.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => format!(" {text}"),
        Value::Array(parts) => parts.iter().map(text_of).collect(),
        Value::Object(members) => {
            ["text", "content", "output"].iter().filter_map(|name| members.get(*name)).map(text_of).collect()
        }
        _ => String::new(),
    }
}

/// The answer to a prompt: its words over and over, as many as were asked for and have room.
pub(super) struct Echoed {
    /// Words of the prompt.
    pub read: usize,
    /// Words of the answer.
    pub words: Vec<String>,
}

impl Settings {
    /// Repeats a prompt, up to a limit of words. Errors: the answer where the prompt has no room.
    pub(super) fn repeat(&self, prompt: &str, limit: Option<usize>) -> Result<Echoed, Box<Response>> {
        let words = words(prompt);
        let (read, room) = (words.len(), self.context.checked_sub(words.len()));
        let Some(room) = room else {
            let message = format!("the prompt has {read} tokens and the context {}", self.context);
            return Err(Box::new(refuse("context_length_exceeded", &message)));
        };
        let most = if words.is_empty() { 0 } else { limit.unwrap_or(read).min(self.max_output).min(room) };
        Ok(Echoed { read, words: words.into_iter().cycle().take(most).collect() })
    }
}
