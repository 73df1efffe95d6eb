//! Requests for an upstream's own count of a prompt's tokens, by which it is bounded closer than by its bytes.
//!
//! vLLM counts chats and texts at `/tokenize`, and Anthropic's form at `/v1/messages/count_tokens`. The items of a response are
//! asked for as a chat of their texts; what is no text is bounded by the family.

use {
    super::{CompletionRequest, counted, fields, prompt::Reader, raw::Fields},
    crate::config::{Endpoint, MediaKind, ModelConfig},
    serde_json::{Value, json, value::RawValue},
};

/// Most prompts of one request that are asked for.
const MOST: usize = 8;
/// Bounds from which on it is worth a request to know more.
const WORTH: u64 = 512;
/// Bytes of the longest token: no vocabulary that is known has one of more than 128.
const LONGEST_TOKEN: u64 = 256;
/// The parameters of a chat that `/tokenize` reads as well.
const PASSED: [&str; 5] =
    ["messages", "tools", "chat_template_kwargs", "add_generation_prompt", "continue_final_message"];
/// The parameters of Anthropic's form that `count_tokens` reads as well.
const PASSED_MESSAGES: [&str; 5] = ["messages", "system", "tools", "tool_choice", "chat_template_kwargs"];
/// The parameter of every prompt that `/tokenize` reads as well.
const SPECIAL: &str = "add_special_tokens";

/// The path at which an upstream counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountPath {
    /// `/tokenize`, next to `/v1`.
    Tokenize,
    /// `/v1/messages/count_tokens`.
    CountTokens,
}

impl CountPath {
    /// The URL below an upstream's, which ends with `/v1`.
    pub(crate) fn url(self, upstream: &str) -> String {
        match self {
            CountPath::Tokenize => format!("{}/tokenize", upstream.strip_suffix("/v1").unwrap_or(upstream)),
            CountPath::CountTokens => format!("{upstream}/messages/count_tokens"),
        }
    }

    /// Reads the count in an answer; `None` where it has none.
    pub(crate) fn read(self, answer: &[u8]) -> Option<u64> {
        let member = match self {
            CountPath::Tokenize => "count",
            CountPath::CountTokens => "input_tokens",
        };
        serde_json::from_slice::<Value>(answer).ok()?.get(member)?.as_u64()
    }
}

/// The questions about one request, and what is certain without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Questions {
    /// The path at which they are asked.
    pub path: CountPath,
    /// The members of each question but the model's name, one for each prompt.
    prompts: Vec<Question>,
    /// Bound on the tokens of each prompt that are not counted there, and of what upstreams add on their own.
    unseen: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Question {
    members: String,
    /// Fewest tokens that the prompt can have.
    least: u64,
}

impl Questions {
    /// The bodies of the questions for an upstream's name of the model.
    pub(crate) fn bodies(&self, name: &str) -> impl Iterator<Item = String> {
        let name = Value::from(name).to_string();
        self.prompts.iter().map(move |question| format!("{{\"model\":{name},{}}}", question.members))
    }

    /// Bounds the prompts by the counts that were answered, and by no more than `family` did. `None` where a count cannot be
    /// true.
    pub(crate) fn bound(&self, counts: &[u64], family: &[u64]) -> Option<Vec<u64>> {
        let all = counts.len() == self.prompts.len() && family.len() == counts.len();
        let is_true =
            all && self.prompts.iter().zip(counts).all(|(question, count)| *count >= question.least);
        let closer = |(count, family): (&u64, &u64)| count.saturating_add(self.unseen).min(*family);
        is_true.then(|| counts.iter().zip(family).map(closer).collect())
    }

    /// The lowest counts that can be true.
    pub(crate) fn lowest(&self) -> Vec<u64> {
        self.prompts.iter().map(|question| question.least).collect()
    }
}

impl CompletionRequest<'_> {
    /// Makes the questions for an upstream that counts, for a request whose prompts have the bounds `family`. `None` where it would
    /// not see all that it must, or is not worth it.
    pub(crate) fn questions(&self, model: &ModelConfig, family: &[u64]) -> Option<Questions> {
        if family.len() > MOST || family.iter().all(|bound| *bound < WORTH) {
            return None;
        }
        match self.endpoint {
            Endpoint::Chat => self.of_chat(model),
            Endpoint::Text | Endpoint::Embeddings => self.of_texts(model),
            Endpoint::Messages => self.of_messages(model),
            Endpoint::Responses => self.of_items(model),
        }
    }

    /// The question about a chat.
    fn of_chat(&self, model: &ModelConfig) -> Option<Questions> {
        let messages: Vec<Fields> = serde_json::from_str(self.input.get()).ok()?;
        let bytes = messages.iter().map(text_bytes).try_fold(0_u64, |all, more| Some(all + more?))?;
        let members = self.passed(&PASSED).join(",") + &self.special();
        let unseen = self.unseen(model, &PASSED)?.saturating_add(around(model, messages.len()));
        let question = Question { members, least: bytes.div_ceil(LONGEST_TOKEN) };
        Some(Questions { path: CountPath::Tokenize, prompts: vec![question], unseen })
    }

    /// The questions about texts, one for each.
    fn of_texts(&self, model: &ModelConfig) -> Option<Questions> {
        let texts: Vec<String> = match serde_json::from_str(self.input.get()) {
            Ok(text) => vec![text],
            Err(_) => serde_json::from_str(self.input.get()).ok()?,
        };
        let special = self.special();
        let question = |text: &String| Question {
            members: format!("\"prompt\":{}{special}", Value::from(text.as_str())),
            least: (text.len() as u64).div_ceil(LONGEST_TOKEN),
        };
        let unseen = self.unseen(model, &[])?.saturating_add(super::AROUND_PROMPT);
        Some(Questions { path: CountPath::Tokenize, prompts: texts.iter().map(question).collect(), unseen })
    }

    /// The question about a chat in Anthropic's form, with its tools and their calls.
    fn of_messages(&self, model: &ModelConfig) -> Option<Questions> {
        let messages: Vec<Fields> = serde_json::from_str(self.input.get()).ok()?;
        let contents =
            messages.iter().map(|message| message.get("content")).chain([self.fields.get("system")]);
        let bytes = contents
            .flatten()
            .map(part_bytes)
            .try_fold(0_u64, |all, more| Some(all.saturating_add(more?)))?;
        let members = self.passed(&PASSED_MESSAGES).join(",");
        let unseen = self.unseen(model, &PASSED_MESSAGES)?.saturating_add(around(model, messages.len() + 1));
        let question = Question { members, least: bytes.div_ceil(LONGEST_TOKEN) };
        Some(Questions { path: CountPath::CountTokens, prompts: vec![question], unseen })
    }

    /// The question about the texts of a response's input, as a chat. Calls, reasoning and tools are bounded by the family.
    fn of_items(&self, model: &ModelConfig) -> Option<Questions> {
        let message = |role: &str, text: &str| json!({"role": role, "content": text});
        let instructions = self.fields.get("instructions");
        let system = instructions.map(|text| Some(message("system", &read_text(text)?)));
        let mut messages: Vec<Value> = system.into_iter().collect::<Option<_>>()?;
        let mut unseen = self.unseen(model, &[])?;
        match read_text(self.input) {
            Some(text) => messages.push(message("user", &text)),
            None => {
                let (reader, mut items) = (Reader::new(model, self.endpoint.input()), Vec::new());
                items.extend(serde_json::from_str::<Vec<Fields>>(self.input.get()).ok()?);
                for item in &items {
                    match text_message(item) {
                        Some(message) => messages.push(message),
                        None => unseen = unseen.saturating_add(reader.item(item).ok()?),
                    }
                }
            }
        }
        let texts = messages.iter().filter_map(|message| message["content"].as_str());
        let bytes = texts.map(|text| text.len() as u64).fold(0, u64::saturating_add);
        let unseen = unseen.saturating_add(around(model, messages.len() + 1));
        let question = Question {
            members: format!("\"messages\":{}", Value::from(messages)),
            least: bytes.div_ceil(LONGEST_TOKEN),
        };
        Some(Questions { path: CountPath::Tokenize, prompts: vec![question], unseen })
    }

    /// The parameters that the question has as well, as members.
    fn passed(&self, names: &[&str]) -> Vec<String> {
        let passed = names.iter().filter_map(|name| Some((name, self.fields.get(name)?)));
        passed.map(|(name, value)| format!("\"{name}\":{}", value.get())).collect()
    }

    /// The member of a question that says whether special tokens are added.
    fn special(&self) -> String {
        let special = self.fields.get(SPECIAL).map(|value| format!(",\"{SPECIAL}\":{}", value.get()));
        special.unwrap_or_default()
    }

    /// Bounds the tokens of the parameters that the question does not have. `None` for one that is refused.
    fn unseen(&self, model: &ModelConfig, passed: &[&str]) -> Option<u64> {
        let rules = model.family.rules();
        let mut tokens = 0_u64;
        let counted = fields::counted(self.endpoint, &self.fields, model.unknown_fields).ok()?;
        for field in counted.iter().filter(|field| !passed.contains(&field.name)) {
            let more = match field.tools {
                true => counted::tools(rules, field.name, field.value),
                false => counted::parameter(rules, field.name, field.value),
            };
            tokens = tokens.saturating_add(more.ok()?);
        }
        Some(tokens)
    }
}

/// Bounds the tokens that an upstream may add to a number of messages on its own.
fn around(model: &ModelConfig, messages: usize) -> u64 {
    let per_message = model.per_message().saturating_mul((messages as u64).saturating_add(1));
    per_message.saturating_add(model.per_request())
}

fn read_text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// The message of a chat for an item that is a message of texts alone; `None` for another item.
fn text_message(item: &Fields) -> Option<Value> {
    let kind = item.get("type").map_or_else(|| Some("message".to_string()), read_text)?;
    let is_known = |name: &str| matches!(name, "type" | "role" | "content" | "id" | "status");
    if kind != "message" || !item.all().all(|(name, _)| is_known(name)) {
        return None;
    }
    let (role, content) = (read_text(item.get("role")?)?, item.get("content")?);
    let text = match read_text(content) {
        Some(text) => text,
        None => {
            let parts: Vec<Fields> = serde_json::from_str(content.get()).ok()?;
            let texts = parts.iter().map(|part| {
                let is_text = ["input_text", "output_text", "text"].contains(&part.text("type")?.as_str());
                read_text(part.get("text").filter(|_| is_text)?)
            });
            texts.collect::<Option<Vec<_>>>()?.join("\n")
        }
    };
    Some(json!({"role": role, "content": text}))
}

/// The bytes of the texts in a content of Anthropic's form. `None` for one with images and the like.
fn part_bytes(content: &RawValue) -> Option<u64> {
    if let Some(text) = read_text(content) {
        return Some(text.len() as u64);
    }
    let parts: Vec<Fields> = serde_json::from_str(content.get()).ok()?;
    parts.iter().try_fold(0_u64, |all, part| {
        let kind = read_text(part.get("type")?)?;
        let more = match kind.as_str() {
            kind if MediaKind::from_part(kind).is_some() => return None,
            "text" => read_text(part.get("text")?)?.len() as u64,
            "tool_result" => part.get("content").map_or(Some(0), part_bytes)?,
            _ => 0,
        };
        Some(all.saturating_add(more))
    })
}

/// The bytes of a message's texts. `None` for one with parts that are no texts, of which `/tokenize` sees a mark alone.
fn text_bytes(message: &Fields) -> Option<u64> {
    let Some(content) = message.get("content") else { return Some(0) };
    let length =
        |value: &RawValue| serde_json::from_str::<String>(value.get()).ok().map(|text| text.len() as u64);
    if let Some(bytes) = length(content) {
        return Some(bytes);
    }
    let parts: Vec<Fields> = serde_json::from_str(content.get()).ok()?;
    parts.iter().try_fold(0_u64, |all, part| {
        let is_text = part.text("type").is_some_and(|kind| kind == "text");
        Some(all + part.get("text").filter(|_| is_text).and_then(length)?)
    })
}

#[cfg(test)]
mod tests;
