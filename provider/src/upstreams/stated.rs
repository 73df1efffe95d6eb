//! The error that an upstream states, in the forms of the servers that are in use.

use serde_json::{Map, Value};

/// Most bytes of an error's body that are read.
pub(crate) const MAX_ERROR_BODY: usize = 64 << 10;

/// An error as an upstream states it. Nothing of it may go to a customer as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct StatedError {
    /// A short name, such as `context_length_exceeded`.
    pub code: String,
    /// A class, such as `invalid_request_error`.
    pub kind: String,
    /// The parameter that is wrong.
    pub param: String,
    /// The text for people.
    pub message: String,
    /// The HTTP status that it names, from 400 to 599.
    pub status: Option<u16>,
}

impl StatedError {
    /// Reads the body of an answer with an error's status. A body without JSON states nothing.
    pub(super) fn from_body(body: &[u8]) -> StatedError {
        let body = body.get(..MAX_ERROR_BODY).unwrap_or(body);
        let read = |value: &Value| match value {
            Value::Array(all) => all.first().map(StatedError::from_value),
            value => Some(StatedError::from_value(value)),
        };
        serde_json::from_slice(body).ok().and_then(|value| read(&value)).unwrap_or_default()
    }

    /// Finds the error in an event or an answer with a good status. `None` where it states none.
    pub(super) fn find(json: &[u8]) -> Option<StatedError> {
        let names_error = json.windows(7).any(|bytes| bytes == b"\"error\"");
        let value: Value = if names_error { serde_json::from_slice(json).ok()? } else { return None };
        let is_error = |value: &Value| {
            let error = value.get("error");
            error.is_some_and(|error| !matches!(error, Value::Null | Value::Bool(false)))
                || (value.get("object") == Some(&"error".into())
                    || value.get("type") == Some(&"error".into()))
        };
        let inner = value.get("response").filter(|response| is_error(response));
        let stated = inner.or_else(|| is_error(&value).then_some(&value))?;
        Some(StatedError::from_value(stated))
    }

    /// OpenAI and most others have `error` with members, vLLM's older servers have the members alone, TGI has a text,
    /// FastAPI has `detail`.
    fn from_value(value: &Value) -> StatedError {
        let Value::Object(whole) = value else { return StatedError::default() };
        let mut stated = match (whole.get("error"), whole.get("detail")) {
            (Some(Value::Object(error)), _) => StatedError::from_members(error),
            (Some(Value::String(message)), _) => {
                StatedError { message: message.clone(), ..StatedError::from_members(whole) }
            }
            (_, Some(detail)) => StatedError::from_detail(detail),
            _ => StatedError::from_members(whole),
        };
        if stated.kind.is_empty() {
            stated.kind = text(whole, &["error_type"]);
        }
        stated
    }

    fn from_members(members: &Map<String, Value>) -> StatedError {
        let number = |name: &str| match members.get(name)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64(),
        };
        let status = ["code", "status", "status_code"].into_iter().find_map(number);
        StatedError {
            code: text(members, &["code"]),
            kind: text(members, &["type", "status", "error_type"]),
            param: text(members, &["param"]),
            message: text(members, &["message", "detail", "msg"]),
            status: status
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (400..600).contains(status)),
        }
    }

    /// FastAPI: a text, members, or a list with the place of each mistake.
    fn from_detail(detail: &Value) -> StatedError {
        match detail {
            Value::Array(mistakes) => {
                let Some(Value::Object(first)) = mistakes.first() else { return StatedError::default() };
                let place = first.get("loc").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let param: Vec<String> = place
                    .iter()
                    .filter(|part| *part != "body")
                    .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_string))
                    .collect();
                StatedError { param: param.join("."), ..StatedError::from_members(first) }
            }
            Value::Object(members) => StatedError::from_members(members),
            Value::String(message) => StatedError { message: message.clone(), ..StatedError::default() },
            _ => StatedError::default(),
        }
    }
}

/// The first of some members that is a text.
fn text(members: &Map<String, Value>, names: &[&str]) -> String {
    names.iter().find_map(|name| members.get(*name)?.as_str()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(body: &str) -> [String; 4] {
        let StatedError { code, kind, param, message, .. } = StatedError::from_body(body.as_bytes());
        [code, kind, param, message]
    }

    #[test]
    fn the_forms_of_known_servers_are_read() {
        for (body, expected) in [
            (r#"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#, ["c", "t", "p", "m"]),
            (
                r#"{"object":"error","message":"m","type":"BadRequestError","code":400}"#,
                ["", "BadRequestError", "", "m"],
            ),
            (r#"{"error":"m","error_type":"validation"}"#, ["", "validation", "", "m"]),
            (
                r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"m","type":"missing"}]}"#,
                ["", "missing", "messages.0.role", "m"],
            ),
            (r#"{"detail":"m"}"#, ["", "", "", "m"]),
            (
                r#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
                ["", "INVALID_ARGUMENT", "", "m"],
            ),
            (r#"{"type":"error","error":{"type":"t","message":"m"}}"#, ["", "t", "", "m"]),
            (r#"{"error":{"message":"m","type":null,"param":null,"code":"400"}}"#, ["400", "", "", "m"]),
        ] {
            assert_eq!(stated(body), expected, "{body}");
        }
        for nothing in
            ["", "<html>", "[]", "[[]]", "7", "\"x\"", "{", "{\"error\":7}", "{\"detail\":[7]}", "\u{feff}{}"]
        {
            assert_eq!(stated(nothing), ["", "", "", ""], "{nothing}");
        }
        let status = |body: &str| StatedError::from_body(body.as_bytes()).status;
        assert_eq!(status(r#"{"error":{"code":429}}"#), Some(429));
        assert_eq!(status(r#"{"error":{"code":"503"}}"#), Some(503));
        for none in
            [r#"{"error":{"code":200}}"#, r#"{"error":{"code":99999999999}}"#, r#"{"error":{"code":-1}}"#]
        {
            assert_eq!(status(none), None);
        }
    }

    #[test]
    fn an_error_is_found_in_events_and_nothing_else_is_one() {
        for event in [
            r#"{"error":{"message":"m"}}"#,
            r#"{"error":"m"}"#,
            r#"{"type":"error","error":{"message":"m"}}"#,
            r#"{"type":"response.failed","response":{"error":{"message":"m"}}}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1},"error":{"message":"m"}}"#,
        ] {
            assert_eq!(StatedError::find(event.as_bytes()).unwrap().message, "m", "{event}");
        }
        for event in [
            r#"{"choices":[{"delta":{"content":"\"error\""}}]}"#,
            r#"{"error":null,"choices":[]}"#,
            r#"{"type":"response.created","response":{"error":null}}"#,
            "[DONE]",
            "garbage \"error\"",
        ] {
            assert_eq!(StatedError::find(event.as_bytes()), None, "{event}");
        }
    }
}
