//! The bound on a request's tokens, for whoever wants to compare it with what an upstream counts.

use crate::{
    config::{Endpoint, ModelConfig},
    price::{Price, TokenBound},
    request::CompletionRequest,
    tokens::Family,
};

/// Bounds the tokens of a request to `/v1/ENDPOINT` as the gateway does before it holds its cost. `endpoint` is `chat`, `text`,
/// `embeddings`, `responses` or `messages`. Errors: the reason for which the request, or the endpoint's name, is refused.
pub fn bound(model: &ModelConfig, endpoint: &str, body: &[u8]) -> Result<TokenBound, String> {
    let kind = Endpoint::ALL.into_iter().find(|kind| kind.name() == endpoint);
    let kind = kind.ok_or_else(|| format!("there is no endpoint named {endpoint}"))?;
    let request = CompletionRequest::parse(kind, body).map_err(|error| error.message)?;
    request.bound(model).map_err(|error| error.message)
}

/// A model of a family with more room than any prompt takes, so that no bound is cut by it.
pub fn roomy_model(family: Family) -> ModelConfig {
    ModelConfig {
        family,
        context_tokens: u64::from(u32::MAX),
        max_output_tokens: u64::from(u32::MAX),
        ..ModelConfig::echo("any", Price::default())
    }
}
