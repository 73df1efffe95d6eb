//! Refusals of links, in the form that both specifications have for them: `{"message"}`.

use {
    super::{protocol::ActionError, words},
    crate::chain::NodeError,
    axum::{
        Json,
        http::{HeaderValue, StatusCode, header},
        response::{IntoResponse, Response},
    },
    blockable_sdk::program::errors::BlockableError,
    std::time::Duration,
};

/// Seconds after which a wallet may ask again where the keeper or its nodes are at fault.
const RETRY_AFTER: u64 = 5;

/// The reason for which a link hands out nothing. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The link or the request is malformed.
    #[error("{0}")]
    BadRequest(String),
    /// Nothing that this keeper serves is at the address.
    #[error("{0}")]
    Unknown(String),
    /// The program would refuse it.
    #[error("{}", words::of_error(*.0))]
    Refused(BlockableError),
    /// The wallet cannot carry it out.
    #[error("{0}")]
    Wallet(&'static str),
    /// Too many ask at once.
    #[error("Too many wallets ask at the same time. Try again in some seconds.")]
    Busy,
    /// The client asks too often, and may ask again after a time.
    #[error("You ask too often. Try again in {} seconds.", seconds(*.0))]
    TooOften(Duration),
    /// No node answers.
    #[error("The keeper cannot read the chain now. Try again in some seconds.")]
    Chain,
}

/// Whole seconds after which a client may ask again.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(1)
}

impl From<NodeError> for LinkError {
    fn from(error: NodeError) -> LinkError {
        tracing::warn!(%error, "a link could not read the chain");
        LinkError::Chain
    }
}

impl LinkError {
    fn status(&self) -> StatusCode {
        match self {
            LinkError::BadRequest(_) => StatusCode::BAD_REQUEST,
            LinkError::Unknown(_) => StatusCode::NOT_FOUND,
            LinkError::Refused(_) | LinkError::Wallet(_) => StatusCode::UNPROCESSABLE_ENTITY,
            LinkError::Busy | LinkError::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            LinkError::Chain => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for LinkError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(ActionError { message: self.to_string() })).into_response();
        let retry_after = match self {
            LinkError::TooOften(wait) => Some(seconds(wait)),
            LinkError::Busy | LinkError::Chain => Some(RETRY_AFTER),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
