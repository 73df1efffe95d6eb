//! The errors that customers get for failures of upstreams, without anything of the upstream's.

use {
    super::{
        super::words::{copy_parameter, copy_plain},
        CONTEXT, FILTER, FaultClass, Names, StatedError, names_any,
    },
    crate::error::ApiError,
    axum::http::StatusCode,
};

/// The error for a request that is wrong.
pub(super) fn request_error(status: u16, stated: &StatedError, names: Names) -> ApiError {
    if names_any(stated, CONTEXT) {
        let message = "the request does not fit the model's context; shorten it, or ask for a shorter answer";
        return ApiError::invalid("context_length_exceeded", message);
    }
    if names_any(stated, FILTER) {
        let message = "the model's content filter refused the request; change its content";
        return ApiError::invalid("content_filter", message);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let param = copy_parameter(&stated.param);
    let message = match (copy_plain(&stated.message, names.internal, names.public), &param) {
        (Some(message), _) => format!("the model refused the request: {message}"),
        (None, Some(param)) => format!("the model refused the request because of `{param}`; correct it"),
        (None, None) if status == StatusCode::PAYLOAD_TOO_LARGE => {
            "the request is too large for the model; send less".to_string()
        }
        (None, None) => {
            "the model refused the request; check its parameters against those that the model takes"
                .to_string()
        }
    };
    ApiError { param, ..ApiError::new(status, "invalid_request_error", "invalid_request", message) }
}

/// The error for an upstream that has no room.
pub(super) fn busy(status: u16) -> ApiError {
    let message = "the model has no room for the request now; try again in some seconds, or after `Retry-After` where the answer has it";
    match status {
        429 => ApiError::too_many("model_busy", message),
        _ => ApiError::unavailable("model_busy", message),
    }
}

/// The error for a failure that is not the customer's.
pub(super) fn own_error(class: FaultClass) -> ApiError {
    let (status, code, message) = match class {
        FaultClass::Refused => (
            StatusCode::BAD_GATEWAY,
            "upstream_refused",
            "the model's server refused this provider, which is no fault of the request; try again later, or write to the provider",
        ),
        FaultClass::TimedOut | FaultClass::TookTooLong => (
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "the model did not answer in time; try again or ask for less",
        ),
        FaultClass::Unreachable | FaultClass::Broken => (
            StatusCode::BAD_GATEWAY,
            "upstream_unreachable",
            "the model cannot be reached or broke off; try again later",
        ),
        FaultClass::Failed | FaultClass::Request | FaultClass::Busy | FaultClass::TooLarge => {
            (StatusCode::BAD_GATEWAY, "upstream_failed", "the model's server failed; try again later")
        }
    };
    ApiError::upstream(status, code, message)
}
