//! How requests are refused: `{"error": {"code", "message"}}`, where the message says what to do.

use {
    crate::store::StoreError,
    axum::{
        Json,
        http::{HeaderValue, Method, StatusCode, header},
        response::{IntoResponse, Response},
    },
    serde::Serialize,
    utoipa::ToSchema,
};

/// Seconds after which it makes sense to ask again.
const RETRY_AFTER: u16 = 5;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// An answer that refuses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong.
    pub error: ErrorDetail,
}

/// What is wrong with a request, or with the keeper.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// For programs: `bad_parameter`, `unauthorised`, `unknown_credit`, `no_such_path`, `method_not_allowed`, `no_metrics`,
    /// `not_read_yet`, `deadline` or `store`.
    #[schema(value_type = String, example = "bad_parameter")]
    pub code: &'static str,
    /// For people: what is wrong and what to do.
    pub message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, code, message: message.into() }
    }

    /// 400: a parameter that cannot be.
    pub(super) fn bad_parameter(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "bad_parameter", message)
    }

    /// 401: no token, or another.
    pub(super) fn unauthorised(message: &str) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorised", message)
    }

    /// 404: the market has no such credit.
    pub(super) fn unknown_credit(address: &blockable_sdk::Pubkey) -> ApiError {
        let message = format!("the market has no credit at {address}; /v1/credits lists all");
        ApiError::new(StatusCode::NOT_FOUND, "unknown_credit", message)
    }

    /// 404: this process records no figures.
    pub(super) fn no_metrics() -> ApiError {
        let message = "this process records no figures; read them from the keeper's `run`";
        ApiError::new(StatusCode::NOT_FOUND, "no_metrics", message)
    }

    /// 503: the chain was not read yet.
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

/// The answer to a path that is not served.
pub(super) async fn no_such_path() -> ApiError {
    let message = "there is nothing here; /openapi.json lists what there is";
    ApiError::new(StatusCode::NOT_FOUND, "no_such_path", message)
}

/// The answer to a method that a path does not take.
pub(super) async fn no_such_method(method: Method) -> ApiError {
    let message = format!("this path does not take {method}; use GET");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
