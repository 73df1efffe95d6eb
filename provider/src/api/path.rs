//! The id in a path.

use {
    crate::error::ApiError,
    axum::{
        extract::{FromRequestParts, Path},
        http::request::Parts,
    },
};

/// The text that a path names a thing by. A path that is not text is answered with 400 in the shape of every other error,
/// which axum's own extractor does not do.
pub(super) struct PathText(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathText, ApiError> {
        let refused = |_| ApiError::invalid("invalid_path", "the path is not text in UTF-8; correct it");
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(text)| PathText(text))
            .map_err(refused)
    }
}
