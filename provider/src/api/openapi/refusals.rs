//! Refusals in groups. Handlers answer with an [`ApiError`](crate::error::ApiError); these types describe it.

#![expect(dead_code, reason = "they describe answers and are never made")]

use {
    crate::{
        api::leases::LeaseEntry,
        shortage::{PaymentsView, RoomView},
    },
    serde::Serialize,
    serde_json::Value,
    utoipa::{IntoResponses, ToSchema},
};

/// The body of a refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The refusal.
    error: ErrorDetail,
}

/// The fault of a request, or of the server.
#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    /// For people: the fault and the next step.
    message: String,
    /// OpenAI's kind of the error.
    #[serde(rename = "type")]
    kind: ErrorKind,
    /// The parameter that is wrong.
    #[schema(required)]
    param: Option<String>,
    /// For programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    code: String,
}

/// Kinds of errors.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ErrorKind {
    InvalidRequestError,
    AuthenticationError,
    PermissionError,
    InsufficientQuota,
    RateLimitError,
    ServerError,
    UpstreamError,
}

/// The body of a refusal for want of open units.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShortageBody {
    /// The refusal.
    error: ErrorDetail,
    /// The credit's units, where their number is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<LackingUnits>,
    /// Payments that open units, where units are closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentsView>,
    /// The parameter that bounds the cost of the request, with its largest value that fits now.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<Value>,
    /// The lease that could not be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseEntry>,
}

/// A credit's units, with those that the request lacks.
#[derive(Serialize, ToSchema)]
struct LackingUnits {
    #[serde(flatten)]
    room: RoomView,
    /// Units that the request needs.
    needed: u64,
    /// Units that it lacks; null where no payment opens them.
    #[schema(required)]
    missing: Option<u64>,
}

/// Refusals of every route.
#[derive(IntoResponses)]
pub(crate) enum Always {
    /// The address has too many requests at once
    #[response(status = 429, headers(("retry-after" = u16, description = "Seconds")))]
    TooMany(ErrorBody),
    /// The server stops, lags behind the chain, or cannot record anything
    #[response(status = 503, headers(("retry-after" = u16, description = "Seconds")))]
    Unavailable(ErrorBody),
}

/// The refusal of a path or query that is not as it must be.
#[derive(IntoResponses)]
#[response(status = 400, description = "A part of the request is not as it must be")]
pub(crate) struct Malformed(ErrorBody);

/// The further refusal of routes that need an API key.
#[derive(IntoResponses)]
#[response(status = 401, description = "The API key is missing, forged, revoked or expired")]
pub(crate) struct Keyless(ErrorBody);

/// Refusals of routes that read a body.
#[derive(IntoResponses)]
pub(crate) enum BodyRefusals {
    /// The request is not as it must be
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// The body came too slowly
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body has an encoding that is not read
    #[response(status = 415)]
    UnknownEncoding(ErrorBody),
}

/// The refusal of a sub-key.
#[derive(IntoResponses)]
#[response(status = 403, description = "This key may not do that")]
pub(crate) struct NotAllowed(ErrorBody);

/// The refusal where nothing is found.
#[derive(IntoResponses)]
#[response(status = 404, description = "There is none")]
pub(crate) struct Missing(ErrorBody);

/// The refusal where the state does not allow it.
#[derive(IntoResponses)]
#[response(status = 409, description = "The present state does not allow it")]
pub(crate) struct Conflict(ErrorBody);

/// Refusals of an idempotency key that another request had.
#[derive(IntoResponses)]
#[response(status = 422, description = "Another request had this Idempotency-Key")]
pub(crate) struct NameReused(ErrorBody);

/// The refusal for want of open units.
#[derive(IntoResponses)]
#[response(status = 402, description = "The credit has too few open units")]
pub(crate) struct Shortage(ShortageBody);
