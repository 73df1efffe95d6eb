//! The shapes that errors have: OpenAI's, and Anthropic's where its clients call.

use {
    super::ApiError,
    axum::{
        body::Body,
        http::{StatusCode, header::CONTENT_LENGTH},
        response::Response,
    },
    hyper::ext::ReasonPhrase,
    serde_json::{Value, json},
};

/// The path of Anthropic's form, and of all that lies below it.
const MESSAGES: &str = "/v1/messages";
/// Anthropic's status for a failure that passes by itself.
const OVERLOADED: u16 = 529;

/// The shape of the errors that a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorShape {
    /// `{"error": {"message", "type", "param", "code"}}`.
    OpenAi,
    /// `{"type": "error", "error": {"type", "message"}, "request_id"}`, with Anthropic's types and statuses.
    Anthropic,
}

impl ErrorShape {
    /// The shape of a path's errors.
    pub(crate) fn from_path(path: &str) -> ErrorShape {
        match path.strip_prefix(MESSAGES) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => ErrorShape::Anthropic,
            _ => ErrorShape::OpenAi,
        }
    }

    /// The status by which an error is answered. Anthropic has none for an upstream that fails, whose 502 stays.
    pub(crate) fn status(self, error: &ApiError) -> StatusCode {
        match self {
            ErrorShape::Anthropic if error.status == StatusCode::SERVICE_UNAVAILABLE => {
                StatusCode::from_u16(OVERLOADED).unwrap_or(error.status)
            }
            _ => error.status,
        }
    }

    /// The body of an error, for a request with an id.
    pub(crate) fn body(self, error: &ApiError, id: &str) -> Value {
        let mut body = error.details.clone();
        let member = match self {
            ErrorShape::OpenAi => {
                json!({"message": error.message, "type": error.kind, "param": error.param, "code": error.code})
            }
            ErrorShape::Anthropic => {
                body.insert("type".to_string(), "error".into());
                body.insert("request_id".to_string(), id.into());
                json!({"type": anthropic_type(error.status), "message": error.message, "param": error.param,
                    "code": error.code})
            }
        };
        body.insert("error".to_string(), member);
        Value::Object(body)
    }

    /// Makes the answer that has an error in this shape out of one in OpenAI's; its headers stay.
    pub(crate) fn answer(self, response: Response, error: &ApiError, id: &str) -> Response {
        if self == ErrorShape::OpenAi {
            return response;
        }
        let (mut head, _) = response.into_parts();
        head.status = self.status(error);
        if head.status.as_u16() == OVERLOADED {
            head.extensions.insert(ReasonPhrase::from_static(b"Overloaded"));
        }
        head.headers.remove(CONTENT_LENGTH);
        Response::from_parts(head, Body::from(self.body(error, id).to_string()))
    }
}

/// Anthropic's type of an error with a status.
fn anthropic_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use {super::*, axum::response::IntoResponse};

    #[test]
    fn the_routes_of_messages_have_anthropics_shape() {
        for (path, shape) in [
            ("/v1/messages", ErrorShape::Anthropic),
            ("/v1/messages/count_tokens", ErrorShape::Anthropic),
            ("/v1/messagesabc", ErrorShape::OpenAi),
            ("/v1/chat/completions", ErrorShape::OpenAi),
        ] {
            assert_eq!(ErrorShape::from_path(path), shape, "{path}");
        }
    }

    #[test]
    fn every_status_has_one_of_anthropics_types() {
        let busy = ApiError::unavailable("model_busy", "wait");
        let upstream = |status| ApiError::upstream(status, "upstream", "failed");
        let param = ApiError {
            details: json!({"fits": 3}).as_object().unwrap().clone(),
            ..ApiError::param("n", "no")
        };
        for (error, status, kind) in [
            (param, 400, "invalid_request_error"),
            (ApiError::unauthorised("no key"), 401, "authentication_error"),
            (ApiError::no_such_model(), 404, "not_found_error"),
            (ApiError::too_many("server_busy", "wait"), 429, "rate_limit_error"),
            (ApiError::internal(), 500, "api_error"),
            (upstream(StatusCode::BAD_GATEWAY), 502, "api_error"),
            (busy, 529, "overloaded_error"),
            (upstream(StatusCode::GATEWAY_TIMEOUT), 504, "timeout_error"),
        ] {
            let body = ErrorShape::Anthropic.body(&error, "run-7");
            assert_eq!(
                (ErrorShape::Anthropic.status(&error).as_u16(), &body["error"]["type"]),
                (status, &json!(kind))
            );
            assert_eq!((&body["type"], &body["request_id"]), (&json!("error"), &json!("run-7")));
            assert_eq!(body["error"]["message"], json!(error.message));
            let answer = ErrorShape::Anthropic.answer(error.clone().into_response(), &error, "run-7");
            let phrase = answer.extensions().get::<ReasonPhrase>().map(ReasonPhrase::as_bytes);
            assert_eq!(phrase.is_some(), status == 529, "a status that HTTP does not name needs its words");
            assert_eq!(ErrorShape::OpenAi.status(&error), error.status);
            assert_eq!(ErrorShape::OpenAi.body(&error, "run-7"), error.body());
        }
    }
}
