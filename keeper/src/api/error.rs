//! Refusals of requests: `{"error": {"code", "message"}}`, where the message names the next step.

use {
    crate::store::StoreError,
    axum::{
        Json,
        http::{HeaderValue, Method, StatusCode, header},
        response::{IntoResponse, Response},
    },
    serde::Serialize,
    utoipa::{IntoResponses, ToSchema},
};

/// Seconds after which a client may ask again.
const RETRY_AFTER: u16 = 5;

/// A refusal of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// The body of a refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The refusal.
    pub(crate) error: ErrorDetail,
}

/// The fault of a request, or of the keeper.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// For programs: `bad_parameter`, `unauthorised`, `unknown_credit`, `no_such_path`, `method_not_allowed`, `no_metrics`,
    /// `not_read_yet`, `deadline` or `store`.
    #[schema(value_type = String, example = "bad_parameter")]
    pub(crate) code: &'static str,
    /// For people: the fault and the next step.
    pub(crate) message: String,
}

/// The refusals of a route that answers from the market, for its description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "handlers answer with an ApiError; this describes it")]
pub(super) enum MarketRefusals {
    /// A parameter is wrong
    #[response(status = 400)]
    BadParameter(ErrorBody),
    /// The token is missing or wrong
    #[response(status = 401)]
    Unauthorised(ErrorBody),
    /// The market has not been read yet
    #[response(status = 503)]
    NotReadYet(ErrorBody),
}

/// The further refusal of a route on one credit, for its description.
#[derive(IntoResponses)]
#[response(status = 404, description = "No such credit")]
#[expect(dead_code, reason = "handlers answer with an ApiError; this describes it")]
pub(super) struct UnknownCredit(ErrorBody);

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, code, message: message.into() }
    }

    /// 400: a parameter is wrong.
    pub(super) fn bad_parameter(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "bad_parameter", message)
    }

    /// 401: the token is missing or wrong.
    pub(super) fn unauthorised(message: &str) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorised", message)
    }

    /// 404: the market has no such credit.
    pub(super) fn unknown_credit(address: &blockable_sdk::Pubkey) -> ApiError {
        let message = format!("the market has no credit at {address}; /v1/credits lists all");
        ApiError::new(StatusCode::NOT_FOUND, "unknown_credit", message)
    }

    /// 404: this process records no metrics.
    pub(super) fn no_metrics() -> ApiError {
        let message = "this process records no metrics; read them from the keeper that runs";
        ApiError::new(StatusCode::NOT_FOUND, "no_metrics", message)
    }

    /// 503: the chain has not been read yet.
    pub(super) fn not_read_yet() -> ApiError {
        let message = "the keeper has not read the market yet; ask again in a few seconds, or see /readyz";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_read_yet", message)
    }

    /// 503: the answer took too long.
    pub(super) fn deadline() -> ApiError {
        let message = "the answer took too long; ask for less at once, or again later";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "deadline", message)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        tracing::error!(%error, "a request could not be answered");
        let message = "the keeper's store cannot be read; see its log";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "store", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = ErrorDetail { code: self.code, message: self.message };
        let mut response = (self.status, Json(ErrorBody { error: detail })).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
            }
            _ => {}
        }
        response
    }
}

/// Refuses a path that no route has.
pub(super) async fn no_such_path() -> ApiError {
    let message = "no route has this path; /openapi.json lists the routes";
    ApiError::new(StatusCode::NOT_FOUND, "no_such_path", message)
}

/// Refuses a method that a route does not take.
pub(super) async fn no_such_method(method: Method) -> ApiError {
    let message = format!("this path does not take {method}; use GET");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
