//! Bodies in JSON.

use {
    crate::error::ApiError,
    serde::de::{DeserializeOwned, Error},
    serde_json::Value,
};

/// Reads a body of objects. No body that is read here has a list, and serde would take one for an object whose members it has in their
/// order. Errors: 400, which names the member that is wrong.
pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if let Some(path) = serde_json::from_slice(body).ok().and_then(|value| list_in(&value)) {
        let error = Error::custom("a list, where none can be");
        return Err(ApiError::malformed_body(&path, &error));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        ApiError::malformed_body(if path == "." { "" } else { &path }, error.inner())
    })?;
    reader.end().map_err(|error| ApiError::malformed_body("", &error))?;
    Ok(value)
}

/// The path of the first list in a value, empty for the value itself.
fn list_in(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) => Some(String::new()),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let below = list_in(member)?;
            Some(if below.is_empty() { name.clone() } else { format!("{name}.{below}") })
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use {super::*, serde::Deserialize};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "budget")]
        _budget: Option<Budget>,
    }

    #[derive(Debug, Deserialize)]
    struct Budget {
        #[serde(rename = "units")]
        _units: u64,
    }

    #[test]
    fn a_mistake_names_its_member() {
        for (text, param) in [
            (r#"{"budget":{"units":-5}}"#, Some("budget.units")),
            (r#"{"budget":{"units":"5"}}"#, Some("budget.units")),
            (r#"{"budget":{}}"#, Some("budget")),
            (r#"{"bugdet":{}}"#, Some("bugdet")),
            ("[1]", None),
            ("[null]", None),
            ("[]", None),
            (r#"{"budget":[5]}"#, Some("budget")),
            (r#"{"budget":{"units":[5]}}"#, Some("budget.units")),
            ("{} {}", None),
            ("", None),
        ] {
            let error = read_json::<Body>(text.as_bytes()).unwrap_err();
            assert_eq!((error.code, error.param.as_deref()), ("invalid_json", param), "{text}");
            assert!(
                param.is_none_or(|param| error.message.contains(&format!("`{param}`"))),
                "{}",
                error.message
            );
        }
        assert!(read_json::<Body>(br#"{"budget":{"units":5}}"#).is_ok());
    }
}
