//! Refusals of requests: `{"error": {"code", "message"}}`, where the message names the next step.

use {
    crate::store::StoreError,
    axum::{
        Json,
        http::{HeaderValue, Method, StatusCode, header},
        response::{IntoResponse, Response},
    },
    serde::Serialize,
    std::time::Duration,
    utoipa::{IntoResponses, ToSchema},
};

/// Seconds after which a client may ask again.
const RETRY_AFTER: u64 = 5;

/// A refusal of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    /// Seconds after which the client may ask again; `None` where asking again does not help.
    retry_after: Option<u64>,
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
    /// For programs.
    pub(crate) code: ErrorCode,
    /// For people: the fault and the next step.
    pub(crate) message: String,
}

/// The fault of a request, or of the keeper, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    /// A parameter or the body is wrong.
    BadParameter,
    /// The body is not JSON by its type.
    NotJson,
    /// The body is too long.
    TooLarge,
    /// A token is missing, or wrong, or has ended.
    Unauthorised,
    /// A challenge or signature is wrong.
    SignInRefused,
    /// The token does not open this.
    Forbidden,
    /// The page that asks is of a site that is not listed.
    OriginNotAllowed,
    /// The host that is asked is not this keeper's.
    Misdirected,
    /// There is no such credit.
    UnknownCredit,
    /// There is no such path.
    NoSuchPath,
    /// The path does not take the method.
    MethodNotAllowed,
    /// The client asks too often.
    TooOften,
    /// There are as many streams or sessions as there may be.
    TooMany,
    /// The market has not been read yet.
    NotReadYet,
    /// The answer took too long.
    Deadline,
    /// The store cannot be read.
    Store,
}

/// The refusals of a route that answers from the market, for its description.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "handlers answer with an ApiError; this describes it")]
pub(super) enum MarketRefusals {
    /// A parameter is wrong
    #[response(status = 400)]
    BadParameter(ErrorBody),
    /// The client asks too often
    #[response(status = 429)]
    TooOften(ErrorBody),
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
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> ApiError {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER);
        ApiError { status, code, message: message.into(), retry_after }
    }

    /// 400: a parameter is wrong.
    pub(super) fn bad_parameter(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::BadParameter, message)
    }

    /// 415: the body is not JSON by its type.
    pub(super) fn not_json() -> ApiError {
        let message = "the body must be JSON; send it with `Content-Type: application/json`";
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::NotJson, message)
    }

    /// 413: the body is too long.
    pub(super) fn too_large() -> ApiError {
        let message = "the body is too long; send what the description names and no more";
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge, message)
    }

    fn unauthorised(message: &str) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorised, message)
    }

    /// 401: there is no token.
    pub(super) fn no_token() -> ApiError {
        ApiError::unauthorised(
            "a token is needed; send `Authorization: Bearer TOKEN` with that of a session, or of api.token",
        )
    }

    /// 401: the token is wrong or has ended.
    pub(super) fn wrong_token() -> ApiError {
        ApiError::unauthorised(
            "the token is wrong or has ended; sign in anew, or send the one that api.token names",
        )
    }

    /// 401: the challenge or the signature is wrong.
    pub(super) fn sign_in_refused(message: String) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::SignInRefused, message)
    }

    /// 403: only the operator may see this.
    pub(super) fn operator_alone() -> ApiError {
        let message = "this is for the operator alone; send the token that api.token names";
        ApiError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    /// 403: only a wallet has a session.
    pub(super) fn wallets_alone() -> ApiError {
        let message = "the operator's token is no session; it is good for as long as api.token names it";
        ApiError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    /// 403: the page is of a site that is not listed.
    pub(super) fn origin_not_allowed() -> ApiError {
        let message = "pages of this site may not sign in; the operator lists those that may in api.url and api.origins";
        ApiError::new(StatusCode::FORBIDDEN, ErrorCode::OriginNotAllowed, message)
    }

    /// 403: pages of the site may not read.
    pub(super) fn site_not_allowed() -> ApiError {
        let message =
            "pages of this site may not read this; the operator lists those that may in api.origins";
        ApiError::new(StatusCode::FORBIDDEN, ErrorCode::OriginNotAllowed, message)
    }

    /// 421: the host is not this keeper's.
    pub(super) fn misdirected() -> ApiError {
        let message = "this keeper is not known by this host; the operator names it in api.url";
        ApiError::new(StatusCode::MISDIRECTED_REQUEST, ErrorCode::Misdirected, message)
    }

    /// 404: the market has no such credit.
    pub(super) fn unknown_credit(address: &blockable_sdk::Pubkey) -> ApiError {
        let message = format!("the market has no credit at {address}; /v1/credits lists all");
        ApiError::new(StatusCode::NOT_FOUND, ErrorCode::UnknownCredit, message)
    }

    /// 404: no route of the API has the path.
    pub(super) fn no_such_path() -> ApiError {
        let message = "no route has this path; /openapi.json lists the routes, and [page] turns the page on";
        ApiError::new(StatusCode::NOT_FOUND, ErrorCode::NoSuchPath, message)
    }

    /// 429: the client asks too often, and may ask again after a time.
    pub(super) fn too_often(wait: Duration) -> ApiError {
        let message = "you ask too often; wait as long as Retry-After says, or raise api.requests_per_minute";
        let retry_after = Some(wait.as_secs().saturating_add(1));
        let refusal = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooOften, message);
        ApiError { retry_after, ..refusal }
    }

    fn too_many(message: &str) -> ApiError {
        let refusal = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany, message);
        ApiError { retry_after: Some(RETRY_AFTER), ..refusal }
    }

    /// 429: there are as many sessions as there may be.
    pub(super) fn too_many_sessions() -> ApiError {
        ApiError::too_many("too many wallets have signed in; try again in a few minutes")
    }

    /// 429: there are as many streams as there may be.
    pub(super) fn too_many_streams() -> ApiError {
        ApiError::too_many("there are too many streams; close some, or ask from time to time instead")
    }

    /// 503: the chain has not been read yet.
    pub(super) fn not_read_yet() -> ApiError {
        let message = "the keeper has not read the market yet; ask again in a few seconds, or see /readyz";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::NotReadYet, message)
    }

    /// 503: the answer took too long.
    pub(super) fn deadline() -> ApiError {
        let message = "the answer took too long; ask for less at once, or again later";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Deadline, message)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        tracing::error!(%error, "a request could not be answered");
        let message = "the keeper's store cannot be read; see its log";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Store, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = ErrorDetail { code: self.code, message: self.message };
        let mut response = (self.status, Json(ErrorBody { error: detail })).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Refuses a method that a route does not take.
pub(super) async fn no_such_method(method: Method) -> ApiError {
    let message = format!("this path does not take {method}; /openapi.json lists those that it takes");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, message)
}
