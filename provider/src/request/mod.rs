//! A request for a completion: its parameters, a bound on its tokens, and the body for its upstream.
//!
//! Only the parameters that bear on the cost are read. The rest is forwarded unchanged.

mod forward;
mod prompt;
mod raw;

use {
    crate::meter::AnswerForm,
    crate::{
        config::{LimitParameter, ModelConfig},
        error::ApiError,
        price::TokenBound,
    },
    bytes::Bytes,
    raw::Fields,
    serde_json::value::RawValue,
};

/// Most answers to one prompt.
const MAX_ANSWERS: u64 = 128;
/// Most prompts in one request.
const MAX_PROMPTS: usize = 2_048;

/// Parameters that raise the cost without a bound, or that some upstreams read as another parameter.
const REFUSED: &[&str] = &[
    "audio",
    "max_gen_len",
    "max_length",
    "max_new_tokens",
    "mm_processor_kwargs",
    "n_predict",
    "num_predict",
    "options",
    "prediction",
    "prompt_embeds",
    "use_beam_search",
    "web_search_options",
];

/// Parameters that never become tokens.
const FREE: &[&str] = &[
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "metadata",
    "min_p",
    "presence_penalty",
    "repetition_penalty",
    "seed",
    "service_tier",
    "stop",
    "stop_token_ids",
    "store",
    "temperature",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
];

/// The parameters that are read here.
const READ: &[&str] = &[
    "best_of",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "model",
    "n",
    "prompt",
    "stream",
    "stream_options",
];

/// The two kinds of completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompletionKind {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Text,
}

impl CompletionKind {
    /// The form of its answers.
    pub(crate) fn form(self) -> AnswerForm {
        match self {
            CompletionKind::Chat => AnswerForm::Chat,
            CompletionKind::Text => AnswerForm::Text,
        }
    }

    /// Its path below the upstream's URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            CompletionKind::Chat => "/chat/completions",
            CompletionKind::Text => "/completions",
        }
    }

    /// Its name in metrics and references.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CompletionKind::Chat => "chat",
            CompletionKind::Text => "text",
        }
    }
}

/// A request that is well formed.
#[derive(Debug)]
pub(crate) struct CompletionRequest<'a> {
    endpoint: CompletionKind,
    body: &'a [u8],
    /// The model's name.
    pub model: String,
    model_value: &'a RawValue,
    input: &'a RawValue,
    answers: u64,
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
    /// Bytes of parameters that are not known, and may become part of the prompt.
    others: u64,
}

impl<'a> CompletionRequest<'a> {
    /// Reads a body. Errors: 400, with the parameter that is wrong.
    pub(crate) fn parse(endpoint: CompletionKind, body: &'a [u8]) -> Result<CompletionRequest<'a>, ApiError> {
        let fields: Fields = serde_json::from_slice(body).map_err(|error| {
            ApiError::invalid("invalid_json", format!("the body must be a JSON object: {error}"))
        })?;
        let others = other_bytes(&fields)?;
        let model_value = fields.get("model").ok_or_else(|| missing("model"))?;
        let input_name = match endpoint {
            CompletionKind::Chat => "messages",
            CompletionKind::Text => "prompt",
        };
        let input = fields.get(input_name).ok_or_else(|| missing(input_name))?;
        let (mut limits, mut null_limits) = (Vec::new(), Vec::new());
        for name in ["max_tokens", "max_completion_tokens"] {
            match fields.get_or_null(name) {
                Some(value) if value.get() == "null" => null_limits.push((name, value)),
                Some(value) => limits.push((name, value, read(name, value, "a whole number from 0 on")?)),
                None => {}
            }
        }
        let count = |name: &str| match fields.get(name) {
            Some(value) => read::<u64>(name, value, "a whole number from 1 on").and_then(|count| {
                let good = (1..=MAX_ANSWERS).contains(&count);
                good.then_some(count)
                    .ok_or_else(|| ApiError::param(name, format!("`{name}` must be from 1 to {MAX_ANSWERS}")))
            }),
            None => Ok(1),
        };
        let answers = count("n")?.max(count("best_of")?);
        let streamed = match fields.get("stream") {
            Some(value) => read("stream", value, "true or false")?,
            None => false,
        };
        let stream_options = fields.get_or_null("stream_options");
        let [wants_usage, wants_running_usage] = forward::wanted_usage(stream_options)?;
        Ok(CompletionRequest {
            endpoint,
            body,
            model: read("model", model_value, "a text")?,
            model_value,
            input,
            answers,
            limits,
            null_limits,
            stream_options,
            streamed,
            wants_usage,
            wants_running_usage,
            others,
        })
    }

    /// Bounds the tokens that the request can use. Errors: 400 for content without a bound.
    pub(crate) fn bound(&self, model: &ModelConfig) -> Result<TokenBound, ApiError> {
        let added = model.overhead_tokens.saturating_add(self.others);
        let prompts: Vec<u64> = match self.endpoint {
            CompletionKind::Chat => vec![prompt::messages(self.input, model)?],
            CompletionKind::Text => prompt::texts(self.input)?,
        };
        if prompts.len() > MAX_PROMPTS {
            return Err(ApiError::param(
                "prompt",
                format!("`prompt` may hold {MAX_PROMPTS} prompts at most"),
            ));
        }
        let asked = self.limits.iter().map(|(_, _, limit)| *limit).max();
        Ok(TokenBound {
            prompts: prompts.into_iter().map(|tokens| tokens.saturating_add(added)).collect(),
            answer: asked.unwrap_or(u64::MAX).min(model.max_output_tokens).min(model.context_tokens),
            answers: self.answers,
            context: model.context_tokens,
        })
    }

    /// The parameter by which the request limits its answers, the larger one where there are two; `None` where there is none.
    pub(crate) fn own_limit(&self) -> Option<&'static str> {
        self.limits.iter().max_by_key(|(_, _, limit)| *limit).map(|(name, _, _)| *name)
    }

    /// The parameter by which a request without a limit is limited.
    pub(crate) fn limit_parameter(endpoint: CompletionKind, model: &ModelConfig) -> &'static str {
        match endpoint {
            CompletionKind::Chat => model.limit_parameter.name(),
            CompletionKind::Text => LimitParameter::MaxTokens.name(),
        }
    }

    /// Makes the body for the upstream. Four things change: the model's name, token limits above the model's own, a `limit` is
    /// added where one is given, and a stream is asked for the usage at its end, or in each event where the model can do that.
    pub(crate) fn forward(&self, whole: &Bytes, model: &ModelConfig, limit: Option<u64>) -> Bytes {
        let mut edits = forward::Edits::new(self.body);
        if let Some(name) = model.upstreams.iter().find_map(|upstream| upstream.model.as_ref()) {
            edits.replace(self.model_value, serde_json::Value::from(name.as_str()).to_string());
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
        if self.streamed && !(self.wants_usage && has_running_usage) {
            let asked = forward::with_usage(self.stream_options, model.continuous_usage);
            match self.stream_options {
                Some(options) => edits.replace(options, asked),
                None => edits.insert_first(&format!("\"stream_options\":{asked},")),
            }
        }
        edits.apply(whole)
    }
}

/// Counts the bytes of parameters that may become part of the prompt. Errors: 400 for a parameter that is refused.
fn other_bytes(fields: &Fields) -> Result<u64, ApiError> {
    let mut bytes = 0_u64;
    for (name, value) in fields.others(READ) {
        let plain = name.trim().to_ascii_lowercase();
        let known = |list: &[&str]| list.contains(&plain.as_str());
        // Some upstreams ignore the case of names: they would obey a parameter that was not read here.
        if known(READ) || (known(REFUSED) && value.get() != "null") {
            let message = format!("`{name}` is not supported; remove it");
            let error = ApiError { code: "unsupported_parameter", ..ApiError::param(name, message) };
            return Err(error);
        }
        if !FREE.contains(&name) {
            bytes = bytes.saturating_add((name.len() + value.get().len()) as u64);
        }
    }
    Ok(bytes)
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
