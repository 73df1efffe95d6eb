//! Errors in the shape of OpenAI's API, or of Anthropic's where its clients call, so that they show them.

#[cfg(test)]
mod codes;
mod shape;

pub(crate) use shape::ErrorShape;
use {
    axum::{
        Json,
        http::{HeaderValue, StatusCode, header::RETRY_AFTER},
        response::{IntoResponse, Response},
    },
    blockable_gate::{Refusal, StoreError},
    blockable_service::http::BodyError,
    serde_json::{Map, Value},
    std::sync::Arc,
};

/// Seconds after which a request that was refused for a passing reason may be tried again.
const RETRY_SECONDS: u16 = 2;

/// The answer to a request that is not served.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// OpenAI's `type`.
    pub kind: &'static str,
    /// A short name, for machines.
    pub code: &'static str,
    /// The mistake and its remedy, for people.
    pub message: String,
    /// The parameter that is wrong.
    pub param: Option<String>,
    /// Further members of the answer next to `error`, such as the `lease` that a heartbeat could not renew.
    pub details: Map<String, Value>,
    /// Seconds of `Retry-After`, after which the same request may be served; `None` where waiting does not help.
    pub retry_after: Option<u16>,
    /// Headers of the job that failed: its hold and its units. Boxed, as errors are moved often and seldom have them.
    pub job: Option<Box<[(&'static str, u64); 2]>>,
}

impl ApiError {
    /// An error with a status, a type, a code and a message.
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> ApiError {
        let message = message.into();
        ApiError {
            status,
            kind,
            code,
            message,
            param: None,
            details: Map::new(),
            retry_after: None,
            job: None,
        }
    }

    /// A request that cannot be served as it is.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
    }

    /// A parameter that cannot be served as it is.
    pub(crate) fn param(name: &str, message: impl Into<String>) -> ApiError {
        ApiError { param: Some(name.to_string()), ..ApiError::invalid("invalid_parameter", message) }
    }

    /// A body that is not the JSON object that a route takes. `path` leads to the member that is wrong; it is empty for a body that
    /// is no JSON.
    pub(crate) fn malformed_body(path: &str, error: &serde_json::Error) -> ApiError {
        let at = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
        // In words of JSON, not of Rust.
        let mut reason = error.to_string();
        for (name, words) in [
            ("expected u64", "expected a whole number from 0"),
            ("expected u32", "expected a whole number from 0 to 4294967295"),
            ("expected i64", "expected a whole number"),
            ("expected a borrowed string", "expected a string"),
        ] {
            reason = reason.replace(name, words);
        }
        let message = format!("the body is not as it must be{at}: {reason}; correct it");
        let param = Some(path.to_string()).filter(|path| !path.is_empty());
        ApiError { param, ..ApiError::invalid("invalid_json", message) }
    }

    /// Something that does not exist.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "invalid_request_error", code, message)
    }

    /// A model that is not served at an endpoint, with those where it is.
    pub(crate) fn not_served_at(path: &str, others: &str) -> ApiError {
        let message = format!("the model is not served at /v1{path}; it is at {others}");
        ApiError { param: Some("model".to_string()), ..ApiError::not_found("endpoint_not_served", message) }
    }

    /// A model that is not on offer.
    pub(crate) fn no_such_model() -> ApiError {
        let message = "the provider has no such model; GET /v1/models lists those on offer";
        ApiError { param: Some("model".to_string()), ..ApiError::not_found("model_not_found", message) }
    }

    /// A key that is missing, forged or revoked.
    pub(crate) fn unauthorised(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "authentication_error", "invalid_api_key", message)
    }

    /// More requests than are served at once.
    pub(crate) fn too_many(code: &'static str, message: impl Into<String>) -> ApiError {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", code, message);
        ApiError { retry_after: Some(RETRY_SECONDS), ..error }
    }

    /// A failure that passes by itself.
    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> ApiError {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "server_error", code, message);
        ApiError { retry_after: Some(RETRY_SECONDS), ..error }
    }

    /// An upstream that failed.
    pub(crate) fn upstream(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::new(status, "upstream_error", code, message)
    }

    /// A fault in the server itself.
    pub(crate) fn internal() -> ApiError {
        let message = "the server failed; try again, and write to the provider if it happens again";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal_error", message)
    }

    /// The body of the answer in OpenAI's shape.
    pub(crate) fn body(&self) -> Value {
        ErrorShape::OpenAi.body(self, "")
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = (refusal.code(), refusal.to_string());
        match refusal.is_temporary() {
            true => ApiError::unavailable(code, message),
            false => ApiError::new(StatusCode::PAYMENT_REQUIRED, "insufficient_quota", code, message),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        let refuse = |status, code| ApiError::new(status, "invalid_request_error", code, message.clone());
        match error {
            BodyError::TooLarge { .. } => refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::TooSlow => refuse(StatusCode::REQUEST_TIMEOUT, "body_timeout"),
            BodyError::NoRoom => ApiError::too_many("server_busy", message),
            BodyError::Incomplete => ApiError::invalid("body_incomplete", message),
            BodyError::UnknownEncoding => refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding"),
            BodyError::WrongEncoding => ApiError::invalid("invalid_encoding", message),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        ApiError::from(Refusal::Storage)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, number) in self.job.iter().flat_map(|headers| headers.iter()) {
            response.headers_mut().insert(*name, HeaderValue::from(*number));
        }
        // For logs and metrics, and for clients that read another shape.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::amounts::Units};

    #[test]
    fn a_body_is_corrected_in_words_of_json() {
        let error = serde_json::from_str::<u64>("-1").unwrap_err();
        let message = ApiError::malformed_body("budget.units", &error).message;
        assert!(
            message.contains("at `budget.units`") && message.contains("expected a whole number from 0 at"),
            "{message}"
        );
    }

    #[test]
    fn a_refusal_says_what_to_do_and_whether_to_wait() {
        let frozen =
            ApiError::from(Refusal::Frozen { available: Units(3), needed: Units(10), missing: Units(7) });
        assert_eq!((frozen.status, frozen.code), (StatusCode::PAYMENT_REQUIRED, "credit_frozen"));
        let body = frozen.body();
        assert_eq!(body["error"]["type"], "insufficient_quota");
        assert_eq!(body["error"]["param"], Value::Null);
        assert!(body["error"]["message"].as_str().unwrap().contains("pay the arrears"));
        assert!(frozen.into_response().headers().get(RETRY_AFTER).is_none());
        let stale = ApiError::from(Refusal::Stale).into_response();
        assert_eq!(stale.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(stale.headers().contains_key(RETRY_AFTER));
    }
}
