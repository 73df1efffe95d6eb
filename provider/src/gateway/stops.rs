//! The errors for answers of upstreams that stop, or are none.

use {
    crate::{
        error::ApiError,
        meter::Stop,
        upstreams::{FaultClass, UpstreamFault},
    },
    axum::http::StatusCode,
};

/// The way in which a request stopped that its upstream has had for too long; `None` for another failure.
pub(super) fn late(fault: &UpstreamFault) -> Option<Stop> {
    match (fault.class, fault.status) {
        (FaultClass::TimedOut, None) => Some(Stop::Silent),
        (FaultClass::TookTooLong, None) => Some(Stop::TookTooLong),
        _ => None,
    }
}

/// Makes the error for an answer that stopped.
pub(super) fn stopped(stop: Stop) -> ApiError {
    let (status, code, message) = match stop {
        Stop::TookTooLong | Stop::Silent => (
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "the model did not answer in time; try again or ask for less",
        ),
        Stop::Broke => (
            StatusCode::BAD_GATEWAY,
            "upstream_unreachable",
            "the model cannot be reached or broke off; try again later",
        ),
        Stop::TooLarge => {
            (StatusCode::BAD_GATEWAY, "upstream_too_large", "the model's answer is too large; ask for less")
        }
        Stop::AboveLimit => (
            StatusCode::BAD_GATEWAY,
            "upstream_above_limit",
            "the model did not end its answer at the limit of tokens, so that it was stopped; ask for more, or write to the provider",
        ),
        Stop::Ended => return cut_short(),
        Stop::ServerStops => {
            let message = "the provider's server is shutting down; try again";
            return ApiError::unavailable("shutting_down", message);
        }
        Stop::NoRoom => {
            let message = "the server's answers take all the room that it has; try again shortly";
            return ApiError::too_many("server_busy", message);
        }
        // Nobody reads it but the log.
        Stop::ClientLeft => (StatusCode::BAD_REQUEST, "client_left", "the client left before its answer"),
    };
    ApiError::upstream(status, code, message)
}

/// Makes the error for a stream that its upstream ended too early.
pub(super) fn cut_short() -> ApiError {
    let message = "the model ended its stream before the answer was complete; try again";
    ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_incomplete", message)
}

/// Makes the error for an answer that is none.
pub(super) fn no_answer() -> ApiError {
    let message = "the model sent no answer; try again";
    ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_no_answer", message)
}
