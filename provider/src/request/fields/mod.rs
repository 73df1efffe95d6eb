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
    super::raw::Fields,
    crate::{
        config::{Endpoint, UnknownFields},
        error::ApiError,
    },
    serde_json::{Value, value::RawValue},
    tables::Use::{Counted, Forward, Only, Read, Refused, Tools, Variables},
};

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
            Some(Read | Forward) => continue,
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
                let reason =
                    if matches!(name, "store" | "background") { ": nothing is stored here" } else { "" };
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

/// Some upstreams ignore the case of names: they would obey a parameter that was not read here.
fn resembles_known(endpoint: Endpoint, name: &str) -> bool {
    find(endpoint, &name.trim().to_ascii_lowercase().replace('-', "_")).is_some()
}

/// Templates print a list or an object as often as they like.
fn plain_variables(name: &str, value: &RawValue) -> Result<(), ApiError> {
    let wrong = || {
        let message = format!("`{name}` may only hold texts, numbers, true and false; remove the others");
        unsupported(name, message)
    };
    let variables: Fields = serde_json::from_str(value.get()).map_err(|_| wrong())?;
    let plain = |value: &RawValue| !value.get().starts_with(['[', '{']);
    let known = |name: &str| !matches!(name, "messages" | "tools" | "documents" | "chat_template");
    match variables.all().all(|(name, value)| plain(value) && known(name)) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// Makes the answer for a parameter that is not served.
pub(super) fn unsupported(name: &str, message: impl Into<String>) -> ApiError {
    ApiError { code: "unsupported_parameter", ..ApiError::param(name, message) }
}
