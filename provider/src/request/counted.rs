//! Bounds on the tokens of parameters and members that a template may print.

use {
    super::{fields::require_cheap_cache, names, raw::Fields},
    crate::{
        error::ApiError,
        tokens::{Rules, printed},
    },
    serde_json::value::RawValue,
};

/// Tokens around a part of a message, or around a parameter.
pub(super) const AROUND_PART: u64 = 32;

/// Bounds the tokens of a member of an object that the template may print. Errors: 400 for JSON that is nested too deeply.
pub(super) fn member(rules: &Rules, param: &str, name: &str, value: &str) -> Result<u64, ApiError> {
    let printed = printed(rules, &rules.calls, value);
    let printed = printed.ok_or_else(|| too_deep(param))?;
    Ok(printed.saturating_add(name.len() as u64).saturating_add(rules.calls.around))
}

/// Bounds the tokens of tools or schemas. Errors: 400 for JSON that is nested too deeply, or tools that are not listed.
pub(super) fn tools(rules: &Rules, param: &str, value: &RawValue) -> Result<u64, ApiError> {
    let wrong = |what: &str| ApiError::param(param, format!("`{param}` must be {what}"));
    let list: Vec<Fields> = serde_json::from_str(value.get())
        .map_err(|_| wrong("a list of tools, which are objects with distinct members"))?;
    for tool in &list {
        names::require_plain(param, tool)?;
        require_cheap_cache(param, tool)?;
        let kind = tool.text("type").unwrap_or_default();
        // Others bring a text of their own, or work of their own.
        if tool.get("type").is_some() && !matches!(kind.as_str(), "function" | "custom") {
            let message = format!("tools of type {kind:?} are not supported; use functions");
            return Err(ApiError { code: "unsupported_parameter", ..ApiError::param(param, message) });
        }
    }
    let printed = printed(rules, &rules.tools, value.get()).ok_or_else(|| too_deep(param))?;
    let around = rules.per_tool.saturating_mul(list.len() as u64).saturating_add(rules.with_tools);
    Ok(printed.saturating_add(around))
}

/// Bounds the tokens of a parameter that may become part of the prompt.
pub(super) fn parameter(rules: &Rules, param: &str, value: &RawValue) -> Result<u64, ApiError> {
    let printed = printed(rules, &rules.tools, value.get()).ok_or_else(|| too_deep(param))?;
    Ok(printed.saturating_add(param.len() as u64).saturating_add(AROUND_PART))
}

fn too_deep(param: &str) -> ApiError {
    ApiError::param(param, format!("`{param}` must be nested less deeply"))
}
