//! `[[model]]`.

use {
    super::{
        content::{MediaUrls, PartTokens, UnknownFields},
        endpoint::Endpoint,
        sections::MAX_PRICE,
        upstream::{Upstream, UpstreamConfig},
    },
    crate::{price::Price, tokens::Family},
    blockable_sdk::amounts::Units,
    blockable_service::settings::Reader,
    std::time::Duration,
};

/// Most tokens that a model may have room for.
const MAX_CONTEXT: u64 = 1 << 32;
/// Fewest tokens that an answer is fitted to, where the file does not say.
const MIN_FITTED: u64 = 256;
/// Seconds that an upstream may take in all, where the file does not say.
const TIMEOUT_SECONDS: u64 = 600;
/// Seconds that an upstream may send nothing, where the file does not say.
const SILENCE_SECONDS: u64 = 120;

/// The parameter by which an upstream takes the limit of a chat's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitParameter {
    /// `max_tokens`, which most servers of open models take.
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's newer models ask for.
    MaxCompletionTokens,
}

impl LimitParameter {
    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            LimitParameter::MaxTokens => "max_tokens",
            LimitParameter::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

/// A model on offer.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// Its name in requests.
    pub name: String,
    /// The endpoints that it is served at, at least one. Its servers must have them.
    pub endpoints: Vec<Endpoint>,
    /// Its servers, at least one.
    pub upstreams: Vec<UpstreamConfig>,
    /// Tokens that a prompt and its answer have room in, as the upstream serves the model.
    pub context_tokens: u64,
    /// Most tokens of an answer.
    pub max_output_tokens: u64,
    /// Fewest tokens that the answer of a request without a limit is fitted to; with less open it is refused.
    pub min_fitted_tokens: u64,
    /// The parameter by which a chat without a limit is limited.
    pub limit_parameter: LimitParameter,
    /// Credit units per 1,000 tokens of each class.
    pub price: Price,
    /// The family, by whose tokenizer and template prompts are bounded.
    pub family: Family,
    /// Tokens that the upstream's template adds to a message, at most; those of the family where it is not set.
    pub overhead_tokens_per_message: Option<u64>,
    /// Tokens that the upstream's template adds to a request, at most; those of the family where it is not set.
    pub overhead_tokens: Option<u64>,
    /// True where the upstream's `/tokenize` is asked for the tokens of a prompt, as vLLM has it.
    pub tokenize: bool,
    /// True where the upstream keeps prompts of different `cache_salt` apart in its prefix cache, as vLLM does: each credit then has
    /// a salt of its own.
    pub cache_salt: bool,
    /// Tokens of parts that are not text, at most.
    pub part_tokens: PartTokens,
    /// The places that these may be at.
    pub media_urls: MediaUrls,
    /// The treatment of parameters that are not known.
    pub unknown_fields: UnknownFields,
    /// Seconds that the upstream may take in all.
    pub timeout_seconds: u64,
    /// Seconds that the upstream may send nothing: of a stream from its request on, of another answer once it has begun.
    pub silence_seconds: u64,
    /// True where the upstream can state the usage in each event of a stream, as vLLM does (`continuous_usage_stats`).
    pub continuous_usage: bool,
    /// Milliseconds that the echo model waits before it answers.
    pub latency_ms: Option<u64>,
}

impl ModelConfig {
    /// True for the model that the server has built in, which repeats its prompt.
    pub(crate) fn is_built_in(&self) -> bool {
        self.upstreams.iter().all(|upstream| upstream.server == Upstream::Echo)
    }

    /// An echo model at a price, for tests and benchmarks.
    pub fn echo(name: &str, price: Price) -> ModelConfig {
        ModelConfig {
            name: name.to_string(),
            endpoints: Endpoint::ALL.to_vec(),
            upstreams: vec![UpstreamConfig::new(Upstream::Echo)],
            context_tokens: 131_072,
            max_output_tokens: 16_384,
            min_fitted_tokens: MIN_FITTED,
            limit_parameter: LimitParameter::MaxTokens,
            price,
            family: Family::Plain,
            overhead_tokens_per_message: None,
            overhead_tokens: None,
            tokenize: false,
            cache_salt: false,
            part_tokens: PartTokens::default(),
            media_urls: MediaUrls::default(),
            unknown_fields: UnknownFields::default(),
            timeout_seconds: TIMEOUT_SECONDS,
            silence_seconds: SILENCE_SECONDS,
            continuous_usage: false,
            latency_ms: None,
        }
    }

    /// Reads one entry.
    pub(super) fn read(reader: &mut Reader) -> Option<ModelConfig> {
        let name: Option<String> = reader.required("name");
        let upstreams = UpstreamConfig::read_all(reader);
        let context_tokens = reader.required_number("context_tokens", 1..=MAX_CONTEXT);
        let max_output_tokens = reader.required_number("max_output_tokens", 1..=MAX_CONTEXT);
        let longest = max_output_tokens.unwrap_or(MAX_CONTEXT);
        let min_fitted_tokens = reader.number("min_fitted_tokens", MIN_FITTED.min(longest), 1..=longest);
        let price = read_price(reader);
        let timeout_seconds = reader.number("timeout_seconds", TIMEOUT_SECONDS, 1..=86_400);
        let silence_seconds =
            reader.number("silence_seconds", SILENCE_SECONDS.min(timeout_seconds), 1..=timeout_seconds);
        let tokenize = reader.optional("tokenize").unwrap_or(false);
        let is_echo = upstreams.iter().any(|upstream| upstream.server == Upstream::Echo);
        let model = ModelConfig {
            endpoints: read_endpoints(reader, is_echo),
            family: reader.optional("family").unwrap_or(if is_echo { Family::Plain } else { Family::Any }),
            overhead_tokens_per_message: reader
                .optional_number("overhead_tokens_per_message", 0..=MAX_CONTEXT),
            overhead_tokens: reader.optional_number("overhead_tokens", 0..=MAX_CONTEXT),
            // It marks vLLM, which takes salts.
            cache_salt: reader.optional("cache_salt").unwrap_or(tokenize),
            tokenize,
            part_tokens: reader.optional("part_tokens").unwrap_or_default(),
            media_urls: reader.optional("media_urls").unwrap_or_default(),
            unknown_fields: reader.optional("unknown_fields").unwrap_or_default(),
            limit_parameter: reader.optional("limit_parameter").unwrap_or(LimitParameter::MaxTokens),
            timeout_seconds,
            silence_seconds,
            continuous_usage: reader.optional("continuous_usage").unwrap_or(false),
            latency_ms: reader.optional("latency_ms"),
            ..ModelConfig::echo("", Price::default())
        };
        if name.as_ref().is_some_and(String::is_empty) {
            reader.mistake("name", "is empty; name the model as requests do");
        }
        if is_echo && model.tokenize {
            reader.mistake(
                "tokenize",
                "is for servers that have /tokenize, which the echo model has not; remove it",
            );
        }
        if !is_echo && !upstreams.is_empty() && model.latency_ms.is_some() {
            reader.mistake("latency_ms", "is for the echo model alone; remove it");
        }
        Some(ModelConfig {
            name: name?,
            upstreams,
            context_tokens: context_tokens?,
            max_output_tokens: max_output_tokens?,
            min_fitted_tokens,
            price: price?,
            ..model
        })
    }

    /// Tokens that the template adds to a message, at most.
    pub(crate) fn per_message(&self) -> u64 {
        self.overhead_tokens_per_message.unwrap_or(self.family.rules().per_message)
    }

    /// Tokens that the template adds to a request, at most.
    pub(crate) fn per_request(&self) -> u64 {
        self.overhead_tokens.unwrap_or(self.family.rules().per_request)
    }

    /// Time that its upstream may take in all.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Time for which its upstream may send nothing.
    pub fn silence(&self) -> Duration {
        Duration::from_secs(self.silence_seconds.min(self.timeout_seconds))
    }
}

/// Reads the endpoints of an entry. The echo model has all of them.
fn read_endpoints(reader: &mut Reader, is_echo: bool) -> Vec<Endpoint> {
    let usual = || if is_echo { Endpoint::ALL.to_vec() } else { Endpoint::USUAL.to_vec() };
    let endpoints: Vec<Endpoint> = reader.optional("endpoints").unwrap_or_else(usual);
    if endpoints.is_empty() {
        reader.mistake(
            "endpoints",
            "is empty; name at least one of chat, text, embeddings, responses, messages",
        );
    }
    endpoints
}

/// Reads the prices of an entry, by the names of [`Price::classes`].
fn read_price(reader: &mut Reader) -> Option<Price> {
    let prompt = reader.required_number("units_per_1k_prompt", 0..=MAX_PRICE).map(Units);
    let generated = reader.required_number("units_per_1k_generated", 0..=MAX_PRICE).map(Units);
    if (prompt, generated) == (Some(Units::ZERO), Some(Units::ZERO)) {
        reader.mistake("units_per_1k_generated", "is 0, as units_per_1k_prompt is; raise one of them");
    }
    let mut class = |key| reader.optional_number(key, 0..=MAX_PRICE).map(Units);
    let price = Price {
        cached: class("units_per_1k_cached"),
        prompt_image: class("units_per_1k_prompt_image"),
        prompt_audio: class("units_per_1k_prompt_audio"),
        reasoning: class("units_per_1k_reasoning"),
        generated_image: class("units_per_1k_generated_image"),
        generated_audio: class("units_per_1k_generated_audio"),
        ..Price::default()
    };
    Some(Price { prompt: prompt?, generated: generated?, ..price })
}
