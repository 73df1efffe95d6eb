//! Mistakes that a file can have although each of its keys is well formed.

use {
    super::{Config, ModelConfig, Upstream},
    std::{collections::HashSet, time::Duration},
};

/// Most tokens that a model may have room for.
const MAX_CONTEXT: u64 = 1 << 32;
/// Most credit units that 1,000 tokens, or a GPU's second, may cost: products with them stay within 64 bits.
const MAX_PRICE: u64 = 1_000_000_000;
/// Longest time that a setting may name: a year.
const MAX_SECONDS: u64 = 366 * 86_400;

/// Every mistake, with its place and what to do.
pub(super) fn mistakes(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let mut require = |good: bool, mistake: String| {
        if !good {
            found.push(mistake);
        }
    };
    require(!config.listen.is_empty(), "listen: name at least one address".to_string());
    require(
        !config.models.is_empty() || !config.gpus.is_empty(),
        "nothing is on offer; add a [[model]] or a [[gpu]]".to_string(),
    );
    for (key, url, schemes) in [
        ("chain.rpc_url", &config.chain.rpc_url, ["http", "https"]),
        ("chain.ws_url", &config.chain.ws_url, ["ws", "wss"]),
    ] {
        if let Err(mistake) = require_url(url, schemes) {
            require(false, format!("{key}: {mistake}"));
        }
    }
    for (key, seconds) in [
        ("shutdown_timeout_seconds", config.shutdown_timeout.as_secs()),
        ("gate.max_staleness_seconds", config.gate.max_staleness_seconds),
        ("limits.body_seconds", config.limits.body_seconds),
        ("limits.idle_seconds", config.limits.idle_seconds),
        ("limits.client_patience_seconds", config.limits.client_patience_seconds),
        ("leases.heartbeat_seconds", config.leases.heartbeat_seconds),
        ("leases.max_heartbeat_seconds", config.leases.max_heartbeat_seconds),
    ] {
        require((1..=MAX_SECONDS).contains(&seconds), format!("{key}: must be from 1 to {MAX_SECONDS}"));
    }
    require(
        (1..=36_500).contains(&config.gate.ledger_days),
        "gate.ledger_days: must be from 1 to 36500".to_string(),
    );
    for (key, count) in [
        ("limits.body_bytes", config.limits.body_bytes),
        ("limits.answer_bytes", config.limits.answer_bytes),
        ("limits.requests", config.limits.requests),
        ("limits.requests_per_credit", config.limits.requests_per_credit),
        ("limits.connections", config.limits.connections),
        ("limits.report_streams", config.limits.report_streams),
        ("freezes.at_once", config.freezes.at_once),
        ("freezes.per_second", config.freezes.per_second as usize),
        ("freezes.burst", config.freezes.burst as usize),
        ("leases.leases_per_credit", config.leases.leases_per_credit),
    ] {
        require((1..=1 << 30).contains(&count), format!("{key}: must be from 1 to {}", 1 << 30));
    }
    require(
        config.leases.heartbeat_seconds <= config.leases.max_heartbeat_seconds,
        "leases.heartbeat_seconds: must not be above leases.max_heartbeat_seconds".to_string(),
    );
    let longest = config.models.iter().map(ModelConfig::timeout).max().unwrap_or(Duration::ZERO);
    require(
        config.limits.idle_seconds > longest.as_secs(),
        format!(
            "limits.idle_seconds: must be above the longest model.timeout_seconds, {}",
            longest.as_secs()
        ),
    );
    if let Some(reporter) = &config.reporter {
        require(
            (1..=MAX_SECONDS).contains(&reporter.interval_seconds),
            format!("reporter.interval_seconds: must be from 1 to {MAX_SECONDS}"),
        );
        require(
            (1..=8_760).contains(&reporter.keep_hours),
            "reporter.keep_hours: must be from 1 to 8760".to_string(),
        );
        require(!reporter.key.is_empty(), "reporter.key: name at least one key".to_string());
    }
    let mut names = HashSet::new();
    for (number, model) in config.models.iter().enumerate() {
        found.extend(model_mistakes(model).into_iter().map(|mistake| format!("model[{number}]: {mistake}")));
        if !names.insert(&model.name) {
            found.push(format!("model[{number}]: `{}` is named twice; remove one", model.name));
        }
    }
    found.extend(gpu_mistakes(config));
    for (number, webhook) in config.webhooks.iter().enumerate() {
        if let Err(mistake) = require_url(&webhook.url, ["http", "https"]) {
            found.push(format!("webhook[{number}]: url: {mistake}"));
        }
        if !(1..=8_760).contains(&webhook.give_up_hours) {
            found.push(format!("webhook[{number}]: give_up_hours: must be from 1 to 8760"));
        }
    }
    found
}

fn model_mistakes(model: &ModelConfig) -> Vec<String> {
    let mut found = Vec::new();
    if model.name.is_empty() {
        found.push("name: must not be empty".to_string());
    }
    for (key, tokens) in [
        ("context_tokens", model.context_tokens),
        ("max_output_tokens", model.max_output_tokens),
        ("tokens_per_part", model.tokens_per_part.unwrap_or(1)),
    ] {
        if !(1..=MAX_CONTEXT).contains(&tokens) {
            found.push(format!("{key}: must be from 1 to {MAX_CONTEXT}"));
        }
    }
    for (key, price) in [
        ("units_per_1k_prompt", model.units_per_1k_prompt),
        ("units_per_1k_generated", model.units_per_1k_generated),
    ] {
        if price > MAX_PRICE {
            found.push(format!("{key}: must be at most {MAX_PRICE}"));
        }
    }
    if model.price().prompt == 0 && model.price().generated == 0 {
        found.push("units_per_1k_prompt and units_per_1k_generated: one of them must be above 0".to_string());
    }
    for (key, tokens) in [
        ("overhead_tokens_per_message", model.overhead_tokens_per_message),
        ("overhead_tokens", model.overhead_tokens),
    ] {
        if tokens > MAX_CONTEXT {
            found.push(format!("{key}: must be at most {MAX_CONTEXT}"));
        }
    }
    if !(1..=86_400).contains(&model.timeout_seconds) {
        found.push("timeout_seconds: must be from 1 to 86400".to_string());
    }
    match &model.upstream {
        Upstream::Echo if model.upstream_key.is_some() => {
            found.push("upstream_key: the echo model takes none; remove it".to_string());
        }
        Upstream::Echo => {}
        Upstream::Url(url) => {
            if let Err(mistake) = require_url(url, ["http", "https"]) {
                found.push(format!("upstream: {mistake}, or \"echo\""));
            }
            if model.latency_ms.is_some() {
                found.push("latency_ms: is for the echo model alone; remove it".to_string());
            }
        }
    }
    found
}

fn gpu_mistakes(config: &Config) -> Vec<String> {
    let (mut found, mut names) = (Vec::new(), HashSet::new());
    for (number, gpu) in config.gpus.iter().enumerate() {
        let plain = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if gpu.name.is_empty() || !plain(&gpu.name) {
            found.push(format!("gpu[{number}]: name: must be of letters, digits, `-`, `_` and `.`"));
        }
        if !(1..=MAX_PRICE).contains(&gpu.units_per_second) {
            found.push(format!("gpu[{number}]: units_per_second: must be from 1 to {MAX_PRICE}"));
        }
        if gpu.count == 0 {
            found.push(format!("gpu[{number}]: count: must be above 0"));
        }
        if !names.insert(&gpu.name) {
            found.push(format!("gpu[{number}]: `{}` is named twice; remove one", gpu.name));
        }
    }
    found
}

/// Requires a URL that carries no secret: URLs are shown in logs.
fn require_url(url: &str, schemes: [&str; 2]) -> Result<(), String> {
    let wanted = || format!("must be {}://HOST..., or {}://HOST...", schemes[0], schemes[1]);
    let parsed = reqwest::Url::parse(url).map_err(|_| wanted())?;
    if !schemes.contains(&parsed.scheme()) || !parsed.has_host() {
        return Err(wanted());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("must not hold a user or a password; URLs are shown in logs".to_string());
    }
    Ok(())
}
