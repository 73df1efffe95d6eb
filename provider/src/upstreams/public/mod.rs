//! Answers of upstreams without what is only the provider's.
//!
//! An upstream may be a gateway of its own, which adds its costs, hosts and names of deployments to answers. Figures of usage go on
//! by a list of those that are known; other members that name such things are null wherever they stand, but within what the
//! model or the customer has written: texts, calls of tools, and tools.

mod usage;
mod write;

pub(crate) use write::{event, with_member};
use {
    crate::members::Members,
    bytes::Bytes,
    serde_json::{Value, value::RawValue},
    std::ops::Range,
};

/// Members that name deployments, hosts or costs of the provider. So do those that begin with `_`.
const PRIVATE: &[&str] = &[
    "api_base",
    "api_key",
    "base_url",
    "cache_salt",
    "cost",
    "cost_details",
    "deployment",
    "deployment_id",
    "hidden",
    "hidden_params",
    "host",
    "hostname",
    "is_byok",
    "kv_transfer_params",
    "litellm_metadata",
    "litellm_params",
    "model_group",
    "model_id",
    "model_info",
    "node",
    "provider",
    "provider_name",
    "provider_specific_fields",
    "response_cost",
    "response_ms",
    "system_fingerprint",
    "upstream",
    "upstream_inference_cost",
    "worker_id",
];
/// Members that hold what the model or the customer has written, in which any name may stand.
const WRITTEN: &[&str] =
    &["arguments", "input", "logprobs", "parsed", "response_format", "text", "tool_choice", "tools"];
/// Members in whose objects the model and the id stand as well: the events of `/v1/responses` and `/v1/messages`.
const NESTED: &[&str] = &["message", "response"];
/// Members by which an answer repeats the request. A gateway between may have put its own words there.
pub(crate) const REPEATED: [&str; 5] =
    ["instructions", "metadata", "prompt_cache_key", "safety_identifier", "user"];
/// Most bytes of an id that is kept: longer ones encode the deployment.
const MAX_ID: usize = 64;
/// Most levels of an answer that are looked through; what lies deeper is null.
const DEEPEST: u32 = 16;

/// The names in the answers to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublicNames {
    /// The model's name in requests of customers.
    pub model: String,
    /// Its name at the upstream.
    pub internal: String,
    /// An id for answers whose own one cannot be shown.
    pub id: String,
    /// The request's own values of members that its answer repeats, as JSON; the others are null.
    pub repeated: Vec<(&'static str, Bytes)>,
}

/// The depth of an object in an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The answer, or the event.
    Outer,
    /// An answer within an event.
    Nested,
    /// So many levels further in.
    Deep(u32),
}

/// The edits of one text.
struct Rewriting<'a> {
    names: &'a PublicNames,
    text: &'a str,
    hidden: Option<Range<usize>>,
    edits: Vec<(Range<usize>, String)>,
}

impl PublicNames {
    /// Rewrites an answer or the data of an event: the model has its public name, ids and other members name nothing of the
    /// provider's, and a `hidden` value, which must be a part of the text, is null. `None` where the text is no JSON object.
    pub(crate) fn rewrite(&self, json: &[u8], hidden: Option<&RawValue>) -> Option<Vec<u8>> {
        let json = json.trim_ascii();
        let text = std::str::from_utf8(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)).ok()?;
        let members: Members = serde_json::from_str(text).ok()?;
        let hidden = hidden.map(|hidden| place(text, hidden));
        let mut rewriting = Rewriting { names: self, text, hidden, edits: Vec::new() };
        rewriting.object(&members, Level::Outer);
        rewriting.finish()
    }

    /// True for an id in which no name of the provider's can stand.
    fn may_show(&self, value: &RawValue) -> bool {
        match serde_json::from_str(value.get()) {
            Ok(Value::String(id)) => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                id.len() <= MAX_ID
                    && id.bytes().all(is_plain)
                    && (self.internal.is_empty() || !id.contains(&self.internal))
            }
            Ok(Value::Null | Value::Number(_)) => true,
            _ => false,
        }
    }

    /// The request's own value of a member.
    fn repeated(&self, name: &str) -> String {
        let given = self.repeated.iter().find(|(known, _)| *known == name);
        given.map_or_else(|| "null".to_string(), |(_, json)| String::from_utf8_lossy(json).into_owned())
    }
}

impl Rewriting<'_> {
    fn object(&mut self, members: &Members, level: Level) {
        for (name, value) in members.all() {
            self.member(name, value, level);
        }
    }

    fn member(&mut self, name: &str, value: &RawValue, level: Level) {
        let at = place(self.text, value);
        if self.hidden.as_ref() == Some(&at) {
            self.edits.push((at, Value::Null.to_string()));
            return;
        }
        let is_answer = level == Level::Outer || level == Level::Nested;
        let with = match name {
            "model" => Some(Value::from(self.names.model.as_str()).to_string()),
            "id" if is_answer && !self.names.may_show(value) => {
                Some(Value::from(self.names.id.as_str()).to_string())
            }
            "system_fingerprint" if is_fingerprint(value) => None,
            "usage" => usage::public(value),
            name if is_answer && REPEATED.contains(&name) && value.get() != "null" => {
                Some(self.names.repeated(name))
            }
            name if name.starts_with('_') || PRIVATE.contains(&name) => Some(Value::Null.to_string()),
            name if WRITTEN.contains(&name) => None,
            name => {
                let is_nested = level == Level::Outer && NESTED.contains(&name);
                self.value(value, if is_nested { Level::Nested } else { level.below() });
                None
            }
        };
        self.edits.extend(with.map(|with| (at, with)));
    }

    /// Looks through an object or a list of some. Numbers and texts, and lists of such, are left.
    fn value(&mut self, value: &RawValue, level: Level) {
        let mut start = value.get().bytes().filter(|byte| !byte.is_ascii_whitespace());
        let (is_object, is_list) = match (start.next(), start.next()) {
            (Some(b'{'), _) => (true, false),
            (Some(b'['), Some(b'{' | b'[')) => (false, true),
            _ => return,
        };
        if level == Level::Deep(DEEPEST) {
            self.edits.push((place(self.text, value), Value::Null.to_string()));
        } else if is_object && let Ok(members) = serde_json::from_str::<Members>(value.get()) {
            self.object(&members, level);
        } else if is_list && let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            list.iter().for_each(|value| self.value(value, level.below()));
        }
    }

    /// Makes the text with all edits.
    fn finish(mut self) -> Option<Vec<u8>> {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut rewritten = String::with_capacity(self.text.len().saturating_add(256));
        let mut done = 0;
        for (range, with) in self.edits {
            rewritten.push_str(self.text.get(done..range.start)?);
            rewritten.push_str(&with);
            done = range.end;
        }
        rewritten.push_str(self.text.get(done..)?);
        Some(rewritten.into_bytes())
    }
}

impl Level {
    fn below(self) -> Level {
        match self {
            Level::Outer | Level::Nested => Level::Deep(1),
            Level::Deep(depth) => Level::Deep(depth.saturating_add(1)),
        }
    }
}

/// The place of a value in the text that it is a part of.
fn place(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    start..start.wrapping_add(value.get().len())
}

/// True for a fingerprint as OpenAI makes them. Other servers write their build or deployment there.
fn is_fingerprint(value: &RawValue) -> bool {
    let text = value.get().trim_matches('"');
    let digits = text.strip_prefix("fp_").unwrap_or_default();
    text == "null"
        || ((8..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
