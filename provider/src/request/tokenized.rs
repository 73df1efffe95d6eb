//! Requests to an upstream's own `/tokenize`, as vLLM has it, by which a prompt is bounded closer than by its bytes.

use {
    super::{CompletionRequest, counted, fields, raw::Fields},
    crate::{
        config::{Endpoint, ModelConfig},
        error::ApiError,
    },
    serde_json::{Value, value::RawValue},
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
/// The parameter of every prompt that it reads as well.
const SPECIAL: &str = "add_special_tokens";

/// The questions about one request, and what is certain without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Questions {
    /// The members of each question but the model's name, one for each prompt.
    prompts: Vec<Question>,
    /// Bound on the tokens of each prompt that `/tokenize` does not see, and of what upstreams add on their own.
    beside: u64,
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
        let closer = |(count, family): (&u64, &u64)| count.saturating_add(self.beside).min(*family);
        is_true.then(|| counts.iter().zip(family).map(closer).collect())
    }
}

/// Reads the count in an answer of `/tokenize`; `None` where it has none.
pub(crate) fn read_count(answer: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(answer).ok()?.get("count")?.as_u64()
}

impl CompletionRequest<'_> {
    /// Makes the questions for an upstream's `/tokenize`, for a request whose prompts have the bounds `family`. `None` where it
    /// would not see all that it must, or is not worth it.
    pub(crate) fn questions(&self, model: &ModelConfig, family: &[u64]) -> Option<Questions> {
        if family.len() > MOST || family.iter().all(|bound| *bound < WORTH) {
            return None;
        }
        let beside = self.unseen(model).ok()?;
        let special = self.fields.get(SPECIAL).map(|value| format!(",\"{SPECIAL}\":{}", value.get()));
        let special = special.unwrap_or_default();
        match self.endpoint {
            Endpoint::Chat => {
                let messages: Vec<Fields> = serde_json::from_str(self.input.get()).ok()?;
                let bytes = messages.iter().map(text_bytes).try_fold(0_u64, |all, more| Some(all + more?))?;
                let passed = PASSED.iter().filter_map(|name| Some((name, self.fields.get(name)?)));
                let members: Vec<String> =
                    passed.map(|(name, value)| format!("\"{name}\":{}", value.get())).collect();
                let around = model.per_message().saturating_mul(messages.len() as u64 + 1);
                let question =
                    Question { members: members.join(",") + &special, least: bytes.div_ceil(LONGEST_TOKEN) };
                let beside = beside.saturating_add(around).saturating_add(model.per_request());
                Some(Questions { prompts: vec![question], beside })
            }
            Endpoint::Text | Endpoint::Embeddings => {
                let texts: Vec<String> = match serde_json::from_str(self.input.get()) {
                    Ok(text) => vec![text],
                    Err(_) => serde_json::from_str(self.input.get()).ok()?,
                };
                let question = |text: &String| Question {
                    members: format!("\"prompt\":{}{special}", Value::from(text.as_str())),
                    least: (text.len() as u64).div_ceil(LONGEST_TOKEN),
                };
                let beside = beside.saturating_add(super::AROUND_PROMPT);
                Some(Questions { prompts: texts.iter().map(question).collect(), beside })
            }
            // It reads no requests of these forms.
            Endpoint::Responses | Endpoint::Messages => None,
        }
    }

    /// Bounds the tokens of the parameters that `/tokenize` does not read.
    fn unseen(&self, model: &ModelConfig) -> Result<u64, ApiError> {
        let rules = model.family.rules();
        let mut tokens = 0_u64;
        for field in fields::counted(self.endpoint, &self.fields, model.unknown_fields)? {
            if self.endpoint == Endpoint::Chat && PASSED.contains(&field.name) {
                continue;
            }
            let more = match field.tools {
                true => counted::tools(rules, field.name, field.value)?,
                false => counted::parameter(rules, field.name, field.value)?,
            };
            tokens = tokens.saturating_add(more);
        }
        Ok(tokens)
    }
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
        let is_text = part.get("type").is_some_and(|kind| kind.get() == "\"text\"");
        Some(all + part.get("text").filter(|_| is_text).and_then(length)?)
    })
}

#[cfg(test)]
mod tests {
    use {super::*, crate::price::Price, serde_json::json};

    fn model() -> ModelConfig {
        let model = ModelConfig::echo("small", Price::default());
        ModelConfig { overhead_tokens: Some(10), overhead_tokens_per_message: Some(4), ..model }
    }

    fn questions(endpoint: Endpoint, body: &Value, family: &[u64]) -> Option<Questions> {
        let text = body.to_string();
        CompletionRequest::parse(endpoint, text.as_bytes()).unwrap().questions(&model(), family)
    }

    #[test]
    fn a_chat_is_asked_for_with_what_its_template_prints_and_the_rest_is_bounded() {
        let messages =
            json!([{"role": "user", "content": "x".repeat(600)}, {"role": "assistant", "content": null}]);
        let body = json!({"model": "small", "messages": messages, "tools": [{"type": "function"}], "max_tokens": 7,
            "temperature": 0, "add_special_tokens": true});
        let asked = questions(Endpoint::Chat, &body, &[5_000]).unwrap();
        let sent: Value = serde_json::from_str(&asked.bodies("org/\"own\"").next().unwrap()).unwrap();
        assert_eq!(
            sent,
            json!({"model": "org/\"own\"", "messages": messages, "tools": [{"type": "function"}], "add_special_tokens": true})
        );
        let overhead = 10 + 3 * 4;
        assert_eq!(asked.bound(&[150], &[5_000]), Some(vec![150 + overhead]));
        assert_eq!(asked.bound(&[6_000], &[5_000]), Some(vec![5_000]), "never above the family's bound");
        assert_eq!(asked.bound(&[2], &[5_000]), None, "600 bytes are three tokens at least");
        assert_eq!(asked.bound(&[], &[5_000]), None);
        let mut documents = body;
        documents["documents"] = json!([{"text": "y".repeat(100)}]);
        let asked = questions(Endpoint::Chat, &documents, &[5_000]).unwrap();
        assert!(asked.bound(&[150], &[5_000]).unwrap()[0] >= 150 + overhead + 100, "documents are not seen");
    }

    #[test]
    fn texts_are_asked_for_one_by_one() {
        let body = json!({"model": "small", "prompt": ["a\"b", "z".repeat(900)], "suffix": "s".repeat(50)});
        let asked = questions(Endpoint::Text, &body, &[7, 904]).unwrap();
        let sent: Vec<Value> = asked.bodies("m").map(|body| serde_json::from_str(&body).unwrap()).collect();
        assert_eq!(sent[0], json!({"model": "m", "prompt": "a\"b"}));
        let bound = asked.bound(&[2, 300], &[900, 904]).unwrap();
        assert!(bound[0] >= 2 + 4 + 50 && bound[1] >= 300 + 4 + 50, "{bound:?}");
        assert_eq!(asked.bound(&[0, 300], &[7, 904]), None);
        let vectors = json!({"model": "small", "input": "z".repeat(900)});
        assert!(questions(Endpoint::Embeddings, &vectors, &[904]).is_some());
    }

    #[test]
    fn nothing_is_asked_for_where_it_would_not_be_seen_or_is_not_worth_it() {
        let chat =
            |content: Value| json!({"model": "small", "messages": [{"role": "user", "content": content}]});
        let text = json!([{"type": "text", "text": "a"}]);
        assert!(questions(Endpoint::Chat, &chat(text), &[5_000]).is_some());
        assert_eq!(questions(Endpoint::Chat, &chat(json!("a")), &[511]), None);
        let image =
            json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}]);
        assert_eq!(questions(Endpoint::Chat, &chat(image), &[5_000]), None);
        let tokens = json!({"model": "small", "prompt": [[1, 2], [3]]});
        assert_eq!(questions(Endpoint::Text, &tokens, &[600, 600]), None, "their count is known");
        let many = json!({"model": "small", "prompt": vec!["a"; 9]});
        assert_eq!(questions(Endpoint::Text, &many, &[600; 9]), None);
        for endpoint in [Endpoint::Responses, Endpoint::Messages] {
            let body = json!({"model": "small", "input": "a", "messages": [{}], "max_tokens": 1});
            assert_eq!(questions(endpoint, &body, &[5_000]), None);
        }
    }

    #[test]
    fn a_count_is_a_whole_number() {
        assert_eq!(read_count(br#"{"count":7,"max_model_len":9,"tokens":[1]}"#), Some(7));
        for none in ["", "{}", "[7]", r#"{"count":-1}"#, r#"{"count":"7"}"#, r#"{"count":[7]}"#, "<html>"] {
            assert_eq!(read_count(none.as_bytes()), None, "{none}");
        }
    }
}
