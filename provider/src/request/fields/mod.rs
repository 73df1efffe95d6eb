//! The parameters of a request, and the use that is made of each: it is read here, forwarded, counted as a part of the prompt,
//! or refused.
//!
//! A parameter that stands in no table is refused: some upstreams obey parameters that cost without a bound, or that are meant
//! for their operator. A model's `unknown_fields = "count"` lets such ones pass, counted.

mod tables;

pub(super) use tables::find;
#[cfg(test)]
pub(super) use tables::names;
pub(crate) use tables::{Use, parameters};
use {
    super::{names, raw::Fields},
    crate::{
        config::{Endpoint, UnknownFields},
        error::ApiError,
    },
    serde_json::{Value, value::RawValue},
    std::fmt::Display,
    tables::Use::{Counted, Forward, Long, Only, Read, Refused, Tools, Variables},
};

/// Most bytes of a setting that is forwarded, and of each text in it.
const LONGEST_SETTING: usize = 256;
const LONGEST_TEXT: usize = 64;
/// Arguments of the function that applies a chat template (`apply_chat_template`); those that begin with `return_` are as well.
const ARGUMENTS: [&str; 16] = [
    "add_special_tokens",
    "chat_template",
    "conversation",
    "conversations",
    "documents",
    "functions",
    "max_length",
    "messages",
    "padding",
    "padding_side",
    "pad_to_multiple_of",
    "tokenize",
    "tokenizer_kwargs",
    "tools",
    "truncation",
    "truncation_side",
];

/// A parameter that may become part of the prompt.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedField<'a> {
    pub name: &'a str,
    pub value: &'a RawValue,
    /// True for tools.
    pub tools: bool,
}

/// Sorts out the parameters that count. Errors: 400 for one that is refused, or that is not known and may not be counted.
pub(super) fn counted<'a>(
    endpoint: Endpoint,
    fields: &'a Fields<'a>,
    unknown: UnknownFields,
) -> Result<Vec<CountedField<'a>>, ApiError> {
    let mut counted = Vec::new();
    for (name, value) in fields.all() {
        // Most clients send parameters that they do not use as null.
        if value.get() == "null" {
            continue;
        }
        let tools = match find(endpoint, name) {
            Some(Read | Long) => continue,
            Some(Forward) => {
                require_short(name, value)?;
                continue;
            }
            Some(Counted) => false,
            Some(Tools) => true,
            Some(Variables) => {
                plain_variables(name, value)?;
                false
            }
            Some(Only(values)) => {
                let given: Option<Value> = serde_json::from_str(value.get()).ok();
                if given.is_some_and(|given| values.contains(&given.to_string().as_str())) {
                    continue;
                }
                let reason = match name {
                    "store" | "background" => ": nothing is stored here",
                    "stream" => ": embeddings are never streamed",
                    _ => "",
                };
                let message =
                    format!("`{name}` may only be {} here{reason}; change or remove it", values.join(" or "));
                return Err(unsupported(name, message));
            }
            Some(Refused(reason)) => {
                return Err(unsupported(name, format!("`{name}` is not supported: {reason}; remove it")));
            }
            None => match unknown {
                UnknownFields::Count if !resembles_known(endpoint, name) => false,
                _ => return Err(unsupported(name, format!("`{name}` is not known; remove it"))),
            },
        };
        counted.push(CountedField { name, value, tools });
    }
    Ok(counted)
}

/// True for a name that an upstream may take for a parameter, which was not read here.
fn resembles_known(endpoint: Endpoint, name: &str) -> bool {
    let folded = names::folded(name);
    !name.is_ascii() || parameters(endpoint).any(|(known, _)| names::folded(known) == folded)
}

/// Refuses a setting that is long: templates print some settings, uncounted.
fn require_short(name: &str, value: &RawValue) -> Result<(), ApiError> {
    let has_long_text = || texts(value.get()).any(|text| text > LONGEST_TEXT);
    if value.get().len() <= LONGEST_SETTING && !has_long_text() {
        return Ok(());
    }
    let message = format!(
        "`{name}` may have {LONGEST_SETTING} bytes and texts of {LONGEST_TEXT} bytes at most; shorten it"
    );
    Err(ApiError::param(name, message))
}

/// The bytes of each text in a JSON value, as they are written.
fn texts(json: &str) -> impl Iterator<Item = usize> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let (_, text) = rest.split_once('"')?;
        let mut escaped = false;
        let end = text.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        rest = text.get(end.saturating_add(1)..)?;
        Some(end)
    })
}

/// Templates print a list or an object as often as they like. Some servers pass the variables on as arguments of the function that
/// applies the template, whose own ones change the length of the prompt.
fn plain_variables(name: &str, value: &RawValue) -> Result<(), ApiError> {
    let refuse = |reason: &dyn Display| unsupported(name, format!("`{name}` {reason}"));
    let plain = "may only hold texts, numbers, true and false under distinct names; remove the others";
    let variables: Fields = serde_json::from_str(value.get()).map_err(|_| refuse(&plain))?;
    for (variable, value) in variables.all() {
        if value.get().starts_with(['[', '{']) {
            return Err(refuse(&plain));
        }
        let folded = variable.trim().to_ascii_lowercase();
        if !variable.is_ascii() || ARGUMENTS.contains(&folded.as_str()) || folded.starts_with("return_") {
            let reason = format!("may not set {variable:?}, which is no variable of a template; remove it");
            return Err(refuse(&reason));
        }
    }
    Ok(())
}

/// Refuses a mark for the cache that costs more than the prompt: what is kept for an hour is written at twice its price.
pub(super) fn require_cheap_cache(param: &str, members: &Fields) -> Result<(), ApiError> {
    let Some(mark) = members.get("cache_control") else { return Ok(()) };
    let is_cheap = serde_json::from_str::<Fields>(mark.get()).is_ok_and(|mark| {
        names::disguised(&mark).is_none()
            && (mark.get("ttl").is_none() || mark.text("ttl").as_deref() == Some("5m"))
    });
    match is_cheap && mark.get().len() <= LONGEST_SETTING {
        true => Ok(()),
        false => {
            let message = "`cache_control` may only have a `type`, and a `ttl` of 5m: a longer one costs twice the price of the \
                           prompt; change or remove it";
            Err(unsupported(param, message))
        }
    }
}

/// Makes the answer for a parameter that is not served.
pub(super) fn unsupported(name: &str, message: impl Into<String>) -> ApiError {
    ApiError { code: "unsupported_parameter", ..ApiError::param(name, message) }
}
