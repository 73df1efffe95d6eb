//! A request to a model: its parameters, a bound on its tokens, and the body for its upstream.
//!
//! Parameters that bear on the cost are read, those that may become part of the prompt are counted, and the rest is forwarded
//! unchanged or refused: see [`fields`].

mod counted;
mod endpoint;
mod fields;
mod forward;
mod media;
mod names;
mod prompt;
mod raw;
mod tokenized;
mod values;

pub(crate) use {
    fields::{Use, parameters},
    tokenized::Questions,
};

use {
    crate::{
        config::{Endpoint, LimitParameter, ModelConfig},
        error::ApiError,
        price::TokenBound,
        upstreams::REPEATED,
    },
    bytes::Bytes,
    prompt::Reader,
    raw::Fields,
    serde_json::{Value, value::RawValue},
};

/// The parameter that divides an upstream's prefix cache.
const SALT: &str = "cache_salt";
/// Most answers to one prompt.
pub(crate) const MAX_ANSWERS: u64 = 128;
/// Most prompts in one request.
const MAX_PROMPTS: usize = 2_048;
/// Tokens that a tokenizer sets around a prompt without a template, at most.
const AROUND_PROMPT: u64 = 4;

/// A request that is well formed.
#[derive(Debug)]
pub(crate) struct CompletionRequest<'a> {
    endpoint: Endpoint,
    body: &'a [u8],
    fields: Fields<'a>,
    /// The model's name.
    pub model: String,
    model_value: &'a RawValue,
    input: &'a RawValue,
    answers: u64,
    /// True where each answer begins with its prompt.
    pub echoes: bool,
    limits: Vec<(&'static str, &'a RawValue, u64)>,
    /// Limits that are given as null.
    null_limits: Vec<(&'static str, &'a RawValue)>,
    stream_options: Option<&'a RawValue>,
    /// True where the answer is to be streamed.
    pub streamed: bool,
    /// True where the client asked for the usage at the end of a stream.
    pub wants_usage: bool,
    /// True where the client asked for the usage in each event of a stream.
    pub wants_running_usage: bool,
}

impl<'a> CompletionRequest<'a> {
    /// Reads a body. Errors: 400, with the parameter that is wrong.
    pub(crate) fn parse(endpoint: Endpoint, body: &'a [u8]) -> Result<CompletionRequest<'a>, ApiError> {
        let fields: Fields = serde_json::from_slice(body).map_err(|error| {
            ApiError::invalid("invalid_json", format!("the body must be a JSON object: {error}"))
        })?;
        let model_value = fields.get("model").ok_or_else(|| missing("model"))?;
        let input = fields.get(endpoint.input()).ok_or_else(|| missing(endpoint.input()))?;
        let (mut limits, mut null_limits) = (Vec::new(), Vec::new());
        for name in endpoint.limits() {
            match fields.get_or_null(name) {
                Some(value) if value.get() == "null" => null_limits.push((*name, value)),
                Some(value) => limits.push((*name, value, read_limit(name, value)?)),
                None => {}
            }
        }
        let streamed = match fields.get("stream").filter(|_| endpoint.streams()) {
            Some(value) => read("stream", value, "true or false")?,
            None => false,
        };
        let stream_options = fields.get_or_null("stream_options").filter(|_| endpoint.is_completion());
        let [wants_usage, wants_running_usage] = forward::wanted_usage(stream_options)?;
        Ok(CompletionRequest {
            endpoint,
            body,
            model: read("model", model_value, "a text")?,
            model_value,
            input,
            answers: count("n", &fields)?.max(count("best_of", &fields)?),
            echoes: fields.get("echo").is_some_and(|value| value.get() != "false"),
            limits,
            null_limits,
            stream_options,
            streamed,
            wants_usage,
            wants_running_usage,
            fields,
        })
    }

    /// Requires the limit without which Anthropic's form is none. Errors: 400.
    pub(crate) fn require_limit(&self) -> Result<(), ApiError> {
        match self.endpoint {
            Endpoint::Messages if self.limits.is_empty() => Err(missing("max_tokens")),
            _ => Ok(()),
        }
    }

    /// Bounds the tokens that the request can use. Errors: 400 for content without a bound.
    pub(crate) fn bound(&self, model: &ModelConfig) -> Result<TokenBound, ApiError> {
        let prompts = self.prompts(model)?;
        if prompts.len() > MAX_PROMPTS {
            let name = self.endpoint.input();
            let message = format!("`{name}` may hold {MAX_PROMPTS} prompts at most");
            return Err(ApiError::param(name, message));
        }
        let others = self.others(model)?;
        let asked = self.limits.iter().map(|(_, _, limit)| *limit).max();
        let answer = match self.endpoint {
            Endpoint::Embeddings => 0,
            _ => asked.unwrap_or(u64::MAX).min(model.max_output_tokens).min(model.context_tokens),
        };
        Ok(TokenBound {
            prompts: prompts.into_iter().map(|tokens| tokens.saturating_add(others)).collect(),
            answer,
            answers: self.answers,
            context: model.context_tokens,
        })
    }

    /// Bounds the tokens of each prompt, without those of other parameters.
    fn prompts(&self, model: &ModelConfig) -> Result<Vec<u64>, ApiError> {
        let reader = Reader::new(model, self.endpoint.input());
        let (around, instructions) = match self.endpoint {
            Endpoint::Text | Endpoint::Embeddings => {
                let around = model.per_request().min(AROUND_PROMPT);
                let prompts = reader.prompts(self.input)?;
                return Ok(prompts.into_iter().map(|tokens| tokens.saturating_add(around)).collect());
            }
            Endpoint::Chat => (reader.messages(self.input)?, None),
            Endpoint::Messages => (reader.messages(self.input)?, Some("system")),
            Endpoint::Responses => (reader.items(self.input)?, Some("instructions")),
        };
        let instructions = match instructions.and_then(|name| Some((name, self.fields.get(name)?))) {
            Some((name, value)) => Reader::new(model, name).instructions(value)?,
            None => 0,
        };
        Ok(vec![around.saturating_add(instructions).saturating_add(model.per_request())])
    }

    /// Bounds the tokens of the parameters that may become part of the prompt. Errors: 400 for one that is refused.
    fn others(&self, model: &ModelConfig) -> Result<u64, ApiError> {
        let rules = model.family.rules();
        let mut tokens = 0_u64;
        fields::require_cheap_cache("cache_control", &self.fields)?;
        for field in fields::counted(self.endpoint, &self.fields, model.unknown_fields)? {
            let more = match field.tools {
                true => counted::tools(rules, field.name, field.value)?,
                false => counted::parameter(rules, field.name, field.value)?,
            };
            tokens = tokens.saturating_add(more);
        }
        Ok(tokens)
    }

    /// The client's own salt as it is written, for a model whose upstreams take salts; `None` where they take none.
    pub(crate) fn own_salt(&self, model: &ModelConfig) -> Option<&str> {
        // No server takes one in Anthropic's form, and some refuse what they do not know.
        let takes_salt = model.cache_salt && self.endpoint != Endpoint::Messages;
        takes_salt.then(|| self.fields.get(SALT).map_or("", RawValue::get))
    }

    /// The values of members that an answer repeats, as parts of the `whole` body. Of the other forms none repeats any.
    pub(crate) fn repeated(&self, whole: &Bytes) -> Vec<(&'static str, Bytes)> {
        let names = REPEATED.iter().filter(|_| self.endpoint == Endpoint::Responses);
        let given = names.filter_map(|name| Some((*name, self.fields.get(name)?)));
        given.map(|(name, value)| (name, whole.slice_ref(value.get().as_bytes()))).collect()
    }

    /// The parameter by which the request limits its answers, the larger one where there are two; `None` where there is none.
    pub(crate) fn own_limit(&self) -> Option<&'static str> {
        self.limits.iter().max_by_key(|(_, _, limit)| *limit).map(|(name, _, _)| *name)
    }

    /// The parameter by which a request without a limit is limited.
    pub(crate) fn limit_parameter(endpoint: Endpoint, model: &ModelConfig) -> &'static str {
        match endpoint {
            Endpoint::Chat => model.limit_parameter.name(),
            Endpoint::Responses => "max_output_tokens",
            _ => LimitParameter::MaxTokens.name(),
        }
    }

    /// Makes the body for the upstream. These change: the model's name, token limits above the model's own, a `limit` is added
    /// where one is given, a stream is asked for the usage at its end, or in each event where the model can do that, and a
    /// response is not to be stored, which it would be without a word about it. A `salt` takes the place of the client's.
    pub(crate) fn forward(
        &self,
        whole: &Bytes,
        model: &ModelConfig,
        name: &str,
        limit: Option<u64>,
        salt: Option<&str>,
    ) -> Bytes {
        let mut edits = forward::Edits::new(self.body);
        if name != self.model {
            edits.replace(self.model_value, Value::from(name).to_string());
        }
        for (_, value, limit) in &self.limits {
            if *limit > model.max_output_tokens {
                edits.replace(value, model.max_output_tokens.to_string());
            }
        }
        if let Some(limit) = limit {
            let name = CompletionRequest::limit_parameter(self.endpoint, model);
            // Of two members with one name, upstreams differ in the one they take.
            match self.null_limits.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => edits.replace(value, limit.to_string()),
                None => edits.insert_first(&format!("\"{name}\":{limit},")),
            }
        }
        let has_running_usage = self.wants_running_usage || !model.continuous_usage;
        if self.streamed && self.endpoint.is_completion() && !(self.wants_usage && has_running_usage) {
            let asked = forward::with_usage(self.stream_options, model.continuous_usage);
            match self.stream_options {
                Some(options) => edits.replace(options, asked),
                None => edits.insert_first(&format!("\"stream_options\":{asked},")),
            }
        }
        if let Some(salt) = salt {
            match self.fields.get_or_null(SALT) {
                Some(value) => edits.replace(value, Value::from(salt).to_string()),
                None => edits.insert_first(&format!("\"{SALT}\":{},", Value::from(salt))),
            }
        }
        if self.endpoint == Endpoint::Responses {
            match self.fields.get_or_null("store") {
                None => edits.insert_first("\"store\":false,"),
                Some(value) if value.get() == "null" => edits.replace(value, "false".to_string()),
                Some(_) => {}
            }
        }
        edits.apply(whole)
    }
}

/// Reads the number of answers by a parameter; 1 where it is left out.
fn count(name: &str, fields: &Fields) -> Result<u64, ApiError> {
    let Some(value) = fields.get(name) else { return Ok(1) };
    let count = read::<u64>(name, value, "a whole number from 1 on")?;
    match (1..=MAX_ANSWERS).contains(&count) {
        true => Ok(count),
        false => Err(ApiError::param(name, format!("`{name}` must be from 1 to {MAX_ANSWERS}"))),
    }
}

/// Reads the most tokens of an answer. Errors: 400, also for 0, which some servers take for no limit at all.
fn read_limit(name: &str, value: &RawValue) -> Result<u64, ApiError> {
    match read(name, value, "a whole number from 1 on")? {
        0 => Err(ApiError::param(name, format!("`{name}` is 0; ask for one token at least"))),
        limit => Ok(limit),
    }
}

fn missing(name: &str) -> ApiError {
    let message = format!("`{name}` is missing; add it");
    ApiError { code: "missing_parameter", ..ApiError::param(name, message) }
}

fn read<'a, T: serde::Deserialize<'a>>(name: &str, value: &'a RawValue, wanted: &str) -> Result<T, ApiError> {
    serde_json::from_str(value.get()).map_err(|_| ApiError::param(name, format!("`{name}` must be {wanted}")))
}

#[cfg(test)]
mod tests;
