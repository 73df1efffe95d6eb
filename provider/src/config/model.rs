//! `[[model]]`.

use {
    super::secrets::SecretSource,
    crate::price::Price,
    serde::{Deserialize, Deserializer},
    std::time::Duration,
};

/// Who serves a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The built-in model that repeats its prompt; for tests and demonstrations.
    Echo,
    /// A server that speaks OpenAI's protocol; its URL up to and with `/v1`.
    Url(String),
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Upstream, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "echo" => Upstream::Echo,
            url => Upstream::Url(url.trim_end_matches('/').to_string()),
        })
    }
}

/// A model on offer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Its name in requests.
    pub name: String,
    /// Who serves it.
    pub upstream: Upstream,
    /// Its name there, where that is another one.
    pub upstream_name: Option<String>,
    /// The upstream's API key.
    pub upstream_key: Option<SecretSource>,
    /// Tokens that a prompt and its answer have room in, as the upstream serves the model.
    pub context_tokens: u64,
    /// Most tokens of an answer.
    pub max_output_tokens: u64,
    /// Credit units per 1,000 tokens of the prompt.
    pub units_per_1k_prompt: u64,
    /// Credit units per 1,000 generated tokens.
    pub units_per_1k_generated: u64,
    /// Tokens that the upstream's template adds to a message, at most.
    #[serde(default = "per_message")]
    pub overhead_tokens_per_message: u64,
    /// Tokens that the upstream's template adds to a request, at most.
    #[serde(default = "per_request")]
    pub overhead_tokens: u64,
    /// Tokens of a part of a message that is not text, at most; such parts are refused where it is not set.
    pub tokens_per_part: Option<u64>,
    /// Seconds that the upstream may take in all.
    #[serde(default = "timeout")]
    pub timeout_seconds: u64,
    /// Milliseconds that the echo model waits before it answers.
    pub latency_ms: Option<u64>,
}

fn per_message() -> u64 {
    8
}

fn per_request() -> u64 {
    64
}

fn timeout() -> u64 {
    600
}

impl ModelConfig {
    /// An echo model at a price, for tests and benchmarks.
    pub fn echo(name: &str, price: Price) -> ModelConfig {
        ModelConfig {
            name: name.to_string(),
            upstream: Upstream::Echo,
            upstream_name: None,
            upstream_key: None,
            context_tokens: 131_072,
            max_output_tokens: 16_384,
            units_per_1k_prompt: price.prompt,
            units_per_1k_generated: price.generated,
            overhead_tokens_per_message: per_message(),
            overhead_tokens: per_request(),
            tokens_per_part: None,
            timeout_seconds: timeout(),
            latency_ms: None,
        }
    }

    /// Its price.
    pub fn price(&self) -> Price {
        Price { prompt: self.units_per_1k_prompt, generated: self.units_per_1k_generated }
    }

    /// How long its upstream may take in all.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}
